//! Somebody mistypes a password, gets in, and leaves nothing behind when they go.

use super::{Chromium, signs_out};
use crate::support::{App, PASSWORD};

#[tokio::test(flavor = "multi_thread")]
async fn in_and_out() {
    journey(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_and_out_without_javascript() {
    journey(false).await;
}

async fn journey(with_scripts: bool) {
    let Some(chromium) = Chromium::start("signing in and out, with and without JavaScript") else { return };
    let app = App::start().await;
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").await;
    let browser = chromium.machine(with_scripts).await;

    browser.opens(&app.state.public_url().link("/publishers/northlight/members")).await;
    assert_eq!(browser.path().await, "/sign-in");
    browser.types("email", &olga.email).await;
    browser.types("password", "a lantern in the attic").await;
    browser.presses("Sign in").await;
    browser.sees("This email address and password do not belong together.").await;
    assert_eq!((browser.typed("email").await, browser.typed("password").await), (olga.email.clone(), String::new()));
    browser.types("password", PASSWORD).await;
    browser.presses("Sign in").await;
    browser.sees("1 of 100 seats used").await;
    assert_eq!(browser.path().await, "/publishers/northlight/members", "where they wanted to go");

    signs_out(&browser, "Olga Berg").await;
    browser.goes_back().await;
    browser.sees("To your publisher's catalogue").await;
    browser.misses("Olga Berg").await;
    browser.misses("seats used").await;
    browser.leaves().await;
}
