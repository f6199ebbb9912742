//! The list of imports, the page a file is uploaded from, and the template to fill in.

use super::{
    import::{self, Import, State as ImportState},
    reading::{self, Column, LEDGERLINE},
};
use crate::{
    access::{Read, Routes, Tenant, permission::ImportsRun},
    catalogue::{
        departments::Departments,
        doors::keeper,
        paging::{After, address, cut},
    },
    error::Result,
    pages,
    web::{self, Errors, Moment, Query, Shell},
};
use askama::Template;
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use time::OffsetDateTime;

pub fn routes() -> Routes {
    Routes::new()
        .get("/publishers/{slug}/imports", list)
        .get("/publishers/{slug}/imports/new", new)
        .get("/publishers/{slug}/imports/template.csv", template)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ListQuery {
    after: String,
}

#[derive(Template)]
#[template(path = "imports/list.html", blocks = ["content"])]
struct ImportsPage {
    shell: Shell,
    now: OffsetDateTime,
    path: String,
    imports: Vec<Import>,
    next: Option<String>,
    first: Option<String>,
}

#[derive(Template)]
#[template(path = "imports/new.html", blocks = ["content"])]
pub struct UploadPage {
    shell: Shell,
    path: String,
    action: String,
    columns: &'static [Column],
    departments: Departments,
    /// The department chosen.
    pub department: String,
    pub errors: Errors,
}

pages!(ImportsPage, UploadPage);

impl UploadPage {
    pub async fn of(at: &mut Tenant) -> Result<Self> {
        let path = at.url("/imports");
        Ok(UploadPage {
            shell: at.shell(),
            action: format!("{path}?stamp={}", at.publisher.id),
            path,
            columns: LEDGERLINE,
            departments: Departments::of(at).await?,
            department: String::new(),
            errors: Errors::none(),
        })
    }

    /// The first choice, where there is one beside the departments. Whoever has one department only has no choice.
    fn no_department(&self) -> &'static str {
        match (self.departments.required, self.departments.usable.len()) {
            (true, 1) => "",
            (true, _) => "As each row says",
            (false, _) => "None, unless a row names one",
        }
    }
}

async fn list(mut at: Read<ImportsRun>, Query(query): Query<ListQuery>) -> Result<Response> {
    keeper(&at, "imports:run")?;
    let path = at.url("/imports");
    let after = After::read(&query.after);
    let mut imports = import::list(&mut at, after.as_ref()).await?;
    let next = cut(&mut imports, Import::after);
    let url = |after: &str| address(&path, &[("after", after)]);
    let (next, first) = (next.map(|after| url(&after)), after.map(|_| url("")));
    web::page(&ImportsPage { shell: at.shell(), now: at.now(), imports, next, first, path })
}

async fn new(mut at: Read<ImportsRun>) -> Result<Response> {
    keeper(&at, "imports:run")?;
    web::page(&UploadPage::of(&mut at).await?)
}

async fn template(at: Read<ImportsRun>) -> Result<Response> {
    keeper(&at, "imports:run")?;
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"ledgerline-works.csv\"")];
    Ok((headers, reading::template()).into_response())
}
