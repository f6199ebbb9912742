//! Songwriters: the list, one person once, and a name that follows into every work.

use super::{NORTHLIGHT, adds_work, firsts, member, olga};
use crate::support::App;

const SONGWRITERS: &str = "/publishers/northlight/songwriters";

#[tokio::test]
async fn a_songwriter_is_added_found_and_shown_with_their_works() {
    let app = App::start().await;
    let olga = olga(&app).await;
    assert!(olga.opens(SONGWRITERS).await.says("No songwriters yet"));
    let typed = [("last", "Müller"), ("first", "Zoë"), ("stage", "DJ Nine"), ("ipi", "14107338"), ("society", "035"), ("number", "s1")];
    let page = olga.opens(&format!("{SONGWRITERS}/new")).await.submits("Add songwriter", &typed).await;
    assert_eq!(page.heading(), "Müller, Zoë");
    assert!(page.says("00014107338") && page.says("035 – GEMA") && page.says("DJ Nine") && page.says("S1"), "{page:?}");
    for found in ["muller", "zoe m", "nine", "14107338", "000 141 073 38", "s1"] {
        assert_eq!(firsts(&olga.opens(&format!("{SONGWRITERS}?q={}", found.replace(' ', "+"))).await), ["Müller, Zoë"], "{found}");
    }
    adds_work(&olga, "Harbour Lights", &[("Müller, Zoë", "50")], &[("writer-0-role", "CA")]).await;
    assert_eq!(olga.opens(&page.path).await.row("Harbour Lights").unwrap(), ["Harbour Lights", "W000001", "CA", "50.00 %"]);
}

#[tokio::test]
async fn one_person_is_one_songwriter() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let form = olga.opens(&format!("{SONGWRITERS}/new")).await;
    form.submits("Add songwriter", &[("last", "Smith"), ("first", "John"), ("ipi", "00000000199")]).await;
    let same_ipi = form.submits("Add songwriter", &[("last", "Other"), ("ipi", "199")]).await;
    assert_eq!(same_ipi.errors("ipi").unwrap(), "This IPI belongs to Smith, John.");
    let namesake = form.submits("Add songwriter", &[("last", "SMITH"), ("first", "John")]).await;
    assert_eq!(
        namesake.errors("another").unwrap(),
        "There is a songwriter called Smith, John already. Tick this box if it is somebody else."
    );
    let another = namesake.submits("Add songwriter", &[("another", "true")]).await;
    assert_eq!(another.heading(), "SMITH, John");
    let wrong = form.submits("Add songwriter", &[("last", " "), ("ipi", "1"), ("number", "ABCDEFGHIJ"), ("society", "010")]).await;
    for field in ["last", "ipi", "number"] {
        assert!(wrong.errors(field).is_some(), "{field}");
    }
}

#[tokio::test]
async fn a_new_name_stands_on_all_their_works() {
    let app = App::start().await;
    let olga = olga(&app).await;
    adds_work(&olga, "Harbour Lights", &[("Okafor, Adaeze", "50"), ("Lind, Ada", "50")], &[]).await;
    let id = app.one::<uuid::Uuid>("select id from songwriters where last_name = 'Okafor'").await;
    let page = olga
        .opens(&format!("{SONGWRITERS}/{id}/edit"))
        .await
        .submits("Save songwriter", &[("last", "Okafor-Berg"), ("society", "052")])
        .await;
    assert_eq!(page.heading(), "Okafor-Berg, Adaeze");
    assert!(page.first(".timeline li").unwrap().contains("Last name Okafor Okafor-Berg"));
    let list = olga.opens(&format!("{NORTHLIGHT}/works?q=okafor-berg")).await;
    assert_eq!(list.row("Harbour Lights").unwrap()[1], "Okafor-Berg, Adaeze · Lind, Ada");
    let same = olga.opens(&page.path.replace("?", "/edit?")).await.status;
    assert_eq!(same, 200);
    assert_eq!(app.one::<i64>("select version from works").await, 2, "a form that still shows the old name is told");
}

