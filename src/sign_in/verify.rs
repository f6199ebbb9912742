//! Address and password against what is stored, behind the throttle.

use super::{address, password, throttle};
use crate::{
    access::Anyone,
    audit::SecurityEvent,
    error::{Refusal, Result},
};
use axum::http::StatusCode;
use uuid::Uuid;

/// The same words for an unknown address, a wrong password and a disabled account.
const MISMATCH: &str = "This email address and password do not belong together.";

/// The person whose address and password these are.
///
/// # Errors
/// A refusal (422 for what does not match, 429 while the throttle holds), or `Busy` when too many wait to be checked.
pub async fn verify(at: &Anyone, email: &str, typed: String) -> Result<Uuid> {
    let mut checks = Refusal::checks();
    if email.trim().is_empty() {
        checks.add("email", "required", "Enter your email address.");
    }
    if typed.is_empty() {
        checks.add("password", "required", "Enter your password.");
    }
    checks.or(())?;
    if email.len() > 254 || email.contains('\0') || typed.len() > password::LONGEST {
        return Err(Refusal::rule("mismatch", MISMATCH).into());
    }
    let norm = address::normalise(email);

    let mut door = at.identity().await?;
    let (source, account) = (throttle::source(at.request.address.as_deref()), throttle::account(&norm));
    if let Some(wait) = throttle::attempt(&mut door, &source, &account).await? {
        door.commit(&SecurityEvent::SignInThrottled).await?;
        let minutes = (wait.whole_seconds() + 59) / 60;
        let words = format!("Too many attempts. Please try again in {minutes} {}.", if minutes == 1 { "minute" } else { "minutes" });
        return Err(Refusal { status: StatusCode::TOO_MANY_REQUESTS, ..Refusal::rule("throttled", words) }.into());
    }
    let known = sqlx::query!(r#"select user_id as "user_id!", password_hash, status as "status!" from ctx.credential($1)"#, norm)
        .fetch_optional(door.db())
        .await?;
    door.commit_count().await?; // no connection is held while hashing
    let hash = known.as_ref().and_then(|known| known.password_hash.clone());
    let matches = password::verify(typed, hash).await?;

    if let Some(known) = known.as_ref().filter(|known| matches && known.status == "active") {
        return Ok(known.user_id);
    }
    let mut door = at.identity().await?;
    if let Some(known) = known {
        door.speak_for(known.user_id, "").await?;
    }
    door.commit(&SecurityEvent::SignInFailed).await?;
    Err(Refusal::rule("mismatch", MISMATCH).into())
}
