//! Searches, filters and places in a list: whatever the address says, a page comes, and nothing changes by looking.

use super::oddities;
use crate::support::{App, fingerprint};

#[tokio::test]
async fn in_the_addresses_of_pages() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    let form = olga.opens("/publishers/northlight/works/new").await;
    form.submits("Add work", &[("title", "Harbour Lights"), ("writer-0-name", "Okafor, Adaeze")]).await;
    let upload = olga.opens("/publishers/northlight/imports/new").await;
    let import = upload.uploads("Upload and check", &[], "file", "works.csv", b"Title\nHarbour Lights\n").await.path;
    let import = import.trim_start_matches("/publishers/northlight").to_owned();
    let before = fingerprint(&app).await;
    for (path, parameters) in [
        ("/works", "q department import splits state sort after"),
        ("/works?sort=changed", "after"),
        ("/works?sort=-title", "after"),
        ("/songwriters", "q after"),
        ("/songwriters/lookup", "q"),
        ("/recordings", "q after"),
        ("/recordings/new", "work"),
        ("/imports", "after"),
        (import.as_str(), "rows after"),
        ("/members", "q role status after"),
        ("/invitations", "q state after email songwriter"),
        ("/switch", "to"),
    ] {
        for parameter in parameters.split(' ') {
            for (what, odd) in oddities() {
                let pair = form_urlencoded::Serializer::new(String::new()).append_pair(parameter, &odd).finish();
                let sign = if path.contains('?') { '&' } else { '?' };
                let page = olga.opens(&format!("/publishers/northlight{path}{sign}{pair}")).await;
                assert!(page.status < 500 && !page.body.contains("<script>alert"), "{what} in {parameter} of {path}: {page:?}");
                assert!(page.status == 200 || !page.heading().is_empty(), "{what} in {parameter} of {path}: {page:?}");
                if parameter == "q" && page.has("[name=q]") && odd.chars().all(|c| !c.is_control()) {
                    let kept = page.value("q").unwrap();
                    assert!(odd.contains(kept.trim()) && kept.len() >= odd.trim().len().min(100), "{what} of {path}: {kept:?}");
                }
            }
        }
    }
    assert_eq!(fingerprint(&app).await, before);
}

#[tokio::test]
async fn in_the_addresses_of_doors() {
    let app = App::start().await;
    app.publisher("northlight").await;
    let robin = app.person("robin@ledgerline.test").system_admin().await;
    robin.signs_in().await;
    for (path, parameters) in [("/publishers", "q after id"), ("/publishers/northlight/visit", "reason next may_write")] {
        for parameter in parameters.split(' ') {
            for (what, odd) in oddities() {
                let pair = form_urlencoded::Serializer::new(String::new()).append_pair(parameter, &odd).finish();
                let page = robin.opens(&format!("{path}?{pair}")).await;
                assert!([200, 422].contains(&page.status) && !page.body.contains("<script>alert"), "{what} in {parameter}: {page:?}");
            }
        }
    }
    for (path, parameter) in [("/sign-in", "next"), ("/password/reset", "token"), ("/invitations/accept", "token"), ("/dev/mail", "x")] {
        for (what, odd) in oddities() {
            let pair = form_urlencoded::Serializer::new(String::new()).append_pair(parameter, &odd).finish();
            let page = app.browser().opens(&format!("{path}?{pair}")).await;
            assert!([200, 404].contains(&page.status) && !page.body.contains("<script>alert"), "{what} in {path}: {page:?}");
        }
    }
}
