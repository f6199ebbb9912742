//! The account of a person: password, address, devices.

mod address;
mod devices;
mod links;
mod passwords;

use crate::support::{App, Browser, Page, Person};
use time::Duration;

const COOKIE: &str = "ledgerline";
const CHOSEN: &str = "four small boats";

async fn olga(app: &App) -> Person {
    app.person("olga.berg@northlight.test").admin_of("northlight").await
}

async fn tries(browser: &Browser, email: &str, password: &str) -> Page {
    browser.posts("/sign-in", &[("email", email), ("password", password), ("next", "")]).await
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.gets("/publishers/northlight").await.status == 200
}

/// What has arrived for an address, by subject.
async fn subjects(app: &App, address: &str) -> Vec<String> {
    app.run_jobs().await;
    app.mailbox.to(address).into_iter().map(|mail| mail.subject).collect()
}

/// Asks for a link by the page, and answers it.
async fn forgets(app: &App, email: &str) -> String {
    let page = app.browser().opens("/password/forgot").await.submits("Send the link", &[("email", email)]).await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Look at your mail"), "{page:?}");
    app.mail_to(email).await.link().to_owned()
}

/// Past the minute that one source is held for, and the hour that mails are.
fn an_hour_later(app: &App) {
    app.clock.forward(Duration::minutes(61));
}
