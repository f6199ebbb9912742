//! The list of members, a member's own page, and what is done to a membership.

use super::{
    super::{
        grant::{self, Asked, Choices},
        invitation::NewInvitation,
        member::{self, Change, Filter, Member, PAGE},
        security,
    },
    InviteForm, Note, Options, SongwriterField, Undo, id, offered_roles, open_departments, search, url_with,
};
use crate::{
    access::{
        Reach, Read, Routes, Tenant, Write,
        permission::{MembersRead, MembersRemove, MembersUpdate},
    },
    account::seats::{self, Seats},
    audit::Entry,
    error::{Error, Refusal, Result},
    pages,
    web::{self, Errors, Form, Moment, Query, Shell, shell::initials},
};
use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new()
        .get("/publishers/{slug}/members", list)
        .get("/publishers/{slug}/members/{id}", show)
        .post("/publishers/{slug}/members/{id}/role", change_role)
        .post("/publishers/{slug}/members/{id}/suspension", suspend)
        .post("/publishers/{slug}/members/{id}/restoration", restore)
        .post("/publishers/{slug}/members/{id}/removal", remove)
}

const STATUSES: &[(&str, &str)] = &[("active", "Active"), ("suspended", "Suspended"), ("removed", "Former")];

#[derive(Template)]
#[template(path = "members/list.html", blocks = ["content"])]
struct ListPage {
    shell: Shell,
    url: String,
    invitations_url: String,
    q: String,
    role: String,
    status: String,
    roles: Options,
    statuses: &'static [(&'static str, &'static str)],
    /// Each filter that is set, with the list without it.
    chips: Vec<(String, String)>,
    rows: Vec<Row>,
    total: i64,
    next: Option<String>,
    first: Option<String>,
    seats: Seats,
    invite: Option<InviteForm>,
    now: OffsetDateTime,
}

/// A member as the list shows them.
struct Row {
    member: Member,
    initials: String,
    url: String,
    me: bool,
    /// The person asking may suspend and restore this one.
    may_change: bool,
}

#[derive(Template)]
#[template(path = "members/row.html")]
struct ChangedRow {
    shell: Shell,
    row: Row,
    note: Note,
    now: OffsetDateTime,
}

#[derive(Template)]
#[template(path = "members/show.html", blocks = ["content"])]
struct ShowPage {
    shell: Shell,
    member: Member,
    list_url: String,
    url: String,
    errors: Errors,
    /// None for somebody who may change nothing here.
    form: Option<RoleForm>,
    /// Why they may not, when they hold the permission.
    closed: Option<String>,
    may_remove: bool,
    /// A reset of the second factor that has been asked for.
    reset_due: Option<OffsetDateTime>,
    invite_url: Option<String>,
    changes: Vec<Change>,
    now: OffsetDateTime,
}

/// Role and reach, as they are or as typed.
struct RoleForm {
    role: String,
    roles: Options,
    /// Asks for a role where the present one is not to be given.
    blank: &'static str,
    reach: String,
    /// The person may give the whole publisher.
    whole: bool,
    departments: Vec<(String, String, bool)>,
    songwriter: Option<SongwriterField>,
    /// The standing it was made from.
    shown: String,
}

