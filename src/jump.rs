//! What Ctrl K finds beside pages: single works, songwriters, recordings and members, by the searches of their lists and
//! so within the same permissions and reach. Route: `/publishers/{slug}/find`.

use crate::{
    access::{
        Reach, Read, Routes, Tenant,
        permission::{MembersRead, Permission, PublisherRead, RecordingsRead, SongwritersRead, WorksRead},
    },
    catalogue::{
        recordings::recording,
        search::{self, Kind},
        songwriters::songwriter,
        works::list::{self as works, Wanted},
    },
    error::Result,
    members::member::{self, Filter},
    web::{self, Query},
};
use askama::Template;
use axum::response::Response;
use serde::Deserialize;

/// How many of a kind are offered; their list has the others.
const OFFERED: usize = 5;
/// Longest text looked for, in characters.
const LONGEST: usize = 100;

pub fn routes() -> Routes {
    Routes::new().get("/publishers/{slug}/find", find)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Question {
    q: String,
}

#[derive(Template)]
#[template(path = "jump/found.html")]
struct Found {
    things: Vec<Thing>,
}

struct Thing {
    icon: &'static str,
    name: String,
    /// What tells it from another of the same name.
    note: String,
    url: String,
}

/// Policy: whoever may read a list finds what that list shows them.
async fn find(mut at: Read<PublisherRead>, Query(question): Query<Question>) -> Result<Response> {
    let terms = search::terms(&question.q);
    let mut things = Vec::new();
    if !terms.is_empty() {
        if at.may(WorksRead::NAME) {
            things.extend(found_works(&mut at, &terms).await?);
        }
        // A creator has one songwriter to see, who needs no search.
        if at.may(SongwritersRead::NAME) && !matches!(at.reach, Reach::Own(_)) {
            things.extend(found_songwriters(&mut at, &terms).await?);
        }
        if at.may(RecordingsRead::NAME) {
            things.extend(found_recordings(&mut at, &terms).await?);
        }
        if at.may(MembersRead::NAME) {
            things.extend(found_members(&mut at, &question.q).await?);
        }
    }
    web::fragment(&Found { things })
}

async fn found_works(at: &mut Tenant, terms: &[String]) -> Result<Vec<Thing>> {
    let found = works::find(at, terms).await?;
    let works = works::page(at, &Wanted::default(), &found).await?;
    Ok(works
        .into_iter()
        .take(OFFERED)
        .map(|work| Thing {
            icon: "music",
            note: work.work_number.clone().unwrap_or_default(),
            url: at.url(&format!("/works/{}", work.id)),
            name: work.title,
        })
        .collect())
}

async fn found_songwriters(at: &mut Tenant, terms: &[String]) -> Result<Vec<Thing>> {
    let found = search::find(at, Kind::Songwriter, terms).await?;
    let songwriters = songwriter::list(at, Some(&found), false, None).await?;
    Ok(songwriters
        .into_iter()
        .take(OFFERED)
        .map(|songwriter| Thing {
            icon: "pen-line",
            name: songwriter.name(),
            note: songwriter.ipi.clone().unwrap_or_default(),
            url: at.url(&format!("/songwriters/{}", songwriter.id)),
        })
        .collect())
}

async fn found_recordings(at: &mut Tenant, terms: &[String]) -> Result<Vec<Thing>> {
    let found = recording::find(at, terms).await?;
    let recordings = recording::list(at, found.as_deref(), false, None).await?;
    Ok(recordings
        .into_iter()
        .take(OFFERED)
        .map(|recording| Thing {
            icon: "disc-3",
            url: at.url(&format!("/recordings/{}", recording.id)),
            name: recording.title,
            note: recording.artist.unwrap_or_default(),
        })
        .collect())
}

async fn found_members(at: &mut Tenant, typed: &str) -> Result<Vec<Thing>> {
    let q = typed.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let (members, _) = member::list(at, &Filter { q, ..Filter::default() }).await?;
    Ok(members
        .into_iter()
        .take(OFFERED)
        .map(|member| Thing { icon: "users", url: at.url(&format!("/members/{}", member.id)), name: member.name, note: member.role_name })
        .collect())
}
