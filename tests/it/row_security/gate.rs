//! `ctx.enter`: the one statement that opens a publisher, asked directly.

use crate::support::App;
use ledgerline::db;
use serde_json::Value;
use sqlx::{Executor, PgConnection};
use uuid::Uuid;

async fn enter(db: &mut PgConnection, slug: &str, person: Uuid, permission: &str, write: bool) -> String {
    let answer: Value = sqlx::query_scalar("select ctx.enter($1, $2, $3, $4, now())")
        .bind(slug)
        .bind(person)
        .bind(permission)
        .bind(write)
        .fetch_one(db)
        .await
        .unwrap();
    answer["state"].as_str().unwrap().to_owned()
}

/// Publisher and scope, without which no row of a publisher is seen.
async fn context(db: &mut PgConnection) -> (Option<Uuid>, String) {
    sqlx::query_as("select ctx.publisher(), ctx.scope()").fetch_one(db).await.unwrap()
}

fn none() -> (Option<Uuid>, String) {
    (None, "none".to_owned())
}

async fn works(db: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select count(*) from works").fetch_one(db).await.unwrap()
}

fn code(result: Result<sqlx::postgres::PgQueryResult, sqlx::Error>) -> String {
    match result {
        Err(sqlx::Error::Database(error)) => error.code().unwrap_or_default().into_owned(),
        other => panic!("no refusal but {other:?}"),
    }
}

async fn a_work(app: &App, slug: &str) {
    let publisher = app.publisher(slug).await;
    app.sql(&format!("insert into works (publisher_id, title) values ('{publisher}', 'Lantern')")).await;
}

