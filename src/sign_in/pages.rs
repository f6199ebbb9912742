//! The pages of the door.

use super::{link, session, verify};
use crate::{
    access::{Anyone, Routes, SignedIn},
    error::{Error, Result},
    pages,
    web::{self, Errors, Form, Query, Shell, redirect::own_path},
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde::Deserialize;

pub const SIGN_IN: &str = "/sign-in";

pub fn routes() -> Routes {
    Routes::new()
        .get(SIGN_IN, show)
        .post(SIGN_IN, sign_in)
        .post("/sign-out", sign_out)
        .get("/password/reset", show_reset)
        .post("/password/reset", reset)
}

#[derive(Template)]
#[template(path = "sign_in/show.html", blocks = ["content"])]
struct SignInPage {
    shell: Shell,
    email: String,
    next: String,
    errors: Errors,
    demo: bool,
}

#[derive(Template)]
#[template(path = "sign_in/reset.html", blocks = ["content"])]
struct ResetPage {
    shell: Shell,
    token: String,
    /// Whose password; none when the link no longer works.
    email: Option<String>,
    shortest: usize,
    errors: Errors,
}

pages!(SignInPage, ResetPage);

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
fn onward(next: &str) -> &str {
    own_path(next).filter(|path| !path.starts_with(SIGN_IN)).unwrap_or("/")
}

async fn show(at: Anyone, Query(query): Query<Arrival>) -> Result<Response> {
    if at.person().await?.is_some() {
        return Ok(web::see_other(onward(&query.next)));
    }
    web::page(&SignInPage {
        shell: at.shell(),
        email: query.email,
        next: query.next,
        errors: Errors::none(),
        demo: at.state.settings().demo(),
    })
}

async fn sign_in(at: Anyone, Form(form): Form<SignInForm>) -> Result<Response> {
    match verify::verify(&at, &form.email, form.password).await {
        Ok(user) => {
            session::start(&at, user).await?;
            Ok(web::see_other(onward(&form.next)))
        }
        Err(Error::Refused(refusal)) => {
            let page = SignInPage {
                shell: at.shell(),
                email: form.email,
                next: form.next,
                errors: Errors::from(&refusal),
                demo: at.state.settings().demo(),
            };
            let mut response = web::page_with(refusal.status, &page)?;
            if refusal.status == StatusCode::TOO_MANY_REQUESTS {
                response.headers_mut().insert("retry-after", axum::http::HeaderValue::from_static("60"));
            }
            Ok(response)
        }
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

#[derive(Deserialize, Default)]
#[serde(default)]
struct TokenQuery {
    token: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ResetForm {
    token: String,
    password: String,
    password_confirmation: String,
}

async fn show_reset(at: Anyone, Query(query): Query<TokenQuery>) -> Result<Response> {
    reset_page(&at, query.token, Errors::none(), StatusCode::OK).await
}

async fn reset(at: Anyone, Form(form): Form<ResetForm>) -> Result<Response> {
    match link::set_password(&at, &form.token, form.password, &form.password_confirmation).await {
        Ok(()) => Ok(web::done(SIGN_IN, "good", "Your password is set. Sign in with it.")),
        Err(Error::Refused(refusal)) => reset_page(&at, form.token, Errors::from(&refusal), refusal.status).await,
        Err(error) => Err(error),
    }
}

async fn reset_page(at: &Anyone, token: String, errors: Errors, status: StatusCode) -> Result<Response> {
    let mut door = at.identity().await?;
    let holder = link::holder(&mut door, &token).await?;
    let shortest = if holder.as_ref().is_some_and(|holder| holder.system_admin) {
        super::password::SHORTEST_FOR_SYSTEM_ADMINS
    } else {
        super::password::SHORTEST
    };
    web::page_with(status, &ResetPage { shell: at.shell(), token, email: holder.map(|holder| holder.email), shortest, errors })
}
