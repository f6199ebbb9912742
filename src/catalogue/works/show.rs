//! One work as a page: fields, writers and how they share it, recordings, last changes.

use super::work::{self, Work, printed_iswc, version_name};
use crate::{
    access::{Reach, Read, Routes, Tenant, permission::WorksRead},
    catalogue::{
        credits,
        doors::{self, keeps},
        fields::clock,
        history::{self, Entry},
        songwriters::songwriter::society_name,
    },
    error::{Error, Result},
    pages,
    standards::{languages::Language, roles::WriterRole},
    web::{self, Moment, Shell, figures::Split, moment::percent},
};
use askama::Template;
use axum::{extract::Path, response::Response};
use time::OffsetDateTime;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new().get("/publishers/{slug}/works/{id}", show)
}

#[derive(Template)]
#[template(path = "works/show.html", blocks = ["content"])]
struct WorkPage {
    shell: Shell,
    now: OffsetDateTime,
    base: String,
    url: String,
    id: Uuid,
    title: String,
    facts: Vec<(&'static str, String)>,
    number: String,
    iswc: String,
    notes: String,
    archived: Option<OffsetDateTime>,
    import: Option<Uuid>,
    warnings: Vec<String>,
    writers: Vec<Row>,
    split: Split,
    total: String,
    whole: bool,
    /// A creator: everybody's name, and the own share.
    own: Option<Own>,
    recordings: Vec<Recording>,
    history: Vec<Entry>,
    may_update: bool,
    may_archive: bool,
    may_record: bool,
}

struct Own {
    names: Vec<String>,
    share: String,
}

struct Row {
    url: String,
    name: String,
    role: String,
    role_name: &'static str,
    ipi: String,
    society: String,
    controlled: bool,
    share: String,
}

struct Recording {
    url: String,
    title: String,
    artist: String,
    isrc: String,
    released: String,
}

pages!(WorkPage);

/// Policy: whoever may read works sees those of their reach; a creator sees co-writers' names and no share but their own.
async fn show(mut at: Read<WorksRead>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    let work = work::load(&mut at, doors::id(&id)?).await?;
    if work.archived_at.is_some() && !doors::sees_archived(&at) {
        return Err(Error::NotFound);
    }
    let (base, url) = (at.url(""), at.url(&format!("/works/{}", work.id)));
    let recordings = recordings(&mut at, work.id).await?;
    let history = history::of(&mut at, work.id).await?;
    let writers: Vec<Row> = work.writers.iter().map(|writer| Row::of(writer, &base)).collect();
    let own = matches!(at.reach, Reach::Own(_)).then(|| Own {
        names: credits::names(&work.credits).into_iter().map(str::to_owned).collect(),
        share: per_cent(work.writers.iter().filter_map(|writer| writer.share).reduce(|sum, share| sum + share)),
    });
    web::page(&WorkPage {
        shell: at.shell(),
        now: at.now(),
        id: work.id,
        facts: facts(&work, own.is_some()),
        number: work.work_number.clone().unwrap_or_default(),
        iswc: work.iswc.as_deref().map(printed_iswc).unwrap_or_default(),
        notes: work.notes.clone().filter(|_| own.is_none()).unwrap_or_default(),
        archived: work.archived_at,
        import: work.import_id.filter(|_| keeps(&at, "imports:run")),
        warnings: if own.is_some() { Vec::new() } else { work.warnings() },
        split: split(&work),
        total: work.total().to_string(),
        whole: work.total().is_whole(),
        writers,
        own,
        recordings,
        history,
        may_update: keeps(&at, "works:update") && work.archived_at.is_none(),
        may_archive: keeps(&at, "works:delete"),
        may_record: keeps(&at, "recordings:create") && work.archived_at.is_none(),
        title: work.title,
        base,
        url,
    })
}

impl Row {
    fn of(writer: &work::Writer, base: &str) -> Self {
        let role = writer.role.parse::<WriterRole>().ok();
        Row {
            url: format!("{base}/songwriters/{}", writer.songwriter),
            name: writer.name(),
            role: role.map_or_else(|| writer.role.clone(), |role| role.code().to_owned()),
            role_name: role.map_or("", WriterRole::name),
            ipi: writer.ipi.clone().unwrap_or_default(),
            society: writer.society.as_deref().map(society_name).unwrap_or_default(),
            controlled: writer.controlled,
            share: per_cent(writer.share),
        }
    }
}

fn per_cent(share: Option<i32>) -> String {
    share.map(|share| percent(i64::from(share))).unwrap_or_default()
}

fn split(work: &Work) -> Split {
    let parts = work.writers.iter().map(|writer| {
        let share = writer.share.unwrap_or_default();
        (writer.name(), f64::from(share) / 100.0, percent(i64::from(share)))
    });
    Split::of(parts.collect())
}

/// What is known of the work, in the order of a registration.
fn facts(work: &Work, own: bool) -> Vec<(&'static str, String)> {
    let language =
        work.language.as_deref().map(|code| Language::named(code).map_or_else(|_| code.to_owned(), |language| language.name.clone()));
    let mut facts = vec![
        ("Alternative titles", work.alternate_titles.join(" · ")),
        ("Version", version_name(&work.version_type).to_owned()),
        ("Language", language.unwrap_or_default()),
        ("Genre", work.genre.clone().unwrap_or_default()),
        ("Duration", work.duration_seconds.map(clock).unwrap_or_default()),
        ("Copyright date", work.copyright_date.map(web::day).unwrap_or_default()),
    ];
    if !own {
        facts.push(("Department", work.department.clone().unwrap_or_default()));
    }
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

async fn recordings(at: &mut Tenant, work: Uuid) -> Result<Vec<Recording>> {
    const SHOWN: i64 = 50;
    let (publisher, base) = (at.publisher.id, at.url("/recordings/"));
    let rows = sqlx::query!(
        "select id, title, artist, isrc, release_date from recordings where publisher_id = $1 and work_id = $2 and archived_at is null
          order by title_key, id limit $3",
        publisher,
        work,
        SHOWN
    )
    .fetch_all(at.db())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Recording {
            url: format!("{base}{}", row.id),
            title: row.title,
            artist: row.artist.unwrap_or_default(),
            isrc: row.isrc.as_deref().map(crate::catalogue::recordings::recording::printed_isrc).unwrap_or_default(),
            released: row.release_date.map(web::day).unwrap_or_default(),
        })
        .collect())
}
