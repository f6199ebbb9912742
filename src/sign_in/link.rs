//! Links that people get by mail: each for one purpose, for one use, for a while, and kept as a hash. Opening one changes
//! nothing, because mail scanners open links too; the button on its page does.

use crate::{
    access::Identity,
    error::{Refusal, Result},
    secret::Token,
};
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Sets the password.
    Password,
    /// Confirms the address the person has.
    Verify,
    /// Lifts the delay that failed sign-ins have brought.
    Unlock,
    /// Confirms the address the person wants to have.
    AddressConfirm,
    /// Takes a change of address back.
    AddressUndo,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::Password => "password",
            Purpose::Verify => "verify",
            Purpose::Unlock => "unlock",
            Purpose::AddressConfirm => "address_confirm",
            Purpose::AddressUndo => "address_undo",
        }
    }

    /// How long a link works.
    pub fn life(self) -> Duration {
        match self {
            Purpose::Password | Purpose::Unlock => Duration::minutes(30),
            Purpose::Verify | Purpose::AddressConfirm => Duration::hours(24),
            Purpose::AddressUndo => Duration::hours(72),
        }
    }
}

/// The person a live link belongs to.
#[derive(Debug, Clone, Deserialize)]
pub struct Holder {
    pub user_id: Uuid,
    pub email: String,
    pub name: String,
    pub system_admin: bool,
    /// What the link's purpose needs to know.
    pub detail: Value,
}

/// Writes a new link for a person; the caller commits, then shows or sends the token. The newest of a purpose is the only one,
/// save that each change of address can be taken back by its own.
pub async fn issue(
    db: &mut PgConnection,
    user: Uuid,
    purpose: Purpose,
    token: &Token,
    detail: &Value,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    // One at a time for each person, or two at once would leave two links.
    sqlx::query_scalar!("select id from users where id = $1 for no key update", user).fetch_one(&mut *db).await?;
    sqlx::query!(
        "delete from links where user_id = $1 and purpose = $2 and ($2 <> 'address_undo' or expires_at <= $3)",
        user,
        purpose.name(),
        now
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into links (token_hash, user_id, purpose, detail, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)",
        &token.hash()[..],
        user,
        purpose.name(),
        detail,
        now,
        now + purpose.life()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Who shows this link? None when it is unknown, used or too old. The transaction then speaks for them.
pub async fn holder(at: &mut Identity, purpose: Purpose, token: &str) -> Result<Option<Holder>> {
    let Some(token) = Token::presented(token) else { return Ok(None) };
    let now = at.now();
    let found = sqlx::query_scalar!(r#"select ctx.enter_link($1, $2, $3) as "holder""#, &token.hash()[..], purpose.name(), now)
        .fetch_one(at.db())
        .await?;
    let holder: Option<Holder> = found.map(serde_json::from_value).transpose().map_err(anyhow::Error::new)?;
    if let Some(holder) = &holder {
        at.speak_for(holder.user_id, &holder.name).await?;
    }
    Ok(holder)
}

/// Uses a link up: of many at once, one gets its holder.
///
/// # Errors
/// 409 `link_gone` when it no longer works.
pub async fn burn(at: &mut Identity, purpose: Purpose, token: &str) -> Result<Holder> {
    let holder = holder(at, purpose, token).await?.ok_or_else(gone)?;
    let (hash, now) = (Token::presented(token).map(|token| token.hash().to_vec()).unwrap_or_default(), at.now());
    let won = sqlx::query!("update links set used_at = $2 where token_hash = $1 and used_at is null", hash, now);
    if won.execute(at.db()).await?.rows_affected() == 0 {
        return Err(gone().into());
    }
    Ok(holder)
}

/// What somebody is told whose link no longer works.
pub fn gone() -> Refusal {
    Refusal::conflict("link_gone", "This link has been used or is too old. Ask for a new one.")
}

/// Ends every link of the person but those that take changes of address back: they went to a mailbox, or stood on a password,
/// that no longer counts.
pub async fn end_all(at: &mut Identity, user: Uuid) -> Result<()> {
    sqlx::query!("delete from links where user_id = $1 and used_at is null and purpose <> 'address_undo'", user).execute(at.db()).await?;
    Ok(())
}
