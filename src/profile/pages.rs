//! `/me`: name, address, publishers.

use super::person;
use crate::{
    access::{Routes, SignedIn},
    error::{Error, Result},
    pages,
    publishers::publisher::{self, Mine},
    web::{self, Errors, Form, Moment, Shell},
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde::Deserialize;
use time::OffsetDateTime;

const ME: &str = "/me";

pub fn routes() -> Routes {
    Routes::new().get(ME, show).post(ME, save)
}

#[derive(Template)]
#[template(path = "profile/show.html", blocks = ["content"])]
struct ProfilePage {
    shell: Shell,
    full_name: String,
    email: String,
    verified: bool,
    publishers: Vec<Mine>,
    now: OffsetDateTime,
    errors: Errors,
}

pages!(ProfilePage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct NameForm {
    full_name: String,
}

async fn show(at: SignedIn) -> Result<Response> {
    let name = at.person.name.clone();
    page(&at, name, Errors::none(), StatusCode::OK).await
}

async fn page(at: &SignedIn, full_name: String, errors: Errors, status: StatusCode) -> Result<Response> {
    let mut door = at.identity().await?;
    let publishers = publisher::mine(&mut door).await?;
    let (email, verified) = (at.person.email.clone(), at.person.verified);
    web::page_with(status, &ProfilePage { shell: at.shell(), full_name, email, verified, publishers, now: door.now(), errors })
}

async fn save(at: SignedIn, Form(form): Form<NameForm>) -> Result<Response> {
    match person::rename(&at, &form.full_name).await {
        Ok(()) => Ok(web::done(ME, "good", "Your name is saved.")),
        Err(Error::Refused(refusal)) => page(&at, form.full_name, Errors::from(&refusal), refusal.status).await,
        Err(error) => Err(error),
    }
}
