//! Imports: a file read, checked row by row, then written whole or not at all.

mod input;
mod namesakes;
mod repeats;
mod retrying;
mod revoking;

use super::{NORTHLIGHT, adds_work, firsts, imports, member, olga, presses_import};
use crate::support::{App, Page, Person};

const IMPORTS: &str = "/publishers/northlight/imports";
const GOOD: &str = "Title,Work number,ISWC,Writer 1 Last,Writer 1 First,Writer 1 IPI,Writer 1 Share,Writer 1 Role,Writer 1 Controlled,Recording 1 ISRC\n\
    Alpha,QX-1,T-034.524.680-1,Okafor,Adaeze,199,100,CA,Yes,GBXWZ2400015\n\
    Beta,,,okafor,ADAEZE,,60,C,No,\n\
    Gamma,,,Newman,Ida,,100,CA,No,\n";

async fn uploads(person: &Person, name: &str, content: &[u8]) -> Page {
    person.opens(&format!("{IMPORTS}/new")).await.uploads("Upload and check", &[], "file", name, content).await
}

#[tokio::test]
async fn a_file_is_checked_then_written_whole() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let checked = uploads(&olga, "spring.csv", GOOD.as_bytes()).await;
    assert!(
        checked.heading().starts_with("spring.csv") && checked.says("Checked") && checked.says("Rows with warnings: 1 of 3"),
        "{checked:?}"
    );
    assert!(checked.says("Songwriters: 2 new, 0 in the catalogue already.") && checked.says("Recordings: 1 new."));
    assert_eq!(checked.row("Beta").unwrap(), ["Beta Row 3", "Warning The shares add up to 60.00 %, not 100 %."]);
    assert_eq!(firsts(&checked.follows("With warnings 1").await), ["Beta Row 3"]);
    assert_eq!(app.one::<i64>("select count(*) from works").await, 0);

    let untouched = checked.submits("Import 3 works", &[]).await;
    assert_eq!(
        (untouched.status, untouched.errors("confirmed").as_deref()),
        (422, Some("Tick this once you have looked at the warnings."))
    );
    let busy = untouched.submits("Import 3 works", &[("confirmed", "true")]).await;
    assert!(busy.says("Importing") && busy.attribute("#import", "hx-trigger").is_some());
    assert!(busy.has("head > noscript"), "without JavaScript the page comes again by itself");
    app.run_jobs().await;
    let done = olga.opens(&checked.path).await;
    assert!(
        done.says("3 works in the catalogue") && done.attribute("#import", "hx-trigger").is_none() && !done.has("noscript"),
        "{done:?}"
    );
    let works = done.follows("See the works").await;
    assert_eq!(firsts(&works), ["Alpha", "Beta", "Gamma"]);
    assert_eq!(works.row("Beta").unwrap()[1], "Okafor, Adaeze", "the same person, however written");
    let alpha = works.follows("Alpha").await;
    assert_eq!(alpha.row("Okafor").unwrap(), ["Okafor, Adaeze Controlled", "CA", "00000000199", "100.00 %"]);
    assert!(alpha.says("QX-1") && alpha.says("GB-XWZ-24-00015") && alpha.link("an import").is_some());
    let totals: Vec<i64> = app.list("select unnest(array[works, songwriters, recordings]) from catalogue_totals").await;
    assert_eq!(totals, [3, 2, 1]);
    assert_eq!(
        app.list::<String>("select action from audit_entries order by id").await,
        ["import.uploaded", "import.started", "import.written"]
    );
    assert_eq!(app.one::<i64>("select sum(quantity)::bigint from usage_events where meter = 'works_created'").await, 3);
    assert!(olga.opens(&format!("{NORTHLIGHT}/works?q=newman")).await.row("Gamma").is_some());
    assert_eq!(app.one::<i64>("select count(*) from import_files").await, 0, "the file itself is not kept");
    assert_eq!(app.run_jobs().await, 0);
}

