//! Journeys through a real browser, once with JavaScript and once without.
//!
//! They need `chromium` and `chromedriver` on the PATH, some another program too. Where one is missing the journey says on
//! stderr that it was left out, and passes; with `REQUIRE_BROWSER=1`, as in CI, it fails.

mod chromium;
mod dashboard;
mod door;
mod members;
mod passkeys;
mod publishers;
mod second_factor;
mod step_up;
mod visit;

use crate::support::{App, PASSWORD, prove};
use chromium::{Chromium, Machine};

/// Signs in by the form, from wherever the browser is.
async fn signs_in(machine: &Machine, app: &App, email: &str) {
    machine.opens(&app.state.public_url().link("/sign-in")).await;
    machine.types("email", email).await;
    machine.types("password", PASSWORD).await;
    machine.presses("Sign in").await;
}

/// The same for a system admin, who is led to set up a second factor; here the session counts as proved by one.
async fn signs_in_proved(machine: &Machine, app: &App, email: &str) {
    signs_in(machine, app, email).await;
    machine.sees("Set up an authenticator app").await;
    prove(&app.owner, email).await;
    machine.opens(&app.state.public_url().link("/")).await;
}

/// Signs out by the menu under one's name.
async fn signs_out(machine: &Machine, name: &str) {
    machine.presses(name).await;
    machine.presses("Sign out").await;
    machine.sees("You are signed out.").await;
}
