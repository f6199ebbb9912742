//! Every table of a publisher, in every context, by all four commands: rows of another publisher are never seen, changed,
//! deleted or made. The tables come from PostgreSQL's catalogue; one that lacks a row here fails the test.

use crate::support::App;
use ledgerline::db;
use serde_json::Value;
use sqlx::{Executor, PgConnection};
use std::collections::BTreeSet;
use uuid::Uuid;

/// One row for every table, in the order of the foreign keys. $p publisher, $u its member, $c its creator, $n a letter.
const ROWS: &str = "
  insert into departments (publisher_id, id, name) values ($p, '$n0000000-0000-7000-8000-000000000001', 'A&R');
  insert into songwriters (publisher_id, id, last_name) values ($p, '$n0000000-0000-7000-8000-000000000002', 'Lind');
  insert into works (publisher_id, id, title, department_id) values ($p, '$n0000000-0000-7000-8000-000000000003', 'Lantern', '$n0000000-0000-7000-8000-000000000001');
  insert into works (publisher_id, id, title) values ($p, '$n0000000-0000-7000-8000-000000000004', 'Harbour');
  insert into work_writers (publisher_id, work_id, songwriter_id, share) values ($p, '$n0000000-0000-7000-8000-000000000003', '$n0000000-0000-7000-8000-000000000002', 10000);
  insert into recordings (publisher_id, id, title, work_id) values ($p, '$n0000000-0000-7000-8000-000000000005', 'Lantern', '$n0000000-0000-7000-8000-000000000003');
  insert into recording_contributors (publisher_id, recording_id, name) values ($p, '$n0000000-0000-7000-8000-000000000005', 'Ada Lind');
  insert into user_publishers (publisher_id, user_id, role_id, reach, songwriter_id) select $p, $c, id, 'own', '$n0000000-0000-7000-8000-000000000002' from roles where key = 'creator';
  insert into user_departments (publisher_id, user_id, department_id) values ($p, $u, '$n0000000-0000-7000-8000-000000000001');
  insert into invitations (publisher_id, id, email, email_norm, role_id, token_hash, invited_by, created_at, sent_at, expires_at)
    select $p, gen_random_uuid(), 'new@x.test', 'new@x.test', id, sha256('$n'), $u, now(), now(), now() + interval '7 days' from roles where key = 'viewer';
  insert into visits (publisher_id, id, user_id, reason, may_write, started_at, ends_at) values ($p, gen_random_uuid(), $s, 'to look round', true, now(), now() + interval '1 hour');
  insert into audit_entries (publisher_id, id, at, actor_name, action, object_type) values ($p, gen_random_uuid(), now(), 'Olga', 'work.created', 'work');
  insert into number_series (publisher_id, series, last) values ($p, 'work', 2);
  insert into search_words (publisher_id, kind, word, object_id) values ($p, 'work', 'lantern', '$n0000000-0000-7000-8000-000000000003');
  insert into usage_events (publisher_id, id, meter, quantity, at) values ($p, gen_random_uuid(), 'works_created', 1, now());
  insert into usage_daily (publisher_id, meter, day, quantity) values ($p, 'works_created', current_date, 1);
  insert into imports (publisher_id, id, file_name, file_bytes, state, created_by, created_at) values ($p, '$n0000000-0000-7000-8000-000000000006', 'works.csv', 10, 'checked', $u, now());
  insert into import_files (publisher_id, import_id, content) values ($p, '$n0000000-0000-7000-8000-000000000006', 'Title');
  insert into import_rows (publisher_id, import_id, line, title, level) values ($p, '$n0000000-0000-7000-8000-000000000006', 2, 'Lantern', 'good')";

struct World {
    app: App,
    /// The publisher whose context is opened, and the other one.
    ours: Uuid,
    theirs: Uuid,
    admin: Uuid,
    head: Uuid,
    viewer: Uuid,
    creator: Uuid,
    system_admin: Uuid,
    tables: Vec<Table>,
}

/// A table of a publisher, with the column that says whose a row is.
struct Table {
    name: String,
    whose: &'static str,
    /// All columns that can be written.
    columns: Vec<String>,
}

