//! An empty publisher gets its first work, and the dashboard tells of it.

use super::{Chromium, signs_in};
use crate::support::App;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_work() {
    journey(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_work_without_javascript() {
    journey(false).await;
}

async fn journey(with_scripts: bool) {
    let Some(chromium) = Chromium::start("the first work of a publisher, with and without JavaScript") else { return };
    let app = App::start().await;
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").await;
    let publisher = app.publisher("northlight").await;
    app.sql(&format!(
        "insert into usage_daily (publisher_id, meter, day, quantity) values ('{publisher}', 'api_calls', current_date, 4321)"
    ))
    .await;
    let browser = chromium.machine(with_scripts).await;
    signs_in(&browser, &app, &olga.email).await;
    browser.sees("Northlight has no works yet.").await;
    assert_begins(&figure(&browser, "Works").await, "0 ");
    assert_begins(&figure(&browser, "Members").await, "1 of 100 seats");
    assert_begins(&figure(&browser, "API calls this month").await, "4,321 of 1,000,000");
    browser.sees("Nothing has changed yet.").await;

    browser.presses("New work").await;
    browser.types("iswc", "T-034.524.680-2").await;
    browser.types("writer-0-name", "Okafor, Adaeze").await;
    browser.types("writer-0-share", "60").await;
    browser.presses("Add work").await;
    browser.sees("The title is missing.").await;
    browser.sees("its check digit does not fit").await;
    assert_eq!(browser.typed("writer-0-name").await, "Okafor, Adaeze");
    browser.types("title", "Harbour Lights").await;
    browser.types("iswc", "T-034.524.680-1").await;
    browser.types("writer-1-name", "Lind, Ada").await;
    browser.types("writer-1-share", "40").await;
    browser.presses("Add work").await;
    browser.sees_in_row("Lind, Ada", "40.00 %").await;
    browser.sees("100.00 %").await;

    browser.presses("Dashboard").await;
    assert_begins(&figure(&browser, "Works").await, "1 ");
    browser.misses("Northlight has no works yet.").await;
    browser.sees("2 songwriters").await;
    let changes = browser.under("Last changes").await;
    assert!(changes.contains("Olga Berg added Harbour Lights"), "{changes}");
    browser.presses("Harbour Lights").await;
    browser.sees("Okafor, Adaeze").await;
    browser.leaves().await;
}

/// The figure under its heading, and what is said of it.
async fn figure(browser: &super::Machine, heading: &str) -> String {
    let card = browser.under(heading).await;
    let figure = card.split_once('\n').unwrap_or_else(|| panic!("no figure under {heading}: {card}")).1;
    figure.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn assert_begins(text: &str, beginning: &str) {
    assert!(text.starts_with(beginning), "{text:?} does not begin with {beginning:?}");
}
