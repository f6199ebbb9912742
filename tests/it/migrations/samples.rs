//! A few rows for the tables each migration brings, so that the way back is tried over rows.

use crate::support::Database;
use sqlx::Executor;

const OLGA: &str = "'00000000-0000-7000-8000-00000000000a'";
const THING: &str = "'00000000-0000-7000-8000-00000000000b'";
const BUSY: &str = "(select id from publishers where slug = 'busy')";

const ROWS: &[(i64, &str)] = &[
    (
        3,
        "insert into users (id, email, email_norm, full_name, last_publisher_id) values ($olga, 'Olga@x.test', 'olga@x.test', 'Olga', $busy);
         insert into user_publishers (publisher_id, user_id, role_id) select $busy, $olga, id from roles where key = 'admin';
         insert into user_sessions (id, token_hash, user_id, auth_at, created_at, last_seen_at, idle_expires_at, absolute_expires_at)
           values ($thing, sha256('x'), $olga, now(), now(), now(), now(), now());
         update accounts set plan_type = 'custom' where publisher_id = $busy;
         update accounts set plan_type = 'enterprise' where publisher_id = $busy",
    ),
    (
        4,
        "insert into departments (publisher_id, id, name) values ($busy, $thing, 'A&R');
         insert into user_departments values ($busy, $olga, $thing);
         update works set department_id = $thing where publisher_id = $busy;
         insert into invitations (publisher_id, id, email, email_norm, role_id, reach, department_id, token_hash, invited_by, created_at, sent_at, expires_at)
           select $busy, $thing, 'new@x.test', 'new@x.test', id, 'departments', $thing, sha256('i'), $olga, now(), now(), now() from roles where key = 'editor';
         insert into visits (publisher_id, id, user_id, reason, started_at, ends_at) values ($busy, $thing, $olga, 'to look round', now(), now())",
    ),
    (
        5,
        "insert into audit_entries (publisher_id, id, at, actor_id, actor_name, action, object_type) values ($busy, $thing, now(), $olga, 'Olga', 'work.created', 'work');
         insert into security_events (id, at, user_id, action) values ($thing, now(), $olga, 'signed_in')",
    ),
    (
        6,
        "insert into jobs (id, kind, for_publisher, run_at, created_at) values ($thing, 'mail.deliver', $busy, now(), now());
         insert into outbox (id, for_publisher, to_address, subject, sealed, created_at) values ($thing, $busy, 'new@x.test', 'Hello', 'sealed', now());
         insert into local_mailbox values ($thing, 'new@x.test', 'Hello', 'text', '<p>html</p>', now())",
    ),
    (
        7,
        "update work_writers set controlled = true where publisher_id = $busy;
         update works set archived_at = now(), version = 2 where publisher_id = $busy and title_key like 'lantern 1%'",
    ),
    (
        8,
        "insert into usage_events values ($busy, $thing, 'works_created', 1, now());
         insert into usage_daily values ($busy, 'works_created', current_date, 3)",
    ),
    (
        9,
        "insert into imports (publisher_id, id, file_name, file_bytes, state, created_by, created_at) values ($busy, $thing, 'works.csv', 5, 'done', $olga, now());
         insert into import_files values ($busy, $thing, 'Title');
         insert into import_rows (publisher_id, import_id, line, title, level) values ($busy, $thing, 2, 'Lantern', 'good');
         update works set import_id = $thing where publisher_id = $busy",
    ),
    (
        10,
        "insert into tower_sessions.session values ('abc', 'data', now());
         insert into sign_in_throttle values (sha256('a'), 3, now(), now());
         insert into password_links values (sha256('l'), $olga, now(), now(), null)",
    ),
    (
        11,
        "update songwriters set version = 3, archived_at = now() where publisher_id = $busy and id not in (select songwriter_id from work_writers);
         update recordings set version = 2, archived_at = now() where publisher_id = $busy",
    ),
    (13, "insert into import_files (publisher_id, import_id, part, content) values ($busy, $thing, 1, ',ISWC')"),
    (
        15,
        "update users set factors = '{totp,passkey}' where id = $olga;
         update publishers set mfa_required = true, session_idle = '10 minutes', session_length = '8 hours' where id = $busy;
         insert into totp_factors values ($olga, 'sealed', now(), 7);
         insert into recovery_codes values ($olga, sha256('c'), now(), null);
         insert into passkeys values ($thing, $olga, 'id', '{}', 'Laptop', now(), null);
         insert into passkey_ceremonies values (sha256('p'), $olga, '{}', now());
         insert into pending_sign_ins values (sha256('s'), $olga, 1, now(), now());
         insert into links values (sha256('v'), $olga, now(), now(), null, 'verify', '{}');
         insert into known_devices values ($olga, sha256('d'), 'a browser', '192.0.2.1', now(), now());
         insert into factor_resets (id, user_id, asked_by, asked_in, asked_at, due_at) values ($thing, $olga, $olga, $busy, now(), now());
         insert into external_identities values ('https://id.test', 'olga', $olga, 'olga@x.test', now(), null)",
    ),
];

pub async fn insert(database: &Database, version: i64) {
    let mut owner = database.connect().await;
    for (_, rows) in ROWS.iter().filter(|(of, _)| *of == version) {
        let rows = rows.replace("$olga", OLGA).replace("$thing", THING).replace("$busy", BUSY);
        owner.execute(sqlx::raw_sql(&rows)).await.unwrap_or_else(|error| panic!("rows of {version}: {error}"));
    }
}
