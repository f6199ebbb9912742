//! A work: its fields, its writers, and how both are written.

use crate::{
    access::Tenant,
    catalogue::{
        changes::Changes,
        credits::{self, Credit},
        fields::clock,
        paging::sort_key,
        search::{self, Kind, work_words},
        songwriters::songwriter::full_name,
        tally,
        versions::{self, Version},
    },
    error::{Error, OnConstraint, Refusal, Result},
    standards::{
        identifiers::Iswc,
        roles::WriterRole,
        shares::{Share, Total},
    },
};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Longest own number of a work (CWR 2.2, work field 3), in characters.
pub const LONGEST_NUMBER: usize = 14;

/// A work as a form or a file gives it, checked; its writers are songwriters of the catalogue.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Draft {
    pub title: String,
    pub alternate_titles: Vec<String>,
    /// Own number; none asks for the next of the series.
    pub work_number: Option<String>,
    /// "T" and ten digits.
    pub iswc: Option<String>,
    /// Two-letter code.
    pub language: Option<String>,
    pub genre: Option<String>,
    pub duration_seconds: Option<i32>,
    #[serde(with = "iso_day::option")]
    pub copyright_date: Option<Date>,
    pub department_id: Option<Uuid>,
    /// The department's name, for the trail.
    #[serde(skip)]
    pub department: Option<String>,
    /// `ORI` or `MOD`.
    pub version_type: String,
    pub notes: Option<String>,
    pub credits: Vec<Credit>,
}

time::serde::format_description!(iso_day, Date, "[year]-[month]-[day]");

/// A writer of a work, with what registrations ask of a writer.
#[derive(Debug, Clone, Deserialize)]
pub struct Writer {
    pub songwriter: Uuid,
    last: Option<String>,
    first: Option<String>,
    stage: Option<String>,
    pub ipi: Option<String>,
    pub society: Option<String>,
    #[serde(default)]
    pub role: String,
    pub share: Option<i32>,
    pub controlled: bool,
}

/// A work of the catalogue.
#[derive(Debug, Clone)]
pub struct Work {
    pub id: Uuid,
    pub title: String,
    pub alternate_titles: Vec<String>,
    pub work_number: Option<String>,
    pub iswc: Option<String>,
    pub language: Option<String>,
    pub genre: Option<String>,
    pub duration_seconds: Option<i32>,
    pub copyright_date: Option<Date>,
    pub department_id: Option<Uuid>,
    pub department: Option<String>,
    pub version_type: String,
    pub notes: Option<String>,
    /// The names of all writers, also those a creator sees nothing else of.
    pub credits: Json<Vec<Credit>>,
    /// The writers this person may see.
    pub writers: Json<Vec<Writer>>,
    pub version: i64,
    pub archived_at: Option<OffsetDateTime>,
    pub updated_at: OffsetDateTime,
    pub updated_by: Option<Uuid>,
    pub import_id: Option<Uuid>,
}

impl Writer {
    pub fn name(&self) -> String {
        full_name(self.last.as_deref(), self.first.as_deref(), self.stage.as_deref())
    }
}

/// The sum of what was agreed, in hundredths. Older rows may hold more than a [`Share`] can.
pub fn total<'a>(shares: impl Iterator<Item = &'a Option<i32>>) -> Total {
    shares.flatten().filter_map(|share| u16::try_from(*share).ok().and_then(Share::from_hundredths)).sum()
}

/// "33.33 %"
pub fn per_cent(hundredths: i32) -> String {
    format!("{}.{:02} %", hundredths / 100, hundredths.rem_euclid(100))
}

impl Work {
    pub fn total(&self) -> Total {
        total(self.credits.iter().map(|credit| &credit.share))
    }

    pub fn present(&self) -> Version {
        Version { number: self.version, by: self.updated_by, at: self.updated_at }
    }

