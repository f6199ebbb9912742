//! The narrow transaction on people and credentials, which the doors outside any publisher use.

use super::state::{Request, State};
use crate::{
    audit::{self, By, SecurityEvent},
    error::{Error, Result},
    jobs::Wake,
    moments::Moments,
    web::shell::{PersonMark, initials},
};
use serde::Deserialize;
use sqlx::{Executor, PgConnection, Postgres, pool::PoolConnection};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How well a session was proved; later is stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Password,
    /// A password and a second factor.
    Mfa,
    /// A passkey with the person verified by it.
    Passkey,
}

impl Level {
    /// As `user_sessions` has it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Password => "password",
            Level::Mfa => "mfa",
            Level::Passkey => "passkey",
        }
    }
}

/// How old a proof may be for an act that asks for a fresh one.
pub const FRESH: Duration = Duration::minutes(10);

/// Somebody signed in, as their session says.
#[derive(Debug, Clone, Deserialize)]
pub struct Person {
    #[serde(rename = "id")]
    pub session: Uuid,
    #[serde(rename = "user_id")]
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub system_admin: bool,
    /// Slug of the publisher used last.
    pub last_publisher: Option<String>,
    /// What the session was proved by, at its beginning or since.
    pub level: Level,
    #[serde(with = "time::serde::rfc3339")]
    pub proved_at: OffsetDateTime,
    /// `totp` and `passkey`, as enrolled.
    pub factors: Vec<String>,
    /// Has the address been confirmed?
    pub verified: bool,
}

impl Person {
    pub fn mark(&self) -> PersonMark {
        PersonMark { name: self.name.clone(), email: self.email.clone(), initials: initials(&self.name) }
    }

    /// Refuses when the last proof is too old for a dangerous act.
    pub fn require_fresh(&self, now: OffsetDateTime) -> Result<()> {
        if now - self.proved_at > FRESH { Err(Error::FreshProof) } else { Ok(()) }
    }

    /// Refuses a session that a password alone has proved.
    pub fn require_factor(&self) -> Result<()> {
        if self.level == Level::Password { Err(Error::FactorNeeded { enrolled: !self.factors.is_empty() }) } else { Ok(()) }
    }
}

/// A transaction on users, credentials, sessions and invitations. It sees the rows of one person, or those whose hash
/// somebody shows; never a catalogue.
pub struct Identity {
    pub moments: Moments,
    pub(super) request: Request,
    person: Option<Uuid>,
    name: String,
    wake: Wake,
    conn: PoolConnection<Postgres>,
}

impl Identity {
    /// At the door: nobody yet, or somebody signed in.
    pub(super) async fn begin(state: &State, request: Request, person: Option<&Person>) -> Result<Self> {
        let mut conn = state.identity_pool().acquire().await?;
        let (scope, user) = match person {
            Some(person) => ("person", person.id.to_string()),
            None => ("door", String::new()),
        };
        let begin = format!("begin; select set_config('app.scope', '{scope}', true), set_config('app.user_id', '{user}', true)");
        conn.execute(begin.as_str()).await?;
        let name = person.map_or_else(|| "somebody at the door".to_owned(), |person| person.name.clone());
        Ok(Identity {
            moments: state.moments().clone(),
            request,
            person: person.map(|person| person.id),
            name,
            wake: state.wake().clone(),
            conn,
        })
    }

    pub fn db(&mut self) -> &mut PgConnection {
        &mut self.conn
    }

    pub fn now(&self) -> OffsetDateTime {
        self.moments.now()
    }

    pub fn new_id(&self) -> Uuid {
        self.moments.new_id()
    }

    pub fn request(&self) -> &Request {
        &self.request
    }

    pub fn by(&self) -> By {
        By { id: self.person, name: self.name.clone(), visit: None, address: self.request.address.clone() }
    }

    /// From here on the transaction speaks for this person, who has just proved to be them or has just come to exist.
    pub async fn speak_for(&mut self, user: Uuid, name: &str) -> Result<()> {
        sqlx::query_scalar!("select set_config('app.user_id', $1, true)", user.to_string()).fetch_one(&mut *self.conn).await?;
        self.person = Some(user);
        self.name = name.to_owned();
        Ok(())
    }

    /// Writes an event of the person's account without ending the transaction.
    pub async fn record(&mut self, event: &SecurityEvent) -> Result<()> {
        let (by, agent) = (self.by(), self.request.agent.clone());
        audit::write_security(&mut self.conn, &self.moments, self.person, &by, agent.as_deref(), event).await?;
        Ok(())
    }

    /// Lands a count of the throttle, which is no change to anybody's account.
    pub async fn commit_count(mut self) -> Result<()> {
        self.conn.execute("commit").await?;
        Ok(())
    }

    /// Lands the change together with its event.
    pub async fn commit(mut self, event: &SecurityEvent) -> Result<()> {
        self.record(event).await?;
        self.conn.execute("commit").await?;
        self.wake.now();
        Ok(())
    }
}
