//! What somebody at the door has mailed to an address they name. A job does it, so that the answer at the door is the same,
//! and takes as long, whether anybody has the address or not.

use super::notice::{self, Notice};
use crate::{
    access::{Identity, State, identity_for_job},
    audit::SecurityEvent,
    error::Result,
    jobs::{self, Job, NewJob, Outcome, Registry},
    secret::Token,
    sign_in::link::{self, Purpose},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// Mails a link that sets the password.
pub(super) const PASSWORD_LINK: &str = "sign_in.password_link";
/// Mails a link that ends the wait of an account that is held.
pub(super) const UNLOCK_LINK: &str = "sign_in.unlock_link";

/// Who was named, by whom.
#[derive(Serialize, Deserialize)]
struct Asked {
    email_norm: String,
    address: Option<String>,
    agent: Option<String>,
}

pub fn jobs(registry: &mut Registry<State>) {
    registry.on(PASSWORD_LINK, |state: State, job: Job| async move { mail(&state, &job, Purpose::Password).await });
    registry.on(UNLOCK_LINK, |state: State, job: Job| async move { mail(&state, &job, Purpose::Unlock).await });
}

/// Enqueues the mail, as part of the caller's transaction.
pub(super) async fn enqueue(door: &mut Identity, kind: &'static str, email_norm: &str) -> Result<()> {
    let (address, agent) = (door.request().address.clone(), door.request().agent.clone());
    let payload = json!(Asked { email_norm: email_norm.to_owned(), address, agent });
    let moments = door.moments.clone();
    let run_at = door.now();
    jobs::enqueue(door.db(), &moments, NewJob { kind, for_publisher: None, for_user: None, payload, run_at }).await?;
    Ok(())
}

async fn mail(state: &State, job: &Job, purpose: Purpose) -> Result<Outcome> {
    let asked: Asked = job.read()?;
    let mut door = identity_for_job(state, asked.address, asked.agent).await?;
    let Some((user, email)) = owner(&mut door, &asked.email_norm).await? else { return Ok(Outcome::Done) };
    let (token, now) = (Token::new(&door.moments.chance), door.now());
    link::issue(door.db(), user, purpose, &token, &json!({}), now).await?;
    let (notice, event) = match purpose {
        Purpose::Unlock => {
            (Notice::AccountLocked { link: format!("/sign-in/unlock?token={}", token.reveal()) }, SecurityEvent::AccountLocked)
        }
        _ => (Notice::PasswordLink { link: format!("/password/reset?token={}", token.reveal()) }, SecurityEvent::PasswordLinkSent),
    };
    notice::post(&mut door, state, &email, notice).await?;
    door.commit(&event).await?;
    Ok(Outcome::Done)
}

/// Whoever has the address, and the address as they write it. The transaction then speaks for them.
async fn owner(door: &mut Identity, email_norm: &str) -> Result<Option<(Uuid, String)>> {
    let known = sqlx::query_scalar!(r#"select user_id as "user_id!" from ctx.credential($1) where status = 'active'"#, email_norm);
    let Some(user) = known.fetch_optional(door.db()).await? else { return Ok(None) };
    door.speak_for(user, "").await?;
    let person = sqlx::query!("select email, full_name from users where id = $1", user).fetch_one(door.db()).await?;
    door.speak_for(user, &person.full_name).await?;
    Ok(Some((user, person.email)))
}
