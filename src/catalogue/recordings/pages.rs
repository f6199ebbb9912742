//! Recordings as pages: list, one, form.

use super::recording::{self, Candidate, Contributor, Details, Listed, New, Recording, printed_isrc};
use crate::{
    access::{
        Read, Routes, Tenant, Write,
        permission::{RecordingsCreate, RecordingsDelete, RecordingsRead, RecordingsUpdate},
    },
    audit::Entry,
    catalogue::{
        changes::Changes,
        doors::{self, keeper, keeps},
        fields::{Fields, LONGEST_LINE, clock, iso, short},
        history,
        paging::{After, address, counted, cut},
        search, tally, versions,
    },
    error::{Error, Refusal, Result},
    pages,
    standards::identifiers::{Isrc, Iswc, NoNumber},
    web::{self, Errors, Form, Moment, Query, Shell},
};
use askama::Template;
use axum::{extract::Path, response::Response};
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new()
        .get("/publishers/{slug}/recordings", list)
        .get("/publishers/{slug}/recordings/new", new)
        .post("/publishers/{slug}/recordings", create)
        .get("/publishers/{slug}/recordings/{id}", show)
        .get("/publishers/{slug}/recordings/{id}/edit", edit)
        .post("/publishers/{slug}/recordings/{id}", update)
        .post("/publishers/{slug}/recordings/{id}/archive", archive)
        .post("/publishers/{slug}/recordings/{id}/restore", restore)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ListQuery {
    q: String,
    /// "archived" for those out of the catalogue.
    state: String,
    after: String,
    /// The work a new recording is to be of.
    work: String,
}

#[derive(Template)]
#[template(path = "recordings/list.html", blocks = ["content"])]
struct RecordingsPage {
    shell: Shell,
    base: String,
    path: String,
    q: String,
    state: String,
    recordings: Vec<Listed>,
    total: String,
    next: Option<String>,
    first: Option<String>,
    may_create: bool,
    may_archive: bool,
}

#[derive(Template)]
#[template(path = "recordings/show.html", blocks = ["content"])]
struct RecordingPage {
    shell: Shell,
    now: OffsetDateTime,
    path: String,
    url: String,
    title: String,
    isrc: String,
    work: Option<(String, String)>,
    facts: Vec<(&'static str, String)>,
    contributors: Vec<Contributor>,
    history: Vec<history::Entry>,
    sees_history: bool,
    archived: Option<OffsetDateTime>,
    may_update: bool,
    may_archive: bool,
}

#[derive(Template)]
#[template(path = "recordings/edit.html", blocks = ["content"])]
struct RecordingFormPage {
    shell: Shell,
    heading: String,
    path: String,
    action: String,
    back: String,
    form: RecordingForm,
    errors: Errors,
    /// The ISRC begins with letters nobody is known to use: the form asks whether it is right.
    odd_isrc: bool,
}

pages!(RecordingsPage, RecordingPage, RecordingFormPage);

/// The form as typed.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
struct RecordingForm {
    title: String,
    /// Own number, ISWC or title.
    work: String,
    /// The work `work` stood for when the form was made.
    work_id: String,
    isrc: String,
    /// "This ISRC is right although its first letters are unknown."
    insist: String,
    artist: String,
    label: String,
    release_date: String,
    duration: String,
    /// The version of the recording the form was made from; empty for a new one.
    version: String,
}

/// How a form names a work.
fn named(title: &str, number: Option<&str>) -> String {
    number.map_or_else(|| title.to_owned(), str::to_owned)
}

impl RecordingForm {
    fn of(recording: &Recording) -> Self {
        RecordingForm {
            title: recording.title.clone(),
            work: recording.work.as_deref().map(|title| named(title, recording.work_number.as_deref())).unwrap_or_default(),
            work_id: recording.work_id.map(|id| id.to_string()).unwrap_or_default(),
            isrc: recording.isrc.as_deref().map(printed_isrc).unwrap_or_default(),
            insist: String::new(),
            artist: recording.artist.clone().unwrap_or_default(),
            label: recording.label.clone().unwrap_or_default(),
            release_date: recording.release_date.map(iso).unwrap_or_default(),
            duration: recording.duration_seconds.map(clock).unwrap_or_default(),
            version: recording.version.to_string(),
        }
    }

