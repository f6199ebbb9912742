//! A songwriter: names, numbers, society.

use crate::{
    access::{Reach, Tenant},
    catalogue::{
        changes::Changes,
        credits,
        paging::{ASKED, After, COUNTED, PAGE, sort_key},
        search::{self, Kind, songwriter_words},
        versions::{self, Version},
    },
    error::{Error, OnConstraint, Refusal, Result},
    standards::{identifiers::IpiName, societies::Society},
    web::moment::percent,
};
use sqlx::{Postgres, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

/// Longest own number of a party (CWR 2.2, SWR field 2), in characters.
pub const LONGEST_NUMBER: usize = 9;

/// What a form or a file says about a songwriter, checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    pub last: String,
    pub first: Option<String>,
    /// Name on stage or pseudonym.
    pub stage: Option<String>,
    /// Eleven digits.
    pub ipi: Option<String>,
    /// Code of the performing rights society.
    pub society: Option<String>,
    /// The publisher's own number of this party.
    pub number: Option<String>,
}

/// A songwriter as the database has one. Older rows may lack every name.
#[derive(Debug, Clone)]
pub struct Songwriter {
    pub id: Uuid,
    pub last_name: Option<String>,
    pub first_name: Option<String>,
    pub stage_name: Option<String>,
    pub ipi: Option<String>,
    pub society: Option<String>,
    pub writer_number: Option<String>,
    pub version: i64,
    pub archived_at: Option<OffsetDateTime>,
    pub updated_at: OffsetDateTime,
    pub updated_by: Option<Uuid>,
}