    /// What keeps the work from being registered as it is, in words.
    pub fn warnings(&self) -> Vec<String> {
        let (mut warnings, total) = (Vec::new(), self.total());
        if self.credits.is_empty() {
            warnings.push("No writers are entered yet.".to_owned());
        } else if !total.is_whole() {
            warnings.push(format!("The shares add up to {total}, not 100 %."));
        }
        let roles: Vec<WriterRole> = self.credits.iter().filter_map(|credit| credit.role.parse().ok()).collect();
        if !roles.is_empty() && !roles.iter().any(|role| role.is_creator()) {
            warnings.push("Nobody is entered as composer or author.".to_owned());
        }
        let modified = roles.iter().any(|role| role.modifies());
        match self.version_type.as_str() {
            "ORI" if modified => warnings.push("It is entered as an original work, yet has an arranger, adaptor or translator.".to_owned()),
            "MOD" if !modified => {
                warnings.push("It is entered as a modified version, yet nobody is an arranger, adaptor or translator.".to_owned())
            }
            _ => {}
        }
        warnings
    }
}

pub async fn load(at: &mut Tenant, id: Uuid) -> Result<Work> {
    let publisher = at.publisher.id;
    sqlx::query_as!(
        Work,
        r#"select w.id, w.title, w.alternate_titles, w.work_number, w.iswc, w.language, w.genre, w.duration_seconds, w.copyright_date,
             w.department_id, d.name as "department?", w.version_type, w.notes, w.credits as "credits: Json<Vec<Credit>>",
             coalesce((select jsonb_agg(jsonb_build_object('songwriter', s.id, 'last', s.last_name, 'first', s.first_name, 'stage', s.stage_name, 'ipi', s.ipi,
                 'society', s.society, 'role', coalesce(ww.role, ''), 'share', ww.share, 'controlled', ww.controlled) order by ww.position, ww.id)
               from work_writers ww join songwriters s on s.publisher_id = ww.publisher_id and s.id = ww.songwriter_id
              where ww.publisher_id = w.publisher_id and ww.work_id = w.id), '[]') as "writers!: Json<Vec<Writer>>",
             w.version, w.archived_at, w.updated_at, w.updated_by, w.import_id
           from works w left join departments d on d.publisher_id = w.publisher_id and d.id = w.department_id
          where w.publisher_id = $1 and w.id = $2"#,
        publisher,
        id
    )
    .fetch_optional(at.db())
    .await?
    .ok_or(Error::NotFound)
}

/// A work about to be added, with the id and number it will have.
#[derive(Debug, Serialize)]
pub struct New {
    pub id: Uuid,
    pub number: String,
    pub title_key: String,
    #[serde(flatten)]
    pub draft: Draft,
}

impl New {
    /// `number` is used where the draft has none of its own.
    pub fn of(id: Uuid, draft: Draft, number: impl FnOnce() -> String) -> Self {
        New { id, number: draft.work_number.clone().unwrap_or_else(number), title_key: sort_key(&draft.title), draft }
    }

    fn words(&self) -> Vec<String> {
        words(&self.draft, &self.number)
    }
}

fn words(draft: &Draft, number: &str) -> Vec<String> {
    work_words(&draft.title, &draft.alternate_titles, draft.iswc.as_deref(), Some(number), &credits::names(&draft.credits))
}

/// Adds a work and answers its id.
pub async fn create(at: &mut Tenant, draft: Draft) -> Result<Uuid> {
    let id = at.new_id();
    let next = match &draft.work_number {
        Some(typed) => {
            tally::stay_ahead(at, &[typed]).await?;
            0
        }
        None => tally::work_numbers(at, 1).await?,
    };
    insert(at, &[New::of(id, draft, || tally::work_number(next))], None).await?;
    tally::count(at, tally::Change { works: 1, ..Default::default() }).await?;
    tally::meter(at, "works_created", 1).await?;
    Ok(id)
}

