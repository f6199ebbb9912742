//! What an admin may do about a member's way of signing in: end their sessions, have their second factor reset.

use super::{
    grant::Choices,
    member::{self, Member},
};
use crate::{
    access::{State, Tenant, Write, enter_for_job, permission::MembersUpdate},
    audit::{Entry, SecurityEvent},
    error::{Error, Refusal, Result},
    jobs::{self, Job, NewJob, Outcome, Registry},
    sign_in::notice::{self, Notice},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

const RESET: &str = "members.reset_factors";

#[derive(Serialize, Deserialize)]
struct Payload {
    reset: Uuid,
    member: Uuid,
}

pub fn jobs(registry: &mut Registry<State>) {
    registry.on(RESET, run);
}

/// "Olga Berg of Northlight": who does this, as the member reads it.
fn by(at: &Tenant) -> String {
    format!("{} of {}", at.person.name, at.publisher.name)
}

/// Ends every session of a member, who is told.
///
/// # Errors
/// Those of [`member::may_change`], or `no_sessions`.
pub async fn end_sessions(at: &mut Write<MembersUpdate>, state: &State, member: &Member, choices: &Choices) -> Result<Entry> {
    member::may_change(at, member, choices)?;
    let now = at.now();
    let ended = sqlx::query_scalar!(r#"select ctx.end_sessions($1, $2) as "ended!""#, member.id, now).fetch_one(at.db()).await?;
    if ended == 0 {
        return Err(Refusal::conflict("no_sessions", format!("{} is not signed in anywhere.", member.name)).into());
    }
    let notice = Notice::SessionsEnded { by: by(at) };
    notice::post_in(at, state, &member.email, notice).await?;
    let event = SecurityEvent::SessionsEndedByAdmin { publisher: at.publisher.slug.clone() };
    at.record_about(member.id, &event).await?;
    Ok(Entry::SessionsEnded { member: member.id, name: member.name.clone() })
}

/// When a member's factors will be taken away, if somebody here has asked for it.
pub async fn reset_due(at: &mut Tenant, member: Uuid) -> Result<Option<OffsetDateTime>> {
    let due =
        sqlx::query_scalar!("select due_at from factor_resets where user_id = $1 and done_at is null and withdrawn_at is null", member);
    Ok(due.fetch_optional(at.db()).await?)
}

/// Asks for a member's factors to be taken away. Answers when that will be done, or none when it is done: at once
/// for most, in a day for whoever is an
/// admin or belongs to another publisher too. The member is told either way, and may stop what is not done yet.
///
/// # Errors
/// Those of [`member::may_change`], `no_factor`, or `reset_refused`.
pub async fn ask_reset(
    at: &mut Write<MembersUpdate>,
    state: &State,
    member: &Member,
    choices: &Choices,
) -> Result<(Entry, Option<OffsetDateTime>)> {
    member::may_change(at, member, choices)?;
    if member.factors.is_empty() {
        return Err(Refusal::conflict("no_factor", format!("{} has no second factor.", member.name)).into());
    }
    let (id, now, by) = (at.new_id(), at.now(), by(at));
    let due = sqlx::query_scalar!("select ctx.ask_factor_reset($1, $2, $3)", id, member.id, now).fetch_one(at.db()).await?;
    let Some(due) = due else {
        let words = format!("A reset for {} is under way already, or theirs is for Ledgerline's support to do.", member.name);
        return Err(Refusal::conflict("reset_refused", words).into());
    };
    if due <= now {
        reset(at, state, id, &member.email, member.id, by).await?;
        return Ok((Entry::FactorsReset { member: member.id, name: member.name.clone() }, None));
    }
    notice::post_in(at, state, &member.email, Notice::FactorResetAsked { by }).await?;
    let event = SecurityEvent::FactorResetAsked { publisher: at.publisher.slug.clone() };
    at.record_about(member.id, &event).await?;
    let payload = serde_json::to_value(Payload { reset: id, member: member.id }).map_err(anyhow::Error::new)?;
    let (publisher, user, moments) = (at.publisher.id, at.person.id, at.moments.clone());
    let job = NewJob { kind: RESET, for_publisher: Some(publisher), for_user: Some(user), payload, run_at: due };
    jobs::enqueue(at.db(), &moments, job).await?;
    Ok((Entry::FactorResetAsked { member: member.id, name: member.name.clone() }, Some(due)))
}

/// Takes the factors away and tells the member. False when it was stopped, or is not due.
async fn reset(at: &mut Write<MembersUpdate>, state: &State, reset: Uuid, email: &str, member: Uuid, by: String) -> Result<bool> {
    let now = at.now();
    if !sqlx::query_scalar!(r#"select ctx.reset_factors($1, $2) as "done!""#, reset, now).fetch_one(at.db()).await? {
        return Ok(false);
    }
    notice::post_in(at, state, email, Notice::FactorsReset { by }).await?;
    let event = SecurityEvent::FactorsReset { publisher: at.publisher.slug.clone() };
    at.record_about(member, &event).await?;
    Ok(true)
}

/// Does, when its day has passed, what was asked for, with the rights that whoever asked still has.
async fn run(state: State, job: Job) -> Result<Outcome> {
    let Payload { reset, member } = job.read()?;
    let (publisher, user) = job.for_publisher.zip(job.for_user).ok_or_else(|| anyhow::anyhow!("a reset names its publisher and person"))?;
    let mut at = match enter_for_job::<MembersUpdate>(&state, publisher, user).await {
        Ok(at) => at,
        Err(Error::NotFound | Error::Forbidden(_)) => return Ok(Outcome::GiveUp { reason: "whoever asked may no longer do it".into() }),
        Err(error) => return Err(error),
    };
    let member = member::member(&mut at, member).await?;
    let by = by(&at);
    if self::reset(at.as_write(), &state, reset, &member.email, member.id, by).await? {
        at.commit(Entry::FactorsReset { member: member.id, name: member.name }).await?;
    }
    Ok(Outcome::Done)
}
