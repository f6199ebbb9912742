//! The second step of a sign-in: the factor after the password.

use super::{
    SIGN_IN,
    notice::{self, Notice},
    pages::onward,
    pending,
    proof::{self, Code},
    recovery, session, throttle,
};
use crate::{
    access::{Anyone, Level, Routes},
    audit::SecurityEvent,
    error::{Error, Result},
    pages,
    web::{self, Errors, Form, Query, Shell},
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// Where the factor is asked for.
pub const SECOND: &str = "/sign-in/mfa";

pub fn routes() -> Routes {
    Routes::new().get(SECOND, show).post(SECOND, answer)
}

#[derive(Template)]
#[template(path = "sign_in/second.html", blocks = ["content"])]
struct SecondPage {
    shell: Shell,
    email: String,
    next: String,
    /// Has codes from an app.
    totp: bool,
    passkey: bool,
    /// A recovery code is asked for in their place.
    recovery: bool,
    errors: Errors,
}

impl SecondPage {
    /// This page with the other way to prove it.
    fn other_way(&self) -> String {
        let way = if self.recovery { "" } else { RECOVERY };
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("with", way).append_pair("next", &self.next).finish();
        format!("{SECOND}?{query}")
    }
}

pages!(SecondPage);

/// What `with` says when a recovery code stands in.
const RECOVERY: &str = "recovery";

#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    next: String,
    with: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CodeForm {
    code: String,
    next: String,
    with: String,
}

/// The address of the second step, which leads on to `next`.
pub fn url(next: &str) -> String {
    if next.is_empty() { SECOND.to_owned() } else { format!("{SECOND}?next={}", utf8_percent_encode(next, NON_ALPHANUMERIC)) }
}

async fn show(at: Anyone, Query(query): Query<Asked>) -> Result<Response> {
    shown(&at, query.next, query.with == RECOVERY, Errors::none(), StatusCode::OK).await
}

/// The page with what was wrong.
pub(super) async fn page(at: &Anyone, next: String, errors: Errors, status: StatusCode) -> Result<Response> {
    shown(at, next, false, errors, status).await
}

async fn shown(at: &Anyone, next: String, recovery: bool, errors: Errors, status: StatusCode) -> Result<Response> {
    let Some((_, pending)) = pending::find(at).await? else { return Ok(start_again()) };
    let has = |factor: &str| pending.factors.iter().any(|held| held == factor);
    let (totp, passkey) = (has("totp"), has("passkey"));
    web::page_with(status, &SecondPage { shell: at.shell(), email: pending.email, next, totp, passkey, recovery, errors })
}

fn start_again() -> Response {
    web::done(SIGN_IN, "info", "Please sign in again: the time for the code has passed, or there were too many tries.")
}

async fn answer(at: Anyone, Form(form): Form<CodeForm>) -> Result<Response> {
    match try_code(&at, &form.code).await {
        Ok(Some(code)) => Ok(welcome(&code, &form.next)),
        Ok(None) => Ok(start_again()),
        Err(Error::Refused(refusal)) => shown(&at, form.next, form.with == RECOVERY, Errors::from(&refusal), refusal.status).await,
        Err(error) => Err(error),
    }
}

/// Onward; with a warning when few recovery codes are left.
fn welcome(code: &Code, next: &str) -> Response {
    match code {
        Code::Recovery { left } if *left <= recovery::FEW => {
            let left = match left {
                0 => "That was your last recovery code".to_owned(),
                1 => "You have 1 recovery code left".to_owned(),
                left => format!("You have {left} recovery codes left"),
            };
            web::done(onward(next), "warning", &format!("{left}. Make a new set under Security, Recovery codes."))
        }
        _ => web::see_other(onward(next)),
    }
}

/// Signs in when the code is good. None when the sign-in is no longer waited for.
async fn try_code(at: &Anyone, code: &str) -> Result<Option<Code>> {
    proof::typed("code", code)?;
    let Some((mut door, pending)) = pending::find(at).await? else { return Ok(None) };
    let user = pending.user_id;
    if let Err(throttled) = proof::count(&mut door, user).await {
        door.commit(&SecurityEvent::FactorThrottled).await?;
        return Err(throttled);
    }
    let counted = pending::count(&mut door, at).await?;
    door.commit_count().await?;
    if !counted {
        return Ok(None);
    }

    let Some((mut door, _)) = pending::find(at).await? else { return Ok(None) };
    match proof::code(&mut door, &at.state, user, "code", code).await {
        Ok(code) => {
            if !pending::end(&mut door, at).await? {
                return Ok(None);
            }
            proof::forgive(&mut door, user).await?;
            if let Code::Recovery { left } = code {
                notice::post(&mut door, &at.state, &pending.email, Notice::RecoveryCodeUsed { left }).await?;
            }
            door.commit(&SecurityEvent::FactorShown).await?;
            session::start(at, user, Level::Mfa).await?;
            Ok(Some(code))
        }
        Err(refused @ Error::Refused(_)) => {
            // The first of a series is told; the rest would only fill the mailbox.
            if throttle::is_first(&mut door, &throttle::wrong_factor(user)).await? {
                notice::post(&mut door, &at.state, &pending.email, Notice::WrongCode).await?;
            }
            let over = pending::end_if_spent(&mut door, at).await?;
            door.commit(&SecurityEvent::FactorFailed).await?;
            if over { Ok(None) } else { Err(refused) }
        }
        Err(error) => Err(error),
    }
}
