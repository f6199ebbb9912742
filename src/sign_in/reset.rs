//! The reset of a second factor that an admin has asked for, as the person sees it: until it is due they may stop it.

use crate::{
    access::{Identity, SignedIn},
    audit::SecurityEvent,
    error::{Refusal, Result},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// When the factors of this person will be taken away, if somebody has asked for it.
pub async fn due(door: &mut Identity, user: Uuid) -> Result<Option<OffsetDateTime>> {
    let due = sqlx::query_scalar!("select due_at from factor_resets where user_id = $1 and done_at is null and withdrawn_at is null", user);
    Ok(due.fetch_optional(door.db()).await?)
}

/// Stops it. Whoever has shown a factor has not lost it; a password alone stops nothing.
///
/// # Errors
/// `no_reset` when there is none any more.
pub async fn withdraw(at: &SignedIn) -> Result<()> {
    at.person.require_factor()?;
    let mut door = at.identity().await?;
    let now = door.now();
    let stopped = sqlx::query!(
        "update factor_resets set withdrawn_at = $2 where user_id = $1 and done_at is null and withdrawn_at is null",
        at.person.id,
        now
    )
    .execute(door.db())
    .await?;
    if stopped.rows_affected() == 0 {
        return Err(Refusal::conflict("no_reset", "Nobody asks for a reset of your second factor any more.").into());
    }
    door.commit(&SecurityEvent::FactorResetWithdrawn).await
}
