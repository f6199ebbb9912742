//! Whether the address is the person's own: they use a link that went there.

use crate::{
    access::{Anyone, Identity, SignedIn, State},
    audit::SecurityEvent,
    error::{Error, Refusal, Result},
    secret::Token,
    sign_in::{
        address,
        link::{self, Purpose},
        notice::{self, Notice},
        throttle,
    },
};
use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

/// Where a link is confirmed, whichever address it went to.
pub(super) const VERIFY: &str = "/verify-email";

/// Mails the first link, at a sign-in of somebody who has not confirmed their address and has no link that still works.
pub async fn begin(door: &mut Identity, state: &State, user: Uuid, email: &str) -> Result<()> {
    let now = door.now();
    let waiting = sqlx::query_scalar!(
        "select from links where user_id = $1 and purpose in ('verify', 'address_confirm') and used_at is null and expires_at > $2",
        user,
        now
    );
    if waiting.fetch_optional(door.db()).await?.is_none() {
        send(door, state, user, email).await?;
        door.record(&SecurityEvent::AddressMailed { to: email.to_owned() }).await?;
    }
    Ok(())
}

async fn send(door: &mut Identity, state: &State, user: Uuid, email: &str) -> Result<()> {
    let (token, now) = (Token::new(&door.moments.chance), door.now());
    link::issue(door.db(), user, Purpose::Verify, &token, &json!({}), now).await?;
    notice::post(door, state, email, Notice::VerifyAddress { link: format!("{VERIFY}?token={}", token.reveal()) }).await
}

/// Mails a new link to the address the account has.
///
/// # Errors
/// 429 after three in an hour.
pub async fn send_again(at: &SignedIn) -> Result<()> {
    let mut door = at.identity().await?;
    allow(&mut door, &at.person.email).await?;
    send(&mut door, &at.state, at.person.id, &at.person.email).await?;
    door.commit(&SecurityEvent::AddressMailed { to: at.person.email.clone() }).await
}

/// Counts a mail to an address, and one from this source.
///
/// # Errors
/// 429 after too many within an hour.
pub(super) async fn allow(door: &mut Identity, email: &str) -> Result<()> {
    let source = throttle::mails_from(door.request().address.as_deref());
    for key in [source, throttle::mails_to(&address::normalise(email))] {
        if throttle::take(door, &key).await?.is_some() {
            let words =
                "That was a lot of mail. Look for the newest, also among what your mail program takes for junk, or come back in an hour.";
            return Err(Refusal { status: StatusCode::TOO_MANY_REQUESTS, ..Refusal::rule("throttled", words) }.into());
        }
    }
    Ok(())
}

/// Confirms the address that the link went to.
///
/// # Errors
/// 409 `link_gone` when it no longer works.
pub async fn confirm(at: &Anyone, token: &str) -> Result<()> {
    let mut door = at.identity().await?;
    match link::burn(&mut door, Purpose::Verify, token).await {
        Ok(holder) => {
            let now = door.now();
            sqlx::query!("update users set email_verified_at = $2, updated_at = $2 where id = $1", holder.user_id, now)
                .execute(door.db())
                .await?;
            door.commit(&SecurityEvent::AddressVerified).await
        }
        Err(Error::Refused(_)) => super::change::confirm(at, token).await,
        Err(error) => Err(error),
    }
}
