//! The browsers a person has signed in with.

use super::{
    address,
    notice::{self, Notice},
    throttle,
};
use crate::{
    access::{Anyone, Identity},
    audit::SecurityEvent,
    error::Result,
};
use time::Duration;
use uuid::Uuid;

/// A browser that has not been seen for so long has lost its cookie.
const KEPT: Duration = Duration::days(400);

/// What a try at this account's password is counted on: the browser, where its owner has signed in with it before, or else the
/// account as a whole.
pub(super) async fn throttle_key(door: &mut Identity, at: &Anyone, email_norm: &str) -> Result<throttle::Key> {
    let Some(device) = at.request.device.hash() else { return Ok(throttle::account(email_norm)) };
    let known = sqlx::query_scalar!(r#"select ctx.knows_device($1, $2) as "known!""#, email_norm, &device[..]).fetch_one(door.db()).await?;
    Ok(if known { throttle::device(email_norm, &device) } else { throttle::account(email_norm) })
}

/// Remembers the browser of a sign-in, and tells its person by mail when it is new, save with the first they ever use. Answers
/// the browser's hash.
pub(super) async fn remember(door: &mut Identity, at: &Anyone, user: Uuid, email: &str) -> Result<[u8; 32]> {
    let (now, hash) = (door.now(), at.request.device.remember(&door.moments.chance));
    let (address, agent) = (at.request.address.as_deref(), at.request.agent.as_deref());
    let seen = sqlx::query!(
        "update known_devices set last_seen_at = $3, address = $4, agent = $5 where user_id = $1 and device_hash = $2",
        user,
        &hash[..],
        now,
        address,
        agent
    );
    if seen.execute(door.db()).await?.rows_affected() == 1 {
        return Ok(hash);
    }
    sqlx::query!("delete from known_devices where user_id = $1 and last_seen_at < $2", user, now - KEPT).execute(door.db()).await?;
    let others = sqlx::query_scalar!(r#"select exists (select from known_devices where user_id = $1) as "others!""#, user);
    let others = others.fetch_one(door.db()).await?;
    sqlx::query!(
        "insert into known_devices (user_id, device_hash, agent, address, first_seen_at, last_seen_at) values ($1, $2, $3, $4, $5, $5)
         on conflict do nothing",
        user,
        &hash[..],
        agent,
        address,
        now
    )
    .execute(door.db())
    .await?;
    if others {
        notice::post(door, &at.state, email, Notice::NewDevice).await?;
        door.record(&SecurityEvent::NewDevice).await?;
    }
    Ok(hash)
}

/// The owner is in: what was counted against them here is forgotten. Called before the browser is remembered, so that the key
/// is the one that was counted on.
pub(super) async fn forgive(door: &mut Identity, at: &Anyone, email: &str) -> Result<()> {
    let key = throttle_key(door, at, &address::normalise(email)).await?;
    throttle::forgive(door, &throttle::source(at.request.address.as_deref()), &key).await
}
