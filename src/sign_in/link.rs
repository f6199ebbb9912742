//! Links that set a password: one use, half an hour, kept as a hash.

use super::{password, session};
use crate::{
    access::{Anyone, Identity},
    audit::SecurityEvent,
    error::{Refusal, Result},
    secret::Token,
};
use serde::Deserialize;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long a link works.
pub const LIFE: Duration = Duration::minutes(30);

/// The person a live link belongs to.
#[derive(Debug, Clone, Deserialize)]
pub struct Holder {
    pub user_id: Uuid,
    pub email: String,
    pub name: String,
    pub system_admin: bool,
}

/// Writes a new link for a person and ends older ones; the caller commits, then shows or sends the token.
pub async fn issue(db: &mut PgConnection, user: Uuid, token: &Token, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!("update password_links set used_at = $2 where user_id = $1 and used_at is null", user, now).execute(&mut *db).await?;
    sqlx::query!(
        "insert into password_links (token_hash, user_id, created_at, expires_at) values ($1, $2, $3, $4)",
        &token.hash()[..],
        user,
        now,
        now + LIFE
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Who shows this link? None when it is unknown, used or too old. The transaction then speaks for them.
pub async fn holder(at: &mut Identity, token: &str) -> Result<Option<Holder>> {
    let Some(token) = Token::presented(token) else { return Ok(None) };
    let now = at.now();
    let found =
        sqlx::query_scalar!(r#"select ctx.enter_password_link($1, $2) as "holder""#, &token.hash()[..], now).fetch_one(at.db()).await?;
    let holder: Option<Holder> = found.map(serde_json::from_value).transpose().map_err(anyhow::Error::new)?;
    if let Some(holder) = &holder {
        at.speak_for(holder.user_id, &holder.name).await?;
    }
    Ok(holder)
}

/// Sets the password of the link's holder and burns the link; every session of theirs ends.
///
/// # Errors
/// A refusal at the field at fault, or `link_gone` when the link no longer works.
pub async fn set_password(at: &Anyone, token: &str, typed: String, confirmation: &str) -> Result<()> {
    let gone = || Refusal::conflict("link_gone", "This link has been used or is too old. Ask for a new one.");
    let mut door = at.identity().await?;
    let holder = holder(&mut door, token).await?.ok_or_else(gone)?;
    drop(door);
    let shortest = if holder.system_admin { password::SHORTEST_FOR_SYSTEM_ADMINS } else { password::SHORTEST };
    password::check("password", &typed, shortest, &[&holder.email, &holder.name])?;
    if typed != confirmation {
        return Err(Refusal::field("password_confirmation", "mismatch", "The two passwords differ.").into());
    }
    let hash = password::hash(typed).await?;

    let mut door = at.identity().await?;
    let holder = self::holder(&mut door, token).await?.ok_or_else(gone)?;
    let now = door.now();
    let burned = Token::presented(token).map(|token| token.hash().to_vec()).unwrap_or_default();
    let won = sqlx::query!("update password_links set used_at = $2 where token_hash = $1 and used_at is null", burned, now)
        .execute(door.db())
        .await?
        .rows_affected();
    if won == 0 {
        return Err(gone().into());
    }
    sqlx::query!(
        "update users set password_hash = $2, password_set_at = $3, email_verified_at = coalesce(email_verified_at, $3), updated_at = $3 where id = $1",
        holder.user_id,
        hash,
        now
    )
    .execute(door.db())
    .await?;
    session::end_all(&mut door, holder.user_id).await?;
    door.commit(&SecurityEvent::PasswordSet).await
}
