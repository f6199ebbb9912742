//! Members, invitations, and the way from one to the other.

mod acceptance;
mod granting;
mod invitations;
mod list;
mod membership;
mod races;
mod seats;

use crate::support::{App, Page, Person};
use uuid::Uuid;

pub const INVITATIONS: &str = "/publishers/northlight/invitations";
pub const MEMBERS: &str = "/publishers/northlight/members";
/// What newcomers of these tests choose.
pub const CHOSEN: &str = "correct horse battery";

/// A program in which Olga runs Northlight and is signed in.
pub async fn northlight() -> (App, Person) {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    (app, olga)
}

/// Fills in the form on the page of invitations.
pub async fn invites(by: &Person, fields: &[(&str, &str)]) -> Page {
    by.opens(INVITATIONS).await.submits("Send invitation", fields).await
}

/// Invites to northlight and answers the link in the mail.
pub async fn link_for(app: &App, by: &Person, email: &str, role: &str) -> String {
    let sent = invites(by, &[("email", email), ("role", role)]).await;
    assert_eq!((sent.status, sent.path.as_str()), (200, INVITATIONS), "{sent:?}");
    app.mail_to(email).await.link().to_owned()
}

/// The token of a link.
pub fn token(link: &str) -> &str {
    link.split("token=").nth(1).unwrap()
}

/// What the last action said.
pub fn said(page: &Page) -> String {
    page.first("#toasts .toast").unwrap_or_default()
}

/// Does something to a member or an invitation, as the button on a page would.
pub async fn acts(app: &App, by: &Person, url: &str, fields: &[(&str, &str)]) -> Page {
    let stamp = stamp(app).await;
    by.posts(url, &[fields, &[("stamp", stamp.as_str())]].concat()).await
}

pub async fn stamp(app: &App) -> String {
    app.publisher("northlight").await.to_string()
}

pub fn member(person: Uuid) -> String {
    format!("{MEMBERS}/{person}")
}

/// `role_key/reach/status` of somebody's membership of northlight.
pub async fn membership(app: &App, email: &str) -> String {
    app.one(&format!(
        "select coalesce((select r.key || '/' || m.reach || '/' || m.status from user_publishers m join users u on u.id = m.user_id join roles r on r.id = m.role_id
           join publishers p on p.id = m.publisher_id where p.slug = 'northlight' and u.email_norm = lower('{email}')), 'none')"
    ))
    .await
}

/// Actions of the trail, oldest first.
pub async fn trail(app: &App) -> Vec<String> {
    app.list("select action || ' ' || actor_name || ' ' || object_name from audit_entries order by id").await
}

/// Lets a system admin into northlight, to write.
pub async fn visits(app: &App, person: &Person) {
    let (publisher, id) = (app.publisher("northlight").await, app.new_id());
    app.sql(&format!(
        "insert into visits (publisher_id, id, user_id, reason, may_write, started_at, ends_at)
         values ('{publisher}', '{id}', '{}', 'Helping', true, now() - interval '1 minute', now() + interval '1 hour')",
        person.id
    ))
    .await;
}
