//! The list of invitations, the form that invites, and what is done to an invitation.

use super::{
    super::{
        grant::{self, Choices},
        invitation::{self, Filter, Invitation, NewInvitation, PAGE, Stage},
    },
    InviteForm, Note, id, search, url_with,
};
use crate::{
    access::{
        Read, Routes, State, Tenant, Write,
        permission::{MembersInvite, MembersRead},
    },
    account::seats::{self, Seats},
    audit::Entry,
    error::{Error, Result},
    pages,
    web::{self, Errors, Form, Moment, Query, Shell},
};
use askama::Template;
use axum::{
    extract::{self, Path},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new()
        .get("/publishers/{slug}/invitations", list)
        .get("/publishers/{slug}/invitations/new", new)
        .post("/publishers/{slug}/invitations", invite)
        .post("/publishers/{slug}/invitations/{id}/deliveries", deliver)
        .post("/publishers/{slug}/invitations/{id}/revocation", revoke)
}

#[derive(Template)]
#[template(path = "members/invitations.html", blocks = ["content"])]
struct InvitationsPage {
    shell: Shell,
    url: String,
    q: String,
    state: &'static str,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    total: i64,
    next: Option<String>,
    first: Option<String>,
    invite: Option<InviteForm>,
    now: OffsetDateTime,
}

struct Tab {
    title: &'static str,
    url: String,
    current: bool,
}

/// An invitation as the list shows it.
struct Row {
    invitation: Invitation,
    stage: Stage,
    url: String,
    /// Page of whoever accepted.
    member_url: Option<String>,
    /// The person asking may send it again and revoke it.
    may_change: bool,
}

#[derive(Template)]
#[template(path = "members/invitation_row.html")]
struct ChangedRow {
    shell: Shell,
    row: Row,
    note: Note,
    now: OffsetDateTime,
}

/// The form on a page of its own; scripts show the same form in a dialog.
#[derive(Template)]
#[template(path = "members/invite.html", blocks = ["content"])]
struct InvitePage {
    shell: Shell,
    list_url: String,
    invite: InviteForm,
}

pages!(InvitationsPage, InvitePage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct ListQuery {
    q: String,
    state: String,
    after: String,
}

/// What fills the form: a former member is invited from their page, a creator from the songwriter's.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Whom {
    email: String,
    songwriter: String,
}

async fn list(mut at: Read<MembersRead>, Query(query): Query<ListQuery>) -> Result<Response> {
    let at = &mut at;
    let url = at.url("/invitations");
    let stage = Stage::ALL.into_iter().find(|stage| stage.key() == query.state);
    let filter = Filter { q: search(&query.q), stage, after: Uuid::try_parse(&query.after).ok(), only: None };
    let (mut invitations, total) = invitation::list(at, &filter).await?;
    let choices = if at.may("members:invite") { grant::choices(at).await? } else { Choices::default() };
    let (publisher, now) = (at.publisher.id, at.now());
    let seats = seats::seats(at.db(), publisher, now).await?;
    let more = invitations.len() > PAGE;
    invitations.truncate(PAGE);
    let state = stage.map_or("", Stage::key);
    let link = |state, after: &str| url_with(&url, &[("q", &filter.q), ("state", state), ("after", after)]);
    let tab = |title, of: Option<Stage>| Tab { title, url: link(of.map_or("", Stage::key), ""), current: of == stage };
    web::page(&InvitationsPage {
        shell: at.shell(),
        tabs: std::iter::once(tab("All states", None)).chain(Stage::ALL.map(|stage| tab(stage.title(), Some(stage)))).collect(),
        next: invitations.last().filter(|_| more).map(|last| link(state, &last.id.to_string())),
        first: filter.after.map(|_| link(state, "")),
        rows: invitations.into_iter().map(|invitation| row(at, invitation, &choices)).collect(),
        invite: at.may("members:invite").then(|| InviteForm::new(at, &choices, NewInvitation::default(), Errors::none(), seats)),
        url,
        q: filter.q,
        state,
        total,
        now,
    })
}

async fn new(mut at: Read<MembersInvite>, Query(whom): Query<Whom>) -> Result<Response> {
    let role = if whom.songwriter.is_empty() { "" } else { "creator" };
    let typed = NewInvitation { email: whom.email, role: role.into(), songwriter: whom.songwriter, ..NewInvitation::default() };
    let choices = grant::choices_for(&mut at, &typed.asked()).await?;
    web::page(&form_page(&mut at, &choices, typed, Errors::none()).await?)
}

