//! A system admin looks into a publisher with a reason, and its own admin reads that they did.

use super::{Chromium, signs_in, signs_in_proved, signs_out};
use crate::support::App;

#[tokio::test(flavor = "multi_thread")]
async fn a_visit() {
    journey(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_without_javascript() {
    journey(false).await;
}

async fn journey(with_scripts: bool) {
    let Some(chromium) = Chromium::start("a visit of a system admin, with and without JavaScript") else { return };
    let app = App::start().await;
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").await;
    let robin = app.person("robin.ashdown@ledgerline.test").system_admin().await;
    app.publisher("ember-oak").await;
    let browser = chromium.machine(with_scripts).await;

    signs_in_proved(&browser, &app, &robin.email).await;
    browser.sees("Every publisher on this installation").await;
    browser.sees("Ember Oak").await;
    browser.presses("Northlight").await;
    browser.sees("Visit Northlight").await;
    browser.types("reason", "help").await;
    browser.presses("Start visit").await;
    browser.sees("Say why, in a few words.").await;
    assert_eq!(browser.typed("reason").await, "help");
    browser.types("reason", "Ticket 4127: import stands still").await;
    browser.presses("Start visit").await;
    for page in ["Works", "Songwriters", "Recordings", "Members", "Invitations", "Dashboard"] {
        browser.presses(page).await;
        browser.sees("You are visiting Northlight.").await;
        browser.sees("Ticket 4127: import stands still").await;
        browser.misses("New work").await;
    }
    browser.opens(&app.state.public_url().link("/publishers/northlight/works/new")).await;
    browser.sees("This visit is read-only").await;
    browser.opens(&app.state.public_url().link("/publishers/northlight")).await;
    browser.presses("End visit").await;
    browser.sees("Your visit to Northlight has ended.").await;
    browser.opens(&app.state.public_url().link("/publishers/northlight/works")).await;
    browser.sees("Visit Northlight").await;
    browser.presses("Cancel").await;
    signs_out(&browser, "Robin Ashdown").await;

    signs_in(&browser, &app, &olga.email).await;
    browser.sees("Dashboard").await;
    let changes = browser.under("Last changes").await;
    assert_eq!(app.list::<String>("select action from audit_entries order by id").await, ["visit.started", "visit.ended"]);
    browser.misses("You are visiting").await;
    assert!(changes.matches("Robin Ashdown").count() == 2 && changes.contains("Ticket 4127: import stands still"), "{changes}");
    browser.leaves().await;
}
