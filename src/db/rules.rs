//! The catalogue rules R1–R19: what must hold for every table, function and role, asked of PostgreSQL's own catalogue.
//! `ledgerline doctor` runs them on a live database, the tests on a fresh one.

use sqlx::PgConnection;

/// A rule and the object that breaks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub name: String,
    pub object: String,
}

/// Tables of others, which hold nothing of a publisher: sqlx's own list of migrations.
const FOREIGN: &[&str] = &["_sqlx_migrations"];
/// Policies that may say `true`: tables every publisher shares, read-only.
const OPEN: &[&str] = &["permissions", "roles", "role_permissions"];
/// Every SECURITY DEFINER function there may be, one of each name, all owned by ledgerline_gate.
const DEFINERS: &[&str] = &[
    "ctx.ask_factor_reset",
    "ctx.backed_invitations",
    "ctx.credential",
    "ctx.directory",
    "ctx.end_sessions",
    "ctx.enter",
    "ctx.enter_by_session",
    "ctx.enter_invitation",
    "ctx.enter_link",
    "ctx.enter_pending",
    "ctx.enter_platform",
    "ctx.enter_unheld",
    "ctx.factor_demanded_by",
    "ctx.fail_import",
    "ctx.fold_usage",
    "ctx.import_restarts",
    "ctx.job_actor",
    "ctx.knows_device",
    "ctx.my_publishers",
    "ctx.own_works",
    "ctx.passkey_holder",
    "ctx.publisher_events",
    "ctx.renew_session",
    "ctx.reset_factors",
    "ctx.session",
    "ctx.session_limits",
    "ctx.tighten_sessions",
    "ctx.touch_members",
    "ctx.touch_sessions",
];
/// Roles that serve requests.
const SERVING: &[&str] = &["ledgerline_app", "ledgerline_auth", "ledgerline_platform"];

/// What breaks a rule; empty when all hold. Run as the owner of the schema, whose sight row security does not narrow.
pub async fn broken(owner: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut found: Vec<Broken> = sqlx::query_as::<_, (String, String)>(RULES)
        .bind(list(FOREIGN))
        .bind(list(OPEN))
        .bind(list(DEFINERS))
        .bind(list(SERVING))
        .fetch_all(&mut *owner)
        .await?
        .into_iter()
        .map(|(name, object)| Broken { name, object })
        .collect();
    found.extend(orphans(owner).await?);
    Ok(found)
}

/// The second half of R18: a foreign key validated under forced row security lies, so each is asked for orphans.
async fn orphans(owner: &mut PgConnection) -> sqlx::Result<Vec<Broken>> {
    let questions: Vec<(String, String)> = sqlx::query_as(ORPHAN_QUESTIONS).fetch_all(&mut *owner).await?;
    let mut found = Vec::new();
    for (object, question) in questions {
        // The question is made by PostgreSQL from its own catalogue, with every name quoted.
        let any: bool = sqlx::query_scalar(&question).fetch_one(&mut *owner).await?;
        if any {
            found.push(Broken { name: "R18".into(), object: format!("{object} has orphans") });
        }
    }
    Ok(found)
}

const RULES: &str = r"
with t as (
  select c.oid, n.nspname, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname <> 'information_schema' and n.nspname !~ '^pg_' and c.relkind in ('r', 'p') and not c.relname = any ($1)),
ten as (select t.* from t where exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'publisher_id' and not a.attisdropped)),
ours as (select n.nspname || '.' || p.proname as name, p.* from pg_proc p join pg_namespace n on n.oid = p.pronamespace
          where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
            and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')),
serving as (select * from pg_roles where rolname = any ($4))
select 'R1', oid::regclass::text from t where not (relrowsecurity and relforcerowsecurity)
union all select 'R2', oid::regclass::text from ten where not exists (
  select from pg_policy q where q.polrelid = ten.oid and not q.polpermissive and q.polcmd = '*' and q.polroles = '{0}'
     and pg_get_expr(q.polqual, q.polrelid) = '(publisher_id = ( SELECT ctx.publisher() AS publisher))'
     and pg_get_expr(q.polwithcheck, q.polrelid) = '(publisher_id = ( SELECT ctx.publisher() AS publisher))')
union all select 'R3', t.oid::regclass || ' ' || q.polname from pg_policy q join t on t.oid = q.polrelid
   where q.polpermissive and not (t.relname = any ($2) and q.polcmd = 'r')
     and (pg_get_expr(q.polqual, q.polrelid) = 'true' or pg_get_expr(q.polwithcheck, q.polrelid) = 'true')
union all select 'R4', ten.oid::regclass::text from ten join pg_attribute a on a.attrelid = ten.oid and a.attname = 'publisher_id' where not a.attnotnull
union all select 'R5', k.conrelid::regclass || ' ' || k.conname from pg_constraint k join ten a on a.oid = k.conrelid join ten b on b.oid = k.confrelid
   where k.contype = 'f' and not exists (
     select from unnest(k.conkey) with ordinality x (att, i) join pg_attribute p on p.attrelid = k.conrelid and p.attnum = x.att and p.attname = 'publisher_id'
       join pg_attribute r on r.attrelid = k.confrelid and r.attnum = k.confkey[x.i] and r.attname = 'publisher_id')
union all select 'R6', i.indexrelid::regclass::text from pg_index i join ten on ten.oid = i.indrelid where i.indisunique
   and not exists (select from unnest(i.indkey::int[]) c join pg_attribute a on a.attrelid = i.indrelid and a.attnum = c and a.attname = 'publisher_id')
union all select 'R7', c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind = 'v' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     and not coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)
union all select 'R8', c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('m', 'f') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
union all select 'R9', name from ours where prosecdef
   and (not name = any ($3) or not coalesce(array_to_string(proconfig, ' ') ~ 'search_path=', false)
     or proowner::regrole::text <> 'ledgerline_gate' or exists (select from ours o where o.name = ours.name and o.oid <> ours.oid))
