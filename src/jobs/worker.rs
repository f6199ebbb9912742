//! The worker: takes due jobs, runs a few at once, and writes down how each ended.

use super::{Job, Outcome, Registry, queue, words};
use crate::{db::Pools, error::Result, moments::Moments};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, watch},
    task::{JoinError, JoinSet},
    time::{MissedTickBehavior, interval, sleep},
};
use tracing::Instrument;

/// How many jobs run at once, whatever their kinds.
const AT_ONCE: usize = 8;
/// How long a due job waits at most for an idle worker.
const LOOK: Duration = Duration::from_secs(1);
/// The same while the database is away.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Three renewals may fail before the lease runs out.
pub(super) const RENEW: Duration = Duration::from_secs(15);
const SWEEP: &str = "jobs.sweep";

/// Tells an idle worker of this instance that there is work, so that it need not wait for its next look.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// To be called after a commit; called too often it does no harm.
    pub fn now(&self) {
        self.0.notify_one();
    }
}

/// Does the jobs of a registry. Clones are the same worker.
pub struct Worker<C>(Arc<Inner<C>>);

struct Inner<C> {
    pools: Pools,
    moments: Moments,
    registry: Registry<C>,
    context: C,
    wake: Wake,
}

impl<C> Clone for Worker<C> {
    fn clone(&self) -> Self {
        Worker(self.0.clone())
    }
}

impl<C: Clone + Send + Sync + 'static> Worker<C> {
    /// `context` is what each handler gets a clone of.
    pub fn new(pools: Pools, moments: Moments, mut registry: Registry<C>, context: C, wake: Wake) -> Self {
        let (sweeping, at) = (pools.clone(), moments.clone());
        registry.every(time::Duration::days(1), SWEEP).on(SWEEP, move |_, _| {
            let (pools, at) = (sweeping.clone(), at.clone());
            async move { Ok(queue::sweep(&pools, &at).await.map(|()| Outcome::Done)?) }
        });
        Worker(Arc::new(Inner { pools, moments, registry, context, wake }))
    }

    /// Works until `stop` turns true (or its sender is gone), then lets running jobs end.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut running = JoinSet::new();
        loop {
            while running.try_join_next().is_some() {}
            let pause = match self.start_due(&mut running).await {
                Ok(0) => LOOK,
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(error = words(&error), "the queue of jobs cannot be read");
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                () = self.0.wake.0.notified() => {}
                Some(_) = running.join_next() => {}
                () = sleep(pause) => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Runs what is due now, and what that makes due, until nothing is; answers how many jobs that were. For tests and for
    /// commands that end.
    pub async fn run_due(&self) -> Result<usize> {
        let mut total = 0;
        loop {
            let mut running = JoinSet::new();
            let started = self.start_due(&mut running).await?;
            if started == 0 {
                return Ok(total);
            }
            total += started;
            while running.join_next().await.is_some() {}
        }
    }

    /// Starts as many due jobs as there is room for; answers how many.
    async fn start_due(&self, running: &mut JoinSet<()>) -> Result<usize> {
        let Inner { pools, moments, registry, .. } = &*self.0;
        for recurring in registry.schedule() {
            if let Some((turn, id, due)) = recurring.unplanned(moments.now()) {
                queue::plan(pools, moments, id, recurring.kind, due).await?;
                recurring.planned(turn);
            }
        }
        let (kinds, room) = registry.room();
        let room = room.min(AT_ONCE.saturating_sub(running.len()));
        if room == 0 {
            return Ok(0);
        }
        let jobs = queue::lease(pools, moments, &kinds, room).await?;
        let started = jobs.len();
        for job in jobs {
            let permit = registry.kind(&job.kind).and_then(|kind| kind.room.clone().try_acquire_owned().ok());
            let worker = self.clone();
            running.spawn(async move {
                worker.attempt(job).await;
                drop(permit);
            });
        }
        Ok(started)
    }

    /// One attempt at one job, from lease to outcome.
    async fn attempt(&self, job: Job) {
        let span = tracing::info_span!("job", kind = job.kind, id = %job.id, attempt = job.attempt, publisher = ?job.for_publisher);
        let outcome = self.outcome(&job).instrument(span.clone()).await;
        let Some(outcome) = outcome else { return };
        // When this fails the lease runs out and the job comes again.
        if let Err(error) = self.settle(&job, outcome).instrument(span.clone()).await {
            span.in_scope(|| tracing::warn!(error = words(&error), "the end of a job was not written down"));
        }
    }

    /// Runs the handler and keeps the lease meanwhile. None when the lease was lost: another worker has the job.
    async fn outcome(&self, job: &Job) -> Option<Outcome> {
        let Inner { pools, moments, registry, context, .. } = &*self.0;
        if job.attempt > super::ATTEMPTS {
            return Some(Outcome::Retry { reason: "each attempt ended with the worker".into() });
        }
        let handler = registry.kind(&job.kind)?;
        // A task of its own, so that a panic ends the attempt and not the worker.
        let mut handling = tokio::spawn((handler.run)(context.clone(), job.clone()).in_current_span());
        let mut renewal = interval(RENEW);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        renewal.reset();
        loop {
            tokio::select! {
                ended = &mut handling => return Some(outcome_of(ended)),
                _ = renewal.tick() => match queue::renew(pools, moments, job).await {
                    Ok(true) => {}
                    Ok(false) => {
                        tracing::warn!("the lease was lost; another worker has the job");
                        handling.abort();
                        return None;
                    }
                    Err(error) => tracing::warn!(%error, "the lease was not renewed"),
                },
            }
        }
    }

    async fn settle(&self, job: &Job, outcome: Outcome) -> Result<()> {
        let Inner { pools, moments, .. } = &*self.0;
        match outcome {
            Outcome::Done => {
                queue::finish(pools, moments, job, None).await?;
                tracing::debug!("done");
            }
            Outcome::Retry { reason } if !job.is_last_attempt() => {
                let pause = queue::retry(pools, moments, job, &reason).await?;
                tracing::warn!(reason, pause = %pause, "failed; will be tried again");
            }
            Outcome::Retry { reason } => self.give_up(job, &reason, None).await?,
            Outcome::GiveUp { reason } => self.give_up(job, &reason, Some(reason.clone())).await?,
        }
        Ok(())
    }

    /// Its kind hears of it first: when the worker dies in between, both come again.
    async fn give_up(&self, job: &Job, reason: &str, own_words: Option<String>) -> Result<()> {
        let Inner { pools, moments, registry, context, .. } = &*self.0;
        if let Some(given_up) = registry.kind(&job.kind).and_then(|kind| kind.given_up.as_ref())
            && let Err(error) = given_up(context.clone(), job.clone(), own_words).await
        {
            tracing::error!(error = words(&error), "nobody was told that the job is given up");
        }
        queue::finish(pools, moments, job, Some(reason)).await?;
        tracing::error!(reason, "given up");
        Ok(())
    }
}

fn outcome_of(ended: Result<Result<Outcome>, JoinError>) -> Outcome {
    match ended {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Outcome::Retry { reason: words(&error) },
        Err(ended) if ended.is_panic() => Outcome::Retry { reason: "the program panicked; its log says where".into() },
        Err(_) => Outcome::Retry { reason: "the attempt was cut off".into() },
    }
}
