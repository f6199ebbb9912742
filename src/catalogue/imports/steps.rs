//! From step to step: a file kept or refused, read, written, stopped, dropped. Each step moves an import on only from where
//! it should stand, so that of two people who press at once one is told.

use super::{
    import::{Import, State},
    reading::MAX_BYTES,
};
use crate::{
    access::Tenant,
    error::{Refusal, Result},
};
use uuid::Uuid;

/// A file is kept in parts of so many bytes, because the driver copies each value it sends or gets several times over.
const PART: usize = 128 * 1024;

/// A file as it was uploaded.
pub struct Arrival<'a> {
    pub id: Uuid,
    pub file_name: &'a str,
    pub bytes: usize,
    /// Where rows go that name no department.
    pub department: Option<Uuid>,
}

/// Keeps a file to be read.
pub async fn begin(at: &mut Tenant, arrival: &Arrival<'_>, content: &[u8]) -> Result<()> {
    insert(at, arrival, State::Reading, None).await?;
    let publisher = at.publisher.id;
    for (part, content) in (0..).zip(content.chunks(PART)) {
        sqlx::query!(
            "insert into import_files (publisher_id, import_id, part, content) values ($1, $2, $3, $4)",
            publisher,
            arrival.id,
            part,
            content
        )
        .execute(at.db())
        .await?;
    }
    sqlx::query!(
        "update imports set file_hash = (select sha256(string_agg(content, ''::bytea order by part)) from import_files where publisher_id = $1 and import_id = $2)
          where publisher_id = $1 and id = $2",
        publisher,
        arrival.id
    )
    .execute(at.db())
    .await?;
    Ok(())
}

/// The file of an import.
pub async fn content(at: &mut Tenant, import: &Import) -> Result<Vec<u8>> {
    let publisher = at.publisher.id;
    let mut content = Vec::with_capacity(usize::try_from(import.file_bytes).unwrap_or_default().min(MAX_BYTES));
    for part in 0.. {
        let next = sqlx::query_scalar!(
            "select content from import_files where publisher_id = $1 and import_id = $2 and part = $3",
            publisher,
            import.id,
            part
        );
        match next.fetch_optional(at.db()).await? {
            Some(next) => content.extend_from_slice(&next),
            None => break,
        }
    }
    Ok(content)
}

/// Notes that a file came which cannot be read, and why. The file itself is not kept.
pub async fn refuse(at: &mut Tenant, arrival: &Arrival<'_>, problem: &str) -> Result<()> {
    insert(at, arrival, State::Refused, Some(problem)).await
}

async fn insert(at: &mut Tenant, arrival: &Arrival<'_>, state: State, problem: Option<&str>) -> Result<()> {
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    let finished = (!state.is_busy()).then_some(now);
    sqlx::query!(
        "insert into imports (publisher_id, id, file_name, file_bytes, state, problem, department_id, created_by, created_at, began_at, moved_at, finished_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $9, $10)",
        publisher,
        arrival.id,
        arrival.file_name,
        i64::try_from(arrival.bytes).unwrap_or(i64::MAX),
        state as State,
        problem,
        arrival.department,
        by,
        now,
        finished
    )
    .execute(at.db())
    .await?;
    Ok(())
}

/// Begins the reading of a file anew, at its first row. False when this run is not the import's any more.
pub async fn start_reading(at: &mut Tenant, id: Uuid, run: i32, rows: usize) -> Result<bool> {
    let (publisher, now, rows) = (at.publisher.id, at.now(), i32::try_from(rows).unwrap_or(i32::MAX));
    let moved = sqlx::query!(
        "update imports set rows_total = $4, rows_done = 0, rows_refused = 0, rows_warned = 0, began_at = $5, moved_at = $5
          where publisher_id = $1 and id = $2 and run = $3 and state = 'reading'",
        publisher,
        id,
        run,
        rows,
        now
    )
    .execute(at.db())
    .await?;
    delete_rows(at, id).await?;
    Ok(moved.rows_affected() == 1)
}

/// Begins the writing at its first row: of an attempt before it nothing was kept.
pub async fn begin_again(at: &mut Tenant, id: Uuid, run: i32) -> Result<()> {
    let (publisher, now) = (at.publisher.id, at.now());
    sqlx::query!(
        "update imports set rows_done = 0, began_at = $4, moved_at = $4 where publisher_id = $1 and id = $2 and run = $3 and state = 'writing'",
        publisher,
        id,
        run,
        now
    )
    .execute(at.db())
    .await?;
    Ok(())
}

