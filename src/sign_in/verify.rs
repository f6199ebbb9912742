//! Address and password against what is stored, behind the throttle.

use super::{address, asked, device, password, throttle};
use crate::{
    access::Anyone,
    audit::SecurityEvent,
    error::{Refusal, Result},
};
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
    let known = sqlx::query!(r#"select user_id as "user_id!", password_hash, status as "status!" from ctx.credential($1)"#, norm)
        .fetch_optional(door.db())
        .await?;
    let source = throttle::source(at.request.address.as_deref());
    let key = device::throttle_key(&mut door, at, &norm).await?;
    if let Some(wait) = throttle::attempt(&mut door, &[&source, &key]).await? {
        let held = throttle::is_held(&mut door, &throttle::account(&norm)).await?;
        if let Some(known) = known {
            door.speak_for(known.user_id, "").await?;
        }
        door.commit(&SecurityEvent::SignInThrottled).await?;
        return Err(throttle::refusal_at_door(wait, held).into());
    }
    door.commit_count().await?; // no connection is held while hashing
    let hash = known.as_ref().and_then(|known| known.password_hash.clone());
    let matches = password::verify(typed.clone(), hash).await?;

    if let Some(known) = known.as_ref().filter(|known| matches && known.status == "active") {
        rehash(at, known.user_id, known.password_hash.as_deref(), typed).await?;
        return Ok(known.user_id);
    }
    let mut door = at.identity().await?;
    let account = throttle::account(&norm);
    if throttle::tells(&mut door, &account).await? {
        asked::enqueue(&mut door, asked::UNLOCK_LINK, &norm).await?;
    }
    if let Some(known) = known {
        door.speak_for(known.user_id, "").await?;
    }
    door.commit(&SecurityEvent::SignInFailed).await?;
    Err(Refusal::rule("mismatch", MISMATCH).into())
}

/// Hashes a right password again when it was hashed with less effort than passwords are today.
async fn rehash(at: &Anyone, user: Uuid, before: Option<&str>, typed: String) -> Result<()> {
    let Some(before) = before.filter(|hash| password::is_outdated(hash)) else { return Ok(()) };
    let hash = password::hash(typed).await?;
    let mut door = at.identity().await?;
    door.speak_for(user, "").await?;
    sqlx::query!("update users set password_hash = $3 where id = $1 and password_hash = $2", user, before, hash).execute(door.db()).await?;
    door.commit(&SecurityEvent::PasswordRehashed).await
}
