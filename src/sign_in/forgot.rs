//! A forgotten password: a link to the address, and the page behind it. The link sets the password and nothing else: it signs
//! nobody in, stands in for no second factor and accepts no invitation.

use super::{
    SIGN_IN,
    address::EmailAddress,
    asked,
    link::{self, Purpose},
    new_password::{self, Chooser},
    password, session, throttle,
};
use crate::{
    access::{Anyone, Routes},
    audit::SecurityEvent,
    error::{Error, Refusal, Result},
    pages,
    web::{self, Errors, Form, Query, Shell},
};
use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;

const FORGOT: &str = "/password/forgot";
const RESET: &str = "/password/reset";

pub fn routes() -> Routes {
    Routes::new().get(FORGOT, show).post(FORGOT, ask).get(RESET, show_reset).post(RESET, reset)
}

#[derive(Template)]
#[template(path = "sign_in/forgot.html", blocks = ["content"])]
struct ForgotPage {
    shell: Shell,
    email: String,
    /// A link was asked for; whether it went out is not said.
    asked: bool,
    errors: Errors,
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

pages!(ForgotPage, ResetPage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct ForgotForm {
    email: String,
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

async fn show(at: Anyone) -> Result<Response> {
    web::page(&ForgotPage { shell: at.shell(), email: String::new(), asked: false, errors: Errors::none() })
}

async fn ask(at: Anyone, Form(form): Form<ForgotForm>) -> Result<Response> {
    let page = |asked, email, errors| ForgotPage { shell: at.shell(), email, asked, errors };
    match request_link(&at, &form.email).await {
        Ok(email) => web::page(&page(true, email, Errors::none())),
        Err(Error::Refused(refusal)) => {
            let mut response = web::page_with(refusal.status, &page(false, form.email, Errors::from(&refusal)))?;
            if refusal.status == StatusCode::TOO_MANY_REQUESTS {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("3600"));
            }
            Ok(response)
        }
        Err(error) => Err(error),
    }
}

/// Has a link mailed to an address, if anybody has it. Answers the address.
///
/// # Errors
/// A refusal at `email`; 429 after too many for this address or from this source.
async fn request_link(at: &Anyone, typed: &str) -> Result<String> {
    let email = EmailAddress::parse("email", typed)?;
    let mut door = at.identity().await?;
    let (source, address) = (throttle::mails_from(at.request.address.as_deref()), throttle::mails_to(&email.norm));
    if throttle::take(&mut door, &source).await?.is_some() {
        return Err(too_many("Too many links were asked for from here. Please come back in an hour."));
    }
    if throttle::take(&mut door, &address).await?.is_some() {
        return Err(too_many("Three links were asked for this address within an hour. Use the newest, or come back in an hour."));
    }
    asked::enqueue(&mut door, asked::PASSWORD_LINK, &email.norm).await?;
    door.commit(&SecurityEvent::PasswordLinkAsked).await?;
    Ok(email.typed)
}

fn too_many(words: &str) -> Error {
    Refusal { status: StatusCode::TOO_MANY_REQUESTS, ..Refusal::rule("throttled", words) }.into()
}

async fn show_reset(at: Anyone, Query(query): Query<TokenQuery>) -> Result<Response> {
    reset_page(&at, query.token, Errors::none(), StatusCode::OK).await
}

async fn reset(at: Anyone, Form(form): Form<ResetForm>) -> Result<Response> {
    match set_password(&at, &form.token, form.password, &form.password_confirmation).await {
        Ok(()) => Ok(web::done(SIGN_IN, "good", "Your password is set. Sign in with it.")),
        Err(Error::Refused(refusal)) => reset_page(&at, form.token, Errors::from(&refusal), refusal.status).await,
        Err(error) => Err(error),
    }
}

async fn reset_page(at: &Anyone, token: String, errors: Errors, status: StatusCode) -> Result<Response> {
    let mut door = at.identity().await?;
    let holder = link::holder(&mut door, Purpose::Password, &token).await?;
    let shortest = password::shortest(holder.as_ref().is_some_and(|holder| holder.system_admin));
    web::page_with(status, &ResetPage { shell: at.shell(), token, email: holder.map(|holder| holder.email), shortest, errors })
}

/// Sets the password of the link's holder and burns the link; every session of theirs ends. Whoever has the link has read the
/// mail, or runs this installation: the address counts as confirmed.
///
/// # Errors
/// A refusal at the field at fault, or `link_gone` when the link no longer works.
async fn set_password(at: &Anyone, token: &str, typed: String, confirmation: &str) -> Result<()> {
    let mut door = at.identity().await?;
    let holder = link::holder(&mut door, Purpose::Password, token).await?.ok_or_else(link::gone)?;
    let who = Chooser { email: &holder.email, name: &holder.name, system_admin: holder.system_admin };
    let hash = new_password::hash(door, who, typed, confirmation).await?;

    let mut door = at.identity().await?;
    let holder = link::burn(&mut door, Purpose::Password, token).await?;
    new_password::set(&mut door, &at.state, holder.user_id, &holder.email, &hash).await?;
    let now = door.now();
    sqlx::query!("update users set email_verified_at = coalesce(email_verified_at, $2) where id = $1", holder.user_id, now)
        .execute(door.db())
        .await?;
    session::end_all(&mut door, holder.user_id).await?;
    door.commit(&SecurityEvent::PasswordSet).await
}
