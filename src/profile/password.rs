//! `/me/password`: another password.

use crate::{
    access::{Routes, SignedIn},
    error::{Error, Result},
    pages,
    sign_in::{new_password, password},
    web::{self, Errors, Form, Shell},
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde::Deserialize;

const PASSWORD: &str = "/me/password";

pub fn routes() -> Routes {
    Routes::new().get(PASSWORD, show).post(PASSWORD, change)
}

#[derive(Template)]
#[template(path = "profile/password.html", blocks = ["content"])]
struct PasswordPage {
    shell: Shell,
    email: String,
    shortest: usize,
    errors: Errors,
}

pages!(PasswordPage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct PasswordForm {
    current_password: String,
    password: String,
    password_confirmation: String,
}

async fn show(at: SignedIn) -> Result<Response> {
    page(&at, Errors::none(), StatusCode::OK)
}

fn page(at: &SignedIn, errors: Errors, status: StatusCode) -> Result<Response> {
    let (email, shortest) = (at.person.email.clone(), password::shortest(at.person.system_admin));
    web::page_with(status, &PasswordPage { shell: at.shell(), email, shortest, errors })
}

async fn change(at: SignedIn, Form(form): Form<PasswordForm>) -> Result<Response> {
    match new_password::change(&at, form.current_password, form.password, &form.password_confirmation).await {
        Ok(()) => Ok(web::done(super::security::SECURITY, "good", "Your password is changed. Your other sessions have ended.")),
        Err(Error::Refused(refusal)) => page(&at, Errors::from(&refusal), refusal.status),
        Err(error) => Err(error),
    }
}
