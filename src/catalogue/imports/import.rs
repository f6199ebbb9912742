//! An import: a file, what was found in it, and how far its writing has come.

use super::reading::{self, Level, WorkDraft};
use crate::{
    access::Tenant,
    catalogue::paging::{ASKED, After},
    error::{Error, Refusal, Result},
};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum State {
    Reading,
    /// Read; the person decides.
    Checked,
    /// No file that can be read.
    Refused,
    Writing,
    Done,
    Failed,
    Dropped,
}

impl State {
    pub fn words(self) -> &'static str {
        match self {
            State::Reading => "Reading",
            State::Checked => "Checked",
            State::Refused => "Not readable",
            State::Writing => "Importing",
            State::Done => "Imported",
            State::Failed => "Failed",
            State::Dropped => "Dropped",
        }
    }

    /// The kind of badge.
    pub fn kind(self) -> &'static str {
        match self {
            State::Reading | State::Writing | State::Checked => "info",
            State::Done => "good",
            State::Refused | State::Failed => "danger",
            State::Dropped => "",
        }
    }

    /// A job is at it.
    pub fn is_busy(self) -> bool {
        matches!(self, State::Reading | State::Writing)
    }
}

/// Something to tell about the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub code: String,
    pub message: String,
}

impl Note {
    pub fn of(code: &str, message: impl Into<String>) -> Self {
        Note { code: code.to_owned(), message: message.into() }
    }
}

#[derive(Debug, Clone)]
pub struct Import {
    pub id: Uuid,
    pub file_name: String,
    pub file_bytes: i64,
    pub state: State,
    pub layout: Option<String>,
    pub encoding: Option<String>,
    pub problem: Option<String>,
    pub notes: Json<Vec<Note>>,
    pub rows_total: i32,
    pub rows_refused: i32,
    pub rows_warned: i32,
    /// Of the present step.
    pub rows_done: i32,
    pub person: Option<String>,
    pub created_at: OffsetDateTime,
    pub finished_at: Option<OffsetDateTime>,
}

/// What is wrong with a row, as the reader or the catalogue found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub level: Level,
    /// The heading in the person's file, where one cell is meant.
    pub column: Option<String>,
    pub message: String,
    pub code: String,
}

impl Finding {
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Finding { level: Level::Refused, column: None, message: message.into(), code: code.to_owned() }
    }

    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Finding { level: Level::Warning, ..Self::refused(code, message) }
    }

    pub fn is_refusal(&self) -> bool {
        self.level == Level::Refused
    }
}

impl From<reading::Finding> for Finding {
    fn from(found: reading::Finding) -> Self {
        let code = serde_json::to_value(found.code).ok().and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default();
        Finding { level: found.level, column: found.column, message: found.message, code }
    }
}

/// A row as it is kept until the import is over.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub line: i32,
    pub title: String,
    pub draft: Option<WorkDraft>,
    pub findings: Vec<Finding>,
    /// `good`, `warning` or `refused`.
    pub level: &'static str,
}

pub async fn load(at: &mut Tenant, id: Uuid) -> Result<Import> {
    let publisher = at.publisher.id;
    sqlx::query_as!(
        Import,
        r#"select i.id, i.file_name, i.file_bytes, i.state as "state: State", i.layout, i.encoding, i.problem, i.notes as "notes: Json<Vec<Note>>",
             i.rows_total, i.rows_refused, i.rows_warned, i.rows_done, u.full_name as "person?", i.created_at, i.finished_at
           from imports i left join users u on u.id = i.created_by where i.publisher_id = $1 and i.id = $2"#,
        publisher,
        id
    )
    .fetch_optional(at.db())
    .await?
    .ok_or(Error::NotFound)
}

/// A page of imports, newest first.
pub async fn list(at: &mut Tenant, after: Option<&After>) -> Result<Vec<Import>> {
    let publisher = at.publisher.id;
    let instant = after
        .and_then(|after| after.key.parse::<i64>().ok())
        .and_then(|micros| OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok());
    let imports = sqlx::query_as!(
        Import,
        r#"select i.id, i.file_name, i.file_bytes, i.state as "state: State", i.layout, i.encoding, i.problem, i.notes as "notes: Json<Vec<Note>>",
             i.rows_total, i.rows_refused, i.rows_warned, i.rows_done, u.full_name as "person?", i.created_at, i.finished_at
           from imports i left join users u on u.id = i.created_by
          where i.publisher_id = $1 and ($2::timestamptz is null or i.created_at < $2 or (i.created_at = $2 and i.id > $3))
          order by i.created_at desc, i.id limit $4"#,
        publisher,
        instant,
        after.map(|after| after.id),
        ASKED
    )
    .fetch_all(at.db())
    .await?;
    Ok(imports)
}

impl Import {
    pub fn after(&self) -> After {
        After { key: (self.created_at.unix_timestamp_nanos() / 1_000).to_string(), id: self.id }
    }

