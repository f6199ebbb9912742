//! The credits line of a work: its writers as lists show them, kept on the work and written in the transaction that
//! changes them. Joining the writers would cost four times a page.

use super::search::{self, Kind};
use crate::{access::Tenant, error::Result};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

/// A writer in a work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    #[serde(rename = "w")]
    pub songwriter: Uuid,
    /// "Last, First"
    #[serde(rename = "n")]
    pub name: String,
    /// Code of the role; empty while unknown.
    #[serde(rename = "r")]
    pub role: String,
    /// Hundredths of a per cent; none while not agreed.
    #[serde(rename = "s")]
    pub share: Option<i32>,
    #[serde(rename = "c")]
    pub controlled: bool,
}

/// The names of all writers, each once: a co-published writer stands in a work twice.
pub fn names(credits: &[Credit]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for credit in credits {
        if !names.contains(&credit.name.as_str()) {
            names.push(&credit.name);
        }
    }
    names
}

/// Writes a songwriter's new name into the credits and the search words of all their works. The works count it as a
/// change, so that a form that still shows the old name is told.
pub async fn rename(at: &mut Tenant, songwriter: Uuid, name: &str) -> Result<()> {
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    let works = sqlx::query!(
        r#"update works w set version = version + 1, updated_by = $4, updated_at = $5,
             credits = (select jsonb_agg(case when (c.credit ->> 'w')::uuid = $2 then jsonb_set(c.credit, '{n}', to_jsonb($3::text)) else c.credit end order by c.place)
                          from jsonb_array_elements(w.credits) with ordinality c (credit, place))
           where w.publisher_id = $1 and w.id in (select ww.work_id from work_writers ww where ww.publisher_id = $1 and ww.songwriter_id = $2)
             and jsonb_array_length(w.credits) > 0
           returning w.id, w.title, w.alternate_titles, w.iswc, w.work_number, w.credits as "credits: Json<Vec<Credit>>""#,
        publisher,
        songwriter,
        name,
        by,
        now
    )
    .fetch_all(at.db())
    .await?;
    let words: Vec<(Uuid, Vec<String>)> = works
        .iter()
        .map(|work| {
            let names = names(&work.credits);
            (work.id, search::work_words(&work.title, &work.alternate_titles, work.iswc.as_deref(), work.work_number.as_deref(), &names))
        })
        .collect();
    search::index(at, Kind::Work, &words).await
}
