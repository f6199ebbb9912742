//! One import: what was found, and the way on.

use super::{
    import::{self, Earlier, Import, Shown, State as ImportState},
    jobs, steps,
};
use crate::{
    access::{Read, Routes, Tenant, Write, permission::ImportsRun},
    audit::Entry,
    catalogue::{
        departments::Departments,
        doors::{self, keeper},
        paging::{PAGE, address},
    },
    error::{Error, Refusal, Result},
    pages,
    web::{self, Errors, Form, Moment, Query, Shell, figure},
};
use askama::Template;
use axum::{extract::Path, http::StatusCode, response::Response};
use serde::Deserialize;
use time::OffsetDateTime;

pub fn routes() -> Routes {
    Routes::new()
        .get("/publishers/{slug}/imports/{id}", show)
        .post("/publishers/{slug}/imports/{id}/works", write)
        .post("/publishers/{slug}/imports/{id}/check", check_again)
        .post("/publishers/{slug}/imports/{id}/stop", stop)
        .post("/publishers/{slug}/imports/{id}/drop", give_up)
}

/// A step that has not moved for so long goes at no pace one could count on.
const LULL: time::Duration = time::Duration::seconds(10);

#[derive(Deserialize, Default)]
#[serde(default)]
struct RowsQuery {
    /// `refused` or `warning`; anything else is all.
    rows: String,
    /// The last line shown.
    after: String,
}

