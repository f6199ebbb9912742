//! A proof of who somebody is, shown after the password or again in the middle of a session: a code, a recovery code or a
//! passkey; or the password, for whoever has nothing else.

use super::{password, recovery, throttle, totp};
use crate::{
    access::{Identity, Level, State},
    audit::SecurityEvent,
    error::{Refusal, Result},
};
use axum::http::StatusCode;
use uuid::Uuid;

const WRONG_CODE: &str = "This code does not work. Codes from an app change every 30 seconds, and each works once.";

/// Counts a try at the second factor, apart from tries at the password. Refuses with 429 while there have been too many.
pub async fn count(door: &mut Identity, user: Uuid) -> Result<()> {
    let source = throttle::source(door.request().address.as_deref());
    match throttle::attempt(door, &[&source, &throttle::factor(user)]).await? {
        Some(wait) => Err(throttle::refusal(wait).into()),
        None => Ok(()),
    }
}

/// Takes the counts of [`count`] back after a good one.
pub async fn forgive(door: &mut Identity, user: Uuid) -> Result<()> {
    let source = throttle::source(door.request().address.as_deref());
    throttle::forgive(door, &source, &throttle::factor(user)).await
}

/// What a good code was.
pub enum Code {
    App,
    /// A recovery code; so many are left.
    Recovery {
        left: i64,
    },
}

/// Is there a code at all? Asked before a try is counted.
pub fn typed(field: &str, code: &str) -> Result<()> {
    if code.trim().is_empty() { Err(Refusal::field(field, "required", "Enter the code.").into()) } else { Ok(()) }
}

/// Uses up a code from an app or a recovery code, whichever was typed. Either is worth [`Level::Mfa`].
///
/// # Errors
/// A refusal at `field` when it is neither, or used.
pub async fn code(door: &mut Identity, state: &State, user: Uuid, field: &str, typed: &str) -> Result<Code> {
    self::typed(field, typed)?;
    if totp::spend(door, state.secret(), user, typed).await? {
        return Ok(Code::App);
    }
    if recovery::spend(door, user, typed).await? {
        door.record(&SecurityEvent::RecoveryCodeUsed).await?;
        return Ok(Code::Recovery { left: recovery::left(door, user).await? });
    }
    Err(Refusal { status: StatusCode::UNPROCESSABLE_ENTITY, ..Refusal::field(field, "code_wrong", WRONG_CODE) }.into())
}

/// Is this the person's present password? Holds no connection while it hashes.
///
/// # Errors
/// A refusal at `field` when it is not.
pub async fn password(mut door: Identity, user: Uuid, field: &str, typed: String) -> Result<Level> {
    if typed.is_empty() || typed.len() > password::LONGEST {
        return Err(Refusal::field(field, "required", "Enter your password.").into());
    }
    let hash = sqlx::query_scalar!("select password_hash from users where id = $1", user).fetch_optional(door.db()).await?.flatten();
    door.commit_count().await?;
    if password::verify(typed, hash).await? {
        return Ok(Level::Password);
    }
    Err(Refusal::field(field, "password_wrong", "This is not your password.").into())
}
