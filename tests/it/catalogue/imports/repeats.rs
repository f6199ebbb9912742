//! What was imported before is said before it is imported again, and where works go is the uploader's choice.

use super::*;

#[tokio::test]
async fn the_same_file_again_is_said_and_needs_a_tick() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let csv = "Title\nAlpha\n";
    let first = uploads(&olga, "spring.csv", csv.as_bytes()).await;
    let second = uploads(&olga, "copy.csv", csv.as_bytes()).await;
    assert!(!second.says("imported before"));
    presses_import(&first).await;
    app.run_jobs().await;

    // A page opened before the other import was written has no tick, and is told.
    let stamp = app.publisher("northlight").await.to_string();
    let stale = olga.posts(&format!("{}/works", second.path), &[("stamp", &stamp)]).await;
    assert_eq!(stale.status, 422, "{stale:?}");
    assert!(stale.says("This very file was imported before") && stale.says("spring.csv, by Olga Berg, "), "{stale:?}");
    assert_eq!(stale.link("See that import").as_deref(), Some(first.path.as_str()));
    app.run_jobs().await;
    assert_eq!(app.one::<i64>("select count(*) from works").await, 1);

    presses_import(&olga.opens(&second.path).await).await;
    app.run_jobs().await;
    assert_eq!(app.one::<i64>("select count(*) from works").await, 2, "warned, not forbidden");
}

#[tokio::test]
async fn a_work_with_the_title_and_writers_of_a_row_is_named() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let headings = "Title,Writer 1 Last,Writer 1 First,Writer 1 IPI,Writer 1 Share,Writer 2 Last,Writer 2 First,Writer 2 Share\n";
    imports(&app, &olga, &format!("{headings}Paper Lanterns,Okafor,Adaeze,199,50,Newman,Ida,50\nAlone,Newman,Ida,,100,,,\n")).await;
    let number: String = app.one("select work_number from works where title = 'Paper Lanterns'").await;
    let rows = "PAPER lanterns!,Newman,Ida,,50,okafor,Adaeze,50\n\
        Paper Lanterns,Okafor,A.,00000000199,50,Newman,Ida,50\n\
        Paper Lanterns,Okafor,Adaeze,,100,,,\n\
        Paper Lanterns,Okafor,Adaeze,297,50,Newman,Ida,50\n\
        Alone,Okafor,Adaeze,199,100,,,\n";
    let page = uploads(&olga, "again.csv", format!("{headings}{rows}").as_bytes()).await;
    let said: Vec<bool> = page
        .rows()
        .iter()
        .map(|row| row[1].contains(&format!("A work with this title and these writers exists: {number}. Open the work")))
        .collect();
    assert_eq!(said, [true, true, false, false, false], "{page:?}");
    assert_eq!(page.follows("Open the work").await.heading(), "Paper Lanterns");
    app.sql("update works set archived_at = now()").await;
    let after = page.submits("Check again", &[]).await;
    app.run_jobs().await;
    assert!(!olga.opens(&after.path).await.says("exists:"), "archived works are out of the way");
}

#[tokio::test]
async fn works_beyond_a_persons_reach_are_not_named() {
    let app = App::start().await;
    let olga = olga(&app).await;
    app.department("northlight", "Pop").await;
    let csv = "Title,Writer 1 Last,Writer 1 Share\nAlpha,Okafor,100\n";
    imports(&app, &olga, csv).await;
    let dara = app.person("dara@northlight.test").in_departments("department_admin", "northlight", &["Pop"]).await;
    dara.signs_in().await;
    let page = uploads(&dara, "works.csv", csv.as_bytes()).await;
    assert!(page.says("Every row is in order"), "{page:?}");
}

#[tokio::test]
async fn the_department_is_chosen_by_the_uploader_whoever_presses_import() {
    let app = App::start().await;
    let (pop, classical) = (app.department("northlight", "Pop").await, app.department("northlight", "Classical").await);
    let olga = olga(&app).await;
    let mara = app.person("mara@northlight.test").in_departments("department_admin", "northlight", &["Pop", "Classical"]).await;
    mara.signs_in().await;
    let upload = async |person: &Person, department: &str| {
        let form = person.opens(&format!("{IMPORTS}/new")).await;
        form.uploads("Upload and check", &[("department", department)], "file", "works.csv", b"Title\nFive\n").await
    };
    let unsaid = upload(&mara, "").await;
    assert!(unsaid.row("Five").unwrap()[1].contains("No department was chosen for this file."), "{unsaid:?}");
    let chosen = upload(&mara, &classical.to_string()).await;
    assert!(chosen.says("for Classical"), "{chosen:?}");
    presses_import(&olga.opens(&chosen.path).await).await;
    app.run_jobs().await;
    assert_eq!(app.list::<uuid::Uuid>("select department_id from works").await, [classical]);

    // Asked again when it is written, of whoever has it written.
    let late = upload(&mara, &pop.to_string()).await;
    app.sql("update departments set archived_at = now() where name = 'Pop'").await;
    let refused = presses_import(&olga.opens(&late.path).await).await;
    assert_eq!(refused.status, 422);
    assert!(refused.says("The department chosen for this file is not one you may use, or not any more."), "{refused:?}");
    for foreign in [uuid::Uuid::nil().to_string(), pop.to_string(), "nonsense".to_owned(), "x".repeat(5_000)] {
        let page = olga.opens(&format!("{IMPORTS}/new")).await;
        let page = page.uploads("Upload and check", &[("department", &foreign)], "file", "works.csv", b"Title\nSix\n").await;
        assert_eq!((page.status, page.errors("department").as_deref()), (422, Some("Choose a department from the list.")));
    }
    assert_eq!(app.one::<i64>("select count(*) from imports").await, 3);
}
