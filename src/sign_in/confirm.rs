//! Step-up: the fresh proof that a dangerous act asks for.
//!
//! The guard of the act answers 307, so that the browser posts the same form here. The page asks for the proof and carries
//! what was typed as hidden fields; after a good proof it answers 307 back to the act. Nothing is kept on the server, and no
//! script is needed. `next` instead of `then` leads to a page, not to an act.

use super::{
    notice::{self, Notice},
    pages::onward,
    passkeys,
    proof::{self, Code},
    session,
};
use crate::{
    access::{Level, Person, Routes, SignedIn},
    audit::SecurityEvent,
    error::{Error, Refusal, Result},
    pages,
    web::{
        self, Errors, Form, Query, Shell,
        redirect::{again, own_path},
    },
};
use askama::Template;
use axum::{
    http::{HeaderValue, Method, StatusCode},
    response::Response,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// Where a fresh proof is asked for.
pub const CONFIRM: &str = "/sign-in/confirm";
/// Fields of the proof begin with it; all others belong to the act.
const PROOF: &str = "proof_";
const PASSWORD: &str = "proof_password";
const CODE: &str = "proof_code";
const RECOVERY: &str = "proof_recovery";
const PASSKEY: &str = "proof_passkey";
/// The page the act was begun on, for whoever thinks better of it.
const BACK: &str = "proof_back";

pub fn routes() -> Routes {
    Routes::new().get(CONFIRM, show).post(CONFIRM, confirm)
}

#[derive(Template)]
#[template(path = "sign_in/confirm.html", blocks = ["content"])]
struct ConfirmPage {
    shell: Shell,
    email: String,
    action: String,
    ways: Ways,
    /// What was typed into the act's form.
    typed: Vec<(String, String)>,
    back: String,
    errors: Errors,
}

pages!(ConfirmPage);

/// How this person may prove who they are: by what is as good as what the session was proved by, or better.
#[derive(Clone, Copy)]
struct Ways {
    password: bool,
    /// From the app, if there is one, or a recovery code.
    code: bool,
    app: bool,
    passkey: bool,
}

impl Ways {
    fn of(person: &Person) -> Self {
        let has = |factor: &str| person.factors.iter().any(|held| held == factor);
        let passkey = has("passkey");
        let only_passkey = passkey && person.level == Level::Passkey;
        let (password, app) = (person.factors.is_empty(), has("totp"));
        Ways { password, code: !(password || only_passkey), app, passkey }
    }
}

/// Where it goes on after the proof.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Way {
    /// A page.
    next: String,
    /// An act, to which the form is posted again.
    then: String,
}

impl Way {
    fn act(&self) -> Option<&str> {
        own_path(&self.then).filter(|path| !path.starts_with(super::SIGN_IN))
    }

    fn page(&self) -> &str {
        if self.next.is_empty() { onward(&self.then) } else { onward(&self.next) }
    }

    /// The address that the proof is posted to. What was asked for by GET is a page, whatever it was called.
    fn action(&self, method: &Method) -> String {
        match self.act() {
            Some(act) if method != Method::GET => format!("{CONFIRM}?then={}", utf8_percent_encode(act, NON_ALPHANUMERIC)),
            _ => format!("{CONFIRM}?next={}", utf8_percent_encode(self.page(), NON_ALPHANUMERIC)),
        }
    }

    fn go(&self, method: &Method) -> Response {
        match self.act() {
            Some(act) if method != Method::GET => again(act),
            _ => web::see_other(self.page()),
        }
    }
}

/// A form as it came: what the act was asked with, and the proof.
#[derive(Default)]
struct Posted {
    typed: Vec<(String, String)>,
    proof: Option<Proof>,
    back: Option<String>,
}

