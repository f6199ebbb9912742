//! Somebody who works for two publishers goes back and forth, and nothing lands in the wrong one.

use super::{Chromium, signs_in};
use crate::support::App;

#[tokio::test(flavor = "multi_thread")]
async fn between_two_publishers() {
    journey(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn between_two_publishers_without_javascript() {
    journey(false).await;
}

async fn journey(with_scripts: bool) {
    let Some(chromium) = Chromium::start("switching publishers, with and without JavaScript") else { return };
    let app = App::start().await;
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").role_in("editor", "ember-oak").await;
    let browser = chromium.machine(with_scripts).await;
    signs_in(&browser, &app, &olga.email).await;
    browser.sees("Your publishers").await;
    browser.presses("Northlight").await;
    browser.sees("Dashboard").await;

    browser.presses("Works").await;
    switches(&browser, "Northlight", "Ember Oak").await;
    assert_eq!(browser.path().await, "/publishers/ember-oak/works", "the same page, for it is there too");
    switches(&browser, "Ember Oak", "Northlight").await;
    browser.presses("Imports").await;
    switches(&browser, "Northlight", "Ember Oak").await;
    assert_eq!(browser.path().await, "/publishers/ember-oak", "an editor has no imports, so the dashboard");

    // A form left open in one tab while the other switches goes where its page said.
    browser.opens(&app.state.public_url().link("/publishers/northlight/works/new")).await;
    browser.types("title", "Harbour Lights").await;
    browser.opens_tab(&app.state.public_url().link("/publishers/northlight/works")).await;
    switches(&browser, "Northlight", "Ember Oak").await;
    browser.closes_tab().await;
    browser.presses("Add work").await;
    browser.sees("Work added").await;
    assert_eq!(works(&app).await, ["northlight Harbour Lights"]);

    // And where the address has become another publisher's meanwhile, it goes nowhere.
    browser.opens(&app.state.public_url().link("/publishers/northlight/works/new")).await;
    browser.types("title", "Harbour Nights").await;
    for (slug, new) in [("northlight", "northlight-old"), ("ember-oak", "northlight")] {
        app.sql(&format!("update publishers set slug = '{new}' where slug = '{slug}'")).await;
    }
    browser.presses("Add work").await;
    browser.sees("This form was opened for another publisher than Ember Oak. Open the page again and repeat it there.").await;
    browser.sees("Nothing was changed.").await;
    assert_eq!(works(&app).await, ["northlight-old Harbour Lights"]);
    browser.leaves().await;
}

async fn switches(browser: &super::Machine, from: &str, to: &str) {
    browser.presses(from).await;
    browser.presses(to).await;
    browser.sees(to).await;
}

async fn works(app: &App) -> Vec<String> {
    app.list("select p.slug || ' ' || w.title from works w join publishers p on p.id = w.publisher_id").await
}
