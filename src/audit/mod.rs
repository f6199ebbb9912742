//! Writing the trail: one variant per kind of change, one insert each for a publisher's trail and a person's own events.
//! Tables it alone writes: `audit_entries`, `security_events`. The pages that show them are in `activity`.

mod entry;
mod said;
mod security;

pub use entry::{Entry, Object, phrase};
pub use said::said;
pub use security::SecurityEvent;

use crate::moments::Moments;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Who did it, and from where.
#[derive(Debug, Clone)]
pub struct By {
    pub id: Option<Uuid>,
    pub name: String,
    pub visit: Option<Uuid>,
    pub address: Option<String>,
}

/// Writes one row of a publisher's trail, in the transaction of the change itself.
pub async fn write(db: &mut PgConnection, at: &Moments, publisher: Uuid, by: &By, entry: &Entry) -> sqlx::Result<()> {
    let object = entry.object();
    let detail: Value = entry.detail();
    sqlx::query!(
        "insert into audit_entries (publisher_id, id, at, actor_id, actor_name, visit_id, action, object_type, object_id, object_name, detail, address)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        publisher,
        at.new_id(),
        at.now(),
        by.id,
        by.name,
        by.visit,
        entry.action(),
        object.kind,
        object.id,
        object.name,
        detail,
        by.address,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes one event of a person's own account, in the transaction it belongs to.
pub async fn write_security(
    db: &mut PgConnection,
    at: &Moments,
    about: Option<Uuid>,
    by: &By,
    agent: Option<&str>,
    event: &SecurityEvent,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into security_events (id, at, user_id, actor_id, action, detail, address, agent) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        at.new_id(),
        at.now(),
        about,
        by.id,
        event.action(),
        event.detail(),
        by.address,
        agent,
    )
    .execute(db)
    .await?;
    Ok(())
}