/// Writes new works with their writers and search words; totals are the caller's.
pub async fn insert(at: &mut Tenant, new: &[New], import: Option<Uuid>) -> Result<()> {
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    sqlx::query!(
        r#"insert into works (publisher_id, id, title, alternate_titles, iswc, language, genre, duration_seconds, copyright_date, notes, department_id,
             work_number, version_type, title_key, credits, import_id, created_by, updated_by, created_at, updated_at)
           select $1, n.id, n.title, n.alternate_titles, n.iswc, n.language, n.genre, n.duration_seconds, n.copyright_date, n.notes, n.department_id,
             n.number, n.version_type, n.title_key, n.credits, $3, $4, $4, $5, $5
             from jsonb_to_recordset($2) n (id uuid, title text, alternate_titles text[], iswc text, language text, genre text, duration_seconds integer,
               copyright_date date, notes text, department_id uuid, number text, version_type text, title_key text, credits jsonb)"#,
        publisher,
        Json(new) as _,
        import,
        by,
        now
    )
    .execute(at.db())
    .await
    .on_constraint("works_number_idx", number_taken)?;
    let ids: Vec<Uuid> = new.iter().map(|work| work.id).collect();
    write_writers(at, &ids).await?;
    search::add(at, Kind::Work, &new.iter().map(|work| (work.id, work.words())).collect::<Vec<_>>()).await
}

fn number_taken() -> Refusal {
    Refusal::field("number", "number_taken", "Another work has or had this number. Own numbers are never used twice.")
}

/// Refuses an own number somebody else's work has, as far as this person sees; the database knows the rest.
pub async fn check_number(at: &mut Tenant, number: &str, except: Option<Uuid>) -> Result<()> {
    let publisher = at.publisher.id;
    let taken = sqlx::query_scalar!(
        r#"select exists (select from works where publisher_id = $1 and work_number = $2 and id is distinct from $3) as "taken!""#,
        publisher,
        number,
        except
    )
    .fetch_one(at.db())
    .await?;
    if taken { Err(number_taken().into()) } else { Ok(()) }
}

/// The rows of `work_writers` follow the credits just written on the works.
async fn write_writers(at: &mut Tenant, works: &[Uuid]) -> Result<()> {
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    sqlx::query!(
        "insert into work_writers (publisher_id, work_id, songwriter_id, role, share, controlled, position, created_by, updated_by, created_at, updated_at)
         select w.publisher_id, w.id, (c.credit ->> 'w')::uuid, nullif(c.credit ->> 'r', ''), (c.credit ->> 's')::integer, (c.credit ->> 'c')::boolean,
                c.place::integer, $3, $3, $4, $4
           from works w cross join lateral jsonb_array_elements(w.credits) with ordinality c (credit, place)
          where w.publisher_id = $1 and w.id = any ($2)",
        publisher,
        works,
        by,
        now
    )
    .execute(at.db())
    .await?;
    Ok(())
}

/// Writes an edit made on `before`, and answers what it changed. Refuses when the work has moved on since.
pub async fn update(at: &mut Tenant, before: &Work, mut draft: Draft) -> Result<Changes> {
    draft.work_number = draft.work_number.or_else(|| before.work_number.clone());
    let changes = changes(before, &draft);
    if changes.is_empty() {
        return Ok(changes);
    }
    if let Some(number) = draft.work_number.as_deref().filter(|number| Some(*number) != before.work_number.as_deref()) {
        tally::stay_ahead(at, &[number]).await?;
    }
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    let written = sqlx::query!(
        "update works set title = $4, alternate_titles = $5, iswc = $6, language = $7, genre = $8, duration_seconds = $9, copyright_date = $10, notes = $11,
           department_id = $12, work_number = $13, version_type = $14, title_key = $15, credits = $16, updated_by = $17, updated_at = $18, version = version + 1
          where publisher_id = $1 and id = $2 and version = $3",
        publisher,
        before.id,
        before.version,
        draft.title,
        &draft.alternate_titles,
        draft.iswc,
        draft.language,
        draft.genre,
        draft.duration_seconds,
        draft.copyright_date,
        draft.notes,
        draft.department_id,
        draft.work_number,
        draft.version_type,
        sort_key(&draft.title),
        Json(&draft.credits) as _,
        by,
        now
    )
    .execute(at.db())
    .await
    .on_constraint("works_number_idx", number_taken)?;
    if written.rows_affected() == 0 {
        return Err(versions::overtaken("work").into());
    }
    if before.credits.0 != draft.credits {
        sqlx::query!("delete from work_writers where publisher_id = $1 and work_id = $2", publisher, before.id).execute(at.db()).await?;
        write_writers(at, &[before.id]).await?;
    }
    let number = draft.work_number.clone().unwrap_or_default();
    search::index(at, Kind::Work, &[(before.id, words(&draft, &number))]).await?;
    tally::meter(at, "works_updated", 1).await?;
    Ok(changes)
}

