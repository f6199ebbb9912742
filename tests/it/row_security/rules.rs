//! The catalogue rules go red when they should: faults planted one by one, each rolled back.

use crate::support::Database;
use ledgerline::db::rules;
use sqlx::{Executor, PgConnection};
use std::collections::BTreeSet;

/// A careless change, and the rule that has to notice it.
const FAULTS: &[(&str, &str)] = &[
    ("R1", "alter table works disable row level security"),
    ("R1", "alter table works no force row level security"),
    ("R1", "create table stray (id uuid primary key)"),
    ("R1", "create schema aside; create table aside.stray (id uuid primary key)"),
    ("R1", "create table stray (id uuid, at date) partition by range (at)"),
    ("R2", "drop policy guard on works"),
    ("R2", "alter policy guard on works using (true)"),
    ("R2", "alter policy guard on works with check (true)"),
    ("R2", "alter policy guard on works using (publisher_id = (select ctx.publisher()) or ctx.scope() = 'platform')"),
    ("R2", "alter policy guard on works to ledgerline_app"),
    ("R2", "drop policy guard on works; create policy guard on works using (publisher_id = (select ctx.publisher())) with check (publisher_id = (select ctx.publisher()))"),
    ("R2", "drop policy guard on works; create policy guard on works as restrictive for select using (publisher_id = (select ctx.publisher()))"),
    ("R2", "create table stray (publisher_id uuid not null, id uuid, primary key (publisher_id, id)); alter table stray enable row level security; alter table stray force row level security"),
    ("R3", "create policy careless on works for select to ledgerline_app using (true)"),
    ("R3", "create policy careless on audit_entries for insert to ledgerline_app with check (true)"),
    ("R3", "create policy careless on users to ledgerline_auth using (true)"),
    ("R3", "create policy careless on roles for all to ledgerline_app using (true)"),
    ("R4", "create table stray (publisher_id uuid, id uuid); call ctx.protect('stray')"),
    ("R5", "create unique index by_id on works (id); alter table recordings add foreign key (work_id) references works (id)"),
    ("R5", "alter table recordings add column house uuid, add foreign key (house, work_id) references works (publisher_id, id)"),
    ("R6", "create unique index careless on works (iswc)"),
    ("R6", "alter table songwriters add unique (ipi)"),
    ("R7", "create view every_work as select * from works"),
    ("R7", "create view every_work with (security_invoker = false) as select * from works"),
    ("R8", "create materialized view every_work as select * from works"),
    ("R8", "create foreign data wrapper w; create server s foreign data wrapper w; create foreign table far (id uuid) server s"),
    ("R9", "create function ctx.back_door() returns bigint language sql security definer set search_path = pg_catalog as 'select count(*) from public.works'"),
    ("R9", "create function public.enter() returns bigint language sql security definer set search_path = pg_catalog as 'select count(*) from public.works'"),
    ("R9", "create function ctx.enter() returns bigint language sql security definer set search_path = pg_catalog as 'select count(*) from public.works'"),
    ("R9", "alter function ctx.publisher() security definer"),
    ("R9", "alter function ctx.enter_platform(uuid) reset search_path"),
    ("R9", "alter function ctx.enter_platform(uuid) owner to postgres"),
    ("R10", "grant execute on function ctx.enter_platform(uuid) to public"),
    ("R11", "alter role ledgerline_app bypassrls"),
    ("R11", "alter role ledgerline_platform superuser"),
    ("R11", "alter role ledgerline_auth createrole"),
    ("R11", "alter role ledgerline_auth createdb"),
    ("R11", "alter role ledgerline_app replication"),
    ("R11", "alter role ledgerline_auth rename to somebody"),
    ("R12", "grant ledgerline_gate to ledgerline_app"),
    ("R12", "grant pg_read_all_data to ledgerline_platform"),
    ("R13", "alter table works owner to ledgerline_app"),
    ("R13", "alter function ctx.scope() owner to ledgerline_app"),
    ("R13", "alter schema ctx owner to ledgerline_auth"),
    ("R14", "grant truncate on works to ledgerline_app"),
    ("R14", "grant references on works to ledgerline_app"),
    ("R14", "grant trigger on audit_entries to public"),
    ("R15", "grant create on schema public to ledgerline_app"),
    ("R15", "grant create on schema ctx to public"),
    ("R15", "do $$ begin execute format('grant temporary on database %I to ledgerline_auth', current_database()); end $$"),
    ("R16", "create policy careless on works for select using (current_setting('app.publisher_id') = publisher_id::text)"),
    ("R17", "alter function ctx.publisher() leakproof"),
    ("R18", "alter table works add constraint titled check (title <> '') not valid"),
    (
        "R18",
        "set local session_replication_role = replica;
         insert into works (publisher_id, title) values ('00000000-0000-0000-0000-00000000000a', 'An orphan')",
    ),
    ("R19", "create table more_works () inherits (works)"),
    (
        "R19",
        "create table stray (publisher_id uuid not null, at date not null) partition by range (at); call ctx.protect('stray');
         create table stray_now partition of stray default; alter table stray_now enable row level security; alter table stray_now force row level security",
    ),
];

async fn red(owner: &mut PgConnection) -> BTreeSet<String> {
    rules::broken(owner).await.unwrap().into_iter().map(|broken| broken.name).collect()
}

#[tokio::test]
async fn a_fresh_schema_keeps_every_rule() {
    let database = Database::new().await;
    assert_eq!(rules::broken(&mut database.connect().await).await.unwrap(), Vec::new());
}

#[tokio::test]
async fn every_planted_fault_turns_its_rule_red() {
    let database = Database::new().await;
    let mut owner = database.connect().await;
    let mut unnoticed = Vec::new();
    for (rule, fault) in FAULTS {
        owner.execute("begin").await.unwrap();
        owner.execute(sqlx::raw_sql(fault)).await.unwrap_or_else(|error| panic!("{fault}: {error}"));
        let red = red(&mut owner).await;
        owner.execute("rollback").await.unwrap();
        if !red.contains(*rule) {
            unnoticed.push(format!("{rule} did not notice, only {red:?} did: {fault}"));
        }
    }
    assert!(unnoticed.is_empty(), "\n{}", unnoticed.join("\n"));
    assert_eq!(red(&mut owner).await, BTreeSet::new(), "a fault stayed");
    let tried: BTreeSet<&str> = FAULTS.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(tried.len(), 19, "every rule is tried");
}
