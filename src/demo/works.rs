//! A publisher's works with their splits.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Value, json};
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    dice::{Calendar, Dice},
    numbers,
    publishers::Publisher,
    songwriters::Songwriter,
    splits::{self, Line, WHOLE},
    titles::title,
    words::{GENRES, NOTES, OPEN_SPLIT_NOTES, Tongue},
};
use crate::standards::characters::fold;

time::serde::format_description!(pub day, Date, "[year]-[month]-[day]");

/// A row of `works`.
#[derive(Debug, Serialize)]
pub struct Work {
    pub publisher_id: Uuid,
    pub id: Uuid,
    pub title: String,
    pub alternate_titles: Vec<String>,
    pub iswc: Option<String>,
    pub language: Option<&'static str>,
    pub genre: &'static str,
    pub duration_seconds: i64,
    #[serde(with = "day")]
    pub copyright_date: Date,
    pub notes: Option<&'static str>,
    pub work_number: String,
    pub version_type: &'static str,
    pub title_key: String,
    pub credits: Vec<Credit>,
    pub version: i64,
    pub department_id: Option<Uuid>,
    pub created_by: Uuid,
    pub updated_by: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// What the last change was, if there was one.
    #[serde(skip)]
    pub changes: Option<Value>,
}

/// A writer as the line of credits shows them (migrations/0007).
#[derive(Debug, Serialize)]
pub struct Credit {
    #[serde(rename = "w")]
    pub songwriter: Uuid,
    #[serde(rename = "n")]
    pub name: String,
    #[serde(rename = "r")]
    pub role: &'static str,
    #[serde(rename = "s")]
    pub share: u32,
    #[serde(rename = "c")]
    pub controlled: bool,
}

/// A row of `work_writers`.
#[derive(Debug, Serialize)]
pub struct WorkWriter {
    pub publisher_id: Uuid,
    pub id: Uuid,
    pub work_id: Uuid,
    pub songwriter_id: Uuid,
    pub role: &'static str,
    pub share: u32,
    pub controlled: bool,
    pub position: usize,
    pub created_by: Uuid,
    pub updated_by: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// Somebody who keeps the catalogue, and from when to when.
#[derive(Debug, Clone, Copy)]
pub struct Keeper {
    pub id: Uuid,
    pub from: OffsetDateTime,
    pub until: OffsetDateTime,
}

/// Where works come from: a publisher with its people.
#[derive(Debug)]
pub struct Desk<'a> {
    pub publisher: &'a Publisher,
    pub id: Uuid,
    pub calendar: Calendar,
    pub departments: &'a [Uuid],
    pub keepers: &'a [Keeper],
    pub songwriters: &'a [Songwriter],
    /// So many songwriters, from the first, sign in themselves and need works to see.
    pub creators: usize,
}

impl Desk<'_> {
    /// Who was there to do it; the first keeper has always been.
    fn keeper(&self, dice: &Dice, at: OffsetDateTime) -> Uuid {
        let there: Vec<Uuid> =
            self.keepers.iter().filter(|keeper| keeper.from <= at && at < keeper.until).map(|keeper| keeper.id).collect();
        dice.pick(&there)
    }
}

/// As many works as the publisher has, oldest first, and their writers.
pub fn works(dice: &Dice, desk: &Desk<'_>) -> (Vec<Work>, Vec<WorkWriter>) {
    let (mut works, mut writers) = (Vec::with_capacity(desk.publisher.works), Vec::new());
    let mut titles = HashSet::new();
    for (place, made) in moments(dice, desk).into_iter().enumerate() {
        let tongue = dice.weighted(desk.publisher.tongues);
        let title = new_title(dice, tongue, &mut titles);
        let mut work = work(dice, desk, tongue, title, made, place);
        let lead = (place % 7 < desk.creators).then_some(place % 7);
        let mut lines = splits::split(dice, desk.songwriters, lead, work.version_type == "MOD");
        if dice.percent(4) {
            leave_open(dice, &mut work, &mut lines);
        }
        for (place, line) in lines.iter().enumerate() {
            work.credits.push(Credit {
                songwriter: line.writer.id,
                name: line.writer.listed(),
                role: line.role.code(),
                share: line.share,
                controlled: line.writer.signed,
            });
            writers.push(WorkWriter {
                publisher_id: desk.id,
                id: dice.id(made),
                work_id: work.id,
                songwriter_id: line.writer.id,
                role: line.role.code(),
                share: line.share,
                controlled: line.writer.signed,
                position: place + 1,
                created_by: work.created_by,
                updated_by: work.created_by,
                created_at: made,
                updated_at: made,
            });
        }
        works.push(work);
    }
    (works, writers)
}

