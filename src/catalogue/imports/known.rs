//! What the catalogue has already of a batch of rows, each thing asked in one statement.

use super::{
    check::{own_number, writer_key},
    reading::{WorkDraft, WriterDraft},
};
use crate::{
    access::Tenant,
    catalogue::{
        credits::Credit,
        paging::sort_key,
        songwriters::{
            matching::{Directory, Found},
            songwriter::stored_ipi,
        },
    },
    error::Result,
};
use sqlx::types::Json;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Works of one title looked through for the writers of a row; beyond so many a title says nothing.
const NAMESAKES: i64 = 100;

pub struct InCatalogue {
    /// Own numbers that are taken.
    pub numbers: HashSet<String>,
    /// Titles by ISWC.
    pub iswcs: HashMap<String, String>,
    pub directory: Directory,
    by_title: HashMap<String, Vec<Work>>,
}

/// A work that has the title of a row.
pub struct Work {
    pub id: Uuid,
    pub number: Option<String>,
    credits: Json<Vec<Credit>>,
}

impl InCatalogue {
    pub async fn of(at: &mut Tenant, drafts: &[&WorkDraft]) -> Result<Self> {
        Ok(InCatalogue {
            numbers: taken_numbers(at, drafts).await?,
            iswcs: known_iswcs(at, drafts).await?,
            directory: directory(at, drafts).await?,
            by_title: by_title(at, drafts).await?,
        })
    }

    /// A work with the title and exactly the writers of a row.
    pub fn same_work(&self, draft: &WorkDraft) -> Option<&Work> {
        self.by_title.get(&sort_key(&draft.title))?.iter().find(|work| self.has_writers(draft, &work.credits))
    }

    fn has_writers(&self, draft: &WorkDraft, credits: &[Credit]) -> bool {
        let writers: Vec<Meant> = draft.writers.iter().map(|writer| self.meant(writer)).collect();
        let is = |writer: &Meant, credit: &Credit| match writer {
            Meant::Songwriter(id) => *id == credit.songwriter,
            Meant::Named(key) => *key == sort_key(&credit.name),
            Meant::Newcomer => false,
        };
        writers.iter().all(|writer| credits.iter().any(|credit| is(writer, credit)))
            && credits.iter().all(|credit| writers.iter().any(|writer| is(writer, credit)))
    }

    fn meant(&self, writer: &WriterDraft) -> Meant {
        let (key, ipi) = (writer_key(writer), writer.ipi.as_ref().and_then(stored_ipi));
        match self.directory.find(std::slice::from_ref(&key), ipi.as_deref()) {
            Found::One(known) => Meant::Songwriter(known.id),
            Found::Nobody | Found::Several(_) if ipi.is_some() => Meant::Newcomer, // namesakes have other numbers
            Found::Nobody | Found::Several(_) => Meant::Named(key),
        }
    }
}

/// Whom the catalogue takes a writer of a row for.
enum Meant {
    Songwriter(Uuid),
    /// One of several, or one that is archived.
    Named(String),
    Newcomer,
}

/// The songwriters these works may mean.
pub async fn directory(at: &mut Tenant, drafts: &[&WorkDraft]) -> Result<Directory> {
    let writers = || drafts.iter().flat_map(|draft| &draft.writers);
    let keys: HashSet<String> = writers().map(writer_key).collect();
    let ipis: HashSet<String> = writers().filter_map(|writer| writer.ipi.as_ref().and_then(stored_ipi)).collect();
    Directory::load(at, &[], &keys.into_iter().collect::<Vec<_>>(), &ipis.into_iter().collect::<Vec<_>>()).await
}

async fn taken_numbers(at: &mut Tenant, drafts: &[&WorkDraft]) -> Result<HashSet<String>> {
    let publisher = at.publisher.id;
    let numbers: Vec<String> = drafts.iter().filter_map(|draft| own_number(draft.number.as_deref())).collect();
    let taken = sqlx::query_scalar!(
        r#"select work_number as "number!" from works where publisher_id = $1 and work_number = any ($2)"#,
        publisher,
        &numbers
    )
    .fetch_all(at.db())
    .await?;
    Ok(taken.into_iter().collect())
}

async fn known_iswcs(at: &mut Tenant, drafts: &[&WorkDraft]) -> Result<HashMap<String, String>> {
    let publisher = at.publisher.id;
    let iswcs: Vec<String> = drafts.iter().filter_map(|draft| draft.iswc.as_ref().map(|iswc| iswc.as_str().to_owned())).collect();
    let known = sqlx::query!(r#"select iswc as "iswc!", title from works where publisher_id = $1 and iswc = any ($2)"#, publisher, &iswcs)
        .fetch_all(at.db())
        .await?;
    Ok(known.into_iter().map(|row| (row.iswc, row.title)).collect())
}

async fn by_title(at: &mut Tenant, drafts: &[&WorkDraft]) -> Result<HashMap<String, Vec<Work>>> {
    let publisher = at.publisher.id;
    let titles: HashSet<String> = drafts.iter().map(|draft| sort_key(&draft.title)).filter(|title| !title.is_empty()).collect();
    let found = sqlx::query!(
        r#"select t.title as "title!", w.id, w.work_number, w.credits as "credits: Json<Vec<Credit>>"
             from unnest($2::text[]) t (title) cross join lateral
               (select id, work_number, credits from works where publisher_id = $1 and title_key = t.title and archived_at is null order by id limit $3) w"#,
        publisher,
        &titles.into_iter().collect::<Vec<_>>(),
        NAMESAKES
    )
    .fetch_all(at.db())
    .await?;
    let mut works: HashMap<String, Vec<Work>> = HashMap::new();
    for row in found {
        works.entry(row.title).or_default().push(Work { id: row.id, number: row.work_number, credits: row.credits });
    }
    Ok(works)
}
