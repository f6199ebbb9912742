//! Sign-in, a new password, an invitation's link.

use super::{Known, Sheet, tries_oddities};
use crate::{
    members::{CHOSEN, link_for},
    support::{App, PASSWORD},
};
use ledgerline::{clock::Chance, secret::Token, sign_in::link};

#[tokio::test]
async fn at_sign_in() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    let known = Known { elsewhere: &["email", "password"], secret: &["password"], ..Known::default() };
    tries_oddities(&app, &known, async || {
        let browser = app.browser();
        Sheet::of(browser.opens("/sign-in").await, "Sign in", &[("email", &olga.email), ("password", PASSWORD)], &browser)
    })
    .await;
}

#[tokio::test]
async fn in_a_new_password() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    let known = Known { elsewhere: &["password"], secret: &["password", "password_confirmation"], ..Known::default() };
    tries_oddities(&app, &known, async || {
        let token = Token::new(&Chance::real());
        let mut owner = app.database.connect().await;
        link::issue(&mut owner, olga.id, link::Purpose::Password, &token, &serde_json::json!({}), app.clock.now()).await.unwrap();
        let browser = app.browser();
        let page = browser.opens(&format!("/password/reset?token={}", token.reveal())).await;
        Sheet::of(page, "Set password", &[("password", CHOSEN), ("password_confirmation", CHOSEN)], &browser)
    })
    .await;
}

#[tokio::test]
async fn at_the_end_of_an_invitations_link() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    // A newcomer's name stands in the side bar, apart from what the page says.
    let known = Known { unshown: &["full_name"], secret: &["password"], ..Known::default() };
    let count = std::cell::Cell::new(0);
    tries_oddities(&app, &known, async || {
        count.set(count.get() + 1);
        let email = format!("new{}@x.test", count.get());
        let link = link_for(&app, &olga, &email, "viewer").await;
        let browser = app.browser();
        let page = browser.opens(&link).await;
        Sheet::of(page, "Join", &[("full_name", "Noor Haddad"), ("password", CHOSEN)], &browser)
    })
    .await;
    let kept: Vec<String> = app.list("select full_name from users").await;
    for whole in ["\"'><script>alert(1)</script>", "'; drop table works; --", "🎻👩\u{200d}🎤"] {
        assert!(kept.iter().any(|name| name == whole), "{whole} was cut: {kept:?}");
    }
}
