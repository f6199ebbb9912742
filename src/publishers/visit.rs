//! Visits: a system admin enters a publisher with a reason and an end, seen by its people in their own trail.

use crate::{
    access::System,
    audit::{Entry, SecurityEvent},
    error::{Error, Refusal, Result},
    standards::characters,
};
use serde::Deserialize;
use time::Duration;
use uuid::Uuid;

/// How long a visit lasts.
pub const LENGTH: Duration = Duration::minutes(60);

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewVisit {
    pub reason: String,
    /// "true" when the visitor asks to change things.
    pub may_write: String,
    pub next: String,
}

/// A publisher at whose door a system admin stands.
pub struct Host {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
}

pub async fn host<P>(at: &mut System<P>, slug: &str) -> Result<Host> {
    let host = sqlx::query_as!(Host, "select id, slug, name from publishers where slug = $1", slug).fetch_optional(at.db()).await?;
    host.ok_or(Error::NotFound)
}

/// Begins a visit; one already going on ends.
///
/// # Errors
/// A refusal at `reason` when it says too little: the publisher's people will read it.
pub async fn start<P>(mut at: System<P>, host: &Host, form: &NewVisit) -> Result<()> {
    let reason = match characters::clean(&form.reason) {
        Ok(reason) if reason.chars().count() < 8 => {
            return Err(Refusal::field("reason", "required", "Say why, in a few words. The publisher's admins will read it.").into());
        }
        Ok(reason) if reason.chars().count() > 200 => {
            return Err(Refusal::field("reason", "too_long", "Use at most 200 characters.").into());
        }
        Ok(reason) => reason,
        Err(why) => return Err(Refusal::field("reason", "characters", why.to_string()).into()),
    };
    let may_write = form.may_write == "true";
    at.point_at(host.id).await?;
    let (id, now, user) = (at.new_id(), at.now(), at.person.id);
    // One that had run out by itself needs no word in the trail.
    let before = sqlx::query!(
        r#"update visits set ended_at = least($3, ends_at) where publisher_id = $1 and user_id = $2 and ended_at is null
           returning id, ends_at > $3 as "was_on!""#,
        host.id,
        user,
        now
    )
    .fetch_all(at.db())
    .await?;
    for visit in before.into_iter().filter(|visit| visit.was_on) {
        at.record(host.id, &Entry::VisitEnded { visit: visit.id }).await?;
    }
    sqlx::query!(
        "insert into visits (publisher_id, id, user_id, reason, may_write, started_at, ends_at) values ($1, $2, $3, $4, $5, $6, $7)",
        host.id,
        id,
        user,
        reason,
        may_write,
        now,
        now + LENGTH
    )
    .execute(at.db())
    .await?;
    at.record(host.id, &Entry::VisitStarted { visit: id, reason: reason.clone(), may_write }).await?;
    at.commit(&SecurityEvent::VisitStarted { publisher: host.slug.clone(), reason }).await
}

/// Ends the visits of this person to the publisher.
pub async fn end<P>(mut at: System<P>, host: &Host) -> Result<()> {
    at.point_at(host.id).await?;
    let (now, user) = (at.now(), at.person.id);
    let ended = sqlx::query_scalar!(
        "update visits set ended_at = $3 where publisher_id = $1 and user_id = $2 and ended_at is null and ends_at > $3 returning id",
        host.id,
        user,
        now
    )
    .fetch_all(at.db())
    .await?;
    for visit in ended {
        at.record(host.id, &Entry::VisitEnded { visit }).await?;
    }
    at.commit(&SecurityEvent::VisitEnded { publisher: host.slug.clone() }).await
}
