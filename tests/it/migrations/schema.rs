//! A schema as lines that can be compared, and the rows in it as hashes.

use crate::support::Database;
use std::collections::{BTreeMap, BTreeSet};

/// All that matters of a schema but the order of columns: a dropped column that comes back stands last.
const LINES: &str = r#"
with ours as (select oid, nspname from pg_namespace where nspname <> 'information_schema' and nspname !~ '^pg_'),
t as (select c.*, c.oid::regclass::text as name from pg_class c where relnamespace in (select oid from ours) and relname <> '_sqlx_migrations' and relname <> '_sqlx_migrations_pkey')
select 'schema ' || nspname from ours
union all select 'table ' || name || ' ' || relkind::text || ' row security ' || relrowsecurity || ' forced ' || relforcerowsecurity from t where relkind <> 'i'
union all select 'column ' || t.name || '.' || attname || ' ' || format_type(atttypid, atttypmod) || case when attnotnull then ' not null' else '' end || attgenerated::text
    || coalesce(' ' || pg_get_expr(adbin, adrelid), '') || coalesce(' collate ' || nullif(collname, 'default'), '')
  from pg_attribute a join t on t.oid = attrelid left join pg_attrdef d on d.adrelid = t.oid and d.adnum = attnum left join pg_collation c on c.oid = attcollation
  where attnum > 0 and not attisdropped and t.relkind <> 'i'
union all select 'constraint ' || t.name || ' ' || conname || ' ' || pg_get_constraintdef(k.oid) from pg_constraint k join t on t.oid = conrelid
union all select 'index ' || pg_get_indexdef(t.oid) from t where relkind = 'i'
union all select 'policy ' || tablename || ' ' || policyname || ' ' || permissive || ' ' || roles::text || ' ' || cmd || ' ' || coalesce(qual, '') || ' check ' || coalesce(with_check, '') from pg_policies
union all select 'function ' || p.oid::regprocedure || ' of ' || case when pg_get_userbyid(proowner) like 'ledgerline%' then pg_get_userbyid(proowner) else 'owner' end || ' ' || md5(pg_get_functiondef(p.oid))
  from pg_proc p where pronamespace in (select oid from ours)
union all select 'right on ' || what || ': ' || grantee::regrole || ' ' || privilege_type from (
    select 'table ' || t.name as what, (aclexplode(relacl)).* from t
    union all select 'column ' || t.name || '.' || attname, (aclexplode(attacl)).* from t join pg_attribute on attrelid = t.oid
    union all select 'schema ' || n.nspname, (aclexplode(nspacl)).* from pg_namespace n join ours on ours.oid = n.oid
    union all select 'function ' || p.oid::regprocedure, (aclexplode(proacl)).* from pg_proc p where pronamespace in (select oid from ours)) rights
  where grantee <> 0 and pg_get_userbyid(grantee) like 'ledgerline%'"#;

pub async fn of(database: &Database) -> BTreeSet<String> {
    let lines: Vec<String> = sqlx::query_scalar(LINES).fetch_all(&mut database.connect().await).await.unwrap();
    lines.into_iter().collect()
}

pub fn same(expected: &BTreeSet<String>, found: &BTreeSet<String>, when: &str) {
    let missing: Vec<_> = expected.difference(found).collect();
    let extra: Vec<_> = found.difference(expected).collect();
    assert!(missing.is_empty() && extra.is_empty(), "{when}:\nmissing {missing:#?}\nleft over {extra:#?}");
}

/// Rows and their hash, for every table.
pub async fn content(database: &Database) -> BTreeMap<String, (i64, String)> {
    let mut owner = database.connect().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = relnamespace
          where relkind = 'r' and nspname <> 'information_schema' and nspname !~ '^pg_' and relname <> '_sqlx_migrations'",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let mut content = BTreeMap::new();
    for table in tables {
        let hash = format!(
            "select count(*), coalesce(md5(string_agg(to_jsonb(t)::text, chr(10) order by to_jsonb(t)::text collate \"C\")), '') from {table} t"
        );
        content.insert(table, sqlx::query_as(&hash).fetch_one(&mut owner).await.unwrap());
    }
    content
}
