//! The beginning and the end of a session.

use super::throttle;
use crate::{
    access::{
        Anyone, Identity, SignedIn,
        session::{ABSOLUTE, IDLE, MOST},
        session_hash,
    },
    audit::SecurityEvent,
    error::Result,
};
use uuid::Uuid;

/// Starts a session for somebody who has just proved to be this person. The cookie gets a new value, and the session that the
/// old one opened is over. The cookie's store takes a connection of its own, so none is held meanwhile.
pub async fn start(at: &Anyone, user: Uuid) -> Result<()> {
    let before = at.person().await?;
    let id = at.state.moments().new_id();
    // Not `flush`: the record it empties keeps its id, and the new session would open with the old cookie.
    at.session.cycle_id().await.map_err(anyhow::Error::new)?;
    at.session.insert("handle", id).await.map_err(anyhow::Error::new)?;
    at.session.save().await.map_err(anyhow::Error::new)?;
    let hash = session_hash(&at.session).ok_or_else(|| anyhow::anyhow!("a saved session has no id"))?;

    let mut door = at.identity().await?;
    let now = door.now();
    if let Some(before) = before {
        door.speak_for(before.id, &before.name).await?;
        sqlx::query!("update user_sessions set revoked_at = $2 where id = $1 and revoked_at is null", before.session, now)
            .execute(door.db())
            .await?;
    }
    door.speak_for(user, "").await?;
    let person = sqlx::query!("update users set last_login_at = $2 where id = $1 returning full_name, email_norm", user, now)
        .fetch_one(door.db())
        .await?;
    door.speak_for(user, &person.full_name).await?;
    let source = throttle::source(at.request.address.as_deref());
    throttle::forgive(&mut door, &source, &throttle::account(&person.email_norm)).await?;
    sqlx::query!(
        "update user_sessions set revoked_at = $2 where user_id = $1 and revoked_at is null and id in
           (select id from user_sessions where user_id = $1 and revoked_at is null and absolute_expires_at > $2 order by created_at desc offset $3)",
        user,
        now,
        MOST - 1
    )
    .execute(door.db())
    .await?;
    sqlx::query!(
        "insert into user_sessions (id, token_hash, user_id, auth_level, auth_at, created_at, last_seen_at, idle_expires_at, absolute_expires_at, address, agent)
         values ($1, $2, $3, 'password', $4, $4, $4, $5, $6, $7, $8)",
        id,
        &hash[..],
        user,
        now,
        now + IDLE,
        now + ABSOLUTE,
        at.request.address,
        at.request.agent
    )
    .execute(door.db())
    .await?;
    door.commit(&SecurityEvent::SignedIn).await
}

/// Ends the session; its cookie opens nothing from the next request on.
pub async fn end(at: SignedIn) -> Result<()> {
    let mut door = at.identity().await?;
    let now = door.now();
    sqlx::query!("update user_sessions set revoked_at = $2 where id = $1 and revoked_at is null", at.person.session, now)
        .execute(door.db())
        .await?;
    door.commit(&SecurityEvent::SignedOut).await?;
    at.session.flush().await.map_err(anyhow::Error::new)?;
    Ok(())
}

/// Ends every session of the person the transaction speaks for.
pub async fn end_all(at: &mut Identity, user: Uuid) -> Result<()> {
    let now = at.now();
    sqlx::query!("update user_sessions set revoked_at = $2 where user_id = $1 and revoked_at is null", user, now).execute(at.db()).await?;
    Ok(())
}
