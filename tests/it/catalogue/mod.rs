//! The catalogue as staff and creators use it: works, songwriters, recordings, imports.

mod editing;
mod imports;
mod recordings;
mod songwriters;
mod works;

use crate::support::{App, Page, Person};

/// The words of a publisher's pages.
pub const NORTHLIGHT: &str = "/publishers/northlight";

/// An admin of Northlight, signed in.
pub async fn olga(app: &App) -> Person {
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    olga
}

/// A member of Northlight by another role, signed in.
pub async fn member(app: &App, role: &str) -> Person {
    let person = app.person(&format!("{role}@northlight.test")).role_in(role, "northlight").await;
    person.signs_in().await;
    person
}

/// Adds a work by the form, with writers as (name, share), and arrives at its page.
pub async fn adds_work(person: &Person, title: &str, writers: &[(&str, &str)], more: &[(&str, &str)]) -> Page {
    let names: Vec<[String; 2]> = (0..writers.len()).map(|i| [format!("writer-{i}-name"), format!("writer-{i}-share")]).collect();
    let mut typed = vec![("title", title)];
    for ([name, share], (who, how_much)) in names.iter().zip(writers) {
        typed.extend([(name.as_str(), *who), (share.as_str(), *how_much)]);
    }
    typed.extend(more);
    let page = person.opens(&format!("{NORTHLIGHT}/works/new")).await.submits("Add work", &typed).await;
    assert_eq!((page.status, page.heading().as_str()), (200, title), "{page:?}");
    page
}

/// Uploads a file and imports it, jobs and all.
pub async fn imports(app: &App, person: &Person, csv: &str) -> Page {
    let page = person
        .opens(&format!("{NORTHLIGHT}/imports/new"))
        .await
        .uploads("Upload and check", &[], "file", "works.csv", csv.as_bytes())
        .await;
    let url = page.path.clone();
    presses_import(&page).await;
    app.run_jobs().await;
    person.opens(&url).await
}

/// Presses Import on a checked import; where that asks for a tick, it gets one.
pub async fn presses_import(page: &Page) -> Page {
    let tick: &[(&str, &str)] = if page.has("input[name=confirmed]") { &[("confirmed", "true")] } else { &[] };
    page.submits(&format!("form[action='{}/works']", page.path), tick).await
}

/// The first words of every row of a list.
pub fn firsts(page: &Page) -> Vec<String> {
    page.rows().into_iter().filter_map(|row| row.into_iter().next()).collect()
}
