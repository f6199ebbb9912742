//! `/me/factor-reset`: where the mail about a reset leads.

use crate::{
    access::{Routes, SignedIn},
    error::{Error, Result},
    pages,
    sign_in::{notice::STOP_RESET, reset},
    web::{self, Moment, Shell},
};
use askama::Template;
use axum::response::Response;
use time::OffsetDateTime;

pub fn routes() -> Routes {
    Routes::new().get(STOP_RESET, show).post(STOP_RESET, withdraw)
}

#[derive(Template)]
#[template(path = "profile/reset.html", blocks = ["content"])]
struct ResetPage {
    shell: Shell,
    /// None when there is nothing to stop.
    due: Option<OffsetDateTime>,
}

pages!(ResetPage);

async fn show(at: SignedIn) -> Result<Response> {
    let mut door = at.identity().await?;
    let due = reset::due(&mut door, at.person.id).await?;
    web::page(&ResetPage { shell: at.shell(), due })
}

async fn withdraw(at: SignedIn) -> Result<Response> {
    match reset::withdraw(&at).await {
        Ok(()) => Ok(web::done("/me/security", "good", "You keep your second factor.")),
        Err(Error::Refused(refusal)) => Ok(web::done(STOP_RESET, "info", refusal.message())),
        Err(error) => Err(error),
    }
}
