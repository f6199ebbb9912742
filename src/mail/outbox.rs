//! The rows of `outbox`: every statement on them.

use super::{Mail, deliver};
use crate::{
    db::Pools,
    error::Result,
    jobs::{self, Job, NewJob, in_one_line},
    moments::Moments,
    secret::SecretKey,
};
use sqlx::PgConnection;
use time::Duration;
use uuid::Uuid;

const PURPOSE: &str = "outbox";
/// What went out, and to whom, is forgotten after this long.
const KEPT: Duration = Duration::days(90);

/// Puts a mail into the outbox, as part of the caller's transaction: it goes out if and only if that commits. Answers the id
/// of its row, where the state of the delivery can be read.
pub async fn post(db: &mut PgConnection, at: &Moments, secret: &SecretKey, for_publisher: Option<Uuid>, mail: &Mail) -> Result<Uuid> {
    let mail = mail.checked()?;
    let id = at.new_id();
    // The address is sealed too: who can write to the table still cannot send somebody's link elsewhere.
    let sealed = secret.seal(&at.chance, PURPOSE, id.as_bytes(), &serde_json::to_vec(&mail).map_err(anyhow::Error::new)?);
    sqlx::query!(
        "insert into outbox (id, for_publisher, to_address, subject, sealed, created_at) values ($1, $2, $3, $4, $5, $6)",
        id,
        for_publisher,
        mail.to,
        mail.subject,
        sealed,
        at.now(),
    )
    .execute(&mut *db)
    .await?;
    let payload = deliver::payload(id);
    jobs::enqueue(db, at, NewJob { kind: deliver::DELIVER, for_publisher, for_user: None, payload, run_at: at.now() }).await?;
    Ok(id)
}

/// How many mails have not gone out yet.
pub async fn waiting(pools: &Pools) -> Result<i64> {
    let mut work = jobs::begin(pools).await?;
    let waiting = sqlx::query_scalar!(r#"select count(*) as "count!" from outbox where state = 'queued'"#).fetch_one(&mut *work).await?;
    Ok(waiting)
}

/// Opens a row for this attempt of its job, or nothing when the mail has gone out or a later attempt has it.
pub(super) async fn open(pools: &Pools, secret: &SecretKey, id: Uuid, job: &Job) -> Result<Option<anyhow::Result<Mail>>> {
    let mut work = jobs::begin(pools).await?;
    let row = sqlx::query!(
        "update outbox set attempts = $2 where id = $1 and state = 'queued' and attempts < $2 returning sealed",
        id,
        job.attempt,
    )
    .fetch_optional(&mut *work)
    .await?;
    work.commit().await?;
    Ok(row.map(|row| {
        let plain = secret.open(PURPOSE, id.as_bytes(), &row.sealed.unwrap_or_default())?;
        Ok(serde_json::from_slice(&plain)?)
    }))
}

/// The mail is out. What it said is wiped.
pub(super) async fn sent(pools: &Pools, at: &Moments, id: Uuid) -> Result<()> {
    let mut work = jobs::begin(pools).await?;
    sqlx::query!("update outbox set state = 'sent', sent_at = $2, sealed = null, last_error = null where id = $1", id, at.now())
        .execute(&mut *work)
        .await?;
    Ok(work.commit().await?)
}

/// This attempt failed; another will follow.
pub(super) async fn put_off(pools: &Pools, id: Uuid, job: &Job, reason: &str) -> Result<()> {
    let mut work = jobs::begin(pools).await?;
    sqlx::query!(
        "update outbox set last_error = $3 where id = $1 and attempts = $2 and state = 'queued'",
        id,
        job.attempt,
        in_one_line(reason),
    )
    .execute(&mut *work)
    .await?;
    Ok(work.commit().await?)
}

/// The mail will not go out. What it said is wiped: another try is a new mail with a new link.
pub(super) async fn failed(pools: &Pools, id: Uuid, job: &Job, reason: &str) -> Result<()> {
    let mut work = jobs::begin(pools).await?;
    sqlx::query!(
        "update outbox set state = 'failed', last_error = $3, sealed = null where id = $1 and attempts = $2 and state = 'queued'",
        id,
        job.attempt,
        in_one_line(reason),
    )
    .execute(&mut *work)
    .await?;
    Ok(work.commit().await?)
}

/// Forgets old rows, and marks those whose job was given up without a word from its handler.
pub(super) async fn sweep(pools: &Pools, at: &Moments) -> Result<()> {
    let mut work = jobs::begin(pools).await?;
    sqlx::query!(
        "update outbox set state = 'failed', sealed = null, last_error = coalesce(last_error, 'the delivery was given up')
         where state = 'queued' and not exists (
           select from jobs where kind = $1 and finished_at is null and payload ->> 'outbox_id' = outbox.id::text)",
        deliver::DELIVER,
    )
    .execute(&mut *work)
    .await?;
    sqlx::query!("delete from outbox where state <> 'queued' and created_at < $1", at.now() - KEPT).execute(&mut *work).await?;
    sqlx::query!("delete from local_mailbox where arrived_at < $1", at.now() - KEPT).execute(&mut *work).await?;
    Ok(work.commit().await?)
}
