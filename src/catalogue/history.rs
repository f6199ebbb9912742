//! The last changes of one thing, from the trail.

use super::changes::{Change, Changes};
use crate::{
    access::{Reach, Tenant},
    error::Result,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// How many entries a page shows.
const SHOWN: i64 = 10;

pub struct Entry {
    pub actor: String,
    /// A system admin on a visit.
    pub on_visit: bool,
    /// What was done to it: "changed".
    pub verb: &'static str,
    pub changes: Vec<Change>,
    pub at: OffsetDateTime,
}

/// A creator sees no history: the trail names colleagues and splits that are not theirs.
pub fn seen(at: &Tenant) -> bool {
    !matches!(at.reach, Reach::Own(_))
}

/// Newest first.
pub async fn of(at: &mut Tenant, object: Uuid) -> Result<Vec<Entry>> {
    if !seen(at) {
        return Ok(Vec::new());
    }
    let publisher = at.publisher.id;
    let rows = sqlx::query!(
        "select actor_name, visit_id, action, detail, at from audit_entries where publisher_id = $1 and object_id = $2 order by id desc limit $3",
        publisher,
        object,
        SHOWN
    )
    .fetch_all(at.db())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Entry {
            actor: row.actor_name,
            on_visit: row.visit_id.is_some(),
            verb: verb(&row.action),
            changes: Changes::of(&row.detail),
            at: row.at,
        })
        .collect())
}

/// On the thing's own page its kind goes without saying.
fn verb(action: &str) -> &'static str {
    match action.rsplit('.').next() {
        Some("created") => "added",
        Some("archived") => "archived",
        Some("restored") => "restored",
        _ => "changed",
    }
}
