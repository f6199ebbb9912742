//! The beginning and the end of a session.

use super::{device, email::verification};
use crate::{
    access::{
        Anyone, Identity, Level, Person, SignedIn,
        session::{ABSOLUTE, IDLE, IDLE_OF_SYSTEM_ADMINS, MOST},
        session_hash,
    },
    audit::SecurityEvent,
    error::{Error, Result},
};
use sqlx::postgres::types::PgInterval;
use time::Duration;
use tower_sessions::Session;
use uuid::Uuid;

/// Must this person show more than a password?
pub(super) async fn has_factor(at: &Anyone, user: Uuid) -> Result<bool> {
    let mut door = at.identity().await?;
    door.speak_for(user, "").await?;
    let found = sqlx::query_scalar!(r#"select factors <> '{}' as "has!" from users where id = $1"#, user);
    Ok(found.fetch_optional(door.db()).await?.unwrap_or(false))
}

/// Gives the browser a new cookie and answers its hash; the old value opens nothing any more. The cookie's store takes a
/// connection of its own, so the caller holds none.
pub(super) async fn new_cookie(session: &Session, handle: Uuid) -> Result<[u8; 32]> {
    // Not `flush`: the record it empties keeps its id, and the new session would open with the old cookie.
    session.cycle_id().await.map_err(anyhow::Error::new)?;
    session.insert("handle", handle).await.map_err(anyhow::Error::new)?;
    session.save().await.map_err(anyhow::Error::new)?;
    Ok(session_hash(session).ok_or_else(|| anyhow::anyhow!("a saved session has no id"))?)
}

/// Starts a session for somebody who has just proved to be this person, by what `level` says. The cookie gets a new value,
/// and the session that the old one opened is over. Its limits are the shortest of ours and of the person's publishers.
pub async fn start(at: &Anyone, user: Uuid, level: Level) -> Result<()> {
    let before = at.person().await?;
    let id = at.state.moments().new_id();
    let hash = new_cookie(&at.session, id).await?;

    let mut door = at.identity().await?;
    let now = door.now();
    end_before(&mut door, before).await?;
    door.speak_for(user, "").await?;
    let person = sqlx::query!(
        "update users set last_login_at = $2 where id = $1 returning full_name, email, email_verified_at, is_system_admin",
        user,
        now
    )
    .fetch_one(door.db())
    .await?;
    door.speak_for(user, &person.full_name).await?;
    device::forgive(&mut door, at, &person.email).await?;
    let device = device::remember(&mut door, at, user, &person.email).await?;
    if person.email_verified_at.is_none() {
        verification::begin(&mut door, &at.state, user, &person.email).await?;
    }
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
        "insert into user_sessions (id, token_hash, user_id, auth_level, auth_at, created_at, last_seen_at, idle_limit, idle_expires_at, absolute_expires_at, address, agent, device_hash)
         select $1, $2, $3, $4, $5::timestamptz, $5, $5, least($6, l.idle), $5::timestamptz + least($6, l.idle, $7), $5::timestamptz + least($7, l.length), $8, $9, $10 from ctx.session_limits($3) l",
        id,
        &hash[..],
        user,
        level.name(),
        now,
        interval(if person.is_system_admin { IDLE_OF_SYSTEM_ADMINS } else { IDLE }),
        interval(ABSOLUTE),
        at.request.address,
        at.request.agent,
        &device[..]
    )
    .execute(door.db())
    .await?;
    door.commit(&SecurityEvent::SignedIn).await
}

/// Ends the session whose cookie somebody else's sign-in has just replaced.
pub(super) async fn end_before(door: &mut Identity, before: Option<Person>) -> Result<()> {
    let Some(before) = before else { return Ok(()) };
    let now = door.now();
    door.speak_for(before.id, &before.name).await?;
    sqlx::query!("update user_sessions set revoked_at = $2 where id = $1 and revoked_at is null", before.session, now)
        .execute(door.db())
        .await?;
    Ok(())
}

/// Takes in a fresh proof: the session goes on under a new cookie, at least as strong as it was, unless the person no longer
/// has a factor that it could be as strong by.
pub async fn renew(at: &SignedIn, level: Level) -> Result<()> {
    let hash = new_cookie(&at.session, at.person.session).await?;
    let mut door = at.identity().await?;
    let now = door.now();
    let level = if at.person.factors.is_empty() { level } else { level.max(at.person.level) };
    let renewed =
        sqlx::query_scalar!(r#"select ctx.renew_session($1, $2, $3, $4) as "renewed!""#, at.person.session, &hash[..], level.name(), now)
            .fetch_one(door.db())
            .await?;
    if !renewed {
        return Err(Error::SignIn); // ended in the meantime
    }
    door.commit(&SecurityEvent::ProofRenewed { level: level.name() }).await
}

/// Gives the session a new cookie; what it was proved by, and when, stays.
pub(super) async fn replace_cookie(at: &SignedIn) -> Result<()> {
    let hash = new_cookie(&at.session, at.person.session).await?;
    let mut door = at.identity().await?;
    let (level, proved_at) = (at.person.level.name(), at.person.proved_at);
    let replaced =
        sqlx::query_scalar!(r#"select ctx.renew_session($1, $2, $3, $4) as "replaced!""#, at.person.session, &hash[..], level, proved_at)
            .fetch_one(door.db())
            .await?;
    if !replaced {
        return Err(Error::SignIn); // ended in the meantime
    }
    door.commit_count().await
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(duration.whole_microseconds()).unwrap_or(i64::MAX) }
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

/// Ends every session of the person but the one named.
pub async fn end_others(door: &mut Identity, user: Uuid, session: Uuid) -> Result<()> {
    let now = door.now();
    sqlx::query!("update user_sessions set revoked_at = $3 where user_id = $1 and id <> $2 and revoked_at is null", user, session, now)
        .execute(door.db())
        .await?;
    Ok(())
}