#[tokio::test]
async fn one_refused_row_holds_the_whole_file_back() {
    let app = App::start().await;
    let olga = olga(&app).await;
    adds_work(&olga, "There Already", &[], &[("number", "QX-1"), ("iswc", "T-034.524.680-1")]).await;
    let page = uploads(&olga, "works.csv", GOOD.as_bytes()).await;
    assert!(page.says("Rows refused: 1 of 3. Nothing can be imported") && page.has("button[disabled]"), "{page:?}");
    let row = page.row("Alpha").unwrap();
    assert!(
        row[1].starts_with("Refused A work in the catalogue has the number QX-1.")
            && row[1].contains("“There Already” in the catalogue has this ISWC")
    );
    let stamp = app.publisher("northlight").await.to_string();
    let forced = olga.posts(&format!("{}/works", page.path), &[("stamp", &stamp)]).await;
    assert_eq!((forced.status, forced.summary().is_some()), (409, true));
    app.run_jobs().await;
    assert_eq!(app.one::<i64>("select count(*) from works").await, 1);
    let dropped = page.submits("Drop", &[]).await;
    assert_eq!(dropped.flash().unwrap(), "works.csv was dropped. Nothing of it was imported.");
    assert_eq!(app.one::<i64>("select count(*) from import_rows").await, 0);
    assert_eq!(olga.posts(&format!("{}/drop", page.path), &[("stamp", &stamp)]).await.status, 409);
}

#[tokio::test]
async fn a_number_taken_between_reading_and_writing_writes_nothing() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let checked = uploads(&olga, "works.csv", GOOD.as_bytes()).await;
    presses_import(&checked).await;
    adds_work(&olga, "Quicker", &[], &[("number", "QX-1")]).await;
    app.run_jobs().await;
    let page = olga.opens(&checked.path).await;
    assert!(page.row("Alpha").unwrap()[1].contains("A work got this number after the file was read."), "{page:?}");
    assert!(page.has("button[disabled]"));
    assert_eq!(app.list::<String>("select title from works").await, ["Quicker"]);
    assert_eq!(app.one::<i64>("select count(*) from songwriters").await, 0);
}

#[tokio::test]
async fn a_number_that_a_department_cannot_see_fails_in_words() {
    let app = App::start().await;
    let olga = olga(&app).await;
    adds_work(&olga, "Elsewhere", &[], &[("number", "QX-1")]).await;
    let dara = app.person("dara@northlight.test").in_departments("department_admin", "northlight", &["Pop"]).await;
    dara.signs_in().await;
    let failed = imports(&app, &dara, GOOD).await;
    assert!(failed.says("Nothing was imported") && failed.says("Another work has or had this number."), "{failed:?}");
    assert_eq!(app.one::<i64>("select count(*) from works").await, 1);
}

#[tokio::test]
async fn works_of_a_department_go_into_it() {
    let app = App::start().await;
    app.department("northlight", "Classical").await;
    let dara = app.person("dara@northlight.test").in_departments("department_admin", "northlight", &["Pop"]).await;
    dara.signs_in().await;
    assert!(imports(&app, &dara, "Title,Department\nOne,\nTwo,pop\n").await.says("2 works in the catalogue"));
    assert_eq!(app.one::<i64>("select count(*) from works w join departments d on d.id = w.department_id where d.name = 'Pop'").await, 2);
    let foreign = uploads(&dara, "works.csv", b"Title,Department\nThree,Classical\nFour,Nowhere\n").await;
    assert!(foreign.row("Three").unwrap()[1].contains("There is no department “Classical” you may use."));
    assert!(foreign.row("Four").unwrap()[1].contains("There is no department “Nowhere” you may use."));
}

