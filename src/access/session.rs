//! Sessions: tower-sessions keeps the cookie and a handle; what the handle is worth stands in `user_sessions`, asked on
//! every request in the statement that loads the person: inside a publisher that is the gate's.

use super::Person;
use crate::error::Result;
use async_trait::async_trait;
use sha2::{Digest, Sha256};
use sqlx::{PgPool, postgres::types::PgInterval};
use std::{collections::HashMap, sync::Mutex};
use time::{Duration, OffsetDateTime};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::Result as StoreResult,
};
use uuid::Uuid;

/// A session ends after so long without a request …
pub const IDLE: Duration = Duration::minutes(30);
/// … and in any case after so long.
pub const ABSOLUTE: Duration = Duration::hours(12);
/// How many live sessions a person may hold; the oldest goes when there would be more.
pub const MOST: i64 = 10;

/// What the database keeps of a cookie's value: reading the table opens no session.
pub fn token_hash(id: Id) -> [u8; 32] {
    Sha256::digest(id.0.to_be_bytes()).into()
}

/// tower-sessions' store with the session id hashed at rest. A slow request can save a signed-out session's row again;
/// that revives nothing, because the row carries no authority.
#[derive(Debug, Clone)]
pub struct HashedStore<S>(pub S);

impl<S> HashedStore<S> {
    fn key(id: &Id) -> Id {
        let hash = token_hash(*id);
        let mut half = [0; 16];
        half.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        Id(i128::from_be_bytes(half))
    }
}

#[async_trait]
impl<S: SessionStore> SessionStore for HashedStore<S> {
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        // 128 random bits: nothing to look up before.
        self.save(record).await
    }

    async fn save(&self, record: &Record) -> StoreResult<()> {
        self.0.save(&Record { id: Self::key(&record.id), ..record.clone() }).await
    }

    async fn load(&self, id: &Id) -> StoreResult<Option<Record>> {
        Ok(self.0.load(&Self::key(id)).await?.map(|record| Record { id: *id, ..record }))
    }

    async fn delete(&self, id: &Id) -> StoreResult<()> {
        self.0.delete(&Self::key(id)).await
    }
}

/// Looks sessions up, and gathers when each was last seen so that no request writes.
#[derive(Debug)]
pub struct Sessions {
    pool: PgPool,
    seen: Mutex<HashMap<Uuid, OffsetDateTime>>,
    /// By person and publisher.
    members: Mutex<HashMap<(Uuid, Uuid), OffsetDateTime>>,
}

impl Sessions {
    pub fn new(pool: PgPool) -> Self {
        Sessions { pool, seen: Mutex::default(), members: Mutex::default() }
    }

    /// The person behind a cookie, if the session is alive at `now`.
    pub async fn person(&self, id: Id, now: OffsetDateTime) -> Result<Option<Person>> {
        let hash = token_hash(id);
        let found = sqlx::query_scalar!(r#"select ctx.session($1, $2) as "person""#, &hash[..], now).fetch_one(&self.pool).await?;
        let Some(found) = found else { return Ok(None) };
        let person: Person = serde_json::from_value(found).map_err(anyhow::Error::new)?;
        self.seen(person.session, now);
        Ok(Some(person))
    }

    /// Notes that a session was used.
    pub(super) fn seen(&self, session: Uuid, now: OffsetDateTime) {
        if let Ok(mut seen) = self.seen.lock() {
            seen.insert(session, now);
        }
    }

    /// Notes that a person worked in a publisher.
    pub(super) fn seen_in(&self, person: Uuid, publisher: Uuid, now: OffsetDateTime) {
        if let Ok(mut members) = self.members.lock() {
            members.insert((person, publisher), now);
        }
    }

    /// Writes what was gathered; the program calls it every few seconds and at its end.
    pub async fn flush(&self) -> Result<()> {
        let sessions = self.seen.lock().map(|mut seen| std::mem::take(&mut *seen)).unwrap_or_default();
        if !sessions.is_empty() {
            let (ids, times): (Vec<Uuid>, Vec<OffsetDateTime>) = sessions.into_iter().unzip();
            let idle = PgInterval { months: 0, days: 0, microseconds: i64::try_from(IDLE.whole_microseconds()).unwrap_or(i64::MAX) };
            sqlx::query_scalar!("select ctx.touch_sessions($1, $2, $3)", &ids, &times, idle).fetch_one(&self.pool).await?;
        }
        let members = self.members.lock().map(|mut members| std::mem::take(&mut *members)).unwrap_or_default();
        if !members.is_empty() {
            let (who, times): (Vec<(Uuid, Uuid)>, Vec<OffsetDateTime>) = members.into_iter().unzip();
            let (people, publishers): (Vec<Uuid>, Vec<Uuid>) = who.into_iter().unzip();
            sqlx::query!("select ctx.touch_members($1, $2, $3) as done", &people, &publishers, &times).fetch_one(&self.pool).await?;
        }
        Ok(())
    }
}