#[tokio::test]
async fn a_department_may_not_rename_what_it_does_not_wholly_see() {
    let app = App::start().await;
    let id = app.songwriter("northlight", "Adaeze Okafor").await;
    let dara = app.person("dara@northlight.test").in_departments("department_admin", "northlight", &["Pop"]).await;
    dara.signs_in().await;
    let edit = dara.opens(&format!("{SONGWRITERS}/{id}/edit")).await;
    let refused = edit.submits("Save songwriter", &[("last", "Renamed")]).await;
    assert!(refused.errors("last").unwrap().contains("works of every department"));
    assert_eq!(edit.submits("Save songwriter", &[("ipi", "199")]).await.heading(), "Okafor, Adaeze");
}

#[tokio::test]
async fn the_grid_is_offered_who_begins_like_what_is_typed() {
    let app = App::start().await;
    let olga = olga(&app).await;
    adds_work(&olga, "Harbour Lights", &[("Okafor, Adaeze", "50")], &[("writer-0-ipi", "199")]).await;
    let options = olga.gets_part(&format!("{SONGWRITERS}/lookup?q=oka")).await;
    assert_eq!(options.attributes("option", "value"), ["Okafor, Adaeze"]);
    assert_eq!(options.attributes("option", "data-ipi"), ["00000000199"]);
    assert!(olga.gets_part(&format!("{SONGWRITERS}/lookup?q=")).await.attributes("option", "value").is_empty());
    let ada = app.person("ada.lind@writers.test").creator_of("northlight").await;
    ada.signs_in().await;
    assert!(ada.gets_part(&format!("{SONGWRITERS}/lookup?q=oka")).await.attributes("option", "value").is_empty());
    assert_eq!(firsts(&ada.opens(SONGWRITERS).await), ["Lind, Ada"], "a creator sees nobody else");
}

#[tokio::test]
async fn the_later_of_two_people_is_told_and_loses_nothing() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let emil = member(&app, "editor").await;
    let url = format!("{SONGWRITERS}/{}", app.songwriter("northlight", "Adaeze Okafor").await);
    let (hers, his) = (olga.opens(&format!("{url}/edit")).await, emil.opens(&format!("{url}/edit")).await);
    hers.submits("Save songwriter", &[("society", "052")]).await;
    app.clock.forward(time::Duration::minutes(5));
    let told = his.submits("Save songwriter", &[("stage", "Adaeze O"), ("ipi", "199")]).await;
    assert_eq!(told.status, 409);
    assert!(told.summary().unwrap().starts_with("Olga Berg changed this songwriter 5 minutes ago, while you had it open."), "{told:?}");
    assert_eq!((told.value("stage").unwrap(), told.value("ipi").unwrap()), ("Adaeze O".into(), "199".into()));
    assert_eq!(app.list::<String>("select society from songwriters where stage_name is null").await, ["052"], "hers stands");
    assert_eq!(told.submits("Save songwriter", &[("society", "052")]).await.flash().unwrap(), "Songwriter saved.");
    assert_eq!(
        app.list::<String>("select society || ' ' || stage_name || ' ' || ipi from songwriters").await,
        ["052 Adaeze O 00000000199"]
    );
    // A form that says no version, or nonsense, was made from none.
    let stamp = app.publisher("northlight").await.to_string();
    for version in ["", "x", "99"] {
        let page = olga.posts(&url, &[("stamp", &stamp), ("last", "Okafor"), ("version", version)]).await;
        assert_eq!(page.status, 409, "{version:?}");
    }
}

#[tokio::test]
async fn an_ipi_learned_from_a_work_is_a_change_of_the_songwriter() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let url = format!("{SONGWRITERS}/{}", app.songwriter("northlight", "Adaeze Okafor").await);
    let open = olga.opens(&format!("{url}/edit")).await;
    adds_work(&olga, "Harbour Lights", &[("Okafor, Adaeze", "50")], &[("writer-0-ipi", "199")]).await;
    let told = open.submits("Save songwriter", &[("stage", "Adaeze O")]).await;
    assert_eq!(told.status, 409, "its empty IPI would have taken the new one away");
    assert!(told.summary().unwrap().starts_with("You yourself changed this songwriter"), "{told:?}");
}