    async fn check(&self, at: &mut Tenant, before: Option<&Recording>) -> Result<(Details, Option<Candidate>)> {
        let mut fields = Fields::new();
        let isrc = self.isrc(before, &mut fields);
        let work = self.work(at, &mut fields).await?;
        let details = Details {
            title: fields.required("title", "The title", &self.title, LONGEST_LINE),
            isrc,
            artist: fields.line("artist", "The artist", &self.artist, LONGEST_LINE),
            label: fields.line("label", "The label", &self.label, LONGEST_LINE),
            release_date: fields.date("release_date", &self.release_date),
            duration_seconds: fields.duration("duration", &self.duration),
            work_id: work.as_ref().map(|work| work.id),
        };
        fields.or((details, work))
    }

    fn isrc(&self, before: Option<&Recording>, fields: &mut Fields) -> Option<String> {
        if let Some(stored) = before.and_then(|before| before.isrc.as_ref()).filter(|stored| printed_isrc(stored) == self.isrc.trim()) {
            return Some(stored.clone());
        }
        if self.isrc.trim().parse::<Isrc>() == Err(NoNumber::Prefix) {
            if self.insist.is_empty() {
                fields.refuse(
                    "insist",
                    "isrc_prefix",
                    "No agency is known to give out codes that begin so. Tick this box if the code is right.",
                );
            }
            return Isrc::of_any_prefix(&self.isrc).ok().map(String::from);
        }
        fields.parsed("isrc", "isrc", &self.isrc).map(|isrc: Isrc| isrc.into())
    }

