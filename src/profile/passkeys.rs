//! `/me/passkeys`: the person's passkeys, with their names; one more, one less.

use super::codes;
use crate::{
    access::{Routes, SignedIn},
    error::{Error, Result},
    pages,
    sign_in::passkeys::{self, Listed},
    web::{self, Errors, Form, Moment, Query, Shell, agent, redirect::own_path},
};
use askama::Template;
use axum::{extract::Path, http::StatusCode, response::Response};
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

const PASSKEYS: &str = "/me/passkeys";

pub fn routes() -> Routes {
    Routes::new()
        .get(PASSKEYS, list)
        .post(PASSKEYS, enrol)
        .get("/me/passkeys/new", new)
        .post("/me/passkeys/challenge", ask)
        .get("/me/passkeys/{id}", show)
        .post("/me/passkeys/{id}", rename)
        .post("/me/passkeys/{id}/remove", remove)
}

#[derive(Template)]
#[template(path = "profile/passkeys.html", blocks = ["content"])]
struct PasskeysPage {
    shell: Shell,
    passkeys: Vec<Listed>,
    /// Can browsers use passkeys here?
    possible: bool,
    now: OffsetDateTime,
}

#[derive(Template)]
#[template(path = "profile/new_passkey.html", blocks = ["content"])]
struct NewPage {
    shell: Shell,
    typed: String,
    next: String,
    possible: bool,
    errors: Errors,
}

#[derive(Template)]
#[template(path = "profile/passkey.html", blocks = ["content"])]
struct PasskeyPage {
    shell: Shell,
    passkey: Listed,
    url: String,
    remove_url: String,
    typed: String,
    now: OffsetDateTime,
    errors: Errors,
}

pages!(PasskeysPage, NewPage, PasskeyPage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct Next {
    next: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NewForm {
    name: String,
    passkey: String,
    next: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NameForm {
    name: String,
}

async fn list(at: SignedIn) -> Result<Response> {
    let mut door = at.identity().await?;
    let passkeys = passkeys::list(&mut door, at.person.id).await?;
    web::page(&PasskeysPage { shell: at.shell(), passkeys, possible: at.state.relying_party().is_some(), now: door.now() })
}

async fn new(at: SignedIn, Query(query): Query<Next>) -> Result<Response> {
    at.require_fresh()?;
    let name = agent::device(at.request.agent.as_deref());
    new_page(&at, NewForm { name, next: query.next, ..NewForm::default() }, Errors::none(), StatusCode::OK)
}

fn new_page(at: &SignedIn, form: NewForm, errors: Errors, status: StatusCode) -> Result<Response> {
    let possible = at.state.relying_party().is_some();
    web::page_with(status, &NewPage { shell: at.shell(), typed: form.name, next: form.next, possible, errors })
}

async fn ask(at: SignedIn, Form(form): Form<NameForm>) -> Result<Response> {
    passkeys::respond(passkeys::ask(&at, &form.name).await)
}

async fn enrol(at: SignedIn, Form(form): Form<NewForm>) -> Result<Response> {
    let next = own_path(&form.next).unwrap_or(PASSKEYS);
    match passkeys::enrol(&at, &form.name, &form.passkey).await {
        Ok(Some(codes)) => codes::show(&at, codes, next),
        Ok(None) => Ok(web::done(next, "good", "Your passkey is added.")),
        Err(Error::Refused(refusal)) => new_page(&at, form, Errors::from(&refusal), refusal.status),
        Err(error) => Err(error),
    }
}

async fn show(at: SignedIn, Path(id): Path<Uuid>) -> Result<Response> {
    page(&at, id, None, Errors::none(), StatusCode::OK).await
}

async fn page(at: &SignedIn, id: Uuid, typed: Option<String>, errors: Errors, status: StatusCode) -> Result<Response> {
    let mut door = at.identity().await?;
    let passkey = passkeys::find(&mut door, at.person.id, id).await?;
    let typed = typed.unwrap_or_else(|| passkey.name.clone());
    let url = format!("{PASSKEYS}/{id}");
    let remove_url = format!("{url}/remove");
    web::page_with(status, &PasskeyPage { shell: at.shell(), passkey, url, remove_url, typed, now: door.now(), errors })
}

async fn rename(at: SignedIn, Path(id): Path<Uuid>, Form(form): Form<NameForm>) -> Result<Response> {
    match passkeys::rename(&at, id, &form.name).await {
        Ok(()) => Ok(web::done(PASSKEYS, "good", "The name is saved.")),
        Err(Error::Refused(refusal)) => page(&at, id, Some(form.name), Errors::from(&refusal), refusal.status).await,
        Err(error) => Err(error),
    }
}

async fn remove(at: SignedIn, Path(id): Path<Uuid>) -> Result<Response> {
    at.require_fresh()?;
    match passkeys::remove(&at, id).await {
        Ok(name) => {
            let words = format!("“{name}” no longer signs you in. Delete it on the device, too.");
            Ok(web::done(PASSKEYS, "good", &words))
        }
        Err(Error::Refused(refusal)) => page(&at, id, None, Errors::from(&refusal), refusal.status).await,
        Err(error) => Err(error),
    }
}