enum Proof {
    Password(String),
    /// As typed into this field.
    Code(&'static str, String),
    /// The authenticator's answer.
    Passkey(String),
}

impl Posted {
    fn read(fields: Vec<(String, String)>) -> Self {
        let (mut posted, mut code) = (Posted::default(), None);
        for (name, value) in fields {
            match name.as_str() {
                PASSWORD => posted.proof = Some(Proof::Password(value)),
                CODE if !value.is_empty() || code.is_none() => code = Some(Proof::Code(CODE, value)),
                RECOVERY if !value.is_empty() || code.is_none() => code = Some(Proof::Code(RECOVERY, value)),
                PASSKEY => posted.proof = Some(Proof::Passkey(value)),
                BACK => posted.back = own_path(&value).map(str::to_owned),
                // Nobody's password is sent back to be read in a page; the act will ask for it.
                _ if name.starts_with(PROOF) || name.contains("password") => {}
                _ => posted.typed.push((name, value)),
            }
        }
        // The button of the passkey sends the fields of codes too.
        posted.proof = posted.proof.or(code);
        posted
    }
}

async fn show(at: SignedIn, Query(way): Query<Way>) -> Result<Response> {
    if !is_needed(&at) {
        return Ok(way.go(&Method::GET));
    }
    page(&at, &way, Posted::default(), Errors::none(), StatusCode::OK)
}

async fn confirm(at: SignedIn, Query(way): Query<Way>, Form(fields): Form<Vec<(String, String)>>) -> Result<Response> {
    if !is_needed(&at) {
        return Ok(way.go(&Method::POST));
    }
    let mut posted = Posted::read(fields);
    let Some(proof) = posted.proof.take() else { return page(&at, &way, posted, Errors::none(), StatusCode::OK) };
    match take(&at, proof).await {
        Ok(()) => Ok(way.go(&Method::POST)),
        Err(Error::Refused(refusal)) => page(&at, &way, posted, Errors::from(&refusal), refusal.status),
        Err(error) => Err(error),
    }
}

/// A session proved a moment ago by all that the person has needs no other proof.
fn is_needed(at: &SignedIn) -> bool {
    at.require_fresh().is_err() || (at.person.level == Level::Password && !at.person.factors.is_empty())
}

fn page(at: &SignedIn, way: &Way, posted: Posted, errors: Errors, status: StatusCode) -> Result<Response> {
    let shell = at.shell();
    let fragment = shell.fragment;
    let referer = || crate::web::faces::referer_path(&at.request.headers).filter(|path| !path.starts_with(super::SIGN_IN));
    let page = ConfirmPage {
        shell,
        email: at.person.email.clone(),
        action: way.action(&at.request.method),
        ways: Ways::of(&at.person),
        typed: posted.typed,
        back: posted.back.or_else(referer).unwrap_or_else(|| "/".to_owned()),
        errors,
    };
    let mut response = web::page_with(status, &page)?;
    if fragment {
        // Whatever row or list the act was to change, the question is not part of it.
        for (name, value) in [("hx-retarget", "#content"), ("hx-reswap", "innerHTML"), ("hx-reselect", "#proof")] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    Ok(response)
}

/// Takes a proof in, counted before it is looked at, and gives the session its new cookie.
async fn take(at: &SignedIn, proof: Proof) -> Result<()> {
    let (user, ways) = (at.person.id, Ways::of(&at.person));
    let mut door = at.identity().await?;
    let counted = proof::count(&mut door, user).await;
    door.commit_count().await?;
    counted?;
    let level = match proof {
        Proof::Password(typed) if ways.password => proof::password(at.identity().await?, user, PASSWORD, typed).await,
        Proof::Code(field, typed) if ways.code => code(at, field, &typed).await,
        Proof::Passkey(answer) if ways.passkey => passkeys::prove(at, &answer).await,
        _ => Err(Refusal::rule("stronger_proof", "That is not enough here. Use what you signed in with.").into()),
    };
    let mut door = at.identity().await?;
    match level {
        Ok(level) => {
            proof::forgive(&mut door, user).await?;
            door.commit_count().await?;
            session::renew(at, level).await
        }
        Err(refused @ Error::Refused(_)) => {
            door.commit(&SecurityEvent::FactorFailed).await?;
            Err(refused)
        }
        Err(error) => Err(error),
    }
}

/// Uses up a code from an app, or a recovery code.
async fn code(at: &SignedIn, field: &str, typed: &str) -> Result<Level> {
    let mut door = at.identity().await?;
    let code = proof::code(&mut door, &at.state, at.person.id, field, typed).await?;
    if let Code::Recovery { left } = code {
        notice::post(&mut door, &at.state, &at.person.email, Notice::RecoveryCodeUsed { left }).await?;
    }
    door.commit(&SecurityEvent::FactorShown).await?;
    Ok(Level::Mfa)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(next: &str, then: &str) -> Way {
        Way { next: next.into(), then: then.into() }
    }

    #[test]
    fn it_goes_on_to_places_of_our_own_only() {
        assert_eq!(way("", "/publishers/a/members").act(), Some("/publishers/a/members"));
        for elsewhere in ["https://evil.test", "//evil.test", "/sign-in/confirm?then=/x", ""] {
            assert_eq!(way("", elsewhere).act(), None, "{elsewhere}");
            assert_eq!(way(elsewhere, "").page(), "/", "{elsewhere}");
        }
    }

    #[test]
    fn what_the_act_was_asked_with_is_kept_and_the_proof_is_not() {
        let fields =
            [("department", "a"), ("department", "b"), ("stamp", "s"), ("password", "p"), (CODE, "123456"), (BACK, "/x"), ("proof_z", "")];
        let posted = Posted::read(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let typed: Vec<_> = posted.typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(typed, [("department", "a"), ("department", "b"), ("stamp", "s")]);
        assert!(matches!(posted.proof, Some(Proof::Code(CODE, code)) if code == "123456"));
    }
}
