//! Another address for an account: asked for with a fresh proof, confirmed at the new address, told to the old one, which can
//! take it back for 72 hours.
//!
//! Whether an address belongs to somebody already is said to nobody but them: whoever asks gets the same answer, and a link is
//! written that nobody has.

use super::verification::{self, VERIFY};
use crate::{
    access::{Anyone, Identity, SignedIn},
    audit::SecurityEvent,
    error::{OnConstraint, Refusal, Result},
    secret::Token,
    sign_in::{
        address::{self, EmailAddress},
        factor,
        link::{self, Purpose},
        notice::{self, Notice},
        session,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

/// Where a change is taken back.
pub(super) const UNDO: &str = "/verify-email/undo";

/// An address as a link keeps it.
#[derive(Serialize, Deserialize)]
pub(super) struct Wanted {
    pub email: String,
}

impl Wanted {
    pub fn of(detail: &Value) -> Result<Self> {
        Ok(Wanted::deserialize(detail).map_err(anyhow::Error::new)?)
    }
}

/// Asks for another address for somebody signed in. Answers it as typed; nothing changes before it is confirmed.
///
/// # Errors
/// A refusal at `email`; `FreshProof` when the last proof is too old; 429 after too many mails.
pub async fn ask(at: &SignedIn, typed: &str) -> Result<String> {
    let wanted = EmailAddress::parse("email", typed)?;
    if wanted.norm == address::normalise(&at.person.email) {
        return Err(Refusal::field("email", "same", "This is the address your account has.").into());
    }
    at.require_fresh()?;
    let mut door = at.identity().await?;
    verification::allow(&mut door, &wanted.typed).await?;
    let taken = sqlx::query_scalar!("select user_id from ctx.credential($1)", wanted.norm).fetch_optional(door.db()).await?.is_some();
    let (token, now) = (Token::new(&door.moments.chance), door.now());
    let detail = json!(Wanted { email: wanted.typed.clone() });
    link::issue(door.db(), at.person.id, Purpose::AddressConfirm, &token, &detail, now).await?;
    let link = format!("{VERIFY}?token={}", token.reveal());
    let notice = if taken { Notice::AddressTaken } else { Notice::ConfirmAddress { link } };
    notice::post(&mut door, &at.state, &wanted.typed, notice).await?;
    door.commit(&SecurityEvent::AddressMailed { to: wanted.typed.clone() }).await?;
    Ok(wanted.typed)
}

/// The address that waits to be confirmed, if one does.
pub async fn waiting(door: &mut Identity, user: Uuid) -> Result<Option<String>> {
    let now = door.now();
    let detail = sqlx::query_scalar!(
        "select detail from links where user_id = $1 and purpose = 'address_confirm' and used_at is null and expires_at > $2",
        user,
        now
    );
    detail.fetch_optional(door.db()).await?.map(|detail| Ok(Wanted::of(&detail)?.email)).transpose()
}

/// Gives the account the address that the link went to.
pub(super) async fn confirm(at: &Anyone, token: &str) -> Result<()> {
    let mut door = at.identity().await?;
    let holder = link::burn(&mut door, Purpose::AddressConfirm, token).await?;
    let (user, after) = (holder.user_id, Wanted::of(&holder.detail)?.email);
    let before = sqlx::query!("select email, email_verified_at from users where id = $1 for update", user).fetch_one(door.db()).await?;
    write(&mut door, user, &after).await?;
    link::end_all(&mut door, user).await?;
    if before.email_verified_at.is_some() {
        let (token, now) = (Token::new(&door.moments.chance), door.now());
        let detail = json!(Wanted { email: before.email.clone() });
        link::issue(door.db(), user, Purpose::AddressUndo, &token, &detail, now).await?;
        let link = format!("{UNDO}?token={}", token.reveal());
        notice::post(&mut door, &at.state, &before.email, Notice::AddressChanged { after: after.clone(), link }).await?;
    }
    door.commit(&SecurityEvent::AddressChanged { before: before.email, after }).await
}

/// Puts the address back that the link went to. Whoever changed it is out: sessions and sign-ins half done end, the password
/// opens nothing until a new one is chosen, and what else was added since goes.
///
/// # Errors
/// 409 `link_gone` when the link no longer works, `address_taken` when somebody else has the address by now.
pub(super) async fn undo(at: &Anyone, token: &str) -> Result<()> {
    let mut door = at.identity().await?;
    let holder = link::burn(&mut door, Purpose::AddressUndo, token).await?;
    let (user, address) = (holder.user_id, Wanted::of(&holder.detail)?.email);
    write(&mut door, user, &address).await?;
    let now = door.now();
    let hash = Token::presented(token).map(|token| token.hash().to_vec()).unwrap_or_default();
    let since = sqlx::query_scalar!("select created_at from links where token_hash = $1", hash).fetch_one(door.db()).await?;
    expel(&mut door, user, since).await?;
    let token = Token::new(&door.moments.chance);
    link::issue(door.db(), user, Purpose::Password, &token, &json!({}), now).await?;
    let link = format!("/password/reset?token={}", token.reveal());
    notice::post(&mut door, &at.state, &address, Notice::AddressRestored { link }).await?;
    door.commit(&SecurityEvent::AddressRestored { before: holder.email, after: address }).await
}

/// Ends all that may be in a stranger's hands since then, later links to take changes back among it: those went to addresses
/// that were the stranger's.
async fn expel(door: &mut Identity, user: Uuid, since: OffsetDateTime) -> Result<()> {
    link::end_all(door, user).await?;
    sqlx::query!("delete from links where user_id = $1 and purpose = 'address_undo' and created_at > $2", user, since)
        .execute(door.db())
        .await?;
    sqlx::query!("update users set password_hash = null, password_set_at = null where id = $1", user).execute(door.db()).await?;
    sqlx::query!("delete from pending_sign_ins where user_id = $1", user).execute(door.db()).await?;
    sqlx::query!("delete from known_devices where user_id = $1 and first_seen_at >= $2", user, since).execute(door.db()).await?;
    sqlx::query!("delete from passkeys where user_id = $1 and created_at >= $2", user, since).execute(door.db()).await?;
    sqlx::query!("delete from totp_factors where user_id = $1 and created_at >= $2", user, since).execute(door.db()).await?;
    factor::note(door, user).await?;
    session::end_all(door, user).await
}

/// Writes an address that its owner has just shown to read.
async fn write(door: &mut Identity, user: Uuid, email: &str) -> Result<()> {
    let now = door.now();
    sqlx::query!(
        "update users set email = $2, email_norm = $3, email_verified_at = $4, updated_at = $4 where id = $1",
        user,
        email,
        address::normalise(email),
        now
    )
    .execute(door.db())
    .await
    .on_constraint("users_email_norm_key", || {
        Refusal::conflict("address_taken", "This address has an account of its own by now, so this account cannot have it.")
    })?;
    Ok(())
}
