//! `/me/email`: another address.

use crate::{
    access::{Routes, SignedIn},
    error::{Error, Result},
    pages,
    sign_in::email,
    web::{self, Errors, Form, Shell},
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde::Deserialize;

const EMAIL: &str = "/me/email";

pub fn routes() -> Routes {
    Routes::new().get(EMAIL, show).post(EMAIL, ask)
}

#[derive(Template)]
#[template(path = "profile/email.html", blocks = ["content"])]
struct EmailPage {
    shell: Shell,
    present: String,
    /// Asked for, and not confirmed yet.
    waiting: Option<String>,
    /// What was typed.
    email: String,
    errors: Errors,
}

pages!(EmailPage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct EmailForm {
    email: String,
}

async fn show(at: SignedIn) -> Result<Response> {
    page(&at, String::new(), Errors::none(), StatusCode::OK).await
}

async fn page(at: &SignedIn, email: String, errors: Errors, status: StatusCode) -> Result<Response> {
    let waiting = email::waiting(&mut at.identity().await?, at.person.id).await?;
    web::page_with(status, &EmailPage { shell: at.shell(), present: at.person.email.clone(), waiting, email, errors })
}

async fn ask(at: SignedIn, Form(form): Form<EmailForm>) -> Result<Response> {
    match email::ask(&at, &form.email).await {
        Ok(_) => Ok(web::done(EMAIL, "good", "A mail with a link is on its way to the new address.")),
        Err(Error::Refused(refusal)) => page(&at, form.email, Errors::from(&refusal), refusal.status).await,
        Err(error) => Err(error),
    }
}
