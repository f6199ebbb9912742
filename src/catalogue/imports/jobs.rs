//! The two steps of an import that may take long, as jobs: reading a file against the catalogue, and writing what it holds.

use super::{
    check::{self, BATCH, Checker},
    import::{self, Import, State as ImportState},
    reading::{Reading, Unreadable},
    steps,
    writing::{Numbers, Writing},
};
use crate::{
    access::{State, Tenant, Work, enter_for_job, permission::ImportsRun},
    audit::Entry,
    error::{Error, Refusal, Result},
    jobs::{Job, NewJob, Outcome, Registry},
};
use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const READ: &str = "imports.read";
const WRITE: &str = "imports.write";

#[derive(Serialize, Deserialize)]
struct Payload {
    import: Uuid,
    run: i32,
}

pub fn jobs(registry: &mut Registry<State>) {
    registry.on(READ, read).given_up(READ, given_up).on(WRITE, write).given_up(WRITE, given_up);
}

/// Asks for a file to be read.
pub async fn enqueue_reading(at: &mut Tenant, import: Uuid, run: i32) -> Result<()> {
    enqueue(at, READ, Payload { import, run }).await
}

/// Asks for a checked import to be written.
pub async fn enqueue_writing(at: &mut Tenant, import: Uuid, run: i32) -> Result<()> {
    enqueue(at, WRITE, Payload { import, run }).await
}

async fn enqueue(at: &mut Tenant, kind: &'static str, payload: Payload) -> Result<()> {
    let (publisher, user, moments) = (at.publisher.id, at.person.id, at.moments.clone());
    let payload = serde_json::to_value(payload).map_err(anyhow::Error::new)?;
    let job = NewJob { kind, for_publisher: Some(publisher), for_user: Some(user), payload, run_at: moments.now() };
    crate::jobs::enqueue(at.db(), &moments, job).await?;
    Ok(())
}

/// Whom an import's job acts for, and which run of it.
#[derive(Clone, Copy)]
struct For {
    publisher: Uuid,
    user: Uuid,
    import: Uuid,
    run: i32,
}

impl For {
    fn of(job: &Job) -> Result<Self> {
        let Payload { import, run } = job.read()?;
        let (publisher, user) =
            job.for_publisher.zip(job.for_user).ok_or_else(|| anyhow::anyhow!("an import's job names its publisher and person"))?;
        Ok(For { publisher, user, import, run })
    }

    async fn enter(self, state: &State) -> Result<Work<ImportsRun>> {
        enter_for_job(state, self.publisher, self.user).await
    }
}

async fn read(state: State, job: Job) -> Result<Outcome> {
    let who = For::of(&job)?;
    outcome(read_all(&state, who).await)
}

async fn write(state: State, job: Job) -> Result<Outcome> {
    let who = For::of(&job)?;
    outcome(write_all(&state, who).await)
}

/// What a step came to. A refusal ends the import in its words; anything else is tried again.
fn outcome(done: Result<()>) -> Result<Outcome> {
    let reason = match done {
        Ok(()) => return Ok(Outcome::Done),
        Err(Error::Refused(refusal)) => refusal.message().to_owned(),
        Err(error) if is_out(&error) => "Whoever asked for this may not import here any more. Nothing was imported.".to_owned(),
        Err(error) => return Err(error),
    };
    Ok(Outcome::GiveUp { reason })
}

/// Whoever asked for this may not do it any more.
fn is_out(error: &Error) -> bool {
    matches!(error, Error::Forbidden(_) | Error::NotFound | Error::VisitNeeded { .. })
}

/// Says on the import that its job was given up: whoever looks may try again at once. As the worker, because the person the
/// job acts for may not be let in any more.
async fn given_up(state: State, job: Job, reason: Option<String>) -> Result<()> {
    let who = For::of(&job)?;
    let problem = reason.unwrap_or_else(|| {
        "Something went wrong on our side, more than once. Nothing was imported. Check the file again to have another try.".to_owned()
    });
    let mut work = state.begin_work().await?;
    sqlx::query!("select ctx.fail_import($1, $2, $3, $4, $5) as done", who.publisher, who.import, who.run, problem, state.moments().now())
        .fetch_one(&mut *work)
        .await?;
    work.commit().await?;
    Ok(())
}

