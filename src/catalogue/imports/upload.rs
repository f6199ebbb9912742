//! Taking a file in. The door is passed twice: before the body, so that no stranger's is read, and after it, so that no
//! transaction waits for a slow line.

use super::{
    check::{self, BATCH, Checker},
    import, jobs,
    pages::UploadPage,
    reading::MAX_BYTES,
};
use crate::{
    access::{Routes, State, Tenant, Work, Write, enter_for_job, permission::ImportsRun},
    audit::Entry,
    catalogue::doors::keeper,
    error::{Error, Refusal, Result},
    standards::characters::clean,
    web::{self, Errors},
};
use axum::{
    extract::{
        Multipart,
        multipart::{Field, MultipartError, MultipartRejection},
    },
    http::StatusCode,
    response::Response,
};
use uuid::Uuid;

/// A file up to this size is read while the person waits.
const READ_AT_ONCE: usize = 200 * 1024;
/// How much of a file that is too large is still taken in, so that the browser gets to hear why it is refused.
const DRAINED: usize = 80 * 1024 * 1024;
/// Longest file name kept, in characters.
const LONGEST_NAME: usize = 150;

pub fn routes() -> Routes {
    Routes::new().upload("/publishers/{slug}/imports", DRAINED, upload)
}

struct Upload {
    name: String,
    content: Vec<u8>,
}

/// Policy: `imports:run`, asked again once the file is here.
async fn upload(
    at: Write<ImportsRun>,
    axum::extract::State(state): axum::extract::State<State>,
    form: std::result::Result<Multipart, MultipartRejection>,
) -> Result<Response> {
    keeper(&at, "imports:run")?;
    let (publisher, user) = (at.publisher.id, at.person.id);
    let mut page = UploadPage::of(&at, Errors::none());
    drop(at);
    match take(&state, publisher, user, form).await {
        Ok(url) => Ok(web::see_other(&url)),
        Err(Error::Refused(refusal)) => {
            page.errors = Errors::from(&refusal);
            web::page_with(refusal.status, &page)
        }
        Err(error) => Err(error),
    }
}

async fn take(state: &State, publisher: Uuid, user: Uuid, form: std::result::Result<Multipart, MultipartRejection>) -> Result<String> {
    let form = form.map_err(|_| Refusal::field("file", "file", "Choose a CSV file to upload."))?;
    let Upload { name, content } = file(form).await?;
    let reading = jobs::parse(content.clone()).await?;
    let mut at: Work<ImportsRun> = enter_for_job(state, publisher, user).await?;
    let id = at.new_id();
    import::begin(&mut at, id, &name, &content).await?;
    let small = content.len() <= READ_AT_ONCE;
    if small {
        let rows: Vec<_> = reading.rows().collect();
        check_at_once(&mut at, id, &reading, rows).await?;
    } else {
        jobs::enqueue_reading(&mut at, id).await?;
    }
    let url = at.url(&format!("/imports/{id}"));
    at.commit(Entry::ImportUploaded { import: id, file: name }).await?;
    if !small {
        state.wake().now();
    }
    Ok(url)
}

async fn check_at_once(at: &mut Tenant, id: Uuid, reading: &super::reading::Reading, rows: Vec<super::reading::Row>) -> Result<()> {
    let mut checker = Checker::new(at).await?;
    let mut rows = rows.into_iter();
    loop {
        let batch: Vec<_> = rows.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return check::finish(at, id, reading, &checker.tally).await;
        }
        checker.store(at, id, batch).await?;
    }
}

/// The file of the form, streamed in.
async fn file(mut form: Multipart) -> Result<Upload> {
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() == Some("file") {
            let name = file_name(field.file_name().unwrap_or_default());
            let content = content(field).await?;
            if name.is_empty() && content.is_empty() {
                break;
            }
            return Ok(Upload { name: if name.is_empty() { "file.csv".to_owned() } else { name }, content });
        }
    }
    Err(Refusal::field("file", "required", "Choose a CSV file to upload.").into())
}

async fn content(mut field: Field<'_>) -> Result<Vec<u8>> {
    let (mut content, mut length) = (Vec::new(), 0_usize);
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        length += chunk.len();
        if length <= MAX_BYTES {
            content.extend_from_slice(&chunk);
        } else {
            content = Vec::new();
        }
    }
    if length > MAX_BYTES { Err(too_large().into()) } else { Ok(content) }
}

fn too_large() -> Refusal {
    let words = "This file is larger than 20 MB. Split it into smaller files.";
    Refusal { status: StatusCode::PAYLOAD_TOO_LARGE, ..Refusal::field("file", "file_too_large", words) }
}

fn unreadable(error: MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large().into();
    }
    Refusal { status: StatusCode::BAD_REQUEST, ..Refusal::field("file", "upload", "The upload broke off. Please try again.") }.into()
}

/// The last part of a path, as some browsers send one, without anything invisible.
fn file_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean = clean(last).unwrap_or_else(|unclean| unclean.repaired);
    clean.chars().take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_a_name_only() {
        assert_eq!(file_name("C:\\works\\spring.csv"), "spring.csv");
        assert_eq!(file_name("../../etc/passwd"), "passwd");
        assert_eq!(file_name("a\u{202E}vsc.exe"), "avsc.exe");
        assert_eq!(file_name(&"x".repeat(500)).len(), LONGEST_NAME);
    }
}
