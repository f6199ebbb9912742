//! Ids of another publisher in path, query and body: to whoever works here, nothing has them.

use crate::support::{App, Person, fingerprint};
use ledgerline::app;
use reqwest::Method;

const HERE: &str = "/publishers/northlight";

/// Olga runs Northlight; Ember Oak, which she does not belong to, has one of everything.
async fn two_publishers() -> (App, Person, Vec<(&'static str, String)>) {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    let eve = app.person("eve@ember-oak.test").admin_of("ember-oak").await;
    olga.signs_in().await;
    eve.signs_in().await;
    let there = "/publishers/ember-oak";
    let department = app.department("ember-oak", "Classical").await.to_string();
    let work = eve.opens(&format!("{there}/works/new")).await;
    let work = work.submits("Add work", &[("title", "Theirs"), ("writer-0-name", "Okafor, Adaeze"), ("department", &department)]).await;
    assert_eq!(work.heading(), "Theirs");
    work.follows("Add recording").await.submits("Add recording", &[]).await;
    let stamp = app.publisher("ember-oak").await.to_string();
    eve.posts(&format!("{there}/invitations"), &[("stamp", &stamp), ("email", "new@x.test"), ("role", "viewer")]).await;
    let upload = eve.opens(&format!("{there}/imports/new")).await;
    upload.uploads("Upload and check", &[], "file", "works.csv", b"Title\nTheirs too\n").await;
    let mut theirs = vec![("department", department), ("member", eve.id.to_string())];
    for (what, table) in [
        ("work", "works"),
        ("songwriter", "songwriters"),
        ("recording", "recordings"),
        ("import", "imports"),
        ("invitation", "invitations"),
    ] {
        theirs.push((what, app.one::<String>(&format!("select id::text from {table}")).await));
    }
    (app, olga, theirs)
}

#[tokio::test]
async fn in_the_path_of_every_route() {
    let (app, olga, theirs) = two_publishers().await;
    let stamp = app.publisher("northlight").await.to_string();
    let before = fingerprint(&app).await;
    let routes = app::routes();
    let with_id: Vec<_> =
        routes.listed().iter().filter(|route| route.path.starts_with("/publishers/{slug}") && route.path.contains("{id}")).collect();
    assert!(with_id.len() > 15, "the routes with an id have gone elsewhere");
    for route in with_id {
        for (what, id) in &theirs {
            let url = route.path.replace("{slug}", "northlight").replace("{id}", id);
            let page = match route.method {
                Method::GET => olga.gets(&url).await,
                _ => {
                    olga.posts(
                        &format!("{url}?stamp={stamp}"),
                        &[("stamp", &stamp), ("title", "Ours"), ("last", "Ours"), ("role", "viewer"), ("version", "1")],
                    )
                    .await
                }
            };
            assert_eq!(
                (page.status, page.heading().as_str()),
                (404, "This page does not exist"),
                "{what} at {} {}",
                route.method,
                route.path
            );
        }
    }
    assert_eq!(fingerprint(&app).await, before);
}

#[tokio::test]
async fn in_the_query_of_lists() {
    let (_app, olga, theirs) = two_publishers().await;
    for (path, parameters) in [
        ("/works", "q department import after"),
        ("/songwriters", "q after"),
        ("/recordings", "q after"),
        ("/recordings/new", "work"),
        ("/members", "q after"),
        ("/invitations", "q after songwriter"),
        ("/imports", "after"),
    ] {
        for parameter in parameters.split(' ') {
            for (what, id) in &theirs {
                let page = olga.opens(&format!("{HERE}{path}?{parameter}={id}")).await;
                let is_right = page.status == 200 || page.status == 404 && path == "/recordings/new";
                assert!(is_right, "{what} in {parameter} of {path}: {page:?}");
                for secret in ["Theirs", "Okafor", "eve@ember-oak", "new@x.test", "works.csv", "Classical"] {
                    assert!(!page.body.contains(secret), "{what} in {parameter} of {path} shows {secret}: {page:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn in_the_fields_of_forms() {
    let (app, olga, theirs) = two_publishers().await;
    app.department("northlight", "Pop").await;
    app.songwriter("northlight", "Ada Lind").await;
    let rita = app.person("rita@northlight.test").viewer_of("northlight").await;
    let stamp = app.publisher("northlight").await.to_string();
    let before = fingerprint(&app).await;
    let role = format!("/members/{}/role", rita.id);
    for (path, fields, odd) in [
        ("/works", &[("title", "Ours")][..], "department"),
        ("/works", &[("title", "Ours"), ("writer-0-name", "Lind, Ada")], "writer-0-id"),
        ("/recordings", &[("title", "Ours"), ("work", "Theirs")], "work_id"),
        ("/recordings", &[("title", "Ours")], "work"),
        ("/invitations", &[("email", "n@x.test"), ("role", "viewer")], "department"),
        ("/invitations", &[("email", "n@x.test"), ("role", "creator")], "songwriter"),
        (&role, &[("role", "editor"), ("reach", "departments")], "department"),
        (&role, &[("role", "creator")], "songwriter"),
    ] {
        for (what, id) in &theirs {
            let page = olga.posts(&format!("{HERE}{path}"), &[fields, &[("stamp", stamp.as_str()), (odd, id.as_str())]].concat()).await;
            assert_eq!(page.status, 422, "{what} in {odd} of {path}: {page:?}");
            assert!(page.has(".error"), "{what} in {odd} of {path} has no words beside it: {page:?}");
            assert!(!page.says("Okafor") && !page.says("Classical"), "{what} in {odd} of {path}: {page:?}");
        }
    }
    assert_eq!(fingerprint(&app).await, before);
}
