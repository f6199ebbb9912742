//! `/me/mfa/enrol`: an authenticator app, set up and taken away.

use super::{
    codes,
    qr::{self, Picture},
    security::SECURITY,
};
use crate::{
    access::{Level, Routes, SignedIn},
    audit::SecurityEvent,
    error::{Error, Result},
    pages,
    sign_in::{
        factor, session,
        totp::{self, Offer},
    },
    web::{self, Errors, Form, Moment, Query, Shell, redirect::own_path},
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde::Deserialize;
use time::OffsetDateTime;

const ENROL: &str = "/me/mfa/enrol";
/// As mails and events call it.
const WHAT: &str = "An authenticator app";

pub fn routes() -> Routes {
    Routes::new().get(ENROL, show).post(ENROL, enrol).post("/me/mfa/removal", remove)
}

#[derive(Template)]
#[template(path = "profile/enrol.html", blocks = ["content"])]
struct EnrolPage {
    shell: Shell,
    offer: Offer,
    picture: Picture,
    next: String,
    /// A page that leads on asks for a factor.
    demanded: bool,
    /// In the place of the app there is.
    replace: bool,
    errors: Errors,
}

#[derive(Template)]
#[template(path = "profile/authenticator.html", blocks = ["content"])]
struct AuthenticatorPage {
    shell: Shell,
    since: OffsetDateTime,
    passkey: bool,
    errors: Errors,
}

pages!(EnrolPage, AuthenticatorPage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    next: String,
    replace: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct EnrolForm {
    offer: String,
    code: String,
    next: String,
    replace: String,
}

impl EnrolForm {
    fn replaces(&self) -> bool {
        !self.replace.is_empty()
    }
}

async fn show(at: SignedIn, Query(query): Query<Asked>) -> Result<Response> {
    let since = totp::since(&mut at.identity().await?, at.person.id).await?;
    if let Some(since) = since.filter(|_| query.replace.is_empty()) {
        return present(&at, since, Errors::none(), StatusCode::OK);
    }
    at.require_fresh()?;
    let offer = totp::offer(at.state.moments(), at.state.secret(), at.person.id, &at.person.email)?;
    let form = EnrolForm { next: query.next, replace: query.replace, ..EnrolForm::default() };
    offered(&at, offer, form, Errors::none(), StatusCode::OK)
}

fn present(at: &SignedIn, since: OffsetDateTime, errors: Errors, status: StatusCode) -> Result<Response> {
    let passkey = at.person.factors.iter().any(|factor| factor == "passkey");
    web::page_with(status, &AuthenticatorPage { shell: at.shell(), since, passkey, errors })
}

fn offered(at: &SignedIn, offer: Offer, form: EnrolForm, errors: Errors, status: StatusCode) -> Result<Response> {
    let (picture, demanded, replace) = (qr::draw(&offer.uri)?, own_path(&form.next).is_some(), form.replaces());
    let page = EnrolPage { shell: at.shell(), offer, picture, next: form.next, demanded, replace, errors };
    web::page_with(status, &page).map(web::uncompressed)
}

async fn enrol(at: SignedIn, Form(form): Form<EnrolForm>) -> Result<Response> {
    at.require_fresh()?;
    match try_enrol(&at, &form).await {
        Ok(Some(codes)) => codes::show(&at, codes, onward(&form.next)),
        Ok(None) => Ok(web::done(onward(&form.next), "good", "Your authenticator app is set up. Your recovery codes stay as they are.")),
        Err(Error::Refused(refusal)) => {
            if !form.replaces() && totp::since(&mut at.identity().await?, at.person.id).await?.is_some() {
                return Ok(web::done(ENROL, "info", "Your authenticator app is set up already."));
            }
            let (state, user, email) = (&at.state, at.person.id, &at.person.email);
            let offer = match totp::offer_again(state.moments().now(), state.secret(), user, email, &form.offer)? {
                Some(offer) => offer,
                None => totp::offer(state.moments(), state.secret(), user, email)?,
            };
            offered(&at, offer, form, Errors::from(&refusal), refusal.status)
        }
        Err(error) => Err(error),
    }
}

fn onward(next: &str) -> &str {
    own_path(next).unwrap_or(SECURITY)
}

/// Makes the offered app a factor, and the session as strong as it. Answers recovery codes when there were none.
async fn try_enrol(at: &SignedIn, form: &EnrolForm) -> Result<Option<Vec<String>>> {
    let user = at.person.id;
    let mut door = at.identity().await?;
    factor::lock(&mut door, user).await?;
    totp::enrol(&mut door, at.state.secret(), user, &form.offer, &form.code, form.replaces()).await?;
    let codes = factor::added(&mut door, at, WHAT).await?;
    door.commit(&SecurityEvent::FactorAdded { what: WHAT.to_owned() }).await?;
    session::renew(at, Level::Mfa).await?;
    Ok(codes)
}

async fn remove(at: SignedIn) -> Result<Response> {
    at.require_fresh()?;
    match try_remove(&at).await {
        Ok(()) => Ok(web::done(SECURITY, "good", "Your authenticator app is removed. Delete the entry in the app too.")),
        Err(Error::Refused(refusal)) => {
            let since = totp::since(&mut at.identity().await?, at.person.id).await?.ok_or(Error::NotFound)?;
            present(&at, since, Errors::from(&refusal), refusal.status)
        }
        Err(error) => Err(error),
    }
}

async fn try_remove(at: &SignedIn) -> Result<()> {
    let mut door = at.identity().await?;
    factor::lock(&mut door, at.person.id).await?;
    if !totp::remove(&mut door, at.person.id).await? {
        return Err(Error::NotFound);
    }
    factor::removed(&mut door, at, WHAT).await?;
    door.commit(&SecurityEvent::FactorRemoved { what: WHAT.to_owned() }).await
}