pages!(ListPage, ShowPage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct ListQuery {
    q: String,
    role: String,
    status: String,
    after: String,
}

async fn list(mut at: Read<MembersRead>, Query(query): Query<ListQuery>) -> Result<Response> {
    let url = at.url("/members");
    let status = STATUSES.iter().map(|(key, _)| *key).find(|key| *key == query.status).unwrap_or_default();
    let filter =
        Filter { q: search(&query.q), role: query.role, status: status.into(), after: Uuid::try_parse(&query.after).ok(), only: None };
    let (mut members, total) = member::list(&mut at, &filter).await?;
    let choices = grant::choices(&mut at).await?;
    let (publisher, now) = (at.publisher.id, at.now());
    let seats = seats::seats(at.db(), publisher, now).await?;
    let more = members.len() > PAGE;
    members.truncate(PAGE);
    let parameters =
        |q: &str, role: &str, status: &str, after: &str| url_with(&url, &[("q", q), ("role", role), ("status", status), ("after", after)]);
    let next = members.last().filter(|_| more).map(|last| parameters(&filter.q, &filter.role, status, &last.id.to_string()));
    let first = filter.after.map(|_| parameters(&filter.q, &filter.role, status, ""));
    let mut chips = Vec::new();
    if !filter.q.is_empty() {
        chips.push((format!("Search: {}", filter.q), parameters("", &filter.role, status, "")));
    }
    if !filter.role.is_empty() {
        let name = choices.role(&filter.role).map_or("unknown", |role| role.name.as_str());
        chips.push((format!("Role: {name}"), parameters(&filter.q, "", status, "")));
    }
    if let Some((_, title)) = STATUSES.iter().find(|(key, _)| *key == status) {
        chips.push((format!("Status: {title}"), parameters(&filter.q, &filter.role, "", "")));
    }
    let invite = at.may("members:invite").then(|| InviteForm::new(&at, &choices, NewInvitation::default(), Errors::none(), seats));
    web::page(&ListPage {
        shell: at.shell(),
        roles: choices.roles.iter().map(|role| (role.key.clone(), role.name.clone())).collect(),
        rows: members.into_iter().map(|member| row(&at, member, &choices)).collect(),
        invitations_url: at.url("/invitations"),
        url,
        q: filter.q,
        role: filter.role,
        status: status.into(),
        statuses: STATUSES,
        chips,
        total,
        next,
        first,
        seats,
        invite,
        now,
    })
}

fn row(at: &Tenant, member: Member, choices: &Choices) -> Row {
    Row {
        initials: initials(&member.name),
        url: at.url(&format!("/members/{}", member.id)),
        me: member.id == at.person.id,
        may_change: at.may("members:update") && member.status != "removed" && member::may_change(at, &member, choices).is_ok(),
        member,
    }
}

async fn show(mut at: Read<MembersRead>, Path((_, member)): Path<(String, String)>) -> Result<Response> {
    let member = member::member(&mut at, id(&member)?).await?;
    let page = show_page(&mut at, member, None, Errors::none()).await?;
    web::page(&page)
}

/// A member's page; `typed` is a role form that was refused.
async fn show_page(at: &mut Tenant, member: Member, typed: Option<RoleTyped>, errors: Errors) -> Result<ShowPage> {
    let asked = match &typed {
        Some(typed) => typed.asked.clone(),
        None => Asked { songwriter_id: member.songwriter_id.map(|id| id.to_string()).unwrap_or_default(), ..Asked::default() },
    };
    let choices = grant::choices_for(at, &asked).await?;
    let changes = member::history(at, member.id).await?;
    let reset_due = security::reset_due(at, member.id).await?;
    let current = member.status != "removed";
    let allowed = member::may_change(at, &member, &choices);
    let form = (at.may("members:update") && current && allowed.is_ok()).then(|| role_form(at, &member, &choices, typed, &asked));
    Ok(ShowPage {
        shell: at.shell(),
        list_url: at.url("/members"),
        url: at.url(&format!("/members/{}", member.id)),
        form,
        closed: allowed.as_ref().err().filter(|_| at.may("members:update") && current).map(|refusal| refusal.message().to_owned()),
        may_remove: at.may("members:remove") && current && allowed.is_ok(),
        invite_url: (at.may("members:invite") && !current).then(|| url_with(&at.url("/invitations/new"), &[("email", &member.email)])),
        reset_due,
        errors,
        changes,
        member,
        now: at.now(),
    })
}

fn role_form(at: &Tenant, member: &Member, choices: &Choices, typed: Option<RoleTyped>, asked: &Asked) -> RoleForm {
    let held = member.department_ids.iter().map(Uuid::to_string).collect();
    let (role, reach, ticked) = match typed {
        Some(typed) => (typed.asked.role, typed.reach, typed.asked.departments),
        None => (member.role_key.clone(), member.reach.clone(), held),
    };
    let given = choices.role(&role).is_some_and(|role| role.grantable && role.is_for_people());
    RoleForm {
        blank: if given { "" } else { "Choose a role" },
        role,
        roles: offered_roles(choices),
        reach: if reach == "departments" { reach } else { "publisher".into() },
        whole: !matches!(at.reach, Reach::Departments(_)),
        departments: open_departments(choices).into_iter().map(|(id, name)| (id.clone(), name, ticked.contains(&id))).collect(),
        songwriter: SongwriterField::new(at, choices, asked),
        shown: member.standing(),
    }
}

/// The role form as typed.
struct RoleTyped {
    asked: Asked,
    /// `publisher`, `departments`, or empty to leave it as it is.
    reach: String,
    /// The member's standing when the form was made; empty from a form that does not say.
    shown: String,
}

impl RoleTyped {
    fn read(fields: Vec<(String, String)>) -> Self {
        let mut typed = RoleTyped { asked: Asked::default(), reach: String::new(), shown: String::new() };
        for (name, value) in fields {
            match name.as_str() {
                "role" => typed.asked.role = value,
                "reach" => typed.reach = value,
                "department" => typed.asked.departments.push(value),
                "songwriter" => typed.asked.songwriter = value,
                "songwriter_id" => typed.asked.songwriter_id = value,
                "shown" => typed.shown = value,
                _ => {}
            }
        }
        typed
    }

    /// What is asked for, given what the member has: a form that names only a role does not widen a reach.
    fn asked_of(&self, member: &Member) -> Result<Asked, Refusal> {
        let mut asked = self.asked.clone();
        let ticked = asked.departments.iter().any(|department| !department.trim().is_empty());
        match self.reach.as_str() {
            "departments" if !ticked => {
                return Err(Refusal::field("department", "required", "Choose at least one department, or the whole publisher."));
            }
            "departments" => {}
            "publisher" => asked.departments.clear(),
            unknown if !unknown.is_empty() => {
                return Err(Refusal::field("reach", "unknown_reach", "Choose the whole publisher or departments."));
            }
            _ if !ticked && !["admin", "creator"].contains(&asked.role.as_str()) => {
                asked.departments = member.department_ids.iter().map(Uuid::to_string).collect();
            }
            _ => {}
        }
        if asked.role == "creator" && asked.songwriter.trim().is_empty() {
            asked.songwriter_id = member.songwriter_id.map(|id| id.to_string()).unwrap_or_default();
        }
        Ok(asked)
    }
}

async fn change_role(
    mut at: Write<MembersUpdate>,
    Path((_, member)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response> {
    let member = member::member(&mut at, id(&member)?).await?;
    let typed = RoleTyped::read(fields);
    match changed_role(&mut at, &member, &typed).await {
        Ok(Some(entry)) => {
            let url = at.url(&format!("/members/{}", member.id));
            let words = match &entry {
                Entry::MemberRoleChanged { after, .. } => format!("{} is now {after}.", member.name),
                _ => "The role is changed.".to_owned(),
            };
            at.commit(entry).await?;
            Ok(web::done(&url, "good", &words))
        }
        Ok(None) => Ok(web::done(&at.url(&format!("/members/{}", member.id)), "info", "Nothing was changed.")),
        Err(Error::Refused(refusal)) => {
            let page = show_page(&mut at, member, Some(typed), Errors::from(&refusal)).await?;
            web::page_with(refusal.status, &page)
        }
        Err(error) => Err(error),
    }
}

async fn changed_role(at: &mut Tenant, member: &Member, typed: &RoleTyped) -> Result<Option<Entry>> {
    let asked = typed.asked_of(member)?;
    let choices = grant::choices_for(at, &asked).await?;
    // Whose membership it is comes first: it says more than what is wrong with the role.
    member::may_change(at, member, &choices)?;
    member::unchanged_since(at, member, &typed.shown).await?;
    let grant = choices.grant(&at.reach, &asked)?;
    member::change_role(at, member, &choices, &grant).await
}

async fn suspend(mut at: Write<MembersUpdate>, Path((_, member)): Path<(String, String)>) -> Result<Response> {
    let (member, choices) = (member::member(&mut at, id(&member)?).await?, grant::choices(&mut at).await?);
    let entry = member::suspend(&mut at, &member, &choices).await;
    let words = format!("{} is suspended and can no longer come in.", member.name);
    let undo =
        Undo { label: "Restore", url: at.url(&format!("/members/{}/restoration", member.id)), target: format!("#member-{}", member.id) };
    finish(at, member, &choices, entry, Note { kind: "good", text: words, undo: Some(undo) }, "suspended").await
}

async fn restore(mut at: Write<MembersUpdate>, Path((_, member)): Path<(String, String)>) -> Result<Response> {
    let (member, choices) = (member::member(&mut at, id(&member)?).await?, grant::choices(&mut at).await?);
    let entry = member::restore(&mut at, &member, &choices).await;
    let words = format!("{} is back.", member.name);
    finish(at, member, &choices, entry, Note { kind: "good", text: words, undo: None }, "active").await
}

/// The list's row for htmx, otherwise the member's page: changed, or with what was wrong.
async fn finish(
    mut at: Write<MembersUpdate>,
    mut member: Member,
    choices: &Choices,
    entry: Result<Entry>,
    note: Note,
    status: &str,
) -> Result<Response> {
    let (shell, now, url) = (at.shell(), at.now(), at.url(&format!("/members/{}", member.id)));
    match entry {
        Ok(entry) => {
            member.status = status.to_owned();
            let row = row(&at, member, choices);
            at.commit(entry).await?;
            if shell.fragment { web::fragment(&ChangedRow { shell, row, note, now }) } else { Ok(web::done(&url, note.kind, &note.text)) }
        }
        Err(Error::Refused(refusal)) if shell.fragment => {
            let note = Note { kind: "danger", text: refusal.message().to_owned(), undo: None };
            let unchanged = web::fragment(&ChangedRow { row: row(&at, member, choices), shell, note, now })?;
            Ok((refusal.status, unchanged).into_response())
        }
        Err(Error::Refused(refusal)) => refused(&mut at, member, &refusal).await,
        Err(error) => Err(error),
    }
}

async fn remove(mut at: Write<MembersRemove>, Path((_, member)): Path<(String, String)>) -> Result<Response> {
    let (member, choices) = (member::member(&mut at, id(&member)?).await?, grant::choices(&mut at).await?);
    match member::remove(&mut at, &member, &choices).await {
        Ok(entry) => {
            let url = at.url("/members");
            at.commit(entry).await?;
            Ok(web::done(&url, "good", &format!("{} is no longer a member. A new invitation brings them back.", member.name)))
        }
        Err(Error::Refused(refusal)) => refused(&mut at, member, &refusal).await,
        Err(error) => Err(error),
    }
}

/// A member's page with why something was not done.
pub(super) async fn refused(at: &mut Tenant, member: Member, refusal: &Refusal) -> Result<Response> {
    let page = show_page(at, member, None, Errors::from(refusal)).await?;
    web::page_with(refusal.status, &page)
}

impl ShowPage {
    /// A line of the history in words, after the actor's name.
    fn said(&self, change: &Change) -> String {
        let after = change.after.as_deref().unwrap_or("a member");
        match (change.action.as_str(), change.before.as_deref()) {
            ("member.role_changed", Some(before)) => format!("changed the role from {before} to {after}"),
            ("invitation.accepted", _) => format!("accepted the invitation as {after}"),
            (action, _) => format!("{} {}", crate::audit::phrase(action), self.member.name),
        }
    }
}