    /// Rows that would become works.
    pub fn rows_taken(&self) -> i32 {
        self.rows_total - self.rows_refused
    }

    /// Ready to be written: everything, or nothing.
    pub fn is_writable(&self) -> bool {
        self.state == State::Checked && self.rows_refused == 0 && self.rows_total > 0
    }

    /// Whether it can be given up. One that has been busy for an hour has lost its job.
    pub fn is_droppable(&self, now: OffsetDateTime) -> bool {
        match self.state {
            State::Checked | State::Refused | State::Failed => true,
            State::Reading | State::Writing => now - self.created_at > time::Duration::hours(1),
            State::Done | State::Dropped => false,
        }
    }
}

/// Keeps a file to be read.
pub async fn begin(at: &mut Tenant, id: Uuid, file_name: &str, content: &[u8]) -> Result<()> {
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    let bytes = i64::try_from(content.len()).unwrap_or(i64::MAX);
    sqlx::query!(
        "insert into imports (publisher_id, id, file_name, file_bytes, state, created_by, created_at) values ($1, $2, $3, $4, 'reading', $5, $6)",
        publisher,
        id,
        file_name,
        bytes,
        by,
        now
    )
    .execute(at.db())
    .await?;
    sqlx::query!("insert into import_files (publisher_id, import_id, content) values ($1, $2, $3)", publisher, id, content)
        .execute(at.db())
        .await?;
    Ok(())
}

pub async fn content(at: &mut Tenant, id: Uuid) -> Result<Vec<u8>> {
    let publisher = at.publisher.id;
    let content = sqlx::query_scalar!("select content from import_files where publisher_id = $1 and import_id = $2", publisher, id);
    content.fetch_optional(at.db()).await?.ok_or(Error::NotFound)
}

/// How many rows the present step has done.
pub async fn progress(at: &mut Tenant, id: Uuid, done: i32) -> Result<()> {
    let publisher = at.publisher.id;
    sqlx::query!("update imports set rows_done = $3 where publisher_id = $1 and id = $2", publisher, id, done).execute(at.db()).await?;
    Ok(())
}

/// Moves an import that was checked on to being written. Refuses in words when it is not ready, or somebody was quicker.
pub async fn start_writing(at: &mut Tenant, import: &Import) -> Result<()> {
    if import.rows_refused > 0 {
        let words = "Some rows are refused, so nothing is imported. Correct them in the file and upload it again.";
        return Err(Refusal::conflict("rows_refused", words).into());
    }
    let publisher = at.publisher.id;
    let moved = sqlx::query!(
        "update imports set state = 'writing', rows_done = 0, problem = null where publisher_id = $1 and id = $2 and state = 'checked' and rows_refused = 0 and rows_total > 0",
        publisher,
        import.id
    )
    .execute(at.db())
    .await?;
    if moved.rows_affected() == 0 {
        return Err(Refusal::conflict(
            "import_state",
            format!("This import is not waiting to be written; it is: {}.", import.state.words().to_lowercase()),
        )
        .into());
    }
    Ok(())
}

/// Gives an import up: its file and rows go, that it was there stays.
pub async fn give_up(at: &mut Tenant, import: &Import) -> Result<()> {
    let (publisher, now) = (at.publisher.id, at.now());
    let droppable = import.is_droppable(now);
    let dropped = sqlx::query!(
        "update imports set state = 'dropped', finished_at = $3 where publisher_id = $1 and id = $2 and state not in ('done', 'dropped') and $4",
        publisher,
        import.id,
        now,
        droppable
    )
    .execute(at.db())
    .await?;
    if dropped.rows_affected() == 0 {
        let words = if import.state.is_busy() {
            "This import is under way. Wait until it has finished."
        } else {
            "This import is over; there is nothing to drop."
        };
        return Err(Refusal::conflict("import_state", words).into());
    }
    sqlx::query!("delete from import_rows where publisher_id = $1 and import_id = $2", publisher, import.id).execute(at.db()).await?;
    sqlx::query!("delete from import_files where publisher_id = $1 and import_id = $2", publisher, import.id).execute(at.db()).await?;
    Ok(())
}

/// A row as the page shows it.
#[derive(Debug, Clone)]
pub struct Shown {
    pub line: i32,
    pub title: String,
    pub findings: Json<Vec<Finding>>,
    pub level: String,
    pub work_id: Option<Uuid>,
}

/// A page of rows after a line, all or those of one level.
pub async fn rows(at: &mut Tenant, id: Uuid, level: &str, after: i32) -> Result<Vec<Shown>> {
    let publisher = at.publisher.id;
    let rows = sqlx::query_as!(
        Shown,
        r#"select line, title, findings as "findings: Json<Vec<Finding>>", level, work_id from import_rows
            where publisher_id = $1 and import_id = $2 and line > $3 and ($4 = '' or level = $4) order by line limit $5"#,
        publisher,
        id,
        after,
        level,
        ASKED
    )
    .fetch_all(at.db())
    .await?;
    Ok(rows)
}
