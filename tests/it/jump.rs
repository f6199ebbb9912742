//! What Ctrl K finds: single things, for whoever may see them.

use crate::{
    catalogue::{NORTHLIGHT, adds_work, olga},
    support::{App, Person},
};

/// Names of what is found, each with what stands beside it.
async fn finds(person: &Person, typed: &str) -> Vec<String> {
    let typed: String = form_urlencoded::byte_serialize(typed.as_bytes()).collect();
    let found = person.gets_part(&format!("{NORTHLIGHT}/find?q={typed}")).await;
    assert_eq!(found.status, 200, "{found:?}");
    found.all("[role=option]")
}

#[tokio::test]
async fn works_songwriters_recordings_and_members_are_found_by_what_they_are_called() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let work = adds_work(&olga, "Harbour Lights", &[("Okafor, Adaeze", "100")], &[("number", "NL-1")]).await;
    olga.opens(&format!("{NORTHLIGHT}/recordings/new"))
        .await
        .submits("Add recording", &[("title", "Harbour Lights (Live)"), ("artist", "Noon")])
        .await;
    assert_eq!(finds(&olga, "harb").await, ["Harbour Lights NL-1", "Harbour Lights (Live) Noon"]);
    assert_eq!(finds(&olga, "okaf").await, ["Harbour Lights NL-1", "Okafor, Adaeze"]);
    assert_eq!(finds(&olga, "olga").await, ["Olga Berg Admin"]);
    assert!(finds(&olga, "").await.is_empty() && finds(&olga, "zzzz").await.is_empty());
    let page = olga.gets_part(&format!("{NORTHLIGHT}/find?q=NL-1")).await;
    assert_eq!(page.attribute("[role=option]", "href").as_deref(), Some(work.path.as_str()));
}

#[tokio::test]
async fn nobody_finds_what_their_lists_do_not_show() {
    let app = App::start().await;
    let olga = olga(&app).await;
    adds_work(&olga, "Harbour Lights", &[("Okafor, Adaeze", "100")], &[]).await;
    let head = app.person("ar@northlight.test").in_departments("department_admin", "northlight", &["A&R"]).await;
    head.signs_in().await;
    assert!(finds(&head, "harbour").await.is_empty(), "a work of no department is not in the reach of one");
    let creator = app.person("creator@northlight.test").creator_of("northlight").await;
    creator.signs_in().await;
    for typed in ["harbour", "okafor", "olga"] {
        assert!(finds(&creator, typed).await.is_empty(), "{typed}");
    }
}
