//! `/publishers/{slug}/settings/security`: what the publisher asks of its members' sign-in.

use super::policy::{self, IDLE, LENGTH, Lacking, Policy};
use crate::{
    access::{Read, Routes, Tenant, Write, permission::PublisherSettings},
    error::{Error, Result},
    pages,
    web::{self, Errors, Form, Shell},
};
use askama::Template;
use axum::response::Response;

const PATH: &str = "/settings/security";

pub fn routes() -> Routes {
    Routes::new().get("/publishers/{slug}/settings/security", show).post("/publishers/{slug}/settings/security", save)
}

#[derive(Template)]
#[template(path = "publishers/security.html", blocks = ["content"])]
struct SecurityPage {
    shell: Shell,
    url: String,
    members_url: String,
    typed: Policy,
    lacking: Lacking,
    /// The person looking has no second factor, and would be the first to be asked.
    me_too: bool,
    idle: &'static [(&'static str, &'static str)],
    length: &'static [(&'static str, &'static str)],
    errors: Errors,
}

pages!(SecurityPage);

async fn show(mut at: Read<PublisherSettings>) -> Result<Response> {
    let policy = policy::policy(&mut at).await?;
    web::page(&page(&mut at, policy, Errors::none()).await?)
}

async fn page(at: &mut Tenant, typed: Policy, errors: Errors) -> Result<SecurityPage> {
    Ok(SecurityPage {
        lacking: policy::lacking(at).await?,
        me_too: at.person.factors.is_empty(),
        shell: at.shell(),
        url: at.url(PATH),
        members_url: at.url("/members"),
        typed,
        idle: IDLE,
        length: LENGTH,
        errors,
    })
}

async fn save(mut at: Write<PublisherSettings>, Form(form): Form<Policy>) -> Result<Response> {
    at.person.require_fresh(at.now())?;
    let url = at.url(PATH);
    if let Err(Error::Refused(refusal)) = form.check() {
        return web::page_with(refusal.status, &page(&mut at, form, Errors::from(&refusal)).await?);
    }
    let words = if policy::save(at, &form).await? { "The rules for signing in are saved." } else { "Nothing was changed." };
    Ok(web::done(&url, "good", words))
}
