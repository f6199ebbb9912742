//! Between the password and the second factor: no session yet, a right to try for a few minutes.

use super::session::{end_before, new_cookie};
use crate::{
    access::{Anyone, Identity, session_hash},
    audit::SecurityEvent,
    error::Result,
};
use serde::Deserialize;
use time::Duration;
use uuid::Uuid;

/// How long somebody may take.
pub const LIFE: Duration = Duration::minutes(5);
/// Wrong codes after which the password is asked for again.
pub const MISSES: i32 = 5;

/// A sign-in whose password was right.
#[derive(Debug, Clone, Deserialize)]
pub struct Pending {
    pub user_id: Uuid,
    pub email: String,
    pub name: String,
    /// `totp` and `passkey`, as enrolled.
    pub factors: Vec<String>,
}

/// Begins to wait for this person's second factor. The cookie gets a new value; whoever it stood for is signed out.
pub async fn begin(at: &Anyone, user: Uuid) -> Result<()> {
    let before = at.person().await?;
    let id = at.state.moments().new_id();
    let hash = new_cookie(&at.session, id).await?;
    let mut door = at.identity().await?;
    let now = door.now();
    end_before(&mut door, before).await?;
    door.speak_for(user, "").await?;
    sqlx::query!("delete from pending_sign_ins where user_id = $1 and expires_at <= $2", user, now).execute(door.db()).await?;
    sqlx::query!(
        "insert into pending_sign_ins (token_hash, user_id, created_at, expires_at) values ($1, $2, $3, $4)",
        &hash[..],
        user,
        now,
        now + LIFE
    )
    .execute(door.db())
    .await?;
    door.commit(&SecurityEvent::FactorAsked).await
}

/// The sign-in that this browser has half done, in a transaction that speaks for its person.
pub async fn find(at: &Anyone) -> Result<Option<(Identity, Pending)>> {
    let Some(hash) = session_hash(&at.session) else { return Ok(None) };
    let mut door = at.identity().await?;
    let now = door.now();
    let found = sqlx::query_scalar!(r#"select ctx.enter_pending($1, $2) as "pending""#, &hash[..], now).fetch_one(door.db()).await?;
    let Some(found) = found else { return Ok(None) };
    let pending: Pending = serde_json::from_value(found).map_err(anyhow::Error::new)?;
    door.speak_for(pending.user_id, &pending.name).await?;
    Ok(Some((door, pending)))
}

/// Counts a try before it is looked at, so that many at once cannot pass on one look. False when there have been too many:
/// then the password is asked for again.
pub async fn count(door: &mut Identity, at: &Anyone) -> Result<bool> {
    let Some(hash) = session_hash(&at.session) else { return Ok(false) };
    let counted = sqlx::query!(
        "update pending_sign_ins set misses = misses + 1 where token_hash = $1 and misses < $2 returning misses",
        &hash[..],
        MISSES
    );
    Ok(counted.fetch_optional(door.db()).await?.is_some())
}

/// Ends the waiting; true for the one caller who finds it still waiting.
pub async fn end(door: &mut Identity, at: &Anyone) -> Result<bool> {
    let Some(hash) = session_hash(&at.session) else { return Ok(false) };
    let ended = sqlx::query!("delete from pending_sign_ins where token_hash = $1", &hash[..]).execute(door.db()).await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends the waiting after the last try; answers whether that was it.
pub async fn end_if_spent(door: &mut Identity, at: &Anyone) -> Result<bool> {
    let Some(hash) = session_hash(&at.session) else { return Ok(true) };
    let ended = sqlx::query!("delete from pending_sign_ins where token_hash = $1 and misses >= $2", &hash[..], MISSES);
    Ok(ended.execute(door.db()).await?.rows_affected() == 1)
}
