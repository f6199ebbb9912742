//! `/me/sessions`: where the person is signed in, and the end of it.

use crate::{
    access::{Level, Routes, SignedIn},
    error::Result,
    pages,
    sign_in::{
        SIGN_IN,
        held::{self, Held},
        session,
    },
    web::{self, Moment, Shell},
};
use askama::Template;
use axum::{extract::Path, response::Response};
use time::OffsetDateTime;
use uuid::Uuid;

const SESSIONS: &str = "/me/sessions";

pub fn routes() -> Routes {
    Routes::new().get(SESSIONS, list).post("/me/sessions/end", end_others).post("/me/sessions/{id}/end", end_one)
}

#[derive(Template)]
#[template(path = "profile/sessions.html", blocks = ["content"])]
struct SessionsPage {
    shell: Shell,
    /// This one.
    current: Uuid,
    sessions: Vec<Held>,
    now: OffsetDateTime,
}

pages!(SessionsPage);

impl SessionsPage {
    /// What the session was proved by.
    fn proved(&self, held: &Held) -> &'static str {
        match held.level {
            Level::Password => "Password",
            Level::Mfa => "Password and code",
            Level::Passkey => "Passkey",
        }
    }
}

async fn list(at: SignedIn) -> Result<Response> {
    let mut door = at.identity().await?;
    let (sessions, now) = (held::list(&mut door, at.person.id).await?, door.now());
    web::page(&SessionsPage { shell: at.shell(), current: at.person.session, sessions, now })
}

async fn end_others(at: SignedIn) -> Result<Response> {
    at.require_fresh()?;
    held::end_others(&at).await?;
    Ok(web::done(SESSIONS, "good", "Your other sessions have ended."))
}

async fn end_one(at: SignedIn, Path(id): Path<String>) -> Result<Response> {
    let Ok(id) = Uuid::try_parse(&id) else { return Err(crate::error::Error::NotFound) };
    if id == at.person.session {
        session::end(at).await?;
        return Ok(web::done(SIGN_IN, "info", "You are signed out."));
    }
    at.require_fresh()?;
    let device = held::end(&at, id).await?;
    Ok(web::done(SESSIONS, "good", &format!("The session of {device} has ended.")))
}
