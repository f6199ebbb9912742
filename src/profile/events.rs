//! `/me/security/events`: what happened to the person's account, newest first.

use crate::{
    access::{Routes, SignedIn},
    audit::said,
    error::Result,
    pages,
    web::{self, Moment, Query, Shell, agent},
};
use askama::Template;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

const EVENTS: &str = "/me/security/events";
/// How many a page shows.
const PAGE: usize = 50;

pub fn routes() -> Routes {
    Routes::new().get(EVENTS, list)
}

struct Event {
    id: Uuid,
    at: OffsetDateTime,
    words: String,
    address: Option<String>,
    device: String,
}

#[derive(Template)]
#[template(path = "profile/events.html", blocks = ["content"])]
struct EventsPage {
    shell: Shell,
    events: Vec<Event>,
    next: Option<String>,
    first: Option<String>,
    now: OffsetDateTime,
}

pages!(EventsPage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct After {
    after: String,
}

async fn list(at: SignedIn, Query(query): Query<After>) -> Result<Response> {
    let after = Uuid::try_parse(&query.after).ok();
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut door = at.identity().await?;
    let rows = sqlx::query!(
        "select id, at, action, detail, address, agent from security_events
          where user_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3",
        at.person.id,
        after,
        limit
    )
    .fetch_all(door.db())
    .await?;
    let mut events: Vec<Event> = rows
        .into_iter()
        .map(|row| Event {
            id: row.id,
            at: row.at,
            words: words(&row.action, &row.detail),
            address: row.address,
            device: agent::device(row.agent.as_deref()),
        })
        .collect();
    let more = events.len() > PAGE;
    events.truncate(PAGE);
    let next = events.last().filter(|_| more).map(|last| format!("{EVENTS}?after={}", last.id));
    web::page(&EventsPage { shell: at.shell(), events, next, first: after.map(|_| EVENTS.to_owned()), now: door.now() })
}

/// "Signed in", "An admin ended your sessions: northlight".
fn words(action: &str, detail: &Value) -> String {
    let of = ["publisher", "device", "what", "name", "email"].into_iter().find_map(|key| detail.get(key)?.as_str());
    match of {
        Some(of) => format!("{}: {of}", said(action)),
        None => said(action).to_owned(),
    }
}