/// "Last, First" as credits and lists show it.
pub fn full_name(last: Option<&str>, first: Option<&str>, stage: Option<&str>) -> String {
    let present = |name: Option<&str>| name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    match (present(last).or_else(|| present(stage)), present(first)) {
        (Some(last), Some(first)) => format!("{last}, {first}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "Unknown writer".to_owned(),
    }
}

/// "052 – PRS" for a stored code; what older data has instead of a code stays as it is.
pub fn society_name(stored: &str) -> String {
    Society::by_code(stored).map_or_else(|| stored.to_owned(), ToString::to_string)
}

impl Details {
    pub fn name(&self) -> String {
        full_name(Some(&self.last), self.first.as_deref(), self.stage.as_deref())
    }

    /// What the list sorts by and what names are matched with.
    pub fn key(&self) -> String {
        name_key(&self.last, self.first.as_deref())
    }

    fn words(&self) -> Vec<String> {
        songwriter_words([Some(&self.last), self.first.as_deref(), self.stage.as_deref()], self.ipi.as_deref(), self.number.as_deref())
    }
}

pub fn name_key(last: &str, first: Option<&str>) -> String {
    sort_key(&format!("{last} {}", first.unwrap_or_default()))
}

impl Songwriter {
    pub fn name(&self) -> String {
        full_name(self.last_name.as_deref(), self.first_name.as_deref(), self.stage_name.as_deref())
    }

    pub fn present(&self) -> Version {
        Version { number: self.version, by: self.updated_by, at: self.updated_at }
    }

    /// As a form shows it again.
    pub fn details(&self) -> Details {
        Details {
            last: self.last_name.clone().unwrap_or_default(),
            first: self.first_name.clone(),
            stage: self.stage_name.clone(),
            ipi: self.ipi.clone(),
            society: self.society.clone(),
            number: self.writer_number.clone(),
        }
    }
}

pub async fn load(at: &mut Tenant, id: Uuid) -> Result<Songwriter> {
    let publisher = at.publisher.id;
    sqlx::query_as!(
        Songwriter,
        "select id, last_name, first_name, stage_name, ipi, society, writer_number, version, archived_at, updated_at, updated_by from songwriters
          where publisher_id = $1 and id = $2",
        publisher,
        id
    )
    .fetch_optional(at.db())
    .await?
    .ok_or(Error::NotFound)
}

/// Adds songwriters with their search words. Ids come from the caller, totals are the caller's.
pub async fn insert(at: &mut Tenant, new: &[(Uuid, Details)]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    let ids: Vec<Uuid> = new.iter().map(|(id, _)| *id).collect();
    let texts = |of: fn(&Details) -> Option<String>| new.iter().map(|(_, details)| of(details)).collect::<Vec<_>>();
    let keys: Vec<String> = new.iter().map(|(_, details)| details.key()).collect();
    sqlx::query!(
        r#"insert into songwriters (publisher_id, id, last_name, first_name, stage_name, ipi, society, writer_number, name_key, created_by, updated_by, created_at, updated_at)
           select $1, n.id, n.last, n.first, n.stage, n.ipi, n.society, n.number, n.key, $2, $2, $3, $3
             from unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
               n (id, last, first, stage, ipi, society, number, key)"#,
        publisher,
        by,
        now,
        &ids,
        &texts(|d| Some(d.last.clone())) as &[Option<String>],
        &texts(|d| d.first.clone()) as &[Option<String>],
        &texts(|d| d.stage.clone()) as &[Option<String>],
        &texts(|d| d.ipi.clone()) as &[Option<String>],
        &texts(|d| d.society.clone()) as &[Option<String>],
        &texts(|d| d.number.clone()) as &[Option<String>],
        &keys
    )
    .execute(at.db())
    .await
    .on_constraint("songwriters_number_idx", number_taken)?;
    let words: Vec<(Uuid, Vec<String>)> = new.iter().map(|(id, details)| (*id, details.words())).collect();
    search::add(at, Kind::Songwriter, &words).await
}

fn number_taken() -> Refusal {
    Refusal::field("number", "number_taken", "This number belongs to another songwriter, now or in the past. Numbers are never used twice.")
}

/// Writes an edit made on `before`, and answers what it changed. A new name goes into the credits of all their works.
/// Refuses when the songwriter has moved on since.
pub async fn update(at: &mut Tenant, before: &Songwriter, details: &Details) -> Result<Changes> {
    let changes = changes(before, details);
    if changes.is_empty() {
        return Ok(changes);
    }
    let renamed = before.name() != details.name();
    if renamed && matches!(at.reach, Reach::Departments(_)) {
        let words = "This name stands on works of every department. Ask somebody who sees the whole publisher to change it.";
        return Err(Refusal::field("last", "rename_whole_publisher", words).into());
    }
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    let written = sqlx::query!(
        "update songwriters set last_name = $3, first_name = $4, stage_name = $5, ipi = $6, society = $7, writer_number = $8, name_key = $9,
           updated_by = $10, updated_at = $11, version = version + 1 where publisher_id = $1 and id = $2 and version = $12",
        publisher,
        before.id,
        details.last,
        details.first,
        details.stage,
        details.ipi,
        details.society,
        details.number,
        details.key(),
        by,
        now,
        before.version
    )
    .execute(at.db())
    .await
    .on_constraint("songwriters_number_idx", number_taken)?;
    if written.rows_affected() == 0 {
        return Err(versions::overtaken("songwriter").into());
    }
    search::index(at, Kind::Songwriter, &[(before.id, details.words())]).await?;
    if renamed {
        credits::rename(at, before.id, &details.name()).await?;
    }
    Ok(changes)
}

fn changes(before: &Songwriter, after: &Details) -> Changes {
    let mut changes = Changes::default();
    changes.note("Last name", before.last_name.clone().unwrap_or_default(), after.last.clone());
    changes.note_option("First names", before.first_name.as_deref(), after.first.as_deref());
    changes.note_option("Stage name", before.stage_name.as_deref(), after.stage.as_deref());
    changes.note_option("IPI", before.ipi.as_deref(), after.ipi.as_deref());
    let society = |code: Option<&str>| code.map(society_name).unwrap_or_default();
    changes.note("Society", society(before.society.as_deref()), society(after.society.as_deref()));
    changes.note_option("Own number", before.writer_number.as_deref(), after.number.as_deref());
    changes
}

/// Notes an IPI for songwriters who had none.
pub async fn complete_ipi(at: &mut Tenant, found: &[(Uuid, String)]) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    let (ids, ipis): (Vec<Uuid>, Vec<String>) = found.iter().cloned().unzip();
    let rows = sqlx::query_as!(
        Songwriter,
        "update songwriters s set ipi = n.ipi, updated_by = $4, updated_at = $5, version = s.version + 1 from unnest($2::uuid[], $3::text[]) n (id, ipi)
          where s.publisher_id = $1 and s.id = n.id and s.ipi is null
         returning s.id, s.last_name, s.first_name, s.stage_name, s.ipi, s.society, s.writer_number, s.version, s.archived_at, s.updated_at, s.updated_by",
        publisher,
        &ids,
        &ipis,
        by,
        now
    )
    .fetch_all(at.db())
    .await?;
    let words: Vec<(Uuid, Vec<String>)> = rows.iter().map(|row| (row.id, row.details().words())).collect();
    search::index(at, Kind::Songwriter, &words).await
}

/// Songwriters who have this IPI, or this very name without an IPI that tells them apart; the archived last.
pub async fn same(at: &mut Tenant, details: &Details, except: Option<Uuid>) -> Result<Vec<Songwriter>> {
    let publisher = at.publisher.id;
    let rows = sqlx::query_as!(
        Songwriter,
        "select id, last_name, first_name, stage_name, ipi, society, writer_number, version, archived_at, updated_at, updated_by from songwriters
          where publisher_id = $1 and (ipi = $2 or ((name_key = $3 and archived_at is null or name_key = $3 and archived_at is not null) and (ipi is null or $2::text is null))) and id is distinct from $4
          order by archived_at is not null, ipi nulls last limit 5",
        publisher,
        details.ipi,
        details.key(),
        except
    )
    .fetch_all(at.db())
    .await?;
    Ok(rows)
}

