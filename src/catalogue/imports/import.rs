//! An import as pages show it: a file, what was found in it, and how far it has come.

use super::reading::{self, Level, WorkDraft};
use crate::{
    access::Tenant,
    catalogue::paging::{ASKED, After},
    error::{Error, Result},
    jobs,
};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A step that has not moved on for so long may have lost its worker; one batch takes a few seconds at most.
const STUCK: Duration = Duration::seconds(30);

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum State {
    Reading,
    /// Read; the person decides.
    Checked,
    /// No file that can be read; it stays in the list with the reason.
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
    /// Why nothing came of it, in words.
    pub problem: Option<String>,
    /// Where rows go that name no department.
    pub department_id: Option<Uuid>,
    pub department: Option<String>,
    pub notes: Json<Vec<Note>>,
    pub rows_total: i32,
    pub rows_refused: i32,
    pub rows_warned: i32,
    /// Of the present step.
    pub rows_done: i32,
    /// Grows whenever a step is begun.
    pub run: i32,
    pub person: Option<String>,
    pub created_at: OffsetDateTime,
    /// When the present step began, and when it last moved on.
    pub began_at: Option<OffsetDateTime>,
    pub moved_at: Option<OffsetDateTime>,
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
    /// The work of the catalogue it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<Uuid>,
}

impl Finding {
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Finding { level: Level::Refused, column: None, message: message.into(), code: code.to_owned(), work: None }
    }

    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Finding { level: Level::Warning, ..Self::refused(code, message) }
    }

    pub fn of_work(self, work: Uuid) -> Self {
        Finding { work: Some(work), ..self }
    }

    pub fn is_refusal(&self) -> bool {
        self.level == Level::Refused
    }
}

impl From<reading::Finding> for Finding {
    fn from(found: reading::Finding) -> Self {
        let code = serde_json::to_value(found.code).ok().and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default();
        Finding { level: found.level, column: found.column, message: found.message, code, work: None }
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
        r#"select i.id, i.file_name, i.file_bytes, i.state as "state: State", i.layout, i.encoding, i.problem, i.department_id,
             d.name as "department?", i.notes as "notes: Json<Vec<Note>>", i.rows_total, i.rows_refused, i.rows_warned, i.rows_done, i.run,
             u.full_name as "person?", i.created_at, i.began_at, i.moved_at, i.finished_at
           from imports i left join users u on u.id = i.created_by
           left join departments d on d.publisher_id = i.publisher_id and d.id = i.department_id
          where i.publisher_id = $1 and i.id = $2"#,
        publisher,
        id
    )
    .fetch_optional(at.db())
    .await?
    .ok_or(Error::NotFound)
}

/// Whether a step was begun and nobody is at it any more: it begins again at its first row. The lease of its job tells.
pub async fn restarts(at: &mut Tenant, import: &Import) -> Result<bool> {
    let renewed = jobs::renewed(at.now());
    let restarts = sqlx::query_scalar!(r#"select ctx.import_restarts($1, $2, $3) as "restarts!""#, import.id, import.run, renewed)
        .fetch_one(at.db())
        .await?;
    Ok(restarts)
}

/// A page of imports, newest first.
pub async fn list(at: &mut Tenant, after: Option<&After>) -> Result<Vec<Import>> {
    let publisher = at.publisher.id;
    let instant = after
        .and_then(|after| after.key.parse::<i64>().ok())
        .and_then(|micros| OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok());
    let imports = sqlx::query_as!(
        Import,
        r#"select i.id, i.file_name, i.file_bytes, i.state as "state: State", i.layout, i.encoding, i.problem, i.department_id,
             d.name as "department?", i.notes as "notes: Json<Vec<Note>>", i.rows_total, i.rows_refused, i.rows_warned, i.rows_done, i.run,
             u.full_name as "person?", i.created_at, i.began_at, i.moved_at, i.finished_at
           from imports i left join users u on u.id = i.created_by
           left join departments d on d.publisher_id = i.publisher_id and d.id = i.department_id
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

    /// Its file is still there and nobody is at it: it can be checked against the catalogue again, or dropped.
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, State::Checked | State::Failed)
    }

    /// Since when it should have moved on and did not.
    pub fn stuck_since(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.moved_at.filter(|moved| self.state.is_busy() && now - *moved > STUCK)
    }
}

/// A written import of the very same file.
#[derive(Debug, Clone)]
pub struct Earlier {
    pub id: Uuid,
    pub file_name: String,
    pub person: Option<String>,
    pub finished_at: OffsetDateTime,
}

impl Earlier {
    /// ", by Olga Berg"
    pub fn by(&self) -> String {
        self.person.as_ref().map(|person| format!(", by {person}")).unwrap_or_default()
    }
}

/// The last time the file of an import was imported before.
pub async fn earlier(at: &mut Tenant, id: Uuid) -> Result<Option<Earlier>> {
    let publisher = at.publisher.id;
    let found = sqlx::query_as!(
        Earlier,
        r#"select e.id, e.file_name, u.full_name as "person?", e.finished_at as "finished_at!"
           from imports i join imports e on e.publisher_id = i.publisher_id and e.file_hash = i.file_hash and e.state = 'done' and e.id <> i.id
           left join users u on u.id = e.created_by
          where i.publisher_id = $1 and i.id = $2 order by e.finished_at desc limit 1"#,
        publisher,
        id
    )
    .fetch_optional(at.db())
    .await?;
    Ok(found)
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
