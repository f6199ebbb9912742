//! Taking a file in. The door is passed twice: before the body, so that no stranger's is read, and after it, so that no
//! transaction waits for a slow line.

use super::{
    check::{self, BATCH, Checker},
    jobs,
    pages::UploadPage,
    reading::{MAX_BYTES, Reading, Unreadable},
    steps::{self, Arrival},
};
use crate::{
    access::{Outside, Routes, State, Tenant, Write, permission::ImportsRun},
    audit::Entry,
    catalogue::{departments::Departments, doors::keeper, fields::Fields},
    error::{Error, Refusal, Result},
    standards::characters::clean,
    web::{self, Errors},
};
use axum::{
    body::Bytes,
    extract::{
        Multipart,
        multipart::{Field, MultipartError, MultipartRejection},
    },
    http::StatusCode,
    response::Response,
};

/// A file up to this size is read while the person waits.
const READ_AT_ONCE: usize = 200 * 1024;
/// How much of a file that is too large is still taken in, so that the browser gets to hear why it is refused.
const DRAINED: usize = 80 * 1024 * 1024;
/// Longest file name kept, in characters.
const LONGEST_NAME: usize = 150;
/// Longest id of a department that is read, in bytes; no true one is longer.
const LONGEST_ID: usize = 64;

pub fn routes() -> Routes {
    Routes::new().upload("/publishers/{slug}/imports", DRAINED, upload)
}

/// What was sent.
struct Upload {
    name: String,
    /// None of a file that is too large.
    content: Option<Bytes>,
    bytes: usize,
    department: String,
}

/// Policy: `imports:run`, asked again once the file is here.
async fn upload(
    mut at: Write<ImportsRun>,
    axum::extract::State(state): axum::extract::State<State>,
    form: std::result::Result<Multipart, MultipartRejection>,
) -> Result<Response> {
    keeper(&at, "imports:run")?;
    let mut page = UploadPage::of(&mut at).await?;
    let outside = at.step_out();
    match take(&state, outside, form, &mut page).await {
        Ok(url) => Ok(web::see_other(&url)),
        Err(Error::Refused(refusal)) => {
            page.errors = Errors::from(&refusal);
            web::page_with(refusal.status, &page)
        }
        Err(error) => Err(error),
    }
}

async fn take(
    state: &State,
    outside: Outside<ImportsRun>,
    form: std::result::Result<Multipart, MultipartRejection>,
    page: &mut UploadPage,
) -> Result<String> {
    let form = form.map_err(|_| nothing_chosen())?;
    let upload = receive(form).await?;
    page.department.clone_from(&upload.department);
    let read = match &upload.content {
        Some(content) => jobs::parse(content.clone()).await?,
        None => Err(Unreadable::TooLarge),
    };
    let mut at = outside.enter_again(state).await?;
    let mut fields = Fields::new();
    let department = match upload.department.trim() {
        "" => None,
        typed => Departments::of(&mut at).await?.choose(typed, None, &mut fields),
    };
    fields.or(())?;
    let arrival = Arrival { id: at.new_id(), file_name: &upload.name, bytes: upload.bytes, department };
    match (read, upload.content.as_deref()) {
        (Ok(reading), Some(content)) => keep(at, &arrival, content, reading).await,
        (Ok(_), None) => Err(nothing_chosen().into()),
        (Err(unreadable), _) => refuse(at, &arrival, &unreadable).await,
    }
}

/// Keeps a file; a small one is checked while the person waits.
async fn keep(mut at: Write<ImportsRun>, arrival: &Arrival<'_>, content: &[u8], reading: Reading) -> Result<String> {
    steps::begin(&mut at, arrival, content).await?;
    if content.len() <= READ_AT_ONCE {
        check_at_once(&mut at, arrival, &reading).await?;
    } else {
        drop(reading); // the job makes its own; two in memory would be one too many
        jobs::enqueue_reading(&mut at, arrival.id, 1).await?;
    }
    let url = at.url(&format!("/imports/{}", arrival.id));
    at.commit(Entry::ImportUploaded { import: arrival.id, file: arrival.file_name.to_owned() }).await?;
    Ok(url)
}

/// Notes that the file came, for the list, and tells the person what is wrong with it.
async fn refuse(mut at: Write<ImportsRun>, arrival: &Arrival<'_>, unreadable: &Unreadable) -> Result<String> {
    let reason = unreadable.to_string();
    steps::refuse(&mut at, arrival, &reason).await?;
    at.commit(Entry::ImportRefused { import: arrival.id, file: arrival.file_name.to_owned(), reason: reason.clone() }).await?;
    let refusal = Refusal::field("file", unreadable.code(), reason);
    let status = if *unreadable == Unreadable::TooLarge { StatusCode::PAYLOAD_TOO_LARGE } else { refusal.status };
    Err(Refusal { status, ..refusal }.into())
}

async fn check_at_once(at: &mut Tenant, arrival: &Arrival<'_>, reading: &Reading) -> Result<()> {
    let mut checker = Checker::new(at, arrival.department).await?;
    let mut rows = reading.rows();
    loop {
        let batch: Vec<_> = rows.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return check::finish(at, arrival.id, reading, &checker.tally).await;
        }
        checker.store(at, arrival.id, batch).await?;
    }
}

/// The file of the form, streamed in, and the department chosen for it.
async fn receive(mut form: Multipart) -> Result<Upload> {
    let mut department = String::new();
    while let Some(field) = form.next_field().await.map_err(broken_off)? {
        match field.name() {
            Some("department") => department = department_of(field).await?,
            Some("file") => {
                let name = file_name(field.file_name().unwrap_or_default());
                let (content, bytes) = content(field).await?;
                if name.is_empty() && bytes == 0 {
                    break;
                }
                let name = if name.is_empty() { "file.csv".to_owned() } else { name };
                return Ok(Upload { name, content, bytes, department });
            }
            _ => {}
        }
    }
    Err(nothing_chosen().into())
}

/// The form has it above the file, so that it is here when the file is.
async fn department_of(mut field: Field<'_>) -> Result<String> {
    let mut typed = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken_off)? {
        typed.extend(chunk.iter().take(LONGEST_ID - typed.len().min(LONGEST_ID)));
    }
    Ok(String::from_utf8_lossy(&typed).into_owned())
}

/// The bytes of a file and how many there were; those of one that is too large are not gathered.
async fn content(mut field: Field<'_>) -> Result<(Option<Bytes>, usize)> {
    let (mut content, mut length) = (Vec::new(), 0_usize);
    loop {
        let chunk = match field.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => return Ok((None, length)),
            Err(error) => return Err(broken_off(error)),
        };
        length += chunk.len();
        if length <= MAX_BYTES {
            content.extend_from_slice(&chunk);
        } else {
            content = Vec::new();
        }
    }
    Ok(((length <= MAX_BYTES).then(|| content.into()), length))
}

fn nothing_chosen() -> Refusal {
    Refusal::field("file", "required", "Choose a CSV file to upload.")
}

fn broken_off(_: MultipartError) -> Error {
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
