//! Journeys through a real browser, once with JavaScript and once without.
//!
//! They need `chromium` and `chromedriver` on the PATH. Where those are missing each journey says on stderr that it was
//! left out, and passes; with `REQUIRE_BROWSER=1`, as in CI, it fails.

mod chromium;
mod dashboard;
mod door;
mod members;
mod publishers;
mod visit;

use crate::support::{App, PASSWORD};
use chromium::{Chromium, Machine};

/// Signs in by the form, from wherever the browser is.
async fn signs_in(machine: &Machine, app: &App, email: &str) {
    machine.opens(&app.state.public_url().link("/sign-in")).await;
    machine.types("email", email).await;
    machine.types("password", PASSWORD).await;
    machine.presses("Sign in").await;
}

/// Signs out by the menu under one's name.
async fn signs_out(machine: &Machine, name: &str) {
    machine.presses(name).await;
    machine.presses("Sign out").await;
    machine.sees("You are signed out.").await;
}
