//! Whose import is being written can be suspended, given another role or removed at once, and then nothing is written.

use super::*;
use sqlx::{Executor, Postgres, Transaction};
use std::time::Duration;

/// Holds up a writing in its last statements, all rows being in.
async fn held_up(app: &App) -> Transaction<'static, Postgres> {
    let mut hold = app.owner.begin().await.unwrap();
    hold.execute("lock table import_files in share mode").await.unwrap();
    hold
}

/// Until another connection of this database waits for a lock in a statement like this.
async fn somebody_waits(app: &App, statement: &str) {
    let waits = format!(
        "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ilike '%{statement}%')"
    );
    while !app.one::<bool>(&waits).await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn nothing_was_written(app: &App, otto: &Person, import: &Page) {
    let failed = otto.opens(&import.path).await;
    assert!(failed.says("Whoever asked for this may not import here any more. Nothing was imported."), "{failed:?}");
    assert_eq!(app.one::<i64>("select (select count(*) from works) + (select count(*) from songwriters)").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_stopped_at_once_while_their_import_is_written() {
    for (act, role) in [("suspension", ""), ("removal", ""), ("role", "viewer")] {
        let app = App::start().await;
        let (olga, otto) = (olga(&app).await, app.person("otto@northlight.test").admin_of("northlight").await);
        otto.signs_in().await;
        let page = uploads(&olga, "works.csv", GOOD.as_bytes()).await;
        presses_import(&page).await;
        let stamp = app.publisher("northlight").await.to_string();
        let hold = held_up(&app).await;
        let url = format!("{NORTHLIGHT}/members/{}/{act}", olga.id);
        let revoke = async {
            somebody_waits(&app, "delete from import_files").await;
            let done = otto.posts(&url, &[("stamp", &stamp), ("role", role)]).await;
            assert_eq!(done.status, 303, "{act} waits for nobody: {done:?}");
            hold.rollback().await.unwrap();
        };
        tokio::join!(app.run_jobs(), revoke);
        nothing_was_written(&app, &otto, &page).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demotion_under_way_when_the_import_ends_is_waited_for_and_seen() {
    let app = App::start().await;
    let (olga, otto) = (olga(&app).await, app.person("otto@northlight.test").admin_of("northlight").await);
    otto.signs_in().await;
    let page = uploads(&olga, "works.csv", GOOD.as_bytes()).await;
    presses_import(&page).await;
    let hold = held_up(&app).await;
    let demote = async {
        somebody_waits(&app, "delete from import_files").await;
        let mut demotion = app.owner.begin().await.unwrap();
        let viewer =
            format!("update user_publishers set role_id = (select id from roles where key = 'viewer') where user_id = '{}'", olga.id);
        demotion.execute(viewer.as_str()).await.unwrap();
        hold.rollback().await.unwrap();
        somebody_waits(&app, "ctx.enter(").await;
        demotion.commit().await.unwrap();
    };
    tokio::join!(app.run_jobs(), demote);
    nothing_was_written(&app, &otto, &page).await;
}