async fn form_page(at: &mut Tenant, choices: &Choices, typed: NewInvitation, errors: Errors) -> Result<InvitePage> {
    let (publisher, now) = (at.publisher.id, at.now());
    let seats = seats::seats(at.db(), publisher, now).await?;
    Ok(InvitePage { shell: at.shell(), list_url: at.url("/invitations"), invite: InviteForm::new(at, choices, typed, errors, seats) })
}

fn row(at: &Tenant, invitation: Invitation, choices: &Choices) -> Row {
    let stage = invitation.stage(at.now());
    let open = matches!(stage, Stage::Pending | Stage::Lapsed);
    let within = choices.beyond(&at.reach, &invitation.role_key, invitation.department_id.as_slice()).is_none();
    Row {
        stage,
        url: at.url(&format!("/invitations/{}", invitation.id)),
        member_url: invitation.accepted_by.map(|member| at.url(&format!("/members/{member}"))),
        may_change: at.may("members:invite") && open && within,
        invitation,
    }
}

async fn invite(
    mut at: Write<MembersInvite>,
    extract::State(state): extract::State<State>,
    Form(form): Form<NewInvitation>,
) -> Result<Response> {
    let choices = grant::choices_for(&mut at, &form.asked()).await?;
    match invitation::invite(&mut at, &state, &choices, &form).await {
        Ok(entry) => {
            let (publisher, now, url) = (at.publisher.id, at.now(), at.url("/invitations"));
            let seats = seats::seats(at.db(), publisher, now).await?;
            let (kind, words) = invited(&entry, seats);
            let part = at.shell().fragment;
            at.commit(entry).await?;
            Ok(if part { web::redirect::done_from_part(&url, kind, &words) } else { web::done(&url, kind, &words) })
        }
        Err(Error::Refused(refusal)) => {
            let page = form_page(&mut at, &choices, form, Errors::from(&refusal)).await?;
            web::page_with(refusal.status, &page)
        }
        Err(error) => Err(error),
    }
}

fn invited(entry: &Entry, seats: Seats) -> (&'static str, String) {
    let email = match entry {
        Entry::MemberInvited { email, .. } => email.as_str(),
        _ => "the address",
    };
    match seats.free() {
        0 => {
            let words = format!(
                "An invitation is on its way to {email}. All {} seats are taken, so it can be accepted once one is free.",
                seats.licensed
            );
            ("warning", words)
        }
        _ => ("good", format!("An invitation is on its way to {email}.")),
    }
}

async fn deliver(
    mut at: Write<MembersInvite>,
    extract::State(state): extract::State<State>,
    Path((_, invitation)): Path<(String, String)>,
) -> Result<Response> {
    let invitation = invitation::invitation(&mut at, id(&invitation)?).await?;
    let choices = grant::choices_for(&mut at, &invitation.asked()).await?;
    let entry = invitation::send_again(&mut at, &state, &choices, &invitation).await;
    let words = format!("A new link is on its way to {}. The earlier one no longer works.", invitation.email);
    finish(at, invitation.id, &choices, entry, words).await
}

async fn revoke(mut at: Write<MembersInvite>, Path((_, invitation)): Path<(String, String)>) -> Result<Response> {
    let invitation = invitation::invitation(&mut at, id(&invitation)?).await?;
    let choices = grant::choices(&mut at).await?;
    let entry = invitation::revoke(&mut at, &choices, &invitation).await;
    let words = format!("The invitation of {} is revoked; its link no longer works.", invitation.email);
    finish(at, invitation.id, &choices, entry, words).await
}

/// The list's row for htmx, otherwise the list: changed, or with what was wrong.
async fn finish(
    mut at: Write<MembersInvite>,
    invitation: Uuid,
    choices: &Choices,
    entry: Result<Entry>,
    words: String,
) -> Result<Response> {
    let (shell, now, url) = (at.shell(), at.now(), at.url("/invitations"));
    match entry {
        Ok(entry) if shell.fragment => {
            let invitation = invitation::invitation(&mut at, invitation).await?;
            let row = row(&at, invitation, choices);
            at.commit(entry).await?;
            web::fragment(&ChangedRow { shell, row, note: Note { kind: "good", text: words, undo: None }, now })
        }
        Ok(entry) => {
            at.commit(entry).await?;
            Ok(web::done(&url, "good", &words))
        }
        Err(Error::Refused(refusal)) if shell.fragment => {
            let invitation = invitation::invitation(&mut at, invitation).await?;
            let row = row(&at, invitation, choices);
            let note = Note { kind: "danger", text: refusal.message().to_owned(), undo: None };
            Ok((refusal.status, web::fragment(&ChangedRow { shell, row, note, now })?).into_response())
        }
        Err(error) => Err(error),
    }
}
