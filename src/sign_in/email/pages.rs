//! `/verify-email`: where the link went and what to do without it, and the pages behind the links. Opening a link changes
//! nothing, because mail scanners open links too.

use super::{
    change::{self, UNDO, Wanted},
    verification::{self, VERIFY},
};
use crate::{
    access::{Anyone, Routes, SignedIn},
    error::{Error, Result},
    pages,
    sign_in::{
        SIGN_IN,
        link::{self, Purpose},
    },
    web::{self, Errors, Form, Query, Shell},
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde::Deserialize;

pub fn routes() -> Routes {
    Routes::new()
        .get(VERIFY, show)
        .post(VERIFY, confirm)
        .post("/verify-email/deliveries", send_again)
        .post("/verify-email/address", ask)
        .get(UNDO, show_undo)
        .post(UNDO, undo)
}

#[derive(Template)]
#[template(path = "sign_in/verify.html", blocks = ["content"])]
struct VerifyPage {
    shell: Shell,
    /// Where the link went.
    sent_to: String,
    /// What was typed for another address.
    email: String,
    errors: Errors,
}

#[derive(Template)]
#[template(path = "sign_in/email_link.html", blocks = ["content"])]
struct LinkPage {
    shell: Shell,
    token: String,
    /// The address it is about; none when the link no longer works.
    address: Option<String>,
    /// Takes a change back, rather than confirming an address.
    undo: bool,
    errors: Errors,
}

pages!(VerifyPage, LinkPage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct Link {
    token: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AddressForm {
    email: String,
}

async fn show(at: Anyone, Query(link): Query<Link>) -> Result<Response> {
    if let Some(token) = link.token {
        return link_page(&at, token, Errors::none(), StatusCode::OK).await;
    }
    let person = at.person().await?.ok_or(Error::SignIn)?;
    if person.verified {
        return Ok(web::see_other("/"));
    }
    let at = SignedIn { state: at.state, request: at.request, session: at.session, person };
    waiting_page(&at, String::new(), Errors::none(), StatusCode::OK).await
}

async fn waiting_page(at: &SignedIn, email: String, errors: Errors, status: StatusCode) -> Result<Response> {
    let waiting = change::waiting(&mut at.identity().await?, at.person.id).await?;
    let sent_to = waiting.unwrap_or_else(|| at.person.email.clone());
    web::page_with(status, &VerifyPage { shell: at.shell(), sent_to, email, errors })
}

async fn link_page(at: &Anyone, token: String, errors: Errors, status: StatusCode) -> Result<Response> {
    let present = link::holder(&mut at.identity().await?, Purpose::Verify, &token).await?.map(|holder| holder.email);
    let address = match present {
        Some(email) => Some(email),
        None => wanted(at, Purpose::AddressConfirm, &token).await?,
    };
    web::page_with(status, &LinkPage { shell: at.shell(), token, address, undo: false, errors })
}

/// The address that a live link of this purpose is about.
async fn wanted(at: &Anyone, purpose: Purpose, token: &str) -> Result<Option<String>> {
    let holder = link::holder(&mut at.identity().await?, purpose, token).await?;
    holder.map(|holder| Ok(Wanted::of(&holder.detail)?.email)).transpose()
}

async fn confirm(at: Anyone, Form(link): Form<Link>) -> Result<Response> {
    let token = link.token.unwrap_or_default();
    match verification::confirm(&at, &token).await {
        Ok(()) => {
            let next = if at.person().await?.is_some() { "/" } else { SIGN_IN };
            Ok(web::done(next, "good", "Your email address is confirmed."))
        }
        Err(Error::Refused(refusal)) => link_page(&at, token, Errors::from(&refusal), refusal.status).await,
        Err(error) => Err(error),
    }
}

/// Sends the mail again, to where it went.
async fn send_again(at: SignedIn) -> Result<Response> {
    let waiting = change::waiting(&mut at.identity().await?, at.person.id).await?;
    let sent = match waiting {
        Some(address) => change::ask(&at, &address).await.map(|_| ()),
        None if at.person.verified => return Ok(web::see_other("/")),
        None => verification::send_again(&at).await,
    };
    match sent {
        Ok(()) => Ok(web::done(VERIFY, "good", "The mail is on its way.")),
        Err(Error::Refused(refusal)) => waiting_page(&at, String::new(), Errors::from(&refusal), refusal.status).await,
        Err(error) => Err(error),
    }
}

async fn ask(at: SignedIn, Form(form): Form<AddressForm>) -> Result<Response> {
    match change::ask(&at, &form.email).await {
        Ok(_) => Ok(web::done(VERIFY, "good", "The mail is on its way.")),
        Err(Error::Refused(refusal)) => waiting_page(&at, form.email, Errors::from(&refusal), refusal.status).await,
        Err(error) => Err(error),
    }
}

async fn show_undo(at: Anyone, Query(link): Query<Link>) -> Result<Response> {
    undo_page(&at, link.token.unwrap_or_default(), Errors::none(), StatusCode::OK).await
}

async fn undo_page(at: &Anyone, token: String, errors: Errors, status: StatusCode) -> Result<Response> {
    let address = wanted(at, Purpose::AddressUndo, &token).await?;
    web::page_with(status, &LinkPage { shell: at.shell(), token, address, undo: true, errors })
}

async fn undo(at: Anyone, Form(link): Form<Link>) -> Result<Response> {
    let token = link.token.unwrap_or_default();
    match change::undo(&at, &token).await {
        Ok(()) => Ok(web::done(SIGN_IN, "good", "Your address is back. We have mailed you a link to choose a new password.")),
        Err(Error::Refused(refusal)) => undo_page(&at, token, Errors::from(&refusal), refusal.status).await,
        Err(error) => Err(error),
    }
}