#[tokio::test]
async fn a_songwriter_nobody_needs_leaves_the_lists_and_comes_back() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let form = olga.opens(&format!("{SONGWRITERS}/new")).await;
    let page = form.submits("Add songwriter", &[("last", "Okafor"), ("first", "Adaeze"), ("ipi", "199"), ("number", "S1")]).await;
    let archived = page.submits("Archive", &[]).await;
    assert!(archived.says("This songwriter is archived") && archived.link("Edit").is_none(), "{archived:?}");
    assert_eq!(olga.opens(&format!("{}/edit", page.path)).await.status, 409);
    assert!(olga.opens(SONGWRITERS).await.says("No songwriters yet"));
    assert!(olga.opens(&format!("{SONGWRITERS}?q=oka")).await.says("Nobody fits"));
    assert_eq!(firsts(&olga.opens(&format!("{SONGWRITERS}?state=archived")).await), ["Okafor, Adaeze"]);
    assert_eq!(firsts(&olga.opens(&format!("{SONGWRITERS}?state=archived&q=oka")).await), ["Okafor, Adaeze"]);
    assert!(olga.gets_part(&format!("{SONGWRITERS}/lookup?q=oka")).await.attributes("option", "value").is_empty());
    assert_eq!(page.submits("Archive", &[]).await.status, 200, "pressed twice, it is archived once");
    assert_eq!(app.one::<i64>("select songwriters from catalogue_totals").await, 0);
    // Nobody is entered a second time while the first entry is out of sight.
    let again = form.submits("Add songwriter", &[("last", "Okafor"), ("ipi", "199")]).await;
    assert_eq!(again.errors("ipi").unwrap(), "This IPI belongs to Okafor, Adaeze, who is archived.");
    let again = form.submits("Add songwriter", &[("last", "Lind"), ("number", "S1")]).await;
    assert!(again.errors("number").unwrap().contains("now or in the past"));
    let typed = [("title", "Harbour Lights"), ("writer-0-name", "Okafor, Adaeze"), ("writer-0-ipi", "199")];
    let work = olga.opens(&format!("{NORTHLIGHT}/works/new")).await.submits("Add work", &typed).await;
    assert_eq!(work.errors("writer-0-ipi").unwrap(), "This IPI belongs to Okafor, Adaeze, who is archived. Restore that songwriter first.");
    let import = olga
        .opens(&format!("{NORTHLIGHT}/imports/new"))
        .await
        .uploads("Upload and check", &[], "file", "works.csv", b"Title,Writer 1 Last,Writer 1 IPI\nHarbour Lights,Okafor,199\n")
        .await;
    app.run_jobs().await;
    let import = olga.opens(&import.path).await;
    assert!(import.says("Okafor, Adaeze has this IPI and is archived. Restore the songwriter first."), "{import:?}");
    let restored = archived.submits("Restore", &[]).await;
    assert!(restored.link("Edit").is_some(), "{restored:?}");
    assert_eq!(firsts(&olga.opens(SONGWRITERS).await), ["Okafor, Adaeze"]);
    assert_eq!(app.one::<i64>("select songwriters from catalogue_totals").await, 1);
    let actions = app.list::<String>("select action from audit_entries order by id").await;
    assert_eq!(actions, ["songwriter.created", "songwriter.archived", "import.uploaded", "songwriter.restored"]);
}

