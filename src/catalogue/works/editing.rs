//! Adding, changing and archiving a work.

use super::{
    form::{Checked, WorkForm},
    grid::{Row, Writers, field},
    work::{self, Work},
};
use crate::{
    access::{
        Read, Routes, Tenant, Write,
        permission::{WorksCreate, WorksDelete, WorksUpdate},
    },
    audit::Entry,
    catalogue::{
        changes::Changes,
        departments::Departments,
        doors::{self, keeper},
        songwriters::archive::restore_writers,
        versions,
    },
    error::{Error, Refusal, Result},
    pages,
    standards::{languages::Language, roles::WriterRole},
    web::{self, Errors, Form, Shell},
};
use askama::Template;
use axum::{extract::Path, response::Response};
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new()
        .get("/publishers/{slug}/works/new", new)
        .post("/publishers/{slug}/works", create)
        .get("/publishers/{slug}/works/{id}/edit", edit)
        .post("/publishers/{slug}/works/{id}", update)
        .post("/publishers/{slug}/works/{id}/archive", archive)
        .post("/publishers/{slug}/works/{id}/restore", restore)
}

/// Every field of the form, in the order they were sent: rows of writers have as many as there are.
type Pairs = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "works/edit.html", blocks = ["content"])]
struct WorkFormPage {
    shell: Shell,
    base: String,
    /// The work's title; empty for a new one.
    heading: String,
    action: String,
    back: String,
    form: WorkForm,
    rows: Vec<GridRow>,
    errors: Errors,
    departments: Vec<(String, String)>,
    department_required: bool,
    languages: Vec<(&'static str, String)>,
    roles: Vec<(&'static str, String)>,
    may_share: bool,
}

pages!(WorkFormPage);

/// A row of the grid with what is wrong in its fields; empty where nothing is.
struct GridRow {
    row: Row,
    name_error: String,
    ipi_error: String,
    role_error: String,
    share_error: String,
}

impl GridRow {
    fn of(i: usize, row: &Row, errors: &Errors) -> Self {
        let said = |what| errors.of(&field(i, what)).unwrap_or_default().to_owned();
        GridRow { row: row.clone(), name_error: said("name"), ipi_error: said("ipi"), role_error: said("role"), share_error: said("share") }
    }
}

impl WorkFormPage {
    fn of(at: &Tenant, form: WorkForm, errors: Errors, departments: &Departments, before: Option<&Work>) -> Self {
        let url = at.url("/works");
        let mut options = departments.options();
        if let Some((id, name)) = before.and_then(|work| Some((work.department_id?, work.department.clone()?)))
            && departments.name(id).is_none()
        {
            options.push((id.to_string(), format!("{name} (closed)")));
        }
        let action = before.map_or_else(|| url.clone(), |work| format!("{url}/{}", work.id));
        WorkFormPage {
            shell: at.shell(),
            base: at.url(""),
            heading: before.map(|work| work.title.clone()).unwrap_or_default(),
            back: action.clone(),
            action,
            rows: form.rows.iter().enumerate().map(|(i, row)| GridRow::of(i, row, &errors)).collect(),
            form,
            errors,
            departments: options,
            department_required: departments.required,
            languages: Language::all().iter().map(|language| (language.code.as_str(), language.name.clone())).collect(),
            roles: WriterRole::ALL.into_iter().map(|role| (role.code(), role.to_string())).collect(),
            may_share: at.may("works:shares") || before.is_none(),
        }
    }
}

async fn new(mut at: Read<WorksCreate>) -> Result<Response> {
    keeper(&at, "works:create")?;
    let departments = Departments::of(&mut at).await?;
    web::page(&WorkFormPage::of(&at, WorkForm::blank(&departments), Errors::none(), &departments, None))
}

/// Policy: `works:create`; songwriters the grid names anew take `songwriters:create`.
async fn create(mut at: Write<WorksCreate>, Form(pairs): Form<Pairs>) -> Result<Response> {
    keeper(&at, "works:create")?;
    let departments = Departments::of(&mut at).await?;
    let mut form = WorkForm::read(pairs);
    if form.asks_for_rows {
        return web::page(&WorkFormPage::of(&at, form, Errors::none(), &departments, None));
    }
    match save_new(&mut at, &mut form, &departments).await {
        Ok((id, writers)) => {
            let work = work::load(&mut at, id).await?;
            let response = saved(&at.url(&format!("/works/{id}")), "Work added.", &work);
            let entries = entries(&writers, Some(Entry::WorkCreated { work: id, title: work.title }));
            land(at, entries).await?;
            Ok(response)
        }
        Err(Error::Refused(refusal)) => {
            web::page_with(refusal.status, &WorkFormPage::of(&at, form, Errors::from(&refusal), &departments, None))
        }
        Err(error) => Err(error),
    }
}

async fn save_new(at: &mut Tenant, form: &mut WorkForm, departments: &Departments) -> Result<(Uuid, Writers)> {
    let Checked { draft, writers } = form.check(at, departments, None).await?;
    writers.write(at).await?;
    Ok((work::create(at, draft).await?, writers))
}

async fn edit(mut at: Read<WorksUpdate>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    keeper(&at, "works:update")?;
    let work = work::load(&mut at, doors::id(&id)?).await?;
    if work.archived_at.is_some() {
        return Err(archived().into());
    }
    let departments = Departments::of(&mut at).await?;
    web::page(&WorkFormPage::of(&at, WorkForm::of(&work), Errors::none(), &departments, Some(&work)))
}

fn archived() -> Refusal {
    Refusal::conflict("archived", "This work is archived. Restore it first.")
}

/// Policy: `works:update`; controlled shares take `works:shares` as well.
async fn update(mut at: Write<WorksUpdate>, Path((_, id)): Path<(String, String)>, Form(pairs): Form<Pairs>) -> Result<Response> {
    keeper(&at, "works:update")?;
    let before = work::load(&mut at, doors::id(&id)?).await?;
    let departments = Departments::of(&mut at).await?;
    let mut form = WorkForm::read(pairs);
    if form.asks_for_rows {
        return web::page(&WorkFormPage::of(&at, form, Errors::none(), &departments, Some(&before)));
    }
    let url = at.url(&format!("/works/{}", before.id));
    match save(&mut at, &before, &mut form, &departments).await {
        Ok((changes, writers)) => {
            let work = work::load(&mut at, before.id).await?;
            let response = saved(&url, "Work saved.", &work);
            let updated = Entry::WorkUpdated { work: work.id, title: work.title, changes: changes.detail() };
            let entries = entries(&writers, (!changes.is_empty()).then_some(updated));
            if entries.is_empty() {
                return Ok(web::done(&url, "info", "Nothing was changed."));
            }
            land(at, entries).await?;
            Ok(response)
        }
        Err(Error::Refused(refusal)) => {
            form.version = versions::sent_back(&refusal, form.version, before.present());
            web::page_with(refusal.status, &WorkFormPage::of(&at, form, Errors::from(&refusal), &departments, Some(&before)))
        }
        Err(error) => Err(error),
    }
}

async fn save(at: &mut Tenant, before: &Work, form: &mut WorkForm, departments: &Departments) -> Result<(Changes, Writers)> {
    if before.archived_at.is_some() {
        return Err(archived().into());
    }
    versions::check(at, "work", &form.version, before.present()).await?;
    let Checked { draft, writers } = form.check(at, departments, Some(before)).await?;
    writers.write(at).await?;
    Ok((work::update(at, before, draft).await?, writers))
}

/// The trail of a form: what the grid of writers did to songwriters, and what was done to the work.
fn entries(writers: &Writers, work: Option<Entry>) -> Vec<Entry> {
    let new = writers.new.iter().map(|(id, details)| Entry::SongwriterCreated { songwriter: *id, name: details.name() });
    let completed = writers.completed.iter().map(|(id, name, ipi)| {
        let mut changes = Changes::default();
        changes.note("IPI", "", ipi);
        Entry::SongwriterUpdated { songwriter: *id, name: name.clone(), changes: changes.detail() }
    });
    new.chain(completed).chain(work).collect()
}

async fn land<P>(mut at: Write<P>, mut entries: Vec<Entry>) -> Result<()> {
    let Some(last) = entries.pop() else { return Ok(()) };
    for entry in &entries {
        at.record(entry).await?;
    }
    at.commit(last).await
}

/// To the work, with what still stands in the way of registering it.
fn saved(url: &str, words: &str, work: &Work) -> Response {
    match work.warnings().first() {
        Some(warning) => web::done(url, "warning", &format!("{words} {warning}")),
        None => web::done(url, "good", words),
    }
}

async fn archive(at: Write<WorksDelete>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    set_archived(at, &id, true).await
}

async fn restore(at: Write<WorksDelete>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    set_archived(at, &id, false).await
}

/// Done twice, it is still done: the second press only hears so. The work's page offers the way back, which archived writers
/// take with it.
async fn set_archived(mut at: Write<WorksDelete>, id: &str, archived: bool) -> Result<Response> {
    keeper(&at, "works:delete")?;
    let work = work::load(&mut at, doors::id(id)?).await?;
    let url = at.url(&format!("/works/{}", work.id));
    let (words, entry) = if archived {
        ("Work archived. It is out of the lists; its number stays taken.", Entry::WorkArchived { work: work.id, title: work.title.clone() })
    } else {
        ("Work restored.", Entry::WorkRestored { work: work.id, title: work.title.clone() })
    };
    if !work::set_archived(&mut at, &work, archived).await? {
        return Ok(web::done(&url, "good", words));
    }
    let back = if archived { Vec::new() } else { restore_writers(&mut at, work.id).await? };
    let names: Vec<String> = back.iter().map(|(_, name)| name.clone()).collect();
    let writers = back.into_iter().map(|(songwriter, name)| Entry::SongwriterRestored { songwriter, name });
    land(at, writers.chain([entry]).collect()).await?;
    let words = if names.is_empty() { words.to_owned() } else { format!("{words} Its writers came back with it: {}.", names.join(" · ")) };
    Ok(web::done(&url, "good", &words))
}
