//! The pages of the door.

use super::{pending, second, session, verify};
use crate::{
    access::{Anyone, Level, Routes, SignedIn},
    error::{Error, Refusal, Result},
    pages,
    web::{self, Errors, Form, Query, Shell, redirect::own_path},
};
use askama::Template;
use axum::response::Response;
use serde::Deserialize;

pub const SIGN_IN: &str = "/sign-in";

pub fn routes() -> Routes {
    Routes::new().get(SIGN_IN, show).post(SIGN_IN, sign_in).post("/sign-out", sign_out)
}

#[derive(Template)]
#[template(path = "sign_in/show.html", blocks = ["content"])]
struct SignInPage {
    shell: Shell,
    email: String,
    next: String,
    errors: Errors,
    /// Can browsers use passkeys here?
    passkeys: bool,
    demo: bool,
}

pages!(SignInPage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct Arrival {
    next: String,
    /// Whose account is meant, when the way here knows: an invitation does.
    email: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SignInForm {
    email: String,
    password: String,
    next: String,
}

/// Where somebody goes once signed in: the page they wanted, when it is one of ours.
pub(super) fn onward(next: &str) -> &str {
    own_path(next).filter(|path| !path.starts_with(SIGN_IN)).unwrap_or("/")
}

async fn show(at: Anyone, Query(query): Query<Arrival>) -> Result<Response> {
    if at.person().await?.is_some() {
        return Ok(web::see_other(onward(&query.next)));
    }
    web::page(&sign_in_page(&at, query.email, query.next, Errors::none()))
}

fn sign_in_page(at: &Anyone, email: String, next: String, errors: Errors) -> SignInPage {
    let passkeys = at.state.relying_party().is_some();
    SignInPage { shell: at.shell(), email, next, errors, passkeys, demo: at.state.settings().demo() }
}

/// The page again, with why nobody was signed in.
pub(super) fn refused(at: &Anyone, email: String, next: String, refusal: &Refusal) -> Result<Response> {
    web::page_with(refusal.status, &sign_in_page(at, email, next, Errors::from(refusal)))
}

async fn sign_in(at: Anyone, Form(form): Form<SignInForm>) -> Result<Response> {
    match verify::verify(&at, &form.email, form.password).await {
        Ok(user) => {
            if session::has_factor(&at, user).await? {
                pending::begin(&at, user).await?;
                return Ok(web::see_other(&second::url(&form.next)));
            }
            session::start(&at, user, Level::Password).await?;
            Ok(web::see_other(onward(&form.next)))
        }
        Err(Error::Refused(refusal)) => refused(&at, form.email, form.next, &refusal),
        Err(error) => Err(error),
    }
}

async fn sign_out(at: SignedIn) -> Result<Response> {
    session::end(at).await?;
    let mut response = web::done(SIGN_IN, "info", "You are signed out.");
    // What the browser still holds of the account goes too.
    response.headers_mut().insert("clear-site-data", axum::http::HeaderValue::from_static("\"cache\", \"storage\""));
    Ok(response)
}