/// Notes how many rows a run of a step has done. False when it was stopped, or is not where it was left: `from`, where that
/// matters.
pub async fn advance(at: &mut Tenant, id: Uuid, run: i32, from: Option<i32>, to: i32) -> Result<bool> {
    let (publisher, now) = (at.publisher.id, at.now());
    let moved = sqlx::query!(
        "update imports set rows_done = $5, moved_at = $6
          where publisher_id = $1 and id = $2 and run = $3 and ($4::integer is null or rows_done = $4) and state in ('reading', 'writing')",
        publisher,
        id,
        run,
        from,
        to,
        now
    )
    .execute(at.db())
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Moves an import that was checked on to being written, and answers its run. Refuses in words when it is not ready, or
/// somebody was quicker.
pub async fn start_writing(at: &mut Tenant, import: &Import) -> Result<i32> {
    if import.rows_refused > 0 {
        let words = "Some rows are refused, so nothing is imported. Correct them in the file and upload it again.";
        return Err(Refusal::conflict("rows_refused", words).into());
    }
    let (publisher, now) = (at.publisher.id, at.now());
    let run = sqlx::query_scalar!(
        "update imports set state = 'writing', run = run + 1, rows_done = 0, problem = null, began_at = $3, moved_at = $3
          where publisher_id = $1 and id = $2 and state = 'checked' and rows_refused = 0 and rows_total > 0 returning run",
        publisher,
        import.id,
        now
    )
    .fetch_optional(at.db())
    .await?;
    run.ok_or_else(|| {
        let words = format!("This import is not waiting to be written; it is: {}.", import.state.words().to_lowercase());
        Refusal::conflict("import_state", words).into()
    })
}

/// Has the file read again, against the catalogue as it is now; answers the run.
pub async fn check_again(at: &mut Tenant, import: &Import) -> Result<i32> {
    let (publisher, now) = (at.publisher.id, at.now());
    let run = sqlx::query_scalar!(
        "update imports set state = 'reading', run = run + 1, rows_done = 0, problem = null, finished_at = null, began_at = $3, moved_at = $3
          where publisher_id = $1 and id = $2 and state in ('checked', 'failed') returning run",
        publisher,
        import.id,
        now
    )
    .fetch_optional(at.db())
    .await?;
    run.ok_or_else(|| Refusal::conflict("import_state", not_waiting(import)).into())
}

/// Stops the step under way. What was being written is not; what was being read can be read again.
pub async fn stop(at: &mut Tenant, import: &Import) -> Result<()> {
    let publisher = at.publisher.id;
    let stopped = sqlx::query!(
        "update imports set state = case state when 'writing' then 'checked' else 'failed' end, run = run + 1, rows_done = 0,
           problem = case state when 'writing' then 'The import was stopped. Nothing of it was written.'
                                else 'The reading was stopped before its end. Check the file again, or drop it.' end
          where publisher_id = $1 and id = $2 and state in ('reading', 'writing')",
        publisher,
        import.id
    )
    .execute(at.db())
    .await?;
    if stopped.rows_affected() == 0 {
        return Err(Refusal::conflict("import_state", "Nothing is under way here any more.").into());
    }
    Ok(())
}

/// Gives an import up: its file and rows go, that it was there stays.
pub async fn give_up(at: &mut Tenant, import: &Import) -> Result<()> {
    let (publisher, now) = (at.publisher.id, at.now());
    let dropped = sqlx::query!(
        "update imports set state = 'dropped', finished_at = $3 where publisher_id = $1 and id = $2 and state in ('checked', 'failed')",
        publisher,
        import.id,
        now
    )
    .execute(at.db())
    .await?;
    if dropped.rows_affected() == 0 {
        return Err(Refusal::conflict("import_state", not_waiting(import)).into());
    }
    delete_rows(at, import.id).await?;
    sqlx::query!("delete from import_files where publisher_id = $1 and import_id = $2", publisher, import.id).execute(at.db()).await?;
    Ok(())
}

async fn delete_rows(at: &mut Tenant, import: Uuid) -> Result<()> {
    let publisher = at.publisher.id;
    sqlx::query!("delete from import_rows where publisher_id = $1 and import_id = $2", publisher, import).execute(at.db()).await?;
    Ok(())
}

fn not_waiting(import: &Import) -> &'static str {
    if import.state.is_busy() { "This import is under way. Wait until it has finished, or stop it." } else { "This import is over." }
}
