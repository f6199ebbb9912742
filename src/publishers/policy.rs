//! What a publisher asks of its members' sign-in: a second factor, and sessions shorter than ours.

use crate::{
    access::{Tenant, Write, permission::PublisherSettings},
    audit::Entry,
    error::{Refusal, Result},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::postgres::types::PgInterval;

/// Minutes without a request, and hours in all, after which a session may be made to end. Nobody can ask for more than
/// Ledgerline's own half hour and twelve hours.
pub const IDLE: &[(&str, &str)] = &[("", "30 minutes, as everywhere"), ("15", "15 minutes"), ("10", "10 minutes"), ("5", "5 minutes")];
pub const LENGTH: &[(&str, &str)] =
    &[("", "12 hours, as everywhere"), ("8", "8 hours"), ("4", "4 hours"), ("2", "2 hours"), ("1", "1 hour")];

/// The policy, as a form has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// `true` or empty.
    pub mfa_required: String,
    /// Minutes; empty for ours.
    pub session_idle: String,
    /// Hours; empty for ours.
    pub session_length: String,
}

impl Policy {
    pub fn mfa(&self) -> bool {
        self.mfa_required == "true"
    }

    /// For the trail.
    fn told(&self) -> Value {
        json!({ "mfa_required": self.mfa(), "session_idle_minutes": self.session_idle, "session_length_hours": self.session_length })
    }

    /// # Errors
    /// A refusal at each field at fault.
    pub fn check(&self) -> Result<()> {
        let mut checks = Refusal::checks();
        for (field, typed, known) in [("session_idle", &self.session_idle, IDLE), ("session_length", &self.session_length, LENGTH)] {
            if !known.iter().any(|(key, _)| key == typed) {
                checks.add(field, "unknown", "Choose one of these.");
            }
        }
        checks.or(())
    }
}

/// The policy in force.
pub async fn policy(at: &mut Tenant) -> Result<Policy> {
    let publisher = at.publisher.id;
    let row = sqlx::query!(
        r#"select mfa_required, (extract(epoch from session_idle) / 60)::int::text as idle, (extract(epoch from session_length) / 3600)::int::text as length
             from publishers where id = $1"#,
        publisher
    )
    .fetch_one(at.db())
    .await?;
    Ok(Policy {
        mfa_required: if row.mfa_required { "true".into() } else { String::new() },
        session_idle: row.idle.unwrap_or_default(),
        session_length: row.length.unwrap_or_default(),
    })
}

/// Members who could sign in here with nothing but a password, and how many members there are.
pub struct Lacking {
    pub without: i64,
    pub members: i64,
}

/// Who would be led to set up a second factor.
pub async fn lacking(at: &mut Tenant) -> Result<Lacking> {
    let publisher = at.publisher.id;
    let counted = sqlx::query_as!(
        Lacking,
        r#"select count(*) filter (where u.factors = '{}') as "without!", count(*) as "members!"
             from user_publishers m join users u on u.id = m.user_id where m.publisher_id = $1 and m.status = 'active'"#,
        publisher
    );
    Ok(counted.fetch_one(at.db()).await?)
}

/// Puts a checked policy in force. Live sessions obey a stricter one at once. Answers false when nothing changes.
pub async fn save(mut at: Write<PublisherSettings>, policy: &Policy) -> Result<bool> {
    let before = self::policy(&mut at).await?;
    let same = before.mfa() == policy.mfa() && before.session_idle == policy.session_idle && before.session_length == policy.session_length;
    if same {
        return Ok(false);
    }
    let (publisher, now) = (at.publisher.id, at.now());
    sqlx::query!(
        "update publishers set mfa_required = $2, session_idle = $3, session_length = $4, updated_at = $5 where id = $1",
        publisher,
        policy.mfa(),
        minutes(&policy.session_idle, 1),
        minutes(&policy.session_length, 60),
        now
    )
    .execute(at.db())
    .await?;
    sqlx::query_scalar!("select ctx.tighten_sessions()").fetch_one(at.db()).await?;
    let name = at.publisher.name.clone();
    at.commit(Entry::SecurityPolicyChanged { publisher, name, before: before.told(), after: policy.told() }).await?;
    Ok(true)
}

fn minutes(typed: &str, each: i64) -> Option<PgInterval> {
    let minutes = typed.parse::<i64>().ok()? * each;
    Some(PgInterval { months: 0, days: 0, microseconds: minutes * 60_000_000 })
}
