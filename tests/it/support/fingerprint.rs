//! What a database holds, as one hash for each table: equal before and after means that nothing was changed.

use super::App;
use std::collections::BTreeMap;

/// Rows of these come and go with every request.
const RESTLESS: &[&str] = &["public.user_sessions", "tower_sessions.session"];

/// The content of every table but the sessions'.
pub async fn fingerprint(app: &App) -> BTreeMap<String, String> {
    let tables: Vec<String> = app
        .list(
            "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind = 'r' and n.nspname in ('public', 'tower_sessions')",
        )
        .await;
    let mut content = BTreeMap::new();
    for table in tables.into_iter().filter(|table| !RESTLESS.contains(&table.as_str())) {
        let hash =
            app.one(&format!("select md5(coalesce(string_agg(t::text, chr(10) order by t::text collate \"C\"), '')) from {table} t")).await;
        content.insert(table, hash);
    }
    content
}
