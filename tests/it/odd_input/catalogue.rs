//! Works, songwriters, recordings, and the name of an uploaded file.

use super::{Known, Sheet, oddities, rows, tries_oddities};
use crate::support::{App, Person};
use std::cell::Cell;

async fn northlight() -> (App, Person) {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    (app, olga)
}

#[tokio::test]
async fn in_a_work() {
    let (app, olga) = northlight().await;
    let department = app.department("northlight", "Classical").await.to_string();
    // Several lines, each a title of its own.
    let known = Known { unshown: &["alternate_titles"], ..Known::default() };
    let count = Cell::new(0);
    tries_oddities(&app, &known, async || {
        count.set(count.get() + 1);
        let page = olga.opens("/publishers/northlight/works/new").await;
        let typed = [
            ("title", "Harbour Lights"),
            ("number", ""),
            ("writer-0-name", &format!("Okafor, Adaeze {}", count.get())),
            ("writer-0-share", "50"),
            ("writer-0-controlled", "true"),
            ("department", &department),
        ];
        let mut sheet = Sheet::of(page, "Add work", &typed, &olga);
        // Every row of writers is like the first.
        sheet.fields.retain(|(name, _)| !name.starts_with("writer-1") && !name.starts_with("writer-2"));
        sheet
    })
    .await;
}

#[tokio::test]
async fn in_a_change_of_a_work() {
    let (app, olga) = northlight().await;
    let form = olga.opens("/publishers/northlight/works/new").await;
    let work = form.submits("Add work", &[("title", "Harbour Lights"), ("writer-0-name", "Okafor, Adaeze")]).await.path;
    tries_oddities(&app, &Known::default(), async || {
        let mut sheet = Sheet::of(olga.opens(&format!("{work}/edit")).await, "Save work", &[("title", "Harbour Nights")], &olga);
        sheet.fields.retain(|(name, _)| ["stamp", "version", "title", "writer-0-id", "writer-0-name"].contains(&name.as_str()));
        sheet
    })
    .await;
}

#[tokio::test]
async fn in_a_songwriter() {
    let (app, olga) = northlight().await;
    let count = Cell::new(0);
    tries_oddities(&app, &Known::default(), async || {
        count.set(count.get() + 1);
        let page = olga.opens("/publishers/northlight/songwriters/new").await;
        Sheet::of(page, "Add songwriter", &[("last", &format!("Okafor {}", count.get())), ("first", "Adaeze")], &olga)
    })
    .await;
}

#[tokio::test]
async fn in_a_recording() {
    let (app, olga) = northlight().await;
    tries_oddities(&app, &Known::default(), async || {
        let page = olga.opens("/publishers/northlight/recordings/new").await;
        Sheet::of(page, "Add recording", &[("title", "Harbour Lights"), ("artist", "The Tidewater Four")], &olga)
    })
    .await;
}

#[tokio::test]
async fn in_changes_of_people_and_recordings() {
    let (app, olga) = northlight().await;
    for (list, add, save, typed) in [
        ("songwriters", "Add songwriter", "Save songwriter", &[("last", "Okafor"), ("first", "Adaeze")]),
        ("recordings", "Add recording", "Save recording", &[("title", "Harbour Lights"), ("artist", "The Tidewater Four")]),
    ] {
        let added = olga.opens(&format!("/publishers/northlight/{list}/new")).await.submits(add, typed).await.path;
        tries_oddities(&app, &Known::default(), async || Sheet::of(olga.opens(&format!("{added}/edit")).await, save, typed, &olga)).await;
    }
}

#[tokio::test]
async fn in_the_name_of_a_file() {
    let (app, olga) = northlight().await;
    let page = olga.opens("/publishers/northlight/imports/new").await;
    for (what, odd) in oddities() {
        let before = rows(&app).await;
        let landed = page.uploads("Upload and check", &[], "file", &odd, b"Title\nHarbour Lights\n").await;
        assert!(landed.status < 500 && !landed.body.contains("<script>alert"), "{what}: {landed:?}");
        match landed.status {
            200 => assert!(landed.says("Harbour Lights"), "{what}: {landed:?}"),
            _ => assert!(landed.errors("file").is_some() && rows(&app).await == before, "{what}: {landed:?}"),
        }
    }
}
