//! What a person says of themselves.

use crate::{access::SignedIn, audit::SecurityEvent, error::Result, sign_in::name};

/// Gives the person another name, which every publisher of theirs shows from now on.
///
/// # Errors
/// A refusal at `full_name`.
pub async fn rename(at: &SignedIn, typed: &str) -> Result<()> {
    let name = name::parse("full_name", typed)?;
    let mut door = at.identity().await?;
    let now = door.now();
    sqlx::query!("update users set full_name = $2, updated_at = $3 where id = $1", at.person.id, name, now).execute(door.db()).await?;
    door.commit(&SecurityEvent::NameChanged { before: at.person.name.clone() }).await
}
