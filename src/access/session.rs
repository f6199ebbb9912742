//! Sessions: tower-sessions keeps the cookie and a handle; what the handle is worth stands in `user_sessions`, asked on
//! every request in the statement that loads the person: inside a publisher that is the gate's.

use super::Person;
use crate::error::Result;
use async_trait::async_trait;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use std::{collections::HashMap, hash::Hash, sync::Mutex};
use time::{Duration, OffsetDateTime};
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::Result as StoreResult,
};
use uuid::Uuid;

/// A session ends after so long without a request, a system admin's sooner …
pub const IDLE: Duration = Duration::minutes(30);
pub const IDLE_OF_SYSTEM_ADMINS: Duration = Duration::minutes(15);
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
    seen: Mutex<Gathered<Uuid>>,
    /// By person and publisher.
    members: Mutex<Gathered<(Uuid, Uuid)>>,
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

    /// Writes what was gathered; the program calls it every few seconds and at its end. What could not be written is kept
    /// for the next time.
    pub async fn flush(&self) -> Result<()> {
        let sessions = self.flush_sessions().await;
        let members = self.flush_members().await;
        sessions.and(members)
    }

    async fn flush_sessions(&self) -> Result<()> {
        let gathered = take(&self.seen);
        if gathered.is_empty() {
            return Ok(());
        }
        let (ids, times): (Vec<Uuid>, Vec<OffsetDateTime>) = gathered.iter().map(|(id, seen)| (*id, *seen)).unzip();
        let written = sqlx::query_scalar!("select ctx.touch_sessions($1, $2)", &ids, &times).fetch_one(&self.pool).await;
        if written.is_err() {
            keep(&self.seen, gathered);
        }
        written?;
        Ok(())
    }

    /// A membership that a long change holds is passed over, and kept too.
    async fn flush_members(&self) -> Result<()> {
        let mut gathered = take(&self.members);
        if gathered.is_empty() {
            return Ok(());
        }
        let (who, times): (Vec<(Uuid, Uuid)>, Vec<OffsetDateTime>) = gathered.iter().map(|(who, seen)| (*who, *seen)).unzip();
        let (people, publishers): (Vec<Uuid>, Vec<Uuid>) = who.into_iter().unzip();
        let held = sqlx::query!(
            r#"select held_user as "person!", held_publisher as "publisher!" from ctx.touch_members($1, $2, $3)"#,
            &people,
            &publishers,
            &times
        )
        .fetch_all(&self.pool)
        .await;
        if let Ok(held) = &held {
            gathered.retain(|who, _| held.iter().any(|row| (row.person, row.publisher) == *who));
        }
        keep(&self.members, gathered);
        held?;
        Ok(())
    }
}

type Gathered<K> = HashMap<K, OffsetDateTime>;

fn take<K>(gathered: &Mutex<Gathered<K>>) -> Gathered<K> {
    gathered.lock().map(|mut gathered| std::mem::take(&mut *gathered)).unwrap_or_default()
}

/// Puts times back. Where something was seen again meanwhile, the later time stays.
fn keep<K: Eq + Hash>(gathered: &Mutex<Gathered<K>>, times: Gathered<K>) {
    let Ok(mut gathered) = gathered.lock() else { return };
    for (key, seen) in times {
        gathered.entry(key).and_modify(|later| *later = seen.max(*later)).or_insert(seen);
    }
}