async fn world() -> World {
    let app = App::start().await;
    let admin = app.person("admin@a.test").admin_of("house-a").await.id;
    let head = app.person("head@a.test").in_departments("department_admin", "house-a", &[]).await.id;
    let viewer = app.person("viewer@a.test").viewer_of("house-a").await.id;
    let creator = app.person("creator@a.test").await.id;
    let system_admin = app.person("robin@x.test").system_admin().await.id;
    let (ours, theirs) = (app.publisher("house-a").await, app.publisher("house-b").await);
    let (their_admin, their_creator) = (app.person("admin@b.test").admin_of("house-b").await.id, app.person("creator@b.test").await.id);
    for (publisher, member, creator, letter) in [(ours, head, creator, "a"), (theirs, their_admin, their_creator, "b")] {
        for statement in ROWS.split(";\n") {
            let quoted = |id: Uuid| format!("'{id}'");
            let statement = statement.replace("$p", &quoted(publisher)).replace("$u", &quoted(member)).replace("$c", &quoted(creator));
            app.sql(&statement.replace("$s", &quoted(system_admin)).replace("$n", letter)).await;
        }
    }
    app.sql(&format!("update user_publishers set reach = 'departments' where user_id = '{head}'")).await;
    let tables = tables(&app).await;
    World { app, ours, theirs, admin, head, viewer, creator, system_admin, tables }
}

async fn tables(app: &App) -> Vec<Table> {
    let names: Vec<String> = app
        .list("select a.attrelid::regclass::text from pg_attribute a join pg_class c on c.oid = a.attrelid where a.attname = 'publisher_id' and c.relkind = 'r' order by 1")
        .await;
    let mut tables = Vec::new();
    for (name, whose) in names.into_iter().map(|name| (name, "publisher_id")).chain([("publishers".to_owned(), "id")]) {
        let columns = app
            .list(&format!("select quote_ident(attname) from pg_attribute where attrelid = '{name}'::regclass and attnum > 0 and not attisdropped and attgenerated = ''"))
            .await;
        tables.push(Table { name, whose, columns });
    }
    tables
}

/// A role of the program, and how it came to its context.
struct Context {
    name: &'static str,
    role: &'static str,
    opening: String,
    /// Whether rows of the publisher itself may be seen at all.
    is_inside: bool,
}

impl World {
    fn contexts(&self) -> Vec<Context> {
        let enter = |person: Uuid, permission| format!("select ctx.enter('house-a', '{person}', '{permission}', true, now())");
        let inside = |name, person, permission| Context { name, role: db::APP, opening: enter(person, permission), is_inside: true };
        let outside = |name, role, opening: String| Context { name, role, opening, is_inside: false };
        let set = |settings: &[(&str, &str)]| {
            let settings: Vec<String> = settings.iter().map(|(name, value)| format!("set_config('app.{name}', '{value}', true)")).collect();
            format!("select {}", settings.join(", "))
        };
        let (ours, admin) = (self.ours.to_string(), self.admin.to_string());
        let platform = format!("select ctx.enter_platform('{}')", self.system_admin);
        let pointed = format!("{platform}, set_config('app.publisher_id', '{ours}', true)");
        vec![
            inside("an admin", self.admin, "members:update"),
            inside("a viewer", self.viewer, "works:read"),
            inside("a department's head", self.head, "works:update"),
            inside("a creator", self.creator, "works:read"),
            inside("a visitor", self.system_admin, "works:update"),
            outside("nobody", db::APP, "select 1".into()),
            outside("somebody turned away", db::APP, enter(Uuid::nil(), "works:read")),
            outside("a publisher without a scope", db::APP, set(&[("publisher_id", &ours)])),
            outside("the door", db::AUTH, set(&[("scope", "door")])),
            outside("a person at the door", db::AUTH, set(&[("scope", "person"), ("user_id", &admin)])),
            Context {
                name: "an invitee",
                role: db::AUTH,
                opening: "select ctx.enter_invitation(sha256('a'), null, now())".into(),
                is_inside: true,
            },
            outside("a system admin", db::PLATFORM, platform),
            Context { name: "a system admin pointed at one", role: db::PLATFORM, opening: pointed, is_inside: true },
            outside("the worker", db::PLATFORM, set(&[("scope", "worker")])),
        ]
    }

    /// A row of the other publisher, as JSON.
    async fn their_row(&self, table: &Table) -> Value {
        self.app.one(&format!("select to_jsonb(t) from {} t where {} = '{}' limit 1", table.name, table.whose, self.theirs)).await
    }
}

/// How many rows a statement gave, or that it was refused (insufficient_privilege, which row security uses too).
async fn attempt(db: &mut PgConnection, statement: &str) -> Option<i64> {
    db.execute("savepoint here").await.unwrap();
    let outcome = sqlx::query_scalar::<_, i64>(statement).fetch_one(&mut *db).await;
    db.execute("rollback to here").await.unwrap();
    match outcome {
        Ok(count) => Some(count),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => None,
        Err(error) => panic!("{statement}: {error}"),
    }
}

