//! `/me/mfa/recovery-codes`: how many are left, and new ones, shown once.

use super::security::SECURITY;
use crate::{
    access::{Routes, SignedIn},
    audit::SecurityEvent,
    error::{Error, Refusal, Result},
    pages,
    sign_in::{
        factor,
        notice::{self, Notice},
        recovery,
    },
    web::{self, Errors, Form, Moment, Shell},
};
use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use time::OffsetDateTime;

const CODES: &str = "/me/mfa/recovery-codes";

pub fn routes() -> Routes {
    Routes::new().get(CODES, look).post(CODES, renew).post("/me/mfa/recovery-codes/download", download)
}

#[derive(Template)]
#[template(path = "profile/recovery_codes.html", blocks = ["content"])]
struct LeftPage {
    shell: Shell,
    replaces: String,
    /// Codes come with a factor.
    factor: bool,
    left: i64,
    made_at: Option<OffsetDateTime>,
    errors: Errors,
}

impl LeftPage {
    fn few(&self) -> bool {
        self.left <= recovery::FEW
    }
}

#[derive(Template)]
#[template(path = "profile/codes.html", blocks = ["content"])]
struct CodesPage {
    shell: Shell,
    codes: Vec<String>,
    /// One under the other, as they are copied and downloaded.
    lines: String,
    /// Where it leads on.
    next: String,
}

pages!(LeftPage, CodesPage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct RenewForm {
    /// The set that the page knew of, as [`stamp`] says it.
    replaces: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DownloadForm {
    codes: String,
}

/// The only page on which a set of codes can ever be read; `next` is where it leads on.
pub(super) fn show(at: &SignedIn, codes: Vec<String>, next: &str) -> Result<Response> {
    let (lines, next) = (codes.join("\n"), next.to_owned());
    web::page(&CodesPage { shell: at.shell(), codes, lines, next }).map(web::uncompressed)
}

async fn look(at: SignedIn) -> Result<Response> {
    left_page(&at, Errors::none(), StatusCode::OK).await
}

async fn left_page(at: &SignedIn, errors: Errors, status: StatusCode) -> Result<Response> {
    let mut door = at.identity().await?;
    let left = recovery::left(&mut door, at.person.id).await?;
    let made_at = recovery::made_at(&mut door, at.person.id).await?;
    let (factor, replaces) = (!at.person.factors.is_empty(), stamp(made_at));
    web::page_with(status, &LeftPage { shell: at.shell(), replaces, factor, left, made_at, errors })
}

/// Tells one set from the next, so that a page reloaded or sent twice does not void the codes it has just shown.
fn stamp(made_at: Option<OffsetDateTime>) -> String {
    made_at.map(|at| at.unix_timestamp_nanos().to_string()).unwrap_or_default()
}

async fn renew(at: SignedIn, Form(form): Form<RenewForm>) -> Result<Response> {
    at.require_fresh()?;
    match try_renew(&at, &form.replaces).await {
        Ok(codes) => show(&at, codes, SECURITY),
        Err(Error::Refused(refusal)) => left_page(&at, Errors::from(&refusal), refusal.status).await,
        Err(error) => Err(error),
    }
}

async fn try_renew(at: &SignedIn, replaces: &str) -> Result<Vec<String>> {
    let user = at.person.id;
    if at.person.factors.is_empty() {
        return Err(Refusal::conflict("no_factor", "Recovery codes stand in for a second factor. Set one up first.").into());
    }
    let mut door = at.identity().await?;
    factor::lock(&mut door, user).await?;
    if stamp(recovery::made_at(&mut door, user).await?) != replaces {
        let words = "A new set was made in the meantime, and its codes are the ones that work. Make another if you did not keep them.";
        return Err(Refusal::conflict("codes_renewed", words).into());
    }
    let codes = recovery::renew(&mut door, user).await?;
    factor::end_others(&mut door, &at.person).await?;
    notice::post(&mut door, &at.state, &at.person.email, Notice::RecoveryCodesRenewed).await?;
    door.commit(&SecurityEvent::RecoveryCodesRenewed).await?;
    Ok(codes)
}

/// Hands the codes on the page back as a file. They are in the form, not in an address; only the person's own are taken.
async fn download(at: SignedIn, Form(form): Form<DownloadForm>) -> Result<Response> {
    let codes: Vec<&str> = form.codes.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut door = at.identity().await?;
    if !recovery::are_theirs(&mut door, at.person.id, &codes).await? {
        return Err(Refusal::conflict("codes_gone", "A newer set has replaced these codes.").into());
    }
    let text = format!(
        "Recovery codes of {} for Ledgerline, made {}.\r\nEach works once, in place of your second factor.\r\n\r\n{}\r\n",
        at.person.email,
        recovery::made_at(&mut door, at.person.id).await?.map(|at| Moment(at).to_string()).unwrap_or_default(),
        codes.join("\r\n")
    );
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"ledgerline-recovery-codes.txt\""),
    ];
    Ok(web::uncompressed((headers, text).into_response()))
}