/// A row of the list.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Listed {
    pub id: Uuid,
    pub last_name: Option<String>,
    pub first_name: Option<String>,
    pub stage_name: Option<String>,
    pub ipi: Option<String>,
    pub society: Option<String>,
    pub writer_number: Option<String>,
    pub name_key: String,
    /// How many the whole list has, as far as it is counted; none where a total is kept.
    pub total: Option<i64>,
}

impl Listed {
    pub fn name(&self) -> String {
        full_name(self.last_name.as_deref(), self.first_name.as_deref(), self.stage_name.as_deref())
    }

    pub fn society_name(&self) -> String {
        self.society.as_deref().map(society_name).unwrap_or_default()
    }

    pub fn after(&self) -> After {
        After { key: self.name_key.clone(), id: self.id }
    }
}

/// A page by name, of all songwriters or of those found, in the catalogue or archived.
pub async fn list(at: &mut Tenant, found: Option<&[Uuid]>, archived: bool, after: Option<&After>) -> Result<Vec<Listed>> {
    let publisher = at.publisher.id;
    let chosen = |query: &mut QueryBuilder<'_, Postgres>| {
        query.push("from songwriters where publisher_id = ").push_bind(publisher);
        query.push(if archived { " and archived_at is not null" } else { " and archived_at is null" });
        if let Some(found) = found {
            query.push(" and id = any(").push_bind(found.to_vec()).push(")");
        }
    };
    let mut page = QueryBuilder::new("select id, last_name, first_name, stage_name, ipi, society, writer_number, name_key, ");
    if found.is_some() || archived {
        page.push("(select count(*) from (select ");
        chosen(&mut page);
        page.push(" limit ").push(COUNTED + 1).push(") counted) as total ");
    } else {
        page.push("null::bigint as total ");
    }
    chosen(&mut page);
    if let Some(after) = after {
        page.push(" and (name_key, id) > (").push_bind(after.key.clone()).push(", ").push_bind(after.id).push(")");
    }
    page.push(" order by name_key, id limit ").push_bind(ASKED);
    Ok(page.build_query_as().fetch_all(at.db()).await?)
}

/// All songwriters of the publisher, as the maintained total has it.
pub async fn total(at: &mut Tenant) -> Result<i64> {
    let publisher = at.publisher.id;
    let total =
        sqlx::query_scalar!("select songwriters from catalogue_totals where publisher_id = $1", publisher).fetch_optional(at.db()).await?;
    Ok(total.unwrap_or(0))
}

/// A work on a songwriter's page.
#[derive(Debug, Clone)]
pub struct Written {
    pub id: Uuid,
    pub title: String,
    pub work_number: Option<String>,
    pub role: Option<String>,
    pub share: Option<i32>,
    pub controlled: bool,
}

impl Written {
    pub fn share_words(&self) -> String {
        self.share.map_or_else(|| "–".to_owned(), |share| percent(i64::from(share)))
    }
}

/// The first works of a songwriter by title, one row per line in a work; more than [`PAGE`] says there are more.
pub async fn works(at: &mut Tenant, id: Uuid) -> Result<Vec<Written>> {
    let (publisher, most) = (at.publisher.id, i64::try_from(PAGE + 1).unwrap_or(i64::MAX));
    let rows = sqlx::query_as!(
        Written,
        "select w.id, w.title, w.work_number, ww.role, ww.share, ww.controlled
           from work_writers ww join works w on w.publisher_id = ww.publisher_id and w.id = ww.work_id
          where ww.publisher_id = $1 and ww.songwriter_id = $2 and w.archived_at is null
          order by w.title_key, w.id, ww.position limit $3",
        publisher,
        id,
        most
    )
    .fetch_all(at.db())
    .await?;
    Ok(rows)
}

/// An IPI as it is stored, for comparing; older rows may hold other forms.
pub fn stored_ipi(ipi: &IpiName) -> Option<String> {
    Some(ipi.as_str().to_owned()).filter(|_| !ipi.stands_for_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_last_name_first() {
        assert_eq!(full_name(Some("Okafor"), Some("Adaeze"), None), "Okafor, Adaeze");
        assert_eq!(full_name(Some(" "), None, Some("DJ Nine")), "DJ Nine");
        assert_eq!(full_name(None, None, None), "Unknown writer");
    }

    #[test]
    fn a_name_is_matched_by_its_folded_form() {
        assert_eq!(name_key("Müller", Some("Zoë")), name_key("MULLER", Some("zoe")));
        assert_ne!(name_key("Muller", None), name_key("Muller", Some("Zoe")));
    }
}
