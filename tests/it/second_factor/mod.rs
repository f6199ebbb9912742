//! The authenticator app and recovery codes.

mod enrolment;
mod races;
mod recovery;
mod removal;
mod signing_in;

use crate::support::{App, Browser, PASSWORD, Page, Person};

const COOKIE: &str = "ledgerline";

async fn olga(app: &App) -> Person {
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").await;
    app.next_step();
    olga.signs_in().await;
    olga
}

fn cookie(browser: &Browser) -> String {
    browser.cookies.lock().unwrap()[COOKIE].clone()
}

/// A browser that presents a cookie it was given.
fn with_cookie(app: &App, cookie: &str) -> Browser {
    let browser = app.browser();
    browser.cookies.lock().unwrap().insert(COOKIE.to_owned(), cookie.to_owned());
    browser
}

async fn is_in(browser: &Browser) -> bool {
    browser.gets("/me").await.status == 200
}

/// The password given on another machine, which then stands before the second step.
async fn at_second_step(person: &Person) -> Page {
    let page = person.elsewhere().signs_in_as(&person.email, PASSWORD).await;
    assert_eq!((page.path.split('?').next(), page.heading().as_str()), (Some("/sign-in/mfa"), "One more step"), "{page:?}");
    page
}

/// How many mails with this subject have reached somebody.
async fn told(app: &App, person: &Person, subject: &str) -> usize {
    app.run_jobs().await;
    app.mailbox.to(&person.email).into_iter().filter(|mail| mail.subject == subject).count()
}

async fn events(app: &App, action: &str) -> i64 {
    app.one(&format!("select count(*) from security_events where action = '{action}'")).await
}
