//! Passkeys in a real browser, with authenticators plugged in over the DevTools protocol.

use super::{Chromium, Machine, signs_in, signs_out};
use crate::support::App;

const CANCELLED: &str = "No passkey was used: it was cancelled, or it took too long.";

async fn adds(machine: &Machine, app: &App, name: &str) {
    machine.opens(&app.state.public_url().link("/me/passkeys/new")).await;
    machine.types("name", name).await;
    machine.presses("Add passkey").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_passkeys_and_then_one() {
    let Some(chromium) = Chromium::start("two passkeys, and then one") else { return };
    let app = App::start().await;
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").await;
    let machine = chromium.machine(true).await;
    machine.makes_no_offers().await;
    signs_in(&machine, &app, &olga.email).await;
    machine.sees("Dashboard").await;

    // A device that does not know its user makes nothing.
    let laptop = machine.plugs_in("internal").await;
    laptop.knows_its_user(false).await;
    adds(&machine, &app, "Laptop").await;
    machine.sees(CANCELLED).await;
    laptop.knows_its_user(true).await;
    machine.presses("Add passkey").await;
    machine.sees("recovery codes").await;
    // It is asked for what it has not got yet.
    adds(&machine, &app, "Laptop again").await;
    machine.sees("This device has a passkey of yours already.").await;
    laptop.is_touched(false).await;
    let key = machine.plugs_in("usb").await;
    adds(&machine, &app, "Key on the ring").await;
    machine.sees("Your passkey is added.").await;
    machine.sees("Laptop").await;
    assert_eq!(app.list::<String>("select name from passkeys order by created_at").await, ["Laptop", "Key on the ring"]);

    // Alone, at the door.
    signs_out(&machine, "Olga Berg").await;
    machine.presses("Sign in with a passkey").await;
    machine.sees("Dashboard").await;

    // After the password.
    key.is_touched(false).await;
    signs_out(&machine, "Olga Berg").await;
    signs_in(&machine, &app, &olga.email).await;
    machine.sees("One more step").await;
    laptop.knows_its_user(false).await;
    laptop.is_touched(true).await;
    machine.presses("Use a passkey").await;
    machine.sees(CANCELLED).await;
    laptop.knows_its_user(true).await;
    machine.presses("Use a passkey").await;
    machine.sees("Dashboard").await;

    // One is removed; the other goes on.
    machine.opens(&app.state.public_url().link("/me/passkeys")).await;
    machine.presses("Manage Key on the ring").await;
    machine.presses("Remove passkey").await;
    machine.sees("“Key on the ring” no longer signs you in.").await;
    signs_out(&machine, "Olga Berg").await;
    laptop.is_touched(false).await;
    key.is_touched(true).await;
    machine.presses("Sign in with a passkey").await;
    machine.sees("This passkey is not known here").await;
    key.is_touched(false).await;
    laptop.is_touched(true).await;
    machine.presses("Sign in with a passkey").await;
    machine.sees("Dashboard").await;
    assert_eq!(app.one::<i64>("select count(*) from user_sessions where auth_level = 'passkey' and revoked_at is null").await, 1);
    machine.leaves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_offers_a_passkey_by_itself() {
    let Some(chromium) = Chromium::start("a passkey in the field of the address") else { return };
    let app = App::start().await;
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").await;
    let machine = chromium.machine(true).await;
    signs_in(&machine, &app, &olga.email).await;
    machine.sees("Dashboard").await;
    let laptop = machine.plugs_in("internal").await;
    adds(&machine, &app, "Laptop").await;
    machine.sees("recovery codes").await;
    laptop.is_touched(false).await;
    signs_out(&machine, "Olga Berg").await;
    machine.opens(&app.state.public_url().link("/sign-in?next=/publishers/northlight/works")).await;
    laptop.is_touched(true).await;
    // Whoever takes the offer presses no button of the page.
    machine.types("email", "o").await;
    machine.sees("Works").await;
    assert_eq!(machine.path().await, "/publishers/northlight/works");
    machine.leaves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_the_pages_say_what_is_missing() {
    let Some(chromium) = Chromium::start("passkeys without JavaScript") else { return };
    let app = App::start().await;
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").await;
    let machine = chromium.machine(false).await;
    machine.opens(&app.state.public_url().link("/sign-in")).await;
    machine.sees("Passkeys need JavaScript, which is off in this browser.").await;
    machine.misses("Sign in with a passkey").await;
    signs_in(&machine, &app, &olga.email).await;
    machine.sees("Dashboard").await;
    machine.opens(&app.state.public_url().link("/me/passkeys/new")).await;
    machine.sees("Passkeys need JavaScript, which is off in this browser.").await;
    machine.misses("Add passkey").await;
    machine.leaves().await;
}