#[tokio::test]
async fn every_table_of_a_publisher_has_a_row_here() {
    let world = world().await;
    for table in &world.tables {
        for publisher in [world.ours, world.theirs] {
            let rows: i64 = world.app.one(&format!("select count(*) from {} where {} = '{publisher}'", table.name, table.whose)).await;
            assert!(rows > 0, "add a row of {} to ROWS", table.name);
        }
    }
}

#[tokio::test]
async fn no_command_in_any_context_reaches_another_publisher() {
    let world = world().await;
    let mut faults = Vec::new();
    for context in world.contexts() {
        let mut db = world.app.as_role(context.role).await;
        db.execute("begin").await.unwrap();
        db.execute(context.opening.as_str()).await.unwrap();
        for table in &world.tables {
            let Table { name, whose, columns } = table;
            let theirs = format!("{whose} = '{}'", world.theirs);
            let mut reaches = async |what: &str, statement: String| {
                if attempt(&mut db, &statement).await.is_some_and(|rows| rows > 0) {
                    faults.push(format!("{} {what} {name}", context.name));
                }
            };
            reaches("sees theirs in", format!("select count(*) from {name} where {theirs}")).await;
            for column in columns {
                let change = format!("update {name} set {column} = {column} returning {whose}");
                reaches("changes theirs in", format!("with changed as ({change}) select count(*) from changed where {theirs}")).await;
            }
            if whose == &"publisher_id" {
                let moved =
                    format!("with moved as (update {name} set publisher_id = '{}' returning 1) select count(*) from moved", world.theirs);
                reaches("gives away ours in", moved).await;
            }
            reaches(
                "deletes theirs in",
                format!("with gone as (delete from {name} returning {whose}) select count(*) from gone where {theirs}"),
            )
            .await;
            let (list, row) = (columns.join(", "), world.their_row(table).await.to_string().replace('\'', "''"));
            let copy = format!(
                "insert into {name} ({list}) select {list} from jsonb_populate_record(null::{name}, '{row}') on conflict do nothing"
            );
            reaches("makes theirs in", format!("with made as ({copy} returning 1) select count(*) from made")).await;
            if !(context.is_inside || name == "publishers" && context.role == db::PLATFORM) {
                reaches("sees ours in", format!("select count(*) from {name}")).await;
            }
        }
        db.execute("rollback").await.unwrap();
    }
    // Publishers are what system admins keep a directory of.
    faults
        .retain(|fault| !(fault.ends_with(" publishers") && (fault.starts_with("a system admin") || fault.starts_with("the worker sees"))));
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The other half: had every cell been refused, the test above would pass too.
#[tokio::test]
async fn an_admin_sees_a_row_of_ours_in_every_table_the_program_reads() {
    let world = world().await;
    let mut db = world.app.as_role(db::APP).await;
    db.execute("begin").await.unwrap();
    db.execute(format!("select ctx.enter('house-a', '{}', 'members:update', true, now())", world.admin).as_str()).await.unwrap();
    let mut seen = BTreeSet::new();
    for Table { name, .. } in &world.tables {
        if let Some(rows) = attempt(&mut db, &format!("select count(*) from {name}")).await {
            assert!(rows > 0, "an admin sees nothing in {name}");
            seen.insert(name.as_str());
        }
    }
    let unseen: Vec<&str> = world.tables.iter().map(|table| table.name.as_str()).filter(|name| !seen.contains(name)).collect();
    assert_eq!(unseen, ["usage_events"], "which the program only appends to");
}

#[tokio::test]
async fn creators_and_departments_see_their_own_works_and_what_hangs_on_them() {
    let world = world().await;
    let mut db = world.app.as_role(db::APP).await;
    // The work Lantern is the creator's and the department's; Harbour is nobody's.
    for (person, works, others) in
        [(world.creator, ["Lantern"].as_slice(), 0), (world.head, &["Lantern"], 1), (world.viewer, &["Harbour", "Lantern"], 1)]
    {
        db.execute("begin").await.unwrap();
        db.execute(format!("select ctx.enter('house-a', '{person}', 'works:read', true, now())").as_str()).await.unwrap();
        let titles: Vec<String> = sqlx::query_scalar("select title from works order by title").fetch_all(&mut db).await.unwrap();
        assert_eq!(titles, works);
        for table in ["work_writers", "recordings", "recording_contributors", "songwriters"] {
            assert_eq!(attempt(&mut db, &format!("select count(*) from {table}")).await, Some(1), "{table}");
        }
        for table in ["search_words", "number_series", "audit_entries", "usage_daily"] {
            assert_eq!(attempt(&mut db, &format!("select count(*) from {table}")).await, Some(others), "{table}");
        }
        db.execute("rollback").await.unwrap();
    }
    // A creator looks and changes nothing; a department's head changes what is the department's, and cannot give it away.
    let changes = |what: &str| format!("with changed as (update works set {what} returning 1) select count(*) from changed");
    for (person, change, rows) in
        [(world.creator, "title = 'Mine'", Some(0)), (world.head, "title = 'Ours'", Some(1)), (world.head, "department_id = null", None)]
    {
        db.execute("begin").await.unwrap();
        db.execute(format!("select ctx.enter('house-a', '{person}', 'works:read', true, now())").as_str()).await.unwrap();
        assert_eq!(attempt(&mut db, &changes(change)).await, rows, "{change}");
        db.execute("rollback").await.unwrap();
    }
}

/// People, sessions, links, jobs and mail belong to no publisher; each is somebody's all the same.
#[tokio::test]
async fn a_person_at_the_door_sees_their_own_account_only() {
    let world = world().await;
    let (one, other) = (world.admin, world.viewer);
    for person in [one, other] {
        world.app.sql(&format!("insert into user_sessions (id, token_hash, user_id, auth_at, created_at, last_seen_at, idle_expires_at, absolute_expires_at)
             values (gen_random_uuid(), sha256('{person}'), '{person}', now(), now(), now(), now() + interval '1 h', now() + interval '1 h')")).await;
        world.app.sql(&format!("insert into links (token_hash, user_id, purpose, created_at, expires_at) values (sha256('{person}'), '{person}', 'password', now(), now() + interval '1 h')")).await;
        world
            .app
            .sql(&format!(
                "insert into security_events (id, at, user_id, action) values (gen_random_uuid(), now(), '{person}', 'signed_in')"
            ))
            .await;
        world.app.sql("insert into jobs (id, kind, run_at, created_at) values (gen_random_uuid(), 'x', now(), now())").await;
        world.app.sql("insert into outbox (id, to_address, subject, created_at) values (gen_random_uuid(), 'a@x.test', 'x', now())").await;
    }
    let mut db = world.app.as_role(db::AUTH).await;
    db.execute("begin").await.unwrap();
    db.execute(format!("select set_config('app.scope', 'person', true), set_config('app.user_id', '{one}', true)").as_str()).await.unwrap();
    for table in ["users", "user_sessions", "links", "security_events"] {
        let own = if table == "users" { "id" } else { "user_id" };
        assert_eq!(attempt(&mut db, &format!("select count(*) from {table} where {own} = '{one}'")).await, Some(1), "{table}");
        assert_eq!(attempt(&mut db, &format!("select count(*) from {table}")).await, Some(1), "{table}");
    }
    for table in ["jobs", "outbox", "local_mailbox", "works", "search_words"] {
        assert_eq!(attempt(&mut db, &format!("select count(*) from {table}")).await, None, "{table}");
    }
    // A session can be ended, never lengthened or handed on.
    for (change, allowed) in
        [("revoked_at = now()", true), ("absolute_expires_at = now() + interval '1 year'", false), ("user_id = user_id", false)]
    {
        let changed =
            attempt(&mut db, &format!("with changed as (update user_sessions set {change} returning 1) select count(*) from changed"))
                .await;
        assert_eq!(changed.is_some(), allowed, "{change}");
    }
    db.execute("rollback").await.unwrap();

    let mut db = world.app.as_role(db::APP).await;
    db.execute("begin").await.unwrap();
    db.execute(format!("select ctx.enter('house-a', '{one}', 'members:read', true, now())").as_str()).await.unwrap();
    let colleagues: Vec<String> = sqlx::query_scalar("select email from users order by email").fetch_all(&mut db).await.unwrap();
    assert_eq!(colleagues, ["admin@a.test", "creator@a.test", "head@a.test", "viewer@a.test"]);
    for table in ["user_sessions", "links", "security_events", "jobs", "sign_in_throttle"] {
        assert_eq!(attempt(&mut db, &format!("select count(*) from {table}")).await, None, "{table}");
    }
    assert_eq!(attempt(&mut db, "select count(id) from outbox").await, Some(0), "mail of no publisher is not this one's");
    assert_eq!(attempt(&mut db, "select count(password_hash) from users").await, None);
}