    /// The work typed: the one the form was made with while its name stands, else whatever the text names.
    async fn work(&self, at: &mut Tenant, fields: &mut Fields) -> Result<Option<Candidate>> {
        let Some(typed) = fields.line("work", "The work", &self.work, LONGEST_LINE) else { return Ok(None) };
        if let Ok(id) = Uuid::try_parse(&self.work_id)
            && let Some(work) = recording::work(at, id).await?
            && named(&work.title, work.work_number.as_deref()) == typed
        {
            return Ok(Some(work));
        }
        let iswc = typed.parse::<Iswc>().ok().map(String::from);
        let mut works = recording::works_named(at, &typed.to_uppercase(), iswc.as_deref(), &typed).await?;
        let by_number = works.first().is_some_and(|work| work.work_number.as_deref() == Some(typed.to_uppercase().as_str()));
        match works.len() {
            0 => fields.refuse(
                "work",
                "work_unknown",
                format!("There is no work “{}”. Type its own number, ISWC or whole title.", short(&typed)),
            ),
            1 => return Ok(works.pop()),
            _ if by_number => return Ok(works.into_iter().next()),
            _ => fields.refuse("work", "work_ambiguous", "Several works are called so. Type the own number."),
        }
        Ok(None)
    }
}

/// Policy: recordings are seen with the works they are of.
async fn list(mut at: Read<RecordingsRead>, Query(query): Query<ListQuery>) -> Result<Response> {
    let path = at.url("/recordings");
    let found = recording::find(&mut at, &search::terms(&query.q)).await?;
    let (archived, after) = (query.state == "archived" && doors::sees_archived(&at), After::read(&query.after));
    let mut recordings = recording::list(&mut at, found.as_deref(), archived, after.as_ref()).await?;
    let next = cut(&mut recordings, Listed::after);
    let total = match (recordings.first().and_then(|row| row.total), &next, &after) {
        (_, None, None) => recordings.len().to_string(),
        (Some(total), ..) => counted(total),
        _ => recording::total(&mut at).await?,
    };
    let url = |after: &str| address(&path, &[("q", query.q.trim()), ("state", &query.state), ("after", after)]);
    web::page(&RecordingsPage {
        shell: at.shell(),
        base: at.url(""),
        recordings,
        total,
        next: next.map(|after| url(&after)),
        first: after.map(|_| url("")),
        may_create: keeps(&at, "recordings:create"),
        may_archive: keeps(&at, "recordings:delete"),
        q: query.q,
        state: query.state,
        path,
    })
}

async fn show(mut at: Read<RecordingsRead>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    let recording = recording::load(&mut at, doors::id(&id)?).await?;
    if recording.archived_at.is_some() && !doors::sees_archived(&at) {
        return Err(Error::NotFound);
    }
    let history = history::of(&mut at, recording.id).await?;
    let mut facts = vec![
        ("Artist", recording.artist.clone().unwrap_or_default()),
        ("Label", recording.label.clone().unwrap_or_default()),
        ("Released", recording.release_date.map(web::day).unwrap_or_default()),
        ("Duration", recording.duration_seconds.map(clock).unwrap_or_default()),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    let work = recording.work_id.zip(recording.work).map(|(id, title)| (at.url(&format!("/works/{id}")), title));
    web::page(&RecordingPage {
        shell: at.shell(),
        now: at.now(),
        path: at.url("/recordings"),
        url: at.url(&format!("/recordings/{}", recording.id)),
        isrc: recording.isrc.as_deref().map(printed_isrc).unwrap_or_default(),
        title: recording.title,
        work,
        facts,
        contributors: recording.contributors.0,
        history,
        sees_history: history::seen(&at),
        archived: recording.archived_at,
        may_update: keeps(&at, "recordings:update") && recording.archived_at.is_none(),
        may_archive: keeps(&at, "recordings:delete"),
    })
}

impl RecordingFormPage {
    fn of(at: &Tenant, form: RecordingForm, errors: Errors, before: Option<&Recording>) -> Self {
        let path = at.url("/recordings");
        let action = before.map_or_else(|| path.clone(), |recording| format!("{path}/{}", recording.id));
        // From a work's page one goes back to it.
        let from_work = Uuid::try_parse(&form.work_id).ok().filter(|_| before.is_none());
        RecordingFormPage {
            shell: at.shell(),
            heading: before.map(|recording| recording.title.clone()).unwrap_or_default(),
            back: from_work.map_or_else(|| action.clone(), |work| at.url(&format!("/works/{work}"))),
            action,
            path,
            odd_isrc: errors.of("insist").is_some() || !form.insist.is_empty(),
            form,
            errors,
        }
    }
}

async fn new(mut at: Read<RecordingsCreate>, Query(query): Query<ListQuery>) -> Result<Response> {
    keeper(&at, "recordings:create")?;
    let mut form = RecordingForm::default();
    if let Ok(id) = Uuid::try_parse(&query.work) {
        let work = recording::work(&mut at, id).await?.ok_or(Error::NotFound)?;
        form.work = named(&work.title, work.work_number.as_deref());
        form.work_id = work.id.to_string();
        form.title = work.title;
    }
    web::page(&RecordingFormPage::of(&at, form, Errors::none(), None))
}

async fn create(mut at: Write<RecordingsCreate>, Form(form): Form<RecordingForm>) -> Result<Response> {
    keeper(&at, "recordings:create")?;
    match form.check(&mut at, None).await {
        Ok((details, _)) => {
            let (id, title, isrc) = (at.new_id(), details.title.clone(), details.isrc.clone());
            recording::insert(&mut at, &[New::of(id, details)]).await?;
            tally::count(&mut at, tally::Change { recordings: 1, ..Default::default() }).await?;
            let response = saved(&mut at, id, "Recording added.", isrc.as_deref()).await?;
            at.commit(Entry::RecordingCreated { recording: id, title }).await?;
            Ok(response)
        }
        Err(Error::Refused(refusal)) => web::page_with(refusal.status, &RecordingFormPage::of(&at, form, Errors::from(&refusal), None)),
        Err(error) => Err(error),
    }
}

async fn edit(mut at: Read<RecordingsUpdate>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    keeper(&at, "recordings:update")?;
    let recording = recording::load(&mut at, doors::id(&id)?).await?;
    if recording.archived_at.is_some() {
        return Err(archived().into());
    }
    web::page(&RecordingFormPage::of(&at, RecordingForm::of(&recording), Errors::none(), Some(&recording)))
}

fn archived() -> Refusal {
    Refusal::conflict("archived", "This recording is archived. Restore it first.")
}

async fn update(
    mut at: Write<RecordingsUpdate>,
    Path((_, id)): Path<(String, String)>,
    Form(mut form): Form<RecordingForm>,
) -> Result<Response> {
    keeper(&at, "recordings:update")?;
    let before = recording::load(&mut at, doors::id(&id)?).await?;
    match save(&mut at, &form, &before).await {
        Ok((_, changes)) if changes.is_empty() => {
            Ok(web::done(&at.url(&format!("/recordings/{}", before.id)), "info", "Nothing was changed."))
        }
        Ok((details, changes)) => {
            let response = saved(&mut at, before.id, "Recording saved.", details.isrc.as_deref()).await?;
            at.commit(Entry::RecordingUpdated { recording: before.id, title: details.title, changes: changes.detail() }).await?;
            Ok(response)
        }
        Err(Error::Refused(refusal)) => {
            form.version = versions::sent_back(&refusal, form.version, before.present());
            web::page_with(refusal.status, &RecordingFormPage::of(&at, form, Errors::from(&refusal), Some(&before)))
        }
        Err(error) => Err(error),
    }
}

async fn save(at: &mut Tenant, form: &RecordingForm, before: &Recording) -> Result<(Details, Changes)> {
    if before.archived_at.is_some() {
        return Err(archived().into());
    }
    versions::check(at, "recording", &form.version, before.present()).await?;
    let (details, work) = form.check(at, Some(before)).await?;
    let changes = recording::update(at, before, &details, work.as_ref()).await?;
    Ok((details, changes))
}

/// To the recording; the same ISRC on another one is worth a word.
async fn saved(at: &mut Tenant, id: Uuid, words: &str, isrc: Option<&str>) -> Result<Response> {
    let url = at.url(&format!("/recordings/{id}"));
    let other = match isrc {
        Some(isrc) => recording::same_isrc(at, isrc, id).await?,
        None => None,
    };
    Ok(match other {
        Some(title) => web::done(&url, "warning", &format!("{words} “{}” has the same ISRC.", short(&title))),
        None => web::done(&url, "good", words),
    })
}

async fn archive(at: Write<RecordingsDelete>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    set_archived(at, &id, true).await
}

async fn restore(at: Write<RecordingsDelete>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    set_archived(at, &id, false).await
}

/// Done twice, it is still done: the second press only hears so. Nothing leans on a recording, so nothing stands in the way.
async fn set_archived(mut at: Write<RecordingsDelete>, id: &str, archived: bool) -> Result<Response> {
    keeper(&at, "recordings:delete")?;
    let Recording { id: recording, title, .. } = recording::load(&mut at, doors::id(id)?).await?;
    let url = at.url(&format!("/recordings/{recording}"));
    let (words, entry) = if archived {
        ("Recording archived. It is out of the lists and off its work's page.", Entry::RecordingArchived { recording, title })
    } else {
        ("Recording restored.", Entry::RecordingRestored { recording, title })
    };
    if recording::set_archived(&mut at, recording, archived).await? {
        at.commit(entry).await?;
    }
    Ok(web::done(&url, "good", words))
}
