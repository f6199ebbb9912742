//! `/publishers/{slug}/security`: doors that stayed shut, trouble with members' accounts, and changes of what members may
//! do and how they sign in.

use crate::{
    access::{Read, Routes, Tenant, permission::AuditRead},
    audit::{phrase, said},
    error::Result,
    pages,
    web::{self, Moment, Query, Shell},
};
use askama::Template;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

/// How many a page shows.
const PAGE: usize = 50;

pub fn routes() -> Routes {
    Routes::new().get("/publishers/{slug}/security", list)
}

struct Event {
    id: Uuid,
    at: OffsetDateTime,
    /// Nobody's name where a stranger knocked.
    who: Option<String>,
    words: String,
    address: Option<String>,
}

#[derive(Template)]
#[template(path = "activity/security.html", blocks = ["content"])]
struct SecurityPage {
    shell: Shell,
    events: Vec<Event>,
    next: Option<String>,
    first: Option<String>,
    now: OffsetDateTime,
}

pages!(SecurityPage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct After {
    after: String,
}

async fn list(mut at: Read<AuditRead>, Query(query): Query<After>) -> Result<Response> {
    let after = Uuid::try_parse(&query.after).ok();
    let mut events = events(&mut at, after).await?;
    let more = events.len() > PAGE;
    events.truncate(PAGE);
    let url = at.url("/security");
    let next = events.last().filter(|_| more).map(|last| format!("{url}?after={}", last.id));
    web::page(&SecurityPage { shell: at.shell(), events, next, first: after.map(|_| url), now: at.now() })
}

/// Events of the doors and changes of the trail in one row of time, newest first; one more than a page shows.
async fn events(at: &mut Tenant, after: Option<Uuid>) -> Result<Vec<Event>> {
    let (publisher, limit) = (at.publisher.id, i32::try_from(PAGE + 1).unwrap_or(i32::MAX));
    let rows = sqlx::query!(
        r#"select id as "id!", at as "at!", who, action as "action!", object, detail as "detail!", address from (
             select id, at, person as who, action, null as object, detail, address from ctx.publisher_events($2, $3)
             union all
             (select id, at, actor_name, action, object_name, detail, address from audit_entries
               where publisher_id = $1 and ($2::uuid is null or id < $2)
                 and (action like 'member.%' or action like 'invitation.%' or action like 'visit.%' or action = 'publisher.security_changed')
               order by id desc limit $3)) happened
           order by id desc limit $3"#,
        publisher,
        after,
        limit
    )
    .fetch_all(at.db())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Event {
            id: row.id,
            at: row.at,
            words: words(&row.action, row.object.as_deref(), &row.detail),
            who: row.who,
            address: row.address,
        })
        .collect())
}

fn words(action: &str, object: Option<&str>, detail: &Value) -> String {
    match (action, object) {
        ("denied", _) => format!("Refused: lacks {}", detail.get("permission").and_then(Value::as_str).unwrap_or("a permission")),
        ("outside", _) => "Refused: not a member".to_owned(),
        (_, Some(object)) => sentence(&format!("{} {object}", phrase(action))),
        (_, None) => said(action).to_owned(),
    }
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