#[tokio::test]
async fn who_does_not_hold_the_permission_gets_no_context() {
    let app = App::start().await;
    a_work(&app, "northlight").await;
    let admin = app.person("admin@x.test").admin_of("northlight").await;
    let editor = app.person("editor@x.test").role_in("editor", "northlight").await;
    let suspended = app.person("suspended@x.test").admin_of("northlight").suspended().await;
    let removed = app.person("removed@x.test").admin_of("northlight").removed().await;
    let elsewhere = app.person("other@x.test").admin_of("elsewhere").await;
    let robin = app.person("robin@x.test").system_admin().await;
    let disabled = app.person("disabled@x.test").admin_of("northlight").await;
    app.sql(&format!("update users set status = 'disabled' where id = '{}'", disabled.id)).await;
    let ended = app.person("ended@x.test").admin_of("northlight").await;
    app.sql(&format!("update user_publishers set ends_at = now() - interval '1 s' where user_id = '{}'", ended.id)).await;

    let mut db = app.as_role(db::APP).await;
    for (state, slug, person, permission) in [
        ("unknown", "nowhere", admin.id, "works:read"),
        ("unknown", "northlight", Uuid::nil(), "works:read"),
        ("unknown", "northlight", elsewhere.id, "works:read"),
        ("unknown", "northlight", removed.id, "works:read"),
        ("unknown", "northlight", disabled.id, "works:read"),
        ("unknown", "northlight", ended.id, "works:read"),
        ("member_suspended", "northlight", suspended.id, "works:read"),
        ("forbidden", "northlight", editor.id, "members:invite"),
        ("forbidden", "northlight", admin.id, "system:publishers"),
        ("forbidden", "northlight", admin.id, "works"),
        ("visit_needed", "northlight", robin.id, "works:read"),
    ] {
        for write in [false, true] {
            db.execute("begin").await.unwrap();
            assert_eq!(enter(&mut db, "northlight", admin.id, "works:read", true).await, "open");
            assert_eq!(works(&mut db).await, 1);
            // Also where a context was open before.
            assert_eq!(enter(&mut db, slug, person, permission, write).await, state, "{person} {permission}");
            assert_eq!(context(&mut db).await, none(), "{state}");
            assert_eq!(works(&mut db).await, 0, "{state}");
            db.execute("rollback").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_look_cannot_become_a_change() {
    let app = App::start().await;
    a_work(&app, "northlight").await;
    let admin = app.person("admin@x.test").admin_of("northlight").await;
    let mut db = app.as_role(db::APP).await;
    let change = "update works set title = 'Other'";
    for turn in
        [None, Some("set transaction read write"), Some("set transaction_read_only = off"), Some("set local transaction_read_only = off")]
    {
        db.execute("begin").await.unwrap();
        assert_eq!(enter(&mut db, "northlight", admin.id, "works:read", false).await, "open");
        assert_eq!(works(&mut db).await, 1);
        let refused = match turn {
            Some(turn) => code(db.execute(turn).await),
            None => code(db.execute(change).await),
        };
        assert_eq!(refused, if turn.is_some() { "25001" } else { "25006" }, "{turn:?}");
        db.execute("rollback").await.unwrap();
    }
    db.execute("begin").await.unwrap();
    assert_eq!(enter(&mut db, "northlight", admin.id, "works:update", true).await, "open");
    assert_eq!(db.execute(change).await.unwrap().rows_affected(), 1);
    db.execute("rollback").await.unwrap();
}

#[tokio::test]
async fn the_context_ends_with_its_transaction() {
    let app = App::start().await;
    a_work(&app, "northlight").await;
    let admin = app.person("admin@x.test").admin_of("northlight").await;
    let mut db = app.as_role(db::APP).await;
    for end in ["commit", "rollback"] {
        db.execute("begin").await.unwrap();
        assert_eq!(enter(&mut db, "northlight", admin.id, "works:read", true).await, "open");
        assert_eq!(context(&mut db).await.1, "publisher");
        db.execute(end).await.unwrap();
        assert_eq!(context(&mut db).await, none(), "{end}");
        assert_eq!(works(&mut db).await, 0, "{end}");
    }
}

#[tokio::test]
async fn a_demotion_waits_for_a_change_under_way() {
    let app = App::start().await;
    let manager = app.person("manager@x.test").role_in("manager", "northlight").await;
    let mut db = app.as_role(db::APP).await;
    db.execute("begin").await.unwrap();
    assert_eq!(enter(&mut db, "northlight", manager.id, "works:update", true).await, "open");

    let mut owner = app.database.connect().await;
    let demotion =
        format!("update user_publishers set role_id = (select id from roles where key = 'viewer') where user_id = '{}'", manager.id);
    owner.execute("set lock_timeout = '50ms'").await.unwrap();
    assert_eq!(code(owner.execute(demotion.as_str()).await), "55P03", "the demotion went past a change under way");
    db.execute("commit").await.unwrap();
    owner.execute(demotion.as_str()).await.unwrap();
}

#[tokio::test]
async fn a_change_waits_for_a_demotion_under_way_and_is_then_refused() {
    let app = App::start().await;
    let manager = app.person("manager@x.test").role_in("manager", "northlight").await;
    let mut owner = app.database.connect().await;
    owner.execute("begin").await.unwrap();
    let demotion =
        format!("update user_publishers set role_id = (select id from roles where key = 'viewer') where user_id = '{}'", manager.id);
    owner.execute(demotion.as_str()).await.unwrap();

    let mut db = app.as_role(db::APP).await;
    let entering = tokio::spawn(async move {
        db.execute("begin").await.unwrap();
        enter(&mut db, "northlight", manager.id, "works:update", true).await
    });
    while !app.one::<bool>("select exists (select from pg_locks where not granted)").await {
        assert!(!entering.is_finished(), "the change went past a demotion under way");
        tokio::task::yield_now().await;
    }
    owner.execute("commit").await.unwrap();
    assert_eq!(entering.await.unwrap(), "forbidden");
}

#[tokio::test]
async fn a_visit_opens_every_permission_until_it_ends() {
    let app = App::start().await;
    let publisher = app.publisher("northlight").await;
    let robin = app.person("robin@x.test").system_admin().await;
    app.sql(&format!(
        "insert into visits (publisher_id, id, user_id, reason, may_write, started_at, ends_at)
         values ('{publisher}', '{}', '{}', 'to look round', false, now() - interval '1 min', now() + interval '1 hour')",
        app.new_id(),
        robin.id
    ))
    .await;
    let mut db = app.as_role(db::APP).await;
    let mut state = async |write: bool| {
        db.execute("begin").await.unwrap();
        let state = enter(&mut db, "northlight", robin.id, "audit:read", write).await;
        db.execute("rollback").await.unwrap();
        state
    };
    assert_eq!(state(false).await, "open");
    assert_eq!(state(true).await, "visit_read_only");
    app.sql("update visits set may_write = true").await;
    assert_eq!(state(true).await, "open");
    app.sql("update visits set ends_at = now()").await;
    assert_eq!(state(true).await, "visit_needed");
    app.sql("update visits set ends_at = now() + interval '1 hour', ended_at = now()").await;
    assert_eq!(state(false).await, "visit_needed");
}
