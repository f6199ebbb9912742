//! The rows of `jobs`: every statement on them.

use super::{ATTEMPTS, Job, NewJob, in_one_line};
use crate::{clock::Chance, db::Pools, moments::Moments};
use sqlx::{PgConnection, Postgres, Transaction};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A job whose worker has not renewed its lease for so long is another worker's to take.
const LEASE: Duration = Duration::seconds(60);
const FIRST_PAUSE: Duration = Duration::seconds(10);
const LONGEST_PAUSE: Duration = Duration::hours(1);
/// Finished jobs are kept this long, for whoever asks what happened.
pub(super) const KEPT: Duration = Duration::days(14);
/// Rows deleted by one statement, well within the time limit of a statement.
const SWEPT_AT_ONCE: i64 = 5_000;

/// Puts work into the queue, as part of the caller's transaction: it is done if and only if that commits.
pub async fn enqueue(db: &mut PgConnection, at: &Moments, job: NewJob) -> sqlx::Result<Uuid> {
    let id = at.new_id();
    // Callers may insert but not read, so nothing is returned.
    sqlx::query!(
        "insert into jobs (id, kind, for_publisher, for_user, payload, run_at, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
        id,
        job.kind,
        job.for_publisher,
        job.for_user,
        job.payload,
        job.run_at,
        at.now(),
    )
    .execute(db)
    .await?;
    Ok(id)
}

/// A lease that ends before this was not renewed twice over: its worker is not there any more.
pub fn renewed(now: OffsetDateTime) -> OffsetDateTime {
    now + LEASE - 2 * super::worker::RENEW
}

/// A transaction that row security knows as the worker's.
pub(crate) async fn begin(pools: &Pools) -> sqlx::Result<Transaction<'static, Postgres>> {
    let mut work = pools.platform().begin().await?;
    sqlx::query!("select set_config('app.scope', 'worker', true)").fetch_one(&mut *work).await?;
    Ok(work)
}

/// Takes up to `room` due jobs of these kinds. Workers that ask at the same time get different ones.
pub(super) async fn lease(pools: &Pools, at: &Moments, kinds: &[String], room: usize) -> sqlx::Result<Vec<Job>> {
    let mut work = begin(pools).await?;
    let jobs = sqlx::query_as!(
        Job,
        r#"with due as materialized (
             select id from jobs
             where finished_at is null and run_at <= $1 and (locked_until is null or locked_until <= $1) and kind = any($3)
             order by run_at, id limit $4 for update skip locked
           )
           update jobs set locked_until = $2, attempts = attempts + 1 from due where jobs.id = due.id
           returning jobs.id, jobs.kind, jobs.for_publisher, jobs.for_user, jobs.payload, jobs.attempts as attempt"#,
        at.now(),
        at.now() + LEASE,
        kinds,
        i64::try_from(room).unwrap_or(i64::MAX),
    )
    .fetch_all(&mut *work)
    .await?;
    work.commit().await?;
    Ok(jobs)
}

/// Keeps a job that takes long. False when the lease was lost: somebody else has the job now.
pub(super) async fn renew(pools: &Pools, at: &Moments, job: &Job) -> sqlx::Result<bool> {
    let mut work = begin(pools).await?;
    let renewed = sqlx::query!(
        "update jobs set locked_until = $3 where id = $1 and attempts = $2 and finished_at is null",
        job.id,
        job.attempt,
        at.now() + LEASE,
    )
    .execute(&mut *work)
    .await?;
    work.commit().await?;
    Ok(renewed.rows_affected() == 1)
}

/// Ends a job for good, unless its lease was lost.
pub(super) async fn finish(pools: &Pools, at: &Moments, job: &Job, gave_up: Option<&str>) -> sqlx::Result<()> {
    let mut work = begin(pools).await?;
    sqlx::query!(
        "update jobs set finished_at = $3, locked_until = null, outcome = case when $4::text is null then 'done' else 'gave_up' end,
           last_error = coalesce($4, last_error)
         where id = $1 and attempts = $2 and finished_at is null",
        job.id,
        job.attempt,
        at.now(),
        gave_up.map(in_one_line),
    )
    .execute(&mut *work)
    .await?;
    work.commit().await
}

/// Leaves a job for another attempt, unless its lease was lost. Answers how long it waits.
pub(super) async fn retry(pools: &Pools, at: &Moments, job: &Job, reason: &str) -> sqlx::Result<Duration> {
    let pause = pause(job.attempt, &at.chance);
    let mut work = begin(pools).await?;
    sqlx::query!(
        "update jobs set run_at = $3, locked_until = null, last_error = $4 where id = $1 and attempts = $2 and finished_at is null",
        job.id,
        job.attempt,
        at.now() + pause,
        in_one_line(reason),
    )
    .execute(&mut *work)
    .await?;
    work.commit().await?;
    Ok(pause)
}

/// Puts one run of a recurring job into the queue. Its id is made from kind and time, so instances that plan the same run
/// plan it once.
pub(super) async fn plan(pools: &Pools, at: &Moments, id: Uuid, kind: &str, run_at: OffsetDateTime) -> sqlx::Result<()> {
    let mut work = begin(pools).await?;
    sqlx::query!(
        "insert into jobs (id, kind, run_at, created_at) values ($1, $2, $3, $4) on conflict (id) do nothing",
        id,
        kind,
        run_at,
        at.now(),
    )
    .execute(&mut *work)
    .await?;
    work.commit().await
}

/// Deletes what was finished long ago.
pub(super) async fn sweep(pools: &Pools, at: &Moments) -> sqlx::Result<()> {
    loop {
        let mut work = begin(pools).await?;
        let swept = sqlx::query!(
            "delete from jobs where id in (select id from jobs where finished_at < $1 limit $2)",
            at.now() - KEPT,
            SWEPT_AT_ONCE
        )
        .execute(&mut *work)
        .await?;
        work.commit().await?;
        if i64::try_from(swept.rows_affected()).unwrap_or(i64::MAX) < SWEPT_AT_ONCE {
            return Ok(());
        }
    }
}

/// The wait after a failed attempt: 10 s, 30 s, 90 s … up to an hour, shortened by up to a fifth by chance, so that jobs
/// which failed together do not come back together.
fn pause(attempt: i32, chance: &Chance) -> Duration {
    let attempt = u32::try_from(attempt.clamp(1, ATTEMPTS)).unwrap_or(1);
    let whole = (FIRST_PAUSE * 3_i32.pow(attempt - 1)).min(LONGEST_PAUSE);
    let fifth = u64::try_from(whole.whole_milliseconds() / 5).unwrap_or(0);
    whole - Duration::milliseconds(i64::try_from(chance.below(fifth)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_triple_up_to_an_hour() {
        let chance = Chance::seeded(1);
        let longest = [10, 30, 90, 270, 810, 2430, 3600, 3600];
        for (attempt, seconds) in (1..=ATTEMPTS).zip(longest) {
            for _ in 0..100 {
                let pause = pause(attempt, &chance).as_seconds_f64();
                assert!((0.8 * f64::from(seconds)..=f64::from(seconds)).contains(&pause), "attempt {attempt}: {pause} s");
            }
        }
    }

    #[test]
    fn jobs_that_failed_together_come_back_apart() {
        let chance = Chance::seeded(1);
        assert_ne!(pause(3, &chance), pause(3, &chance));
    }

    #[test]
    fn no_attempt_number_breaks_the_sum() {
        for attempt in [i32::MIN, -1, 0, 100, i32::MAX] {
            assert!(pause(attempt, &Chance::seeded(1)).is_positive());
        }
    }
}
