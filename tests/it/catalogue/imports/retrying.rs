//! Imports whose job fails, is given up or dies with its worker: the page says so, and whoever looks may try again at once.

use super::*;
use time::Duration;

/// Enough rows that a job reads them.
fn large() -> String {
    let rows: String = (0..2_300).map(|i| format!("Song {i},Okafor,100,{}\n", "n".repeat(90))).collect();
    format!("Title,Writer 1 Last,Writer 1 Share,Notes\n{rows}")
}

async fn state(app: &App) -> String {
    app.one("select state || ', run ' || run from imports").await
}

#[tokio::test]
async fn a_job_that_is_given_up_ends_its_import_and_another_try_begins_at_once() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let page = uploads(&olga, "large.csv", large().as_bytes()).await;
    app.sql(&format!("update jobs set attempts = {} where kind = 'imports.read'", ledgerline::jobs::ATTEMPTS)).await;
    app.run_jobs().await;
    let failed = olga.opens(&page.path).await;
    assert!(failed.says("Failed") && failed.says("Something went wrong on our side, more than once. Nothing was imported."), "{failed:?}");
    failed.submits("Check again", &[]).await;
    app.run_jobs().await;
    let checked = olga.opens(&page.path).await;
    assert!(checked.says("Import 2,300 works"), "{checked:?}");

    presses_import(&checked).await;
    app.sql(&format!("update jobs set attempts = {} where kind = 'imports.write'", ledgerline::jobs::ATTEMPTS)).await;
    app.run_jobs().await;
    assert_eq!(state(&app).await, "failed, run 3");
    olga.opens(&page.path).await.submits("Check again", &[]).await;
    app.run_jobs().await;
    presses_import(&olga.opens(&page.path).await).await;
    app.run_jobs().await;
    assert!(olga.opens(&page.path).await.says("2,300 works in the catalogue"));
}

#[tokio::test]
async fn an_import_whose_person_lost_the_right_says_so() {
    let app = App::start().await;
    let (olga, otto) = (olga(&app).await, app.person("otto@northlight.test").admin_of("northlight").await);
    otto.signs_in().await;
    let page = uploads(&olga, "works.csv", GOOD.as_bytes()).await;
    presses_import(&page).await;
    app.sql(&format!("update user_publishers set role_id = (select id from roles where key = 'viewer') where user_id = '{}'", olga.id))
        .await;
    app.run_jobs().await;
    let failed = otto.opens(&page.path).await;
    assert!(failed.says("Whoever asked for this may not import here any more. Nothing was imported."), "{failed:?}");
    failed.submits("Check again", &[]).await;
    app.run_jobs().await;
    presses_import(&otto.opens(&page.path).await).await;
    app.run_jobs().await;
    assert_eq!(app.one::<i64>("select count(*) from works").await, 3);
}

#[tokio::test]
async fn a_step_whose_worker_died_is_said_to_stand_still_and_can_be_stopped() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let page = uploads(&olga, "large.csv", large().as_bytes()).await;
    // As a program leaves it that was killed: the lease runs, nobody works.
    app.sql("update jobs set attempts = 1, locked_until = now() + interval '10 minutes'").await;
    assert!(!page.says("Nothing has moved since"));
    app.clock.forward(Duration::seconds(31));
    let stuck = olga.opens(&page.path).await;
    assert!(stuck.says("Nothing has moved since") && stuck.says("it goes on by itself"), "{stuck:?}");
    let stopped = stuck.submits("Stop", &[]).await;
    assert!(stopped.says("The reading was stopped before its end.") && stopped.attribute("#import", "hx-trigger").is_none(), "{stopped:?}");
    stopped.submits("Check again", &[]).await;
    app.run_jobs().await;
    let checked = olga.opens(&page.path).await;
    assert!(checked.says("Import 2,300 works"));
    // The first job comes back from the dead, and leaves the import alone.
    app.sql("update jobs set locked_until = null where finished_at is null").await;
    app.run_jobs().await;
    assert_eq!(state(&app).await, "checked, run 3");
    assert_eq!(app.one::<i64>("select count(*) from import_rows").await, 2_300);
}

#[tokio::test]
async fn writing_that_is_stopped_writes_nothing() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let page = uploads(&olga, "works.csv", GOOD.as_bytes()).await;
    let busy = presses_import(&page).await;
    let stamp = app.publisher("northlight").await.to_string();
    for act in ["drop", "check"] {
        let refused = olga.posts(&format!("{}/{act}", page.path), &[("stamp", &stamp)]).await;
        assert_eq!(refused.status, 409, "{act}");
        assert!(refused.says("This import is under way. Wait until it has finished, or stop it."));
    }
    let stopped = busy.submits("Stop", &[]).await;
    assert!(stopped.says("The import was stopped. Nothing of it was written."), "{stopped:?}");
    app.run_jobs().await;
    assert_eq!(app.one::<i64>("select count(*) from works").await, 0);
    assert_eq!(olga.posts(&format!("{}/stop", page.path), &[("stamp", &stamp)]).await.status, 409);
    presses_import(&stopped).await;
    app.run_jobs().await;
    assert_eq!(app.one::<i64>("select count(*) from works").await, 3);
    let trail: Vec<String> = app.list("select action from audit_entries order by id").await;
    assert_eq!(trail, ["import.uploaded", "import.started", "import.stopped", "import.started", "import.written"]);
}

#[tokio::test]
async fn every_act_of_a_person_leaves_their_address_in_the_trail() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let page = uploads(&olga, "works.csv", GOOD.as_bytes()).await;
    let again = page.submits("Check again", &[]).await;
    app.run_jobs().await;
    olga.opens(&again.path).await.submits("Drop", &[]).await;
    let trail: Vec<String> = app.list("select action || ' ' || coalesce(address, 'from nowhere') from audit_entries order by id").await;
    assert_eq!(trail, ["import.uploaded 127.0.0.1", "import.rechecked 127.0.0.1", "import.dropped 127.0.0.1"]);
}

#[tokio::test]
async fn progress_counts_the_present_attempt_only() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let page = uploads(&olga, "large.csv", large().as_bytes()).await;
    app.run_jobs().await;
    presses_import(&olga.opens(&page.path).await).await;
    // As a program leaves it that was killed half way, ten seconds in.
    app.sql("update imports set rows_done = 1000, began_at = now() - interval '10 seconds', moved_at = now()").await;
    app.sql("update jobs set attempts = 1, locked_until = now() + interval '60 seconds' where kind = 'imports.write'").await;
    let busy = olga.opens(&page.path).await;
    assert!(busy.says("1,000 of 2,300 rows, about 1") && busy.says(" s left"), "{busy:?}");
    app.clock.forward(Duration::seconds(20));
    let quiet = olga.opens(&page.path).await;
    assert!(quiet.says("1,000 of 2,300 rows") && !quiet.says("left"), "no estimate that counts up: {quiet:?}");
    app.clock.forward(Duration::seconds(15));
    let lost = olga.opens(&page.path).await;
    assert!(lost.says("Restarting") && lost.says("nothing of it was kept") && !lost.says("1,000 of"), "{lost:?}");
    assert_eq!(lost.attribute("progress", "value").as_deref(), Some("0"));
    app.sql("update jobs set locked_until = null where kind = 'imports.write'").await;
    app.run_jobs().await;
    assert!(olga.opens(&page.path).await.says("2,300 works in the catalogue"));
    let since: bool = app.one("select began_at > created_at + interval '30 seconds' from imports").await;
    assert!(since, "the pace is that of the attempt that came through");
}
