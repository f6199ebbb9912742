//! The job that sends one row of the outbox.

use super::{Mailer, outbox};
use crate::{
    db::Pools,
    error::Result,
    jobs::{Job, Outcome, Registry},
    moments::Moments,
    secret::SecretKey,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

pub(super) const DELIVER: &str = "mail.deliver";
const SWEEP: &str = "mail.sweep";

/// What delivering needs of the program's context.
pub trait MailContext: Clone + Send + Sync + 'static {
    fn pools(&self) -> &Pools;
    fn moments(&self) -> &Moments;
    fn secret(&self) -> &SecretKey;
    fn mailer(&self) -> &Mailer;
}

/// Why a mail did not go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Another time it may.
    Passing(String),
    /// It never will.
    Final(String),
}

#[derive(Serialize, Deserialize)]
struct Payload {
    outbox_id: Uuid,
}

pub(super) fn payload(outbox_id: Uuid) -> Value {
    json!(Payload { outbox_id })
}

/// The jobs of this module.
pub fn jobs<C: MailContext>(registry: &mut Registry<C>) {
    registry.on(DELIVER, deliver).on(SWEEP, sweep).every(time::Duration::hours(1), SWEEP);
}

async fn deliver<C: MailContext>(context: C, job: Job) -> Result<Outcome> {
    let Payload { outbox_id: id } = job.read()?;
    let pools = context.pools();
    let Some(mail) = outbox::open(pools, context.secret(), id, &job).await? else {
        return Ok(Outcome::Done);
    };
    let sent = match mail {
        Ok(mail) => context.mailer().send(pools, context.moments(), id, &mail).await?,
        Err(sealed) => Err(Trouble::Final(format!("the message cannot be read: {sealed}"))),
    };
    match sent {
        Ok(()) => {
            write_down_sent(pools, context.moments(), id).await?;
            Ok(Outcome::Done)
        }
        Err(Trouble::Passing(reason)) if !job.is_last_attempt() => {
            outbox::put_off(pools, id, &job, &reason).await?;
            Ok(Outcome::Retry { reason })
        }
        Err(Trouble::Passing(reason) | Trouble::Final(reason)) => {
            outbox::failed(pools, id, &job, &reason).await?;
            Ok(Outcome::GiveUp { reason })
        }
    }
}

/// The mail is out; a database that is away for a moment must not make it go out twice.
async fn write_down_sent(pools: &Pools, at: &Moments, id: Uuid) -> Result<()> {
    for pause in [1, 2, 4, 8] {
        if outbox::sent(pools, at, id).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
    outbox::sent(pools, at, id).await
}

async fn sweep<C: MailContext>(context: C, _: Job) -> Result<Outcome> {
    outbox::sweep(context.pools(), context.moments()).await?;
    Ok(Outcome::Done)
}
