//! The page behind an invitation's link. Opening it changes nothing, because mail scanners open links too.

use super::super::acceptance::{self, Newcomer, Standing, Terms};
use crate::{
    access::{Anyone, Person, Routes, SignedIn},
    error::{Error, Result},
    pages,
    sign_in::{password, session},
    web::{self, Errors, Form, Moment, Query, Shell},
};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

const ACCEPT: &str = "/invitations/accept";
const SWITCH: &str = "/invitations/accept/switch";

pub fn routes() -> Routes {
    Routes::new().get(ACCEPT, show).post(ACCEPT, accept).post(SWITCH, switch)
}

#[derive(Template)]
#[template(path = "members/accept.html", blocks = ["content"])]
struct AcceptPage {
    shell: Shell,
    token: String,
    face: Face,
    full_name: String,
    errors: Errors,
    shortest: usize,
}

pages!(AcceptPage);

/// What the page is for the person who opened it.
enum Face {
    /// The link leads nowhere; why, and where to go instead.
    Dead { title: String, why: String, action: Option<(&'static str, String)> },
    /// Name and password of somebody new.
    New { email: String, terms: Box<Terms>, publisher: String },
    /// The address has an account, whose owner has to sign in first.
    SignIn { email: String, terms: Box<Terms>, publisher: String, sign_in: String },
    /// The invited person is signed in and only has to say yes.
    Confirm { email: String, terms: Box<Terms>, publisher: String },
    /// Somebody else is signed in.
    Another { email: String, publisher: String, signed_in: String },
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Link {
    token: String,
}

async fn show(at: Anyone, Query(link): Query<Link>) -> Result<Response> {
    let (status, face) = face(&at, &link.token).await?;
    web::page_with(status, &page(&at, link.token, face, String::new(), Errors::none()))
}

async fn accept(at: Anyone, Form(form): Form<Newcomer>) -> Result<Response> {
    match acceptance::accept(&at, &form).await {
        Ok(slug) => Ok(web::done(&format!("/publishers/{slug}"), "good", "Welcome. You are now a member.")),
        Err(Error::Refused(refusal)) => {
            let (_, face) = face(&at, &form.token).await?;
            // A dead link says why by itself; everything else stands above the form.
            let errors = if matches!(face, Face::Dead { .. }) { Errors::none() } else { Errors::from(&refusal) };
            web::page_with(refusal.status, &page(&at, form.token, face, form.full_name, errors))
        }
        Err(error) => Err(error),
    }
}

/// Signs out whoever is signed in, and comes back to the link.
async fn switch(at: SignedIn, Form(link): Form<Link>) -> Result<Response> {
    session::end(at).await?;
    Ok(web::see_other(&accept_url(&link.token)))
}

fn accept_url(token: &str) -> String {
    format!("{ACCEPT}?token={}", utf8_percent_encode(token, NON_ALPHANUMERIC))
}

fn page(at: &Anyone, token: String, face: Face, full_name: String, errors: Errors) -> AcceptPage {
    AcceptPage { shell: at.shell(), token, face, full_name, errors, shortest: password::SHORTEST }
}

async fn face(at: &Anyone, token: &str) -> Result<(StatusCode, Face)> {
    let Some(offer) = acceptance::look(at, token).await? else {
        let why = "The link may have been cut off on its way. Open it from the mail again, or ask for a new invitation.";
        return Ok((StatusCode::NOT_FOUND, Face::Dead { title: "No invitation has this link".into(), why: why.into(), action: None }));
    };
    let person = at.person().await?;
    let (email, publisher) = (offer.email.clone(), offer.publisher.clone());
    Ok(match (offer.state, offer.terms) {
        (Standing::Open, Some(terms)) => {
            let terms = Box::new(terms);
            let face = match person {
                Some(person) if terms.is_for(&person) => Face::Confirm { email, terms, publisher },
                Some(person) => Face::Another { email, publisher, signed_in: person.email },
                None if terms.known_person => {
                    let query = form_urlencoded::Serializer::new(String::new())
                        .extend_pairs([("next", accept_url(token).as_str()), ("email", email.as_str())])
                        .finish();
                    let sign_in = format!("/sign-in?{query}");
                    Face::SignIn { email, terms, publisher, sign_in }
                }
                None => Face::New { email, terms, publisher },
            };
            (StatusCode::OK, face)
        }
        (state, terms) => (StatusCode::GONE, dead(state, &publisher, terms.as_ref(), person.as_ref())),
    })
}

/// Why a link no longer works, and what to do instead.
fn dead(state: Standing, publisher: &str, terms: Option<&Terms>, person: Option<&Person>) -> Face {
    let inviter = terms.and_then(|terms| terms.inviter.as_deref()).unwrap_or("whoever invited you");
    let (title, why, action) = match (state, terms, person) {
        (Standing::Accepted, Some(terms), Some(person)) if terms.is_for(person) => (
            "You have accepted this invitation",
            format!("You are a member of {publisher} already."),
            Some(("Open the dashboard", format!("/publishers/{}", terms.slug))),
        ),
        (Standing::Accepted, ..) => {
            ("This invitation has already been accepted", format!("Sign in to open {publisher}."), Some(("Sign in", "/sign-in".to_owned())))
        }
        (Standing::Revoked, ..) => {
            ("This invitation was revoked", format!("{publisher} has taken it back. If you think that is a mistake, ask {inviter}."), None)
        }
        (Standing::Lapsed, ..) => {
            ("This invitation has lapsed", format!("A link works for seven days. Ask {inviter} to send it again."), None)
        }
        (Standing::Unbacked, ..) => (
            "This invitation has lapsed",
            format!("Whoever sent it can no longer invite you. Ask an admin of {publisher} to send it again."),
            None,
        ),
        (Standing::Replaced, ..) => {
            ("A newer link was sent", format!("{publisher} has sent you a newer invitation. Use the link in the latest mail."), None)
        }
        (Standing::Closed | Standing::Open, ..) => ("This publisher is closed", format!("Nobody can join {publisher} at present."), None),
    };
    Face::Dead { title: title.into(), why, action }
}
