//! Recordings of the works.

use serde::Serialize;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    dice::Dice,
    numbers,
    songwriters::Songwriter,
    titles::band,
    words::{LABELS, STUDIO_ROLES, VERSIONS},
    works::{Desk, Work, day},
};
use crate::standards::characters::fold;

/// A row of `recordings`.
#[derive(Debug, Serialize)]
pub struct Recording {
    pub publisher_id: Uuid,
    pub id: Uuid,
    pub title: String,
    pub isrc: Option<String>,
    pub artist: String,
    pub label: &'static str,
    #[serde(with = "day")]
    pub release_date: Date,
    pub duration_seconds: i64,
    pub work_id: Uuid,
    pub title_key: String,
    pub created_by: Uuid,
    pub updated_by: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// A row of `recording_contributors`.
#[derive(Debug, Serialize)]
pub struct Contributor {
    pub publisher_id: Uuid,
    pub id: Uuid,
    pub recording_id: Uuid,
    pub name: String,
    pub role: &'static str,
    pub created_by: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// Three works in four are recorded, some more than once.
pub fn recordings(dice: &Dice, desk: &Desk<'_>, works: &[Work]) -> (Vec<Recording>, Vec<Contributor>) {
    let (mut recordings, mut contributors) = (Vec::new(), Vec::new());
    let artists: Vec<String> = (0..desk.publisher.songwriters / 2).map(|_| artist(dice, desk.songwriters)).collect();
    for work in works {
        for _ in 0..dice.weighted(&[(26, 0_usize), (50, 1), (17, 2), (7, 3)]) {
            let artist = artists.get(dice.low(artists.len())).cloned().unwrap_or_default();
            let recording = recording(dice, desk, work, artist, recordings.len() + 1);
            for _ in 0..dice.weighted(&[(20, 0_usize), (40, 1), (30, 2), (10, 3)]) {
                let name = desk.songwriters.get(dice.below(desk.songwriters.len())).map(Songwriter::spoken).unwrap_or_default();
                contributors.push(Contributor {
                    publisher_id: desk.id,
                    id: dice.id(recording.created_at),
                    recording_id: recording.id,
                    name,
                    role: dice.word(STUDIO_ROLES),
                    created_by: recording.created_by,
                    created_at: recording.created_at,
                });
            }
            recordings.push(recording);
        }
    }
    (recordings, contributors)
}

fn recording(dice: &Dice, desk: &Desk<'_>, work: &Work, artist: String, running: usize) -> Recording {
    let title = format!("{}{}", work.title, dice.weighted(VERSIONS));
    let released = (work.copyright_date + Duration::days(dice.between(15, 500))).min(work.created_at.date());
    Recording {
        publisher_id: desk.id,
        id: dice.id(work.created_at),
        isrc: dice.percent(93).then(|| numbers::isrc(desk.publisher.registrant, released.year(), running)).flatten(),
        artist,
        label: dice.word(LABELS),
        release_date: released,
        duration_seconds: work.duration_seconds + dice.between(-15, 25),
        work_id: work.id,
        title_key: fold(&title),
        title,
        created_by: work.created_by,
        updated_by: work.created_by,
        created_at: work.created_at,
        updated_at: work.created_at,
    }
}

/// A band, or one of the writers under their own or their stage name.
fn artist(dice: &Dice, songwriters: &[Songwriter]) -> String {
    match songwriters.get(dice.below(songwriters.len())) {
        Some(writer) if dice.percent(45) => writer.stage_name.map_or_else(|| writer.spoken(), str::to_owned),
        _ => band(dice),
    }
}
