//! The sessions a person holds, as they look at them, and the end of those they do not know.

use super::session;
use crate::{
    access::{Identity, Level, SignedIn},
    audit::SecurityEvent,
    error::{Error, Result},
    web::agent,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// A live session.
pub struct Held {
    pub id: Uuid,
    /// "Firefox on Windows"
    pub device: String,
    pub address: Option<String>,
    pub level: Level,
    pub created_at: OffsetDateTime,
    pub last_seen_at: OffsetDateTime,
}

/// The live sessions of the person the transaction speaks for, the one used last first. There are at most
/// [`crate::access::session::MOST`].
pub async fn list(door: &mut Identity, user: Uuid) -> Result<Vec<Held>> {
    let now = door.now();
    let rows = sqlx::query!(
        "select id, agent, address, auth_level, created_at, last_seen_at from user_sessions
          where user_id = $1 and revoked_at is null and idle_expires_at > $2 and absolute_expires_at > $2
          order by last_seen_at desc, id desc",
        user,
        now
    )
    .fetch_all(door.db())
    .await?;
    let held = rows.into_iter().map(|row| Held {
        id: row.id,
        device: agent::device(row.agent.as_deref()),
        address: row.address,
        level: match row.auth_level.as_str() {
            "passkey" => Level::Passkey,
            "mfa" => Level::Mfa,
            _ => Level::Password,
        },
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
    });
    Ok(held.collect())
}

/// Ends one session of the person and answers its device.
///
/// # Errors
/// `NotFound` when they hold no such session, or no longer.
pub async fn end(at: &SignedIn, session: Uuid) -> Result<String> {
    let mut door = at.identity().await?;
    let now = door.now();
    let ended = sqlx::query!(
        "update user_sessions set revoked_at = $3 where id = $1 and user_id = $2 and revoked_at is null returning agent",
        session,
        at.person.id,
        now
    )
    .fetch_optional(door.db())
    .await?;
    let device = agent::device(ended.ok_or(Error::NotFound)?.agent.as_deref());
    door.commit(&SecurityEvent::SessionEnded { device: device.clone() }).await?;
    Ok(device)
}

/// Ends every session of the person but this one.
pub async fn end_others(at: &SignedIn) -> Result<()> {
    let mut door = at.identity().await?;
    session::end_others(&mut door, at.person.id, at.person.session).await?;
    door.commit(&SecurityEvent::OtherSessionsEnded).await
}
