//! A recording and the work it is of.

use crate::{
    access::{Reach, Tenant},
    catalogue::{
        changes::Changes,
        fields::clock,
        paging::{ASKED, After, COUNTED, counted, sort_key},
        search::{self, Kind, recording_words},
        tally,
        versions::{self, Version},
    },
    error::{Error, Result},
    standards::identifiers::Isrc,
    web::figure,
};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder, types::Json};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// What a form or a file says of a recording, checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Details {
    pub title: String,
    /// Twelve characters.
    pub isrc: Option<String>,
    pub artist: Option<String>,
    pub label: Option<String>,
    #[serde(with = "iso_day::option")]
    pub release_date: Option<Date>,
    pub duration_seconds: Option<i32>,
    pub work_id: Option<Uuid>,
}

time::serde::format_description!(iso_day, Date, "[year]-[month]-[day]");

#[derive(Debug, Clone)]
pub struct Recording {
    pub id: Uuid,
    pub title: String,
    pub isrc: Option<String>,
    pub artist: Option<String>,
    pub label: Option<String>,
    pub release_date: Option<Date>,
    pub duration_seconds: Option<i32>,
    pub work_id: Option<Uuid>,
    pub work: Option<String>,
    pub work_number: Option<String>,
    pub version: i64,
    pub archived_at: Option<OffsetDateTime>,
    pub updated_at: OffsetDateTime,
    pub updated_by: Option<Uuid>,
    pub contributors: Json<Vec<Contributor>>,
}

/// Somebody who took part in a recording, as the older service has them.
#[derive(Debug, Clone, Deserialize)]
pub struct Contributor {
    pub name: String,
    /// In the words of whoever entered it: "Producer".
    #[serde(default)]
    pub role: Option<String>,
}

/// "US-SKG-19-12345"; what older data has instead stays as it is.
pub fn printed_isrc(stored: &str) -> String {
    Isrc::of_any_prefix(stored).map_or_else(|_| stored.to_owned(), |isrc| isrc.to_string())
}

impl Recording {
    pub fn present(&self) -> Version {
        Version { number: self.version, by: self.updated_by, at: self.updated_at }
    }
}

impl Details {
    fn words(&self) -> Vec<String> {
        recording_words(&self.title, self.artist.as_deref(), self.isrc.as_deref())
    }
}

pub async fn load(at: &mut Tenant, id: Uuid) -> Result<Recording> {
    let publisher = at.publisher.id;
    sqlx::query_as!(
        Recording,
        r#"select r.id, r.title, r.isrc, r.artist, r.label, r.release_date, r.duration_seconds, r.work_id, w.title as "work?", w.work_number as "work_number?",
             r.version, r.archived_at, r.updated_at, r.updated_by,
             coalesce((select jsonb_agg(jsonb_build_object('name', c.name, 'role', nullif(c.role, '')) order by c.created_at, c.id)
               from recording_contributors c where c.publisher_id = r.publisher_id and c.recording_id = r.id), '[]') as "contributors!: Json<Vec<Contributor>>"
             from recordings r left join works w on w.publisher_id = r.publisher_id and w.id = r.work_id where r.publisher_id = $1 and r.id = $2"#,
        publisher,
        id
    )
    .fetch_optional(at.db())
    .await?
    .ok_or(Error::NotFound)
}

/// A recording about to be added.
#[derive(Debug, Serialize)]
pub struct New {
    pub id: Uuid,
    title_key: String,
    #[serde(flatten)]
    details: Details,
}

impl New {
    pub fn of(id: Uuid, details: Details) -> Self {
        New { id, title_key: sort_key(&details.title), details }
    }
}

/// Writes new recordings with their search words; totals are the caller's.
pub async fn insert(at: &mut Tenant, new: &[New]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    sqlx::query!(
        "insert into recordings (publisher_id, id, title, isrc, artist, label, release_date, duration_seconds, work_id, title_key, created_by, updated_by, created_at, updated_at)
         select $1, n.id, n.title, n.isrc, n.artist, n.label, n.release_date, n.duration_seconds, n.work_id, n.title_key, $3, $3, $4, $4
           from jsonb_to_recordset($2) n (id uuid, title text, isrc text, artist text, label text, release_date date, duration_seconds integer, work_id uuid, title_key text)",
        publisher,
        Json(new) as _,
        by,
        now
    )
    .execute(at.db())
    .await?;
    search::add(at, Kind::Recording, &new.iter().map(|recording| (recording.id, recording.details.words())).collect::<Vec<_>>()).await
}

