//! Passkeys at the door: the questions as JSON for the page's script, the answers as forms.

use super::{ceremony, proof};
use crate::{
    access::{Anyone, Routes, SignedIn},
    error::{Error, Result},
    sign_in::{
        pages::{self, onward},
        second,
    },
    web::{self, Errors, Form},
};
use axum::response::Response;
use serde::Deserialize;

pub fn routes() -> Routes {
    Routes::new()
        .post("/sign-in/passkey/challenge", ask_anybody)
        .post("/sign-in/passkey", sign_in)
        .post("/sign-in/mfa/passkey/challenge", ask_second)
        .post("/sign-in/mfa/passkey", second)
        .post("/sign-in/confirm/passkey/challenge", ask_again)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AnswerForm {
    passkey: String,
    next: String,
}

async fn ask_anybody(at: Anyone) -> Result<Response> {
    ceremony::respond(proof::ask_anybody(&at).await)
}

async fn sign_in(at: Anyone, Form(form): Form<AnswerForm>) -> Result<Response> {
    match proof::sign_in(&at, &form.passkey).await {
        Ok(()) => Ok(web::see_other(onward(&form.next))),
        Err(Error::Refused(refusal)) => pages::refused(&at, String::new(), form.next, &refusal),
        Err(error) => Err(error),
    }
}

async fn ask_second(at: Anyone) -> Result<Response> {
    ceremony::respond(proof::ask_second(&at).await)
}

async fn second(at: Anyone, Form(form): Form<AnswerForm>) -> Result<Response> {
    match proof::second(&at, &form.passkey).await {
        Ok(()) => Ok(web::see_other(onward(&form.next))),
        Err(Error::Refused(refusal)) => second::page(&at, form.next, Errors::from(&refusal), refusal.status).await,
        Err(error) => Err(error),
    }
}

async fn ask_again(at: SignedIn) -> Result<Response> {
    ceremony::respond(proof::ask_again(&at).await)
}