#[derive(Template)]
#[template(path = "imports/show.html", blocks = ["content"])]
struct ImportPage {
    shell: Shell,
    now: OffsetDateTime,
    base: String,
    path: String,
    url: String,
    import: Import,
    errors: Errors,
    level: String,
    rows: Vec<Shown>,
    shown: String,
    /// How many rows the tab has.
    of_level: String,
    next: Option<String>,
    first: Option<String>,
    counts: Counts,
    /// Nobody is at the present step; it begins again by itself.
    restarts: bool,
    /// When the same file was imported before.
    earlier: Option<Earlier>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Confirmed {
    confirmed: String,
}

struct Counts {
    all: String,
    refused: String,
    warned: String,
    /// "2,408 works"
    works: String,
    size: String,
    /// "412 of 2,408 rows"
    progress: String,
    /// The end of the progress bar.
    whole: i32,
}

pages!(ImportPage);

impl ImportPage {
    /// Nothing is refused, yet there are warnings to look at first.
    fn is_doubtful(&self) -> bool {
        self.import.is_writable() && (self.import.rows_warned > 0 || self.earlier.is_some())
    }
}

impl Counts {
    fn of(import: &Import, restarts: bool, now: OffsetDateTime) -> Self {
        let number = |n: i32| figure(i64::from(n));
        Counts {
            whole: import.rows_total.max(1),
            all: number(import.rows_total),
            refused: number(import.rows_refused),
            warned: number(import.rows_warned),
            works: if import.rows_taken() == 1 { "1 work".to_owned() } else { format!("{} works", number(import.rows_taken())) },
            size: size(import.file_bytes),
            progress: if restarts {
                "restarting".to_owned()
            } else if import.rows_total == 0 {
                "waiting".to_owned()
            } else {
                format!("{} of {} rows{}", number(import.rows_done), number(import.rows_total), left(import, now))
            },
        }
    }
}

/// ", about 40 s left", by the pace of this attempt up to where it last moved; nothing while that says little.
fn left(import: &Import, now: OffsetDateTime) -> String {
    let Some((began, moved)) = import.began_at.zip(import.moved_at) else { return String::new() };
    let (took, still) = (moved - began, now - moved);
    if took < time::Duration::seconds(3) || still > LULL || import.rows_done <= 0 || import.rows_done >= import.rows_total {
        return String::new();
    }
    match (took * (import.rows_total - import.rows_done) / import.rows_done - still).whole_seconds() {
        seconds @ ..100 => format!(", about {} s left", seconds.max(1)),
        seconds => format!(", about {} min left", (seconds + 30) / 60),
    }
}

/// "14.2 MB", "312 kB" or "80 bytes".
fn size(bytes: i64) -> String {
    match bytes {
        1_048_576.. => format!("{}.{} MB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
        1_024.. => format!("{} kB", bytes / 1_024),
        _ => format!("{bytes} bytes"),
    }
}

async fn show(at: Read<ImportsRun>, Path((_, id)): Path<(String, String)>, Query(query): Query<RowsQuery>) -> Result<Response> {
    keeper(&at, "imports:run")?;
    page(at, &id, query, Errors::none(), StatusCode::OK).await
}

async fn page<G: std::ops::DerefMut<Target = Tenant>>(
    mut at: G,
    id: &str,
    query: RowsQuery,
    errors: Errors,
    status: StatusCode,
) -> Result<Response> {
    let mut import = import::load(&mut at, doors::id(id)?).await?;
    let restarts = import.state.is_busy() && import::restarts(&mut at, &import).await?;
    if restarts {
        import.rows_done = 0; // of the attempt that ended nothing is kept
    }
    let (path, url) = (at.url("/imports"), at.url(&format!("/imports/{}", import.id)));
    let earlier = if import.state == ImportState::Checked { import::earlier(&mut at, import.id).await? } else { None };
    let level = if matches!(query.rows.as_str(), "refused" | "warning") { query.rows } else { String::new() };
    let after = query.after.parse::<i32>().ok();
    let mut rows = if import.state.is_busy() { Vec::new() } else { import::rows(&mut at, import.id, &level, after.unwrap_or(0)).await? };
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let last = rows.last().map(|row| row.line.to_string()).unwrap_or_default();
    let counts = Counts::of(&import, restarts, at.now());
    let page = ImportPage {
        shell: at.shell(),
        now: at.now(),
        base: at.url(""),
        path,
        shown: rows.len().to_string(),
        of_level: match level.as_str() {
            "refused" => counts.refused.clone(),
            "warning" => counts.warned.clone(),
            _ => counts.all.clone(),
        },
        next: more.then(|| address(&url, &[("rows", &level), ("after", &last)])),
        first: after.map(|_| address(&url, &[("rows", &level)])),
        earlier,
        restarts,
        url,
        import,
        errors,
        level,
        rows,
        counts,
    };
    web::page_with(status, &page)
}

/// Writes the works of the import: all, or none. What might be a mistake asks for a tick.
async fn write(mut at: Write<ImportsRun>, Path((_, id)): Path<(String, String)>, Form(form): Form<Confirmed>) -> Result<Response> {
    keeper(&at, "imports:run")?;
    let import = import::load(&mut at, doors::id(&id)?).await?;
    match start_writing(&mut at, &import, &form).await {
        Ok(()) => {
            let url = at.url(&format!("/imports/{}", import.id));
            at.commit(Entry::ImportStarted { import: import.id, file: import.file_name }).await?;
            Ok(web::see_other(&url))
        }
        Err(error) => refused(at, &id, error).await,
    }
}

async fn start_writing(at: &mut Tenant, import: &Import, form: &Confirmed) -> Result<()> {
    let doubtful = import.rows_warned > 0 || import::earlier(at, import.id).await?.is_some();
    if import.is_writable() && doubtful && form.confirmed != "true" {
        return Err(Refusal::field("confirmed", "unconfirmed", "Tick this once you have looked at the warnings.").into());
    }
    if import.department_id.is_some() {
        Departments::of(at).await?.of_import(import.department_id)?; // the departments that rows name are asked by the writing
    }
    let run = steps::start_writing(at, import).await?;
    jobs::enqueue_writing(at, import.id, run).await
}

async fn check_again(mut at: Write<ImportsRun>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    keeper(&at, "imports:run")?;
    let import = import::load(&mut at, doors::id(&id)?).await?;
    match steps::check_again(&mut at, &import).await {
        Ok(run) => {
            jobs::enqueue_reading(&mut at, import.id, run).await?;
            let url = at.url(&format!("/imports/{}", import.id));
            at.commit(Entry::ImportRechecked { import: import.id, file: import.file_name }).await?;
            Ok(web::see_other(&url))
        }
        Err(error) => refused(at, &id, error).await,
    }
}

async fn stop(mut at: Write<ImportsRun>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    keeper(&at, "imports:run")?;
    let import = import::load(&mut at, doors::id(&id)?).await?;
    match steps::stop(&mut at, &import).await {
        Ok(()) => {
            let url = at.url(&format!("/imports/{}", import.id));
            at.commit(Entry::ImportStopped { import: import.id, file: import.file_name }).await?;
            Ok(web::see_other(&url))
        }
        Err(error) => refused(at, &id, error).await,
    }
}

async fn give_up(mut at: Write<ImportsRun>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    keeper(&at, "imports:run")?;
    let import = import::load(&mut at, doors::id(&id)?).await?;
    match steps::give_up(&mut at, &import).await {
        Ok(()) => {
            let url = at.url("/imports");
            let words = format!("{} was dropped. Nothing of it was imported.", import.file_name);
            at.commit(Entry::ImportDropped { import: import.id, file: import.file_name }).await?;
            Ok(web::done(&url, "good", &words))
        }
        Err(error) => refused(at, &id, error).await,
    }
}

/// The page of the import with what was refused.
async fn refused(at: Write<ImportsRun>, id: &str, error: Error) -> Result<Response> {
    match error {
        Error::Refused(refusal) => page(at, id, RowsQuery::default(), Errors::from(&refusal), refusal.status).await,
        error => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_as_people_say_them() {
        assert_eq!([80, 5_921, 14_900_000].map(size), ["80 bytes", "5 kB", "14.2 MB"]);
    }
}