/// Writes an edit made on `before`, and answers what it changed. `work` is the work chosen. Refuses when the recording has
/// moved on since.
pub async fn update(at: &mut Tenant, before: &Recording, details: &Details, work: Option<&Candidate>) -> Result<Changes> {
    let changes = changes(before, details, work);
    if changes.is_empty() {
        return Ok(changes);
    }
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    let written = sqlx::query!(
        "update recordings set title = $3, isrc = $4, artist = $5, label = $6, release_date = $7, duration_seconds = $8, work_id = $9, title_key = $10,
           updated_by = $11, updated_at = $12, version = version + 1 where publisher_id = $1 and id = $2 and version = $13",
        publisher,
        before.id,
        details.title,
        details.isrc,
        details.artist,
        details.label,
        details.release_date,
        details.duration_seconds,
        details.work_id,
        sort_key(&details.title),
        by,
        now,
        before.version
    )
    .execute(at.db())
    .await?;
    if written.rows_affected() == 0 {
        return Err(versions::overtaken("recording").into());
    }
    search::index(at, Kind::Recording, &[(before.id, details.words())]).await?;
    Ok(changes)
}

/// Takes a recording out of the lists and off its work's page, or puts it back. Answers false when it was so already.
pub async fn set_archived(at: &mut Tenant, recording: Uuid, archived: bool) -> Result<bool> {
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    let written = sqlx::query!(
        "update recordings set archived_at = case when $3 then $5::timestamptz end, updated_by = $4, updated_at = $5, version = version + 1
          where publisher_id = $1 and id = $2 and (archived_at is null) = $3",
        publisher,
        recording,
        archived,
        by,
        now
    )
    .execute(at.db())
    .await?;
    if written.rows_affected() == 0 {
        return Ok(false);
    }
    tally::count(at, tally::Change { recordings: if archived { -1 } else { 1 }, ..Default::default() }).await?;
    Ok(true)
}

fn changes(before: &Recording, after: &Details, work: Option<&Candidate>) -> Changes {
    let mut changes = Changes::default();
    changes.note("Title", &before.title, &after.title);
    let isrc = |isrc: Option<&str>| isrc.map(printed_isrc).unwrap_or_default();
    changes.note("ISRC", isrc(before.isrc.as_deref()), isrc(after.isrc.as_deref()));
    changes.note_option("Artist", before.artist.as_deref(), after.artist.as_deref());
    changes.note_option("Label", before.label.as_deref(), after.label.as_deref());
    let day = |date: Option<Date>| date.map(crate::web::day).unwrap_or_default();
    changes.note("Release date", day(before.release_date), day(after.release_date));
    let length = |seconds: Option<i32>| seconds.map(clock).unwrap_or_default();
    changes.note("Duration", length(before.duration_seconds), length(after.duration_seconds));
    let named = |title: &str, number: Option<&str>| format!("{title} ({})", number.unwrap_or("no number"));
    let former = before.work.as_deref().map(|title| named(title, before.work_number.as_deref()));
    changes.note_option("Work", former.as_deref(), work.map(|work| named(&work.title, work.work_number.as_deref())).as_deref());
    changes
}

/// A work a recording can be of.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub id: Uuid,
    pub title: String,
    pub work_number: Option<String>,
}

/// Works that a typed own number, ISWC or whole title names; two at most, which is one too many.
pub async fn works_named(at: &mut Tenant, number: &str, iswc: Option<&str>, title: &str) -> Result<Vec<Candidate>> {
    let publisher = at.publisher.id;
    let works = sqlx::query_as!(
        Candidate,
        "select id, title, work_number from works where publisher_id = $1 and archived_at is null and (work_number = $2 or iswc = $3 or title_key = $4)
          order by (work_number = $2) desc nulls last, id limit 2",
        publisher,
        number,
        iswc,
        sort_key(title)
    )
    .fetch_all(at.db())
    .await?;
    Ok(works)
}

pub async fn work(at: &mut Tenant, id: Uuid) -> Result<Option<Candidate>> {
    let publisher = at.publisher.id;
    let work = sqlx::query_as!(Candidate, "select id, title, work_number from works where publisher_id = $1 and id = $2", publisher, id)
        .fetch_optional(at.db())
        .await?;
    Ok(work)
}