/// Takes a work out of the lists, or puts it back. Answers false when it was so already.
pub async fn set_archived(at: &mut Tenant, work: &Work, archived: bool) -> Result<bool> {
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    let written = sqlx::query!(
        "update works set archived_at = case when $3 then $5::timestamptz end, updated_by = $4, updated_at = $5, version = version + 1
          where publisher_id = $1 and id = $2 and (archived_at is null) = $3",
        publisher,
        work.id,
        archived,
        by,
        now
    )
    .execute(at.db())
    .await?;
    if written.rows_affected() == 0 {
        return Ok(false);
    }
    tally::count(at, tally::Change { works: if archived { -1 } else { 1 }, ..Default::default() }).await?;
    Ok(true)
}

fn changes(before: &Work, after: &Draft) -> Changes {
    let mut changes = Changes::default();
    changes.note("Title", &before.title, &after.title);
    changes.note("Alternative titles", before.alternate_titles.join(" | "), after.alternate_titles.join(" | "));
    changes.note_option("Own number", before.work_number.as_deref(), after.work_number.as_deref());
    let printed = |iswc: Option<&str>| iswc.map(printed_iswc).unwrap_or_default();
    changes.note("ISWC", printed(before.iswc.as_deref()), printed(after.iswc.as_deref()));
    changes.note_option("Language", before.language.as_deref(), after.language.as_deref());
    changes.note_option("Genre", before.genre.as_deref(), after.genre.as_deref());
    let length = |seconds: Option<i32>| seconds.map(clock).unwrap_or_default();
    changes.note("Duration", length(before.duration_seconds), length(after.duration_seconds));
    let day = |date: Option<Date>| date.map(crate::web::day).unwrap_or_default();
    changes.note("Copyright date", day(before.copyright_date), day(after.copyright_date));
    changes.note_option("Notes", before.notes.as_deref(), after.notes.as_deref());
    changes.note("Version", version_name(&before.version_type), version_name(&after.version_type));
    changes.note_option("Department", before.department.as_deref(), after.department.as_deref());
    note_writers(&mut changes, &before.credits, &after.credits);
    changes
}

/// One change for each writer whose lines differ.
fn note_writers(changes: &mut Changes, before: &[Credit], after: &[Credit]) {
    let mut names = credits::names(before);
    names.extend(credits::names(after).into_iter().filter(|name| !before.iter().any(|credit| credit.name == *name)));
    let mut told = false;
    for name in names {
        let lines = |credits: &[Credit]| {
            credits.iter().filter(|credit| credit.name == name).map(|credit| (credit.songwriter, line(credit))).collect::<Vec<_>>()
        };
        let (old, new) = (lines(before), lines(after));
        if old != new {
            let words = |lines: &[(Uuid, String)]| lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("; ");
            changes.note(&format!("Writer {name}"), words(&old), words(&new));
            told = true;
        }
    }
    if !told && before != after {
        changes.note("Order of writers", credits::names(before).join(" · "), credits::names(after).join(" · "));
    }
}

/// "CA, 50.00 %, controlled"
fn line(credit: &Credit) -> String {
    let share = credit.share.map_or_else(|| "no share".to_owned(), per_cent);
    let parts = [credit.role.clone(), share, if credit.controlled { "controlled".to_owned() } else { String::new() }];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// "Original work" or "Modified version"
pub fn version_name(version_type: &str) -> &'static str {
    if version_type == "MOD" { "Modified version" } else { "Original work" }
}

/// "T-034.524.680-1"; what older data has instead stays as it is.
pub fn printed_iswc(stored: &str) -> String {
    stored.parse::<Iswc>().map_or_else(|_| stored.to_owned(), |iswc| iswc.to_string())
}
