//! The end of an account's wait, by a link to its owner's address.

use super::{
    SIGN_IN, address,
    link::{self, Purpose},
    throttle,
};
use crate::{
    access::{Anyone, Routes},
    audit::SecurityEvent,
    error::{Error, Result},
    pages,
    web::{self, Form, Query, Shell},
};
use askama::Template;
use axum::response::Response;
use serde::Deserialize;

const UNLOCK: &str = "/sign-in/unlock";

pub fn routes() -> Routes {
    Routes::new().get(UNLOCK, show).post(UNLOCK, unlock)
}

#[derive(Template)]
#[template(path = "sign_in/unlock.html", blocks = ["content"])]
struct UnlockPage {
    shell: Shell,
    token: String,
    /// Whose account; none when the link no longer works.
    email: Option<String>,
}

pages!(UnlockPage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct Link {
    token: String,
}

async fn show(at: Anyone, Query(link): Query<Link>) -> Result<Response> {
    let mut door = at.identity().await?;
    let holder = link::holder(&mut door, Purpose::Unlock, &link.token).await?;
    web::page(&UnlockPage { shell: at.shell(), token: link.token, email: holder.map(|holder| holder.email) })
}

async fn unlock(at: Anyone, Form(link): Form<Link>) -> Result<Response> {
    let mut door = at.identity().await?;
    let holder = match link::burn(&mut door, Purpose::Unlock, &link.token).await {
        Ok(holder) => holder,
        Err(Error::Refused(refusal)) => return Ok(web::done(SIGN_IN, "info", refusal.message())),
        Err(error) => return Err(error),
    };
    throttle::lift(&mut door, &throttle::account(&address::normalise(&holder.email))).await?;
    door.commit(&SecurityEvent::AccountUnlocked).await?;
    Ok(web::done(SIGN_IN, "good", "The wait is over. You can sign in now."))
}