/// When the works were entered: most in the first days, the others ever since and more of late.
fn moments(dice: &Dice, desk: &Desk<'_>) -> Vec<OffsetDateTime> {
    let age = desk.publisher.age;
    let mut moments: Vec<OffsetDateTime> = (0..desk.publisher.works)
        .map(|_| {
            let early = dice.percent(58);
            let days_ago = if early { age - dice.between(3, 12) } else { days(dice.low(usize::try_from(age - 12).unwrap_or(1))) };
            desk.calendar.office(dice, days_ago)
        })
        .collect();
    moments.sort_unstable();
    moments
}

fn work(dice: &Dice, desk: &Desk<'_>, tongue: Tongue, title: String, made: OffsetDateTime, place: usize) -> Work {
    let keeper = desk.keeper(dice, made);
    let mut work = Work {
        publisher_id: desk.id,
        id: dice.id(made),
        alternate_titles: alternate_titles(dice, desk, &title),
        iswc: dice.percent(74).then(|| numbers::iswc(dice.between(300_000_000, 329_999_999))).flatten(),
        language: dice.percent(97).then_some(tongue.code),
        genre: dice.weighted(GENRES),
        duration_seconds: dice.between(128, 322),
        copyright_date: made.date() - Duration::days(dice.between(20, 400) * if dice.percent(30) { 20 } else { 3 }),
        notes: dice.percent(6).then(|| dice.word(NOTES)),
        work_number: format!("W{:06}", place + 1),
        version_type: if dice.percent(6) { "MOD" } else { "ORI" },
        title_key: fold(&title),
        title,
        credits: Vec::new(),
        version: 1,
        department_id: dice.weighted(&[(60, desk.departments.first().copied()), (26, desk.departments.get(1).copied()), (14, None)]),
        created_by: keeper,
        updated_by: keeper,
        created_at: made,
        updated_at: made,
        changes: None,
    };
    if dice.percent(22) {
        change(dice, desk, &mut work);
    }
    work
}

/// One later change; what the trail says of it is what the work now shows.
fn change(dice: &Dice, desk: &Desk<'_>, work: &mut Work) {
    let since = usize::try_from((desk.calendar.now - work.created_at).whole_days()).unwrap_or(0);
    let at = desk.calendar.office(dice, days(dice.low(since)));
    let keeper = desk.keeper(dice, at);
    let changes = match dice.below(3) {
        0 => json!({ "duration_seconds": { "before": work.duration_seconds - dice.between(3, 20), "after": work.duration_seconds } }),
        1 if work.iswc.is_some() => json!({ "iswc": { "before": null, "after": work.iswc } }),
        _ => {
            let before = GENRES.iter().map(|(_, genre)| *genre).find(|genre| *genre != work.genre);
            json!({ "genre": { "before": before, "after": work.genre } })
        }
    };
    // One entered only just now has not been changed yet.
    if at > work.created_at {
        work.changes = Some(changes);
        work.version = 2;
        work.updated_at = at;
        work.updated_by = keeper;
    }
}

/// Not at 100 %: one writer's share is not agreed yet.
fn leave_open(dice: &Dice, work: &mut Work, lines: &mut [Line<'_>]) {
    if let Some(line) = lines.last_mut() {
        let missing = dice.pick(&[500, 1_000, 1_250, 1_667, 2_500, WHOLE]);
        line.share = line.share.saturating_sub(missing);
        work.notes = Some(dice.word(OPEN_SPLIT_NOTES));
    }
}

/// A title the publisher does not have yet, as long as words allow.
fn new_title(dice: &Dice, tongue: Tongue, taken: &mut HashSet<String>) -> String {
    let mut new = title(dice, tongue);
    for _ in 0..20 {
        if taken.insert(new.clone()) {
            break;
        }
        new = title(dice, tongue);
    }
    new
}

fn alternate_titles(dice: &Dice, desk: &Desk<'_>, of: &str) -> Vec<String> {
    let count = dice.weighted(&[(80, 0), (16, 1), (4, 2)]);
    let mut titles = Vec::with_capacity(count);
    for _ in 0..count {
        titles.push(match dice.below(4) {
            0 => format!("{of} (Theme)"),
            1 => format!("{of} (Reprise)"),
            _ => title(dice, dice.weighted(desk.publisher.tongues)),
        });
    }
    titles.dedup();
    titles
}

fn days(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(0)
}
