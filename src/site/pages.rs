//! Health, help, colours and static files.

use super::mailbox;
use crate::{
    access::{Anyone, Read, Routes, permission::PublisherRead},
    error::{Error, Result},
    pages,
    web::{self, Shell, assets},
};
use askama::Template;
use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

pub fn routes() -> Routes {
    Routes::new()
        .get("/health/live", live)
        .get("/health/ready", ready)
        .get("/help/keyboard", keyboard)
        .get("/publishers/{slug}/brand.css", brand)
        .get("/static/{*name}", file)
        .get("/dev/mail", mailbox::list)
        .get("/dev/mail/{id}", mailbox::show)
        .get("/dev/mail/{id}/html", mailbox::html)
}

#[derive(Template)]
#[template(path = "help/keyboard.html", blocks = ["content"])]
struct KeyboardPage {
    shell: Shell,
}
pages!(KeyboardPage);

/// The process answers.
async fn live(_: Anyone) -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The database answers too.
async fn ready(at: Anyone) -> Result<StatusCode> {
    let mut door = at.identity().await?;
    sqlx::query!("select 1 as one").fetch_one(door.db()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn keyboard(at: Anyone) -> Result<Response> {
    let person = at.person().await?;
    web::page(&KeyboardPage { shell: Shell { person: person.map(|person| person.mark()), ..at.shell() } })
}

/// The publisher's colours. The address changes with them, so browsers may keep it.
async fn brand(at: Read<PublisherRead>) -> Result<Response> {
    let brand = at.publisher.brand().ok_or(Error::NotFound)?;
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "private, max-age=31536000, immutable")];
    Ok((headers, brand.sheet()).into_response())
}

async fn file(_: Anyone, name: Path<String>, headers: HeaderMap) -> Response {
    assets::serve(name, headers).await
}
