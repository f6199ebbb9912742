//! Which kinds of jobs there are, what to do for each, and which come round by themselves.

use super::{Job, Outcome};
use crate::error::Result;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};
use time::{Duration, OffsetDateTime};
use tokio::sync::Semaphore;
use uuid::{Builder, Uuid};

/// How many jobs of one kind run at once: long imports must leave room for mail, a slow mail server for imports.
const EACH_KIND: usize = 3;

pub(super) type Running<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// What features want done, for a worker that hands them a `C`.
pub struct Registry<C> {
    kinds: HashMap<&'static str, Kind<C>>,
    schedule: Vec<Recurring>,
}

pub(super) struct Kind<C> {
    pub run: Box<dyn Fn(C, Job) -> Running<Outcome> + Send + Sync>,
    pub given_up: Option<GivenUp<C>>,
    pub room: Arc<Semaphore>,
}

pub(super) type GivenUp<C> = Box<dyn Fn(C, Job, Option<String>) -> Running<()> + Send + Sync>;

/// A job that comes round by itself. Time is cut into turns of equal length, counted from 1970, the same for every instance.
pub(super) struct Recurring {
    pub kind: &'static str,
    seconds: i64,
    /// The last turn this instance put into the queue.
    planned: AtomicI64,
}

impl<C> Default for Registry<C> {
    fn default() -> Self {
        Registry { kinds: HashMap::new(), schedule: Vec::new() }
    }
}

impl<C> Registry<C> {
    /// What to do for jobs of this kind. A kind has one handler.
    pub fn on<F, Fut>(&mut self, kind: &'static str, handler: F) -> &mut Self
    where
        F: Fn(C, Job) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Outcome>> + Send + 'static,
    {
        let run = Box::new(move |context, job| Box::pin(handler(context, job)) as Running<Outcome>);
        let former = self.kinds.insert(kind, Kind { run, given_up: None, room: Arc::new(Semaphore::new(EACH_KIND)) });
        debug_assert!(former.is_none(), "two handlers for {kind}");
        self
    }

    /// What to do when a job of this kind is given up, whoever gave it up: its handler, with its own reason, or the worker
    /// after the last attempt. It may be called twice.
    pub fn given_up<F, Fut>(&mut self, kind: &'static str, handler: F) -> &mut Self
    where
        F: Fn(C, Job, Option<String>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        debug_assert!(self.kinds.contains_key(kind), "no handler for {kind}");
        if let Some(entry) = self.kinds.get_mut(kind) {
            entry.given_up = Some(Box::new(move |context, job, reason| Box::pin(handler(context, job, reason)) as Running<()>));
        }
        self
    }

    /// Runs jobs of this kind once per `turn`, however many instances there are: at the first start, then whenever a turn
    /// begins. Turns nobody was there for are left out. At most 14 days, after which finished runs are forgotten.
    pub fn every(&mut self, turn: Duration, kind: &'static str) -> &mut Self {
        self.schedule.push(Recurring { kind, seconds: turn.whole_seconds().max(1), planned: AtomicI64::new(i64::MIN) });
        self
    }

    pub(super) fn kind(&self, name: &str) -> Option<&Kind<C>> {
        self.kinds.get(name)
    }

    pub(super) fn schedule(&self) -> &[Recurring] {
        &self.schedule
    }

    /// The kinds that may start another job, and how many jobs may start whichever kinds they turn out to be.
    pub(super) fn room(&self) -> (Vec<String>, usize) {
        let with_room = self.kinds.iter().map(|(kind, entry)| (kind, entry.room.available_permits())).filter(|(_, room)| *room > 0);
        let (kinds, rooms): (Vec<_>, Vec<_>) = with_room.map(|(kind, room)| ((*kind).to_owned(), room)).unzip();
        (kinds, rooms.into_iter().min().unwrap_or(0))
    }
}

impl Recurring {
    /// The run of the present turn, unless this instance has planned it: its number, the id of its job, and when it is due.
    pub fn unplanned(&self, now: OffsetDateTime) -> Option<(i64, Uuid, OffsetDateTime)> {
        let turn = now.unix_timestamp().div_euclid(self.seconds);
        if self.planned.load(Ordering::Relaxed) >= turn {
            return None;
        }
        let due = OffsetDateTime::from_unix_timestamp(turn * self.seconds).ok()?;
        Some((turn, self.id(turn), due))
    }

    pub fn planned(&self, turn: i64) {
        self.planned.fetch_max(turn, Ordering::Relaxed);
    }

    fn id(&self, turn: i64) -> Uuid {
        let hash: [u8; 32] = Sha256::digest(format!("{} {} {turn}", self.kind, self.seconds)).into();
        let (id, _) = hash.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        Builder::from_custom_bytes(*id).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn daily() -> Recurring {
        let mut registry = Registry::<()>::default();
        registry.every(Duration::days(1), "usage.count");
        registry.schedule.remove(0)
    }

    #[test]
    fn a_turn_is_planned_once_by_an_instance() {
        let (daily, noon) = (daily(), datetime!(2026-11-22 12:00 UTC));
        let (turn, _, due) = daily.unplanned(noon).unwrap();
        assert_eq!(due, datetime!(2026-11-22 00:00 UTC));
        daily.planned(turn);
        assert_eq!(daily.unplanned(noon), None);
        assert_eq!(daily.unplanned(datetime!(2026-11-22 23:59:59 UTC)), None);
        let (_, _, due) = daily.unplanned(datetime!(2026-11-23 00:00 UTC)).unwrap();
        assert_eq!(due, datetime!(2026-11-23 00:00 UTC));
    }

    #[test]
    fn two_instances_give_one_run_the_same_id_and_other_runs_others() {
        let (one, two) = (daily(), daily());
        let (morning, evening) = (datetime!(2026-11-22 06:00 UTC), datetime!(2026-11-22 18:00 UTC));
        assert_eq!(one.unplanned(morning).unwrap().1, two.unplanned(evening).unwrap().1);
        assert_ne!(one.unplanned(morning).unwrap().1, one.unplanned(datetime!(2026-11-23 06:00 UTC)).unwrap().1);
    }

    #[test]
    fn a_kind_without_room_is_left_out() {
        let mut registry = Registry::<()>::default();
        registry.on("import", |(), _| async { Ok(Outcome::Done) }).on("mail", |(), _| async { Ok(Outcome::Done) });
        let room = registry.kind("import").unwrap().room.clone();
        let one = room.clone().try_acquire_owned().unwrap();
        assert_eq!(registry.room().1, EACH_KIND - 1);
        let rest = room.try_acquire_many_owned(2).unwrap();
        assert_eq!(registry.room(), (vec!["mail".to_owned()], EACH_KIND));
        drop((one, rest));
        assert_eq!(registry.room().0.len(), 2);
    }
}
