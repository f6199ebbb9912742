//! The two steps of an import that may take long, as jobs: reading a file against the catalogue, and writing what it holds.

use super::{
    check::{self, BATCH, Checker},
    import::{self, State as ImportState},
    reading::Reading,
    writing::{Numbers, Writing},
};
use crate::{
    access::{State, Tenant, Work, enter_for_job, permission::ImportsRun},
    audit::Entry,
    error::{Error, Result},
    jobs::{Job, NewJob, Outcome, Registry},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const READ: &str = "imports.read";
const WRITE: &str = "imports.write";

#[derive(Serialize, Deserialize)]
struct Payload {
    import: Uuid,
}

pub fn jobs(registry: &mut Registry<State>) {
    registry.on(READ, read).on(WRITE, write);
}

/// Asks for a file to be read.
pub async fn enqueue_reading(at: &mut Tenant, import: Uuid) -> Result<()> {
    enqueue(at, READ, import).await
}

/// Asks for a checked import to be written.
pub async fn enqueue_writing(at: &mut Tenant, import: Uuid) -> Result<()> {
    enqueue(at, WRITE, import).await
}

async fn enqueue(at: &mut Tenant, kind: &'static str, import: Uuid) -> Result<()> {
    let (publisher, user, moments) = (at.publisher.id, at.person.id, at.moments.clone());
    let payload = serde_json::to_value(Payload { import }).map_err(anyhow::Error::new)?;
    let job = NewJob { kind, for_publisher: Some(publisher), for_user: Some(user), payload, run_at: moments.now() };
    crate::jobs::enqueue(at.db(), &moments, job).await?;
    Ok(())
}

/// Whom an import's job acts for.
#[derive(Clone, Copy)]
struct For {
    publisher: Uuid,
    user: Uuid,
    import: Uuid,
}

impl For {
    fn of(job: &Job) -> Result<Self> {
        let Payload { import } = job.read()?;
        let (publisher, user) =
            job.for_publisher.zip(job.for_user).ok_or_else(|| anyhow::anyhow!("an import's job names its publisher and person"))?;
        Ok(For { publisher, user, import })
    }

    async fn enter(self, state: &State) -> Result<Work<ImportsRun>> {
        enter_for_job(state, self.publisher, self.user).await
    }
}

async fn read(state: State, job: Job) -> Result<Outcome> {
    let who = For::of(&job)?;
    let done = read_all(&state, who).await;
    end(&state, who, &job, done).await
}

async fn write(state: State, job: Job) -> Result<Outcome> {
    let who = For::of(&job)?;
    let done = write_all(&state, who).await;
    end(&state, who, &job, done).await
}

/// What a step came to. A refusal, and the last attempt of anything else, ends the import in words.
async fn end(state: &State, who: For, job: &Job, done: Result<()>) -> Result<Outcome> {
    let words = match done {
        Ok(()) => return Ok(Outcome::Done),
        Err(Error::Refused(refusal)) => refusal.message().to_owned(),
        Err(Error::Forbidden(_) | Error::NotFound | Error::VisitNeeded { .. }) => {
            return Ok(Outcome::GiveUp { reason: "whoever asked for it may not import any more".into() });
        }
        Err(error) if !job.is_last_attempt() => return Err(error),
        Err(_) => "Something went wrong on our side, more than once. Nothing was imported; please try again later.".to_owned(),
    };
    let mut at = who.enter(state).await?;
    let (publisher, now) = (at.publisher.id, at.now());
    sqlx::query!(
        "update imports set state = 'failed', problem = $3, finished_at = $4 where publisher_id = $1 and id = $2 and state in ('reading', 'writing')",
        publisher,
        who.import,
        words,
        now
    )
    .execute(at.db())
    .await?;
    at.commit_progress().await?;
    Ok(Outcome::GiveUp { reason: words })
}

/// Reads a file in batches, each landing by itself so that its progress shows. Begun again, it begins at the first row.
async fn read_all(state: &State, who: For) -> Result<()> {
    let mut at = who.enter(state).await?;
    if import::load(&mut at, who.import).await?.state != ImportState::Reading {
        return Ok(());
    }
    let content = import::content(&mut at, who.import).await?;
    drop(at);
    let reading = parse(content).await?;
    let mut at = who.enter(state).await?;
    let (publisher, rows) = (at.publisher.id, i32::try_from(reading.row_count).unwrap_or(i32::MAX));
    sqlx::query!("delete from import_rows where publisher_id = $1 and import_id = $2", publisher, who.import).execute(at.db()).await?;
    sqlx::query!("update imports set rows_total = $3, rows_done = 0 where publisher_id = $1 and id = $2", publisher, who.import, rows)
        .execute(at.db())
        .await?;
    let mut checker = Checker::new(&mut at).await?;
    at.commit_progress().await?;
    let mut rows = reading.rows();
    loop {
        let batch: Vec<_> = rows.by_ref().take(BATCH).collect();
        let mut at = who.enter(state).await?;
        if batch.is_empty() {
            check::finish(&mut at, who.import, &reading, &checker.tally).await?;
            return at.commit_progress().await;
        }
        checker.store(&mut at, who.import, batch).await?;
        import::progress(&mut at, who.import, checker.tally.total).await?;
        at.commit_progress().await?;
    }
}

/// Off the threads that serve requests: a large file takes most of a second.
pub async fn parse(content: Vec<u8>) -> Result<Reading> {
    let reading = tokio::task::spawn_blocking(move || Reading::of(&content)).await.map_err(anyhow::Error::new)?;
    Ok(reading.map_err(|unreadable| crate::error::Refusal::field("file", unreadable.code(), unreadable.to_string()))?)
}

/// Writes every row in one transaction. What shows meanwhile lands in small ones beside it.
async fn write_all(state: &State, who: For) -> Result<()> {
    let mut at = who.enter(state).await?;
    let import = import::load(&mut at, who.import).await?;
    if import.state != ImportState::Writing {
        return Ok(());
    }
    let numbers = Numbers::of(&mut at, who.import).await?;
    if numbers.refuse_taken(&mut at, who.import).await? {
        return at.commit_progress().await;
    }
    let first_number = numbers.reserve(&mut at).await?;
    at.commit_progress().await?;
    let mut at = who.enter(state).await?;
    let mut writing = Writing::begin(&mut at, who.import, first_number).await?;
    let mut done = 0;
    loop {
        let rows = writing.batch(&mut at).await?;
        if rows == 0 {
            break;
        }
        done += i32::try_from(rows).unwrap_or(i32::MAX);
        show_progress(state, who, done).await;
    }
    let added = writing.finish(&mut at, &import).await?;
    at.commit(Entry::ImportWritten { import: import.id, file: import.file_name, works: added.works }).await
}

/// Progress that cannot be shown is no reason to stop.
async fn show_progress(state: &State, who: For, done: i32) {
    let shown = async {
        let mut at = who.enter(state).await?;
        import::progress(&mut at, who.import, done).await?;
        at.commit_progress().await
    };
    if let Err(error) = shown.await {
        tracing::debug!(?error, "the progress of an import was not shown");
    }
}