impl For {
    /// The import, as long as this run of it is under way.
    async fn import(self, at: &mut Tenant, step: ImportState) -> Result<Option<Import>> {
        let import = import::load(at, self.import).await?;
        Ok(Some(import).filter(|import| import.state == step && import.run == self.run))
    }
}

/// Reads a file in batches, each landing by itself so that its progress shows. Begun again, it begins at the first row.
async fn read_all(state: &State, who: For) -> Result<()> {
    let mut at = who.enter(state).await?;
    let Some(import) = who.import(&mut at, ImportState::Reading).await? else { return Ok(()) };
    let content = steps::content(&mut at, &import).await?;
    drop(at);
    let reading = parse(content.into()).await?.map_err(|unreadable| Refusal::rule(unreadable.code(), unreadable.to_string()))?;
    let mut at = who.enter(state).await?;
    if !steps::start_reading(&mut at, who.import, who.run, reading.row_count).await? {
        return Ok(());
    }
    let mut checker = Checker::new(&mut at, import.department_id).await?;
    at.commit_progress().await?;
    let mut rows = reading.rows();
    loop {
        let batch: Vec<_> = rows.by_ref().take(BATCH).collect();
        let mut at = who.enter(state).await?;
        let done = checker.tally.total;
        let more = i32::try_from(batch.len()).unwrap_or(i32::MAX);
        if !steps::advance(&mut at, who.import, who.run, Some(done), done.saturating_add(more)).await? {
            return Ok(()); // stopped, or another worker's by now
        }
        if batch.is_empty() {
            check::finish(&mut at, who.import, &reading, &checker.tally).await?;
            return at.commit_progress().await;
        }
        checker.store(&mut at, who.import, batch).await?;
        at.commit_progress().await?;
    }
}

/// Off the threads that serve requests: a large file takes most of a second.
pub async fn parse(content: Bytes) -> Result<Result<Reading, Unreadable>> {
    Ok(tokio::task::spawn_blocking(move || Reading::of(&content)).await.map_err(anyhow::Error::new)?)
}

/// Writes every row in one transaction. What shows meanwhile lands in small ones beside it.
async fn write_all(state: &State, who: For) -> Result<()> {
    let mut at = who.enter(state).await?;
    let Some(import) = who.import(&mut at, ImportState::Writing).await? else { return Ok(()) };
    let numbers = Numbers::of(&mut at, who.import).await?;
    if numbers.refuse_taken(&mut at, who.import).await? {
        return at.commit_progress().await;
    }
    let first_number = numbers.reserve(&mut at).await?;
    steps::begin_again(&mut at, who.import, who.run).await?;
    at.commit_progress().await?;
    let mut at = who.enter(state).await?;
    let mut writing = Writing::begin(&mut at, &import, first_number).await?;
    loop {
        let rows = writing.batch(&mut at).await?;
        if rows == 0 {
            break;
        }
        let done = i32::try_from(writing.added.works).unwrap_or(i32::MAX);
        match show_progress(state, who, done).await {
            Ok(true) => {}
            Ok(false) => return Ok(()), // stopped: what this transaction holds is undone
            Err(error) if is_out(&error) => return Err(error),
            Err(error) => tracing::debug!(?error, "the progress of an import was not shown"),
        }
    }
    let added = writing.finish(&mut at, &import).await?;
    at.commit(Entry::ImportWritten { import: import.id, file: import.file_name, works: added.works }).await
}

/// Answers whether the writing is still wanted. No error but that of a lost right is a reason to stop.
async fn show_progress(state: &State, who: For, done: i32) -> Result<bool> {
    let mut at = who.enter(state).await?;
    let wanted = steps::advance(&mut at, who.import, who.run, None, done).await?;
    at.commit_progress().await?;
    Ok(wanted)
}