#[tokio::test]
async fn a_songwriter_of_a_work_stays_and_comes_back_with_it() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let work = adds_work(&olga, "Harbour Lights", &[("Okafor, Adaeze", "60"), ("Okafor, Adaeze", "40")], &[]).await;
    let url = format!("{SONGWRITERS}/{}", app.one::<uuid::Uuid>("select id from songwriters").await);
    let refused = olga.opens(&url).await.submits("Archive", &[]).await;
    assert_eq!((refused.status, refused.heading().as_str()), (422, "Okafor, Adaeze"));
    assert_eq!(
        refused.summary().unwrap(),
        "Okafor, Adaeze is a writer of 1 work in the catalogue, and registrations name every writer. \
         Archive the works first, or enter another songwriter in them."
    );
    assert_eq!(app.one::<i64>("select count(*) from songwriters where archived_at is not null").await, 0);
    let archived = work.submits("Archive", &[]).await;
    assert!(olga.opens(&url).await.submits("Archive", &[]).await.says("This songwriter is archived"));
    let back = archived.submits("Restore", &[]).await;
    assert_eq!(back.flash().unwrap(), "Work restored. Its writers came back with it: Okafor, Adaeze.");
    assert!(!olga.opens(&url).await.says("This songwriter is archived"));
    assert_eq!(app.list::<i64>("select unnest(array[works, songwriters]) from catalogue_totals").await, [1, 1]);
    let actions = app.list::<String>("select action from audit_entries order by id desc limit 2").await;
    assert_eq!(actions, ["work.restored", "songwriter.restored"]);
}

#[tokio::test]
async fn a_songwriter_a_creator_sees_works_through_stays() {
    let app = App::start().await;
    let olga = olga(&app).await;
    app.person("ada.lind@writers.test").creator_of("northlight").await;
    let url = format!("{SONGWRITERS}/{}", app.one::<uuid::Uuid>("select id from songwriters").await);
    let refused = olga.opens(&url).await.submits("Archive", &[]).await;
    assert_eq!(refused.summary().unwrap(), "Ada Lind sees own works as Lind, Ada. Give this member another role or remove them first.");
    app.sql("update user_publishers set status = 'removed' where reach = 'own'").await;
    let invited = [("email", "ada@x.test"), ("role", "creator")];
    let songwriter = url.rsplit('/').next().unwrap();
    olga.opens(&format!("{NORTHLIGHT}/invitations/new?songwriter={songwriter}")).await.submits("Send invitation", &invited).await;
    let refused = olga.opens(&url).await.submits("Archive", &[]).await;
    assert_eq!(refused.summary().unwrap(), "ada@x.test is invited as Lind, Ada. Revoke the invitation first.");
    app.sql("update invitations set revoked_at = now()").await;
    assert!(olga.opens(&url).await.submits("Archive", &[]).await.says("This songwriter is archived"));
}

#[tokio::test]
async fn a_department_archives_no_songwriter_of_all() {
    let app = App::start().await;
    let url = format!("{SONGWRITERS}/{}", app.songwriter("northlight", "Adaeze Okafor").await);
    let dara = app.person("dara@northlight.test").in_departments("department_admin", "northlight", &["Pop"]).await;
    dara.signs_in().await;
    assert!(!dara.opens(&url).await.has("form[action$='/archive']"));
    let stamp = app.publisher("northlight").await.to_string();
    let refused = dara.posts(&format!("{url}/archive"), &[("stamp", &stamp)]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.summary().unwrap().starts_with("Songwriters belong to every department."), "{refused:?}");
    assert_eq!(app.one::<i64>("select count(*) from songwriters where archived_at is not null").await, 0);
}

#[tokio::test]
async fn a_long_list_counts_what_it_shows_and_no_more() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let publisher = app.publisher("northlight").await;
    app.sql(&format!(
        "with new as (insert into songwriters (publisher_id, last_name, name_key, archived_at)
           select '{publisher}', 'Lind', 'lind ' || n, case when n <= 55 then now() end from generate_series(1, 110) n returning id)
         insert into search_words select '{publisher}', 'songwriter', 'lind', id from new"
    ))
    .await;
    app.sql("update catalogue_totals set songwriters = 55").await;
    for (query, total) in [("", 55), ("?q=lind", 55), ("?state=archived", 55), ("?state=archived&q=lind", 55)] {
        let page = olga.opens(&format!("{SONGWRITERS}{query}")).await;
        assert!(page.says(&format!("Showing 50 of {total}")), "{query}: {page:?}");
        let next = page.follows("Next").await;
        assert_eq!(next.rows().len(), 5, "{query}");
        assert!(next.says(&format!("Showing 5 of {total}")), "{query}: {next:?}");
    }
}