/// Other recordings with this ISRC: it happens in practice, so it is said, not refused.
pub async fn same_isrc(at: &mut Tenant, isrc: &str, except: Uuid) -> Result<Option<String>> {
    let publisher = at.publisher.id;
    let ids = search::find(at, Kind::Recording, &[isrc.to_lowercase()]).await?;
    let title = sqlx::query_scalar!(
        "select title from recordings where publisher_id = $1 and id = any ($2) and isrc = $3 and id <> $4 limit 1",
        publisher,
        &ids,
        isrc,
        except
    )
    .fetch_optional(at.db())
    .await?;
    Ok(title)
}

/// A row of the list.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Listed {
    pub id: Uuid,
    pub title: String,
    pub artist: Option<String>,
    pub isrc: Option<String>,
    pub label: Option<String>,
    pub release_date: Option<Date>,
    pub work_id: Option<Uuid>,
    pub work: Option<String>,
    title_key: String,
    /// How many the whole list has, as far as it is counted; none where a total is kept.
    pub total: Option<i64>,
}

impl Listed {
    pub fn printed_isrc(&self) -> String {
        self.isrc.as_deref().map(printed_isrc).unwrap_or_default()
    }

    pub fn released(&self) -> String {
        self.release_date.map(crate::web::day).unwrap_or_default()
    }

    pub fn after(&self) -> After {
        After { key: self.title_key.clone(), id: self.id }
    }
}

/// A creator's recordings are those of their works, looked through with the same rule that the index of words follows.
pub async fn find(at: &mut Tenant, terms: &[String]) -> Result<Option<Vec<Uuid>>> {
    let Reach::Own(songwriter) = at.reach else {
        return if terms.is_empty() { Ok(None) } else { search::find(at, Kind::Recording, terms).await.map(Some) };
    };
    let publisher = at.publisher.id;
    let own = sqlx::query!(
        "select r.id, r.title, r.artist, r.isrc from recordings r
          where r.publisher_id = $1 and r.work_id in (select ww.work_id from work_writers ww where ww.publisher_id = $1 and ww.songwriter_id = $2)",
        publisher,
        songwriter
    )
    .fetch_all(at.db())
    .await?;
    let fits =
        own.into_iter().filter(|row| search::matches(terms, &recording_words(&row.title, row.artist.as_deref(), row.isrc.as_deref())));
    Ok(Some(fits.map(|row| row.id).collect()))
}

/// A page by title, of all recordings or of those found, in the catalogue or archived.
pub async fn list(at: &mut Tenant, found: Option<&[Uuid]>, archived: bool, after: Option<&After>) -> Result<Vec<Listed>> {
    let publisher = at.publisher.id;
    let chosen = |query: &mut QueryBuilder<'_, Postgres>| {
        query.push(" where r.publisher_id = ").push_bind(publisher);
        query.push(if archived { " and r.archived_at is not null" } else { " and r.archived_at is null" });
        if let Some(found) = found {
            query.push(" and r.id = any(").push_bind(found.to_vec()).push(")");
        }
    };
    let mut page = QueryBuilder::new(
        "select r.id, r.title, r.artist, r.isrc, r.label, r.release_date, w.id as work_id, w.title as work, r.title_key, ",
    );
    if found.is_some() || archived {
        page.push("(select count(*) from (select from recordings r");
        chosen(&mut page);
        page.push(" limit ").push(COUNTED + 1).push(") counted) as total");
    } else {
        page.push("null::bigint as total");
    }
    page.push(" from recordings r left join works w on w.publisher_id = r.publisher_id and w.id = r.work_id");
    chosen(&mut page);
    if let Some(after) = after {
        page.push(" and (r.title_key, r.id) > (").push_bind(after.key.clone()).push(", ").push_bind(after.id).push(")");
    }
    page.push(" order by r.title_key, r.id limit ").push_bind(ASKED);
    Ok(page.build_query_as().fetch_all(at.db()).await?)
}

/// How many recordings this person sees: the kept total, or as far as a list is counted.
pub async fn total(at: &mut Tenant) -> Result<String> {
    let publisher = at.publisher.id;
    if matches!(at.reach, Reach::Publisher | Reach::Visit) {
        let total = sqlx::query_scalar!("select recordings from catalogue_totals where publisher_id = $1", publisher)
            .fetch_optional(at.db())
            .await?;
        return Ok(figure(total.unwrap_or(0)));
    }
    let seen = sqlx::query_scalar!(
        r#"select count(*) as "seen!" from (select from recordings where publisher_id = $1 and archived_at is null limit $2) r"#,
        publisher,
        COUNTED + 1
    )
    .fetch_one(at.db())
    .await?;
    Ok(counted(seen))
}