#[tokio::test]
async fn a_large_file_is_read_by_a_job_and_shows_how_far() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let rows: String = (0..2_300).map(|i| format!("Song {i},Okafor,Adaeze,100,{}\n", "n".repeat(90))).collect();
    let page = uploads(&olga, "large.csv", format!("Title,Writer 1 Last,Writer 1 First,Writer 1 Share,Notes\n{rows}").as_bytes()).await;
    assert!(
        page.says("Reading and checking the rows") && page.has("progress") && page.attribute("#import", "hx-trigger").is_some(),
        "{page:?}"
    );
    app.run_jobs().await;
    let checked = olga.opens(&page.path).await;
    assert!(checked.says("Import 2,300 works") && checked.says("Showing 50 of 2,300"), "{checked:?}");
    assert!(checked.follows("Next").await.row("Song 50").is_some());
    checked.submits("Import 2,300 works", &[]).await;
    app.run_jobs().await;
    assert!(olga.opens(&page.path).await.says("2,300 works in the catalogue"));
    let [works, words, writers] = ["works", "(select distinct object_id from search_words where kind = 'work') w", "songwriters"];
    for (table, count) in [(works, 2_300), (words, 2_300), (writers, 1)] {
        assert_eq!(app.one::<i64>(&format!("select count(*) from {table}")).await, count, "{table}");
    }
    assert_eq!(app.one::<i64>("select count(distinct work_number) from works").await, 2_300);
}

#[tokio::test]
async fn an_import_done_twice_by_a_worker_is_done_once() {
    let app = App::start().await;
    let olga = olga(&app).await;
    imports(&app, &olga, GOOD).await;
    app.sql("update jobs set finished_at = null, locked_until = null, outcome = null where kind = 'imports.write'").await;
    app.run_jobs().await;
    assert_eq!(app.one::<i64>("select count(*) from works").await, 3);
}

#[tokio::test]
async fn whoever_may_not_import_any_more_imports_nothing() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let checked = uploads(&olga, "works.csv", GOOD.as_bytes()).await;
    presses_import(&checked).await;
    app.sql("update user_publishers set role_id = (select id from roles where key = 'viewer')").await;
    app.run_jobs().await;
    assert_eq!(app.one::<i64>("select count(*) from works").await, 0);
}

#[tokio::test]
async fn imports_are_for_those_who_hold_the_permission_and_stay_in_their_publisher() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let page = uploads(&olga, "works.csv", GOOD.as_bytes()).await;
    let emil = member(&app, "editor").await;
    for url in [IMPORTS, &format!("{IMPORTS}/new"), &format!("{IMPORTS}/template.csv"), &page.path] {
        assert_eq!(emil.opens(url).await.status, 403, "{url}");
    }
    let eve = app.person("eve@ember-oak.test").admin_of("ember-oak").await;
    eve.signs_in().await;
    let there = page.path.replace("northlight", "ember-oak");
    let stamp = app.publisher("ember-oak").await.to_string();
    assert_eq!(eve.opens(&there).await.status, 404);
    for act in ["works", "check", "stop", "drop"] {
        assert_eq!(eve.posts(&format!("{there}/{act}"), &[("stamp", &stamp)]).await.status, 404);
    }
    let template = olga.gets(&format!("{IMPORTS}/template.csv")).await;
    assert!(template.header("content-disposition").unwrap().contains("ledgerline-works.csv") && template.body.contains("Writer 1 Last"));
    let forgotten = uploads(&olga, "template.csv", template.body.as_bytes()).await;
    assert!(forgotten.row("Example").unwrap()[1].starts_with("Refused This is the template's example row. Delete it"), "{forgotten:?}");
    let own = uploads(&olga, "own.csv", template.body.replace("EXAMPLE,Example: ", "NL-1,").as_bytes()).await;
    assert!(own.says("Every row is in order"), "{own:?}");
    assert!(olga.opens(IMPORTS).await.row("template.csv").is_some());
}

#[tokio::test]
async fn who_works_in_departments_meets_their_own_imports_only() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let page = uploads(&olga, "works.csv", GOOD.as_bytes()).await;
    let dara = app.person("dara@northlight.test").in_departments("department_admin", "northlight", &["Pop"]).await;
    dara.signs_in().await;
    assert!(dara.opens(IMPORTS).await.row("works.csv").is_none());
    assert_eq!(dara.opens(&page.path).await.status, 404);
    let stamp = app.publisher("northlight").await.to_string();
    for act in ["works", "check", "stop", "drop"] {
        assert_eq!(dara.posts(&format!("{}/{act}", page.path), &[("stamp", &stamp)]).await.status, 404);
    }
    assert_eq!(app.list::<String>("select state from imports").await, ["checked"]);
}