union all select 'R10', name from ours where has_function_privilege('public', oid, 'execute')
union all select 'R11', rolname from serving where rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
union all select 'R11', 'there is no role ' || name from unnest($4) name where not exists (select from serving where rolname = name)
union all select 'R12', s.rolname || ' in ' || m.roleid::regrole from pg_auth_members m join serving s on s.oid = m.member
union all select 'R13', s.rolname || ' owns ' || c.oid::regclass from pg_class c join serving s on s.oid = c.relowner
union all select 'R13', s.rolname || ' owns ' || p.oid::regprocedure from pg_proc p join serving s on s.oid = p.proowner
union all select 'R13', s.rolname || ' owns schema ' || n.nspname from pg_namespace n join serving s on s.oid = n.nspowner
union all select 'R14', s.rolname || ' on ' || t.oid::regclass from t, serving s
   where has_table_privilege(s.oid, t.oid, 'truncate') or has_table_privilege(s.oid, t.oid, 'references') or has_table_privilege(s.oid, t.oid, 'trigger')
union all select 'R15', s.rolname || ' in ' || n.nspname from pg_namespace n, serving s where n.nspname !~ '^pg_toast' and has_schema_privilege(s.oid, n.oid, 'create')
union all select 'R15', s.rolname || ' temporary tables' from serving s where has_database_privilege(s.oid, current_database(), 'temporary')
union all select 'R16', t.oid::regclass || ' ' || q.polname from pg_policy q join t on t.oid = q.polrelid
   where coalesce(pg_get_expr(q.polqual, q.polrelid), '') || coalesce(pg_get_expr(q.polwithcheck, q.polrelid), '') ~ 'current_setting'
union all select 'R17', name from ours where proleakproof
union all select 'R18', k.conrelid::regclass || ' ' || k.conname from pg_constraint k join t on t.oid = k.conrelid where not k.convalidated
union all select 'R19', i.inhrelid::regclass::text from pg_inherits i join t on t.oid = i.inhparent
   where not exists (select from pg_class c where c.oid = i.inhrelid and c.relrowsecurity and c.relforcerowsecurity)
      or exists (select from pg_policy q where q.polrelid = i.inhparent and not exists (
           select from pg_policy c where c.polrelid = i.inhrelid and c.polname = q.polname and c.polpermissive = q.polpermissive and c.polcmd = q.polcmd and c.polroles = q.polroles
              and pg_get_expr(c.polqual, c.polrelid) is not distinct from pg_get_expr(q.polqual, q.polrelid)
              and pg_get_expr(c.polwithcheck, c.polrelid) is not distinct from pg_get_expr(q.polwithcheck, q.polrelid)))
order by 1, 2";

const ORPHAN_QUESTIONS: &str = r"
select k.conrelid::regclass || ' ' || k.conname,
       format('select exists (select from %s c where %s and not exists (select from %s p where %s))', k.conrelid::regclass,
         (select string_agg(format('c.%I is not null', a.attname), ' and ') from unnest(k.conkey) x join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x),
         k.confrelid::regclass,
         (select string_agg(format('p.%I = c.%I', r.attname, a.attname), ' and ') from unnest(k.conkey, k.confkey) x (f, t)
            join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.f join pg_attribute r on r.attrelid = k.confrelid and r.attnum = x.t))
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
 where k.contype = 'f' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'";
