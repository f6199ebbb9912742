//! A publisher's whole catalogue: made, and written.

use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{
    dice::Dice,
    recordings::{Contributor, Recording, recordings},
    songwriters::{Roster, Songwriter, songwriters},
    works::{Desk, Work, WorkWriter, works},
};
use crate::standards::characters;

/// Rows sent in one statement: few round trips, and no message of many megabytes.
const BATCH: usize = 2_000;

/// Everything of one catalogue.
#[derive(Debug)]
pub struct Catalogue {
    pub publisher: Uuid,
    pub songwriters: Vec<Songwriter>,
    pub works: Vec<Work>,
    pub writers: Vec<WorkWriter>,
    pub recordings: Vec<Recording>,
    pub contributors: Vec<Contributor>,
}

impl Catalogue {
    /// Makes it of these songwriters; the desk's own list of them is still empty.
    pub fn make(dice: &Dice, roster: &Roster, desk: &Desk<'_>) -> Self {
        let people = songwriters(dice, roster);
        let desk = Desk { songwriters: &people, ..*desk };
        let (works, writers) = works(dice, &desk);
        let (recordings, contributors) = recordings(dice, &desk, &works);
        Self { publisher: desk.id, songwriters: people, works, writers, recordings, contributors }
    }

    /// Writes it, with the numbers, totals and search words the program keeps beside it.
    pub async fn write(&self, db: &mut PgConnection) -> sqlx::Result<()> {
        write_songwriters(db, &self.songwriters).await?;
        write_works(db, &self.works).await?;
        write_work_writers(db, &self.writers).await?;
        write_recordings(db, &self.recordings).await?;
        write_contributors(db, &self.contributors).await?;
        self.write_search_words(db).await?;
        let [works, songwriters, recordings] =
            [self.works.len(), self.songwriters.len(), self.recordings.len()].map(|count| i64::try_from(count).unwrap_or(0));
        sqlx::query!(
            "insert into number_series (publisher_id, series, last) select $1, s.series, s.last
             from unnest($2::text[], $3::bigint[]) as s (series, last)",
            self.publisher,
            &["work".to_owned(), "writer".to_owned()],
            &[works, songwriters]
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "insert into catalogue_totals (publisher_id, works, songwriters, recordings) values ($1, $2, $3, $4)",
            self.publisher,
            works,
            songwriters,
            recordings
        )
        .execute(db)
        .await?;
        Ok(())
    }

    async fn write_search_words(&self, db: &mut PgConnection) -> sqlx::Result<()> {
        let mut words = Words::default();
        for work in &self.works {
            let names = work.credits.iter().map(|credit| credit.name.as_str());
            let others = work.alternate_titles.iter().map(String::as_str);
            let texts = [work.title.as_str(), work.work_number.as_str(), work.iswc.as_deref().unwrap_or_default()];
            words.add("work", work.id, texts.into_iter().chain(others).chain(names));
        }
        for person in &self.songwriters {
            let texts = [person.name_key.as_str(), &person.writer_number];
            let known = [person.stage_name, person.ipi.as_deref()];
            words.add("songwriter", person.id, texts.into_iter().chain(known.into_iter().flatten()));
        }
        for recording in &self.recordings {
            words.add(
                "recording",
                recording.id,
                [recording.title.as_str(), &recording.artist, recording.isrc.as_deref().unwrap_or_default()],
            );
        }
        words.write(db, self.publisher).await
    }
}

/// What each thing is found by.
#[derive(Default)]
struct Words {
    kinds: Vec<&'static str>,
    objects: Vec<Uuid>,
    words: Vec<String>,
}

impl Words {
    fn add<'a>(&mut self, kind: &'static str, object: Uuid, texts: impl IntoIterator<Item = &'a str>) {
        for word in characters::words(&texts.into_iter().collect::<Vec<_>>().join(" ")) {
            self.kinds.push(kind);
            self.objects.push(object);
            self.words.push(word);
        }
    }

    async fn write(&self, db: &mut PgConnection, publisher: Uuid) -> sqlx::Result<()> {
        let batch = BATCH * 10;
        for ((kinds, objects), words) in self.kinds.chunks(batch).zip(self.objects.chunks(batch)).zip(self.words.chunks(batch)) {
            sqlx::query!(
                "insert into search_words (publisher_id, kind, object_id, word)
                 select $1, w.kind, w.object_id, w.word from unnest($2::text[], $3::uuid[], $4::text[]) as w (kind, object_id, word)",
                publisher,
                kinds as &[&str],
                objects,
                words
            )
            .execute(&mut *db)
            .await?;
        }
        Ok(())
    }
}

async fn write_songwriters(db: &mut PgConnection, rows: &[Songwriter]) -> sqlx::Result<()> {
    for rows in rows.chunks(BATCH) {
        sqlx::query!(
            "insert into songwriters (publisher_id, id, first_name, last_name, stage_name, ipi, society, contact, writer_number, name_key,
               created_by, updated_by, created_at, updated_at)
             select publisher_id, id, first_name, last_name, stage_name, ipi, society, contact, writer_number, name_key,
               created_by, updated_by, created_at, updated_at
             from jsonb_populate_recordset(null::songwriters, $1)",
            Json(rows) as _
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn write_works(db: &mut PgConnection, rows: &[Work]) -> sqlx::Result<()> {
    for rows in rows.chunks(BATCH) {
        sqlx::query!(
            "insert into works (publisher_id, id, title, alternate_titles, iswc, language, genre, duration_seconds, copyright_date, notes,
               work_number, version_type, title_key, credits, version, department_id, created_by, updated_by, created_at, updated_at)
             select publisher_id, id, title, alternate_titles, iswc, language, genre, duration_seconds, copyright_date, notes,
               work_number, version_type, title_key, credits, version, department_id, created_by, updated_by, created_at, updated_at
             from jsonb_populate_recordset(null::works, $1)",
            Json(rows) as _
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn write_work_writers(db: &mut PgConnection, rows: &[WorkWriter]) -> sqlx::Result<()> {
    for rows in rows.chunks(BATCH) {
        sqlx::query!(
            "insert into work_writers (publisher_id, id, work_id, songwriter_id, role, share, controlled, position,
               created_by, updated_by, created_at, updated_at)
             select publisher_id, id, work_id, songwriter_id, role, share, controlled, position, created_by, updated_by, created_at, updated_at
             from jsonb_populate_recordset(null::work_writers, $1)",
            Json(rows) as _
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn write_recordings(db: &mut PgConnection, rows: &[Recording]) -> sqlx::Result<()> {
    for rows in rows.chunks(BATCH) {
        sqlx::query!(
            "insert into recordings (publisher_id, id, title, isrc, artist, label, release_date, duration_seconds, work_id, title_key,
               created_by, updated_by, created_at, updated_at)
             select publisher_id, id, title, isrc, artist, label, release_date, duration_seconds, work_id, title_key,
               created_by, updated_by, created_at, updated_at
             from jsonb_populate_recordset(null::recordings, $1)",
            Json(rows) as _
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn write_contributors(db: &mut PgConnection, rows: &[Contributor]) -> sqlx::Result<()> {
    for rows in rows.chunks(BATCH) {
        sqlx::query!(
            "insert into recording_contributors (publisher_id, id, recording_id, name, role, created_by, updated_by, created_at, updated_at)
             select publisher_id, id, recording_id, name, role, created_by, created_by, created_at, created_at
             from jsonb_populate_recordset(null::recording_contributors, $1)",
            Json(rows) as _
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use time::{Duration, OffsetDateTime, macros::datetime};

    use super::*;
    use crate::{
        demo::{dice::Calendar, publishers::PUBLISHERS, splits::WHOLE, works::Keeper},
        standards::identifiers::Iswc,
    };

    fn made_at(now: OffsetDateTime) -> Catalogue {
        let [_, publisher, ..] = &PUBLISHERS;
        let (id, keeper) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let made = now - Duration::days(publisher.age);
        let keepers = [Keeper { id: keeper, from: made - Duration::days(3), until: now }];
        let roster = Roster { publisher: id, made, made_by: keeper, count: publisher.songwriters, given: Vec::new() };
        let calendar = Calendar { now };
        let desk = Desk { publisher, id, calendar, departments: &[], keepers: &keepers, songwriters: &[], creators: 0 };
        Catalogue::make(&Dice::seeded(5), &roster, &desk)
    }

    const SUNDAY: OffsetDateTime = datetime!(2026-11-22 09:00 UTC);

    #[test]
    fn the_same_clock_gives_the_same_rows() {
        let [one, two] = [SUNDAY; 2].map(made_at);
        assert_eq!(format!("{one:?}"), format!("{two:?}"));
    }

    #[test]
    fn another_day_gives_the_same_works() {
        let told = |catalogue: Catalogue| {
            let works = catalogue.works.into_iter().map(|work| {
                let credits: Vec<_> = work.credits.into_iter().map(|credit| (credit.name, credit.role, credit.share)).collect();
                (work.title, work.iswc, work.genre, credits)
            });
            let works: Vec<_> = works.collect();
            (works, catalogue.recordings.into_iter().map(|recording| (recording.title, recording.artist)).collect::<Vec<_>>())
        };
        assert_eq!(told(made_at(SUNDAY)), told(made_at(datetime!(2028-03-01 00:05 UTC))));
    }

    #[test]
    fn splits_are_whole_but_for_the_open_ones_and_credits_repeat_them() {
        let catalogue = made_at(SUNDAY);
        let mut totals: HashMap<Uuid, (u32, usize)> = HashMap::new();
        for line in &catalogue.writers {
            let (total, lines) = totals.entry(line.work_id).or_default();
            (*total, *lines) = (*total + line.share, *lines + 1);
        }
        for work in &catalogue.works {
            let credited: u32 = work.credits.iter().map(|credit| credit.share).sum();
            assert_eq!(totals[&work.id], (credited, work.credits.len()));
            assert!(credited <= WHOLE && !work.credits.is_empty());
            assert!(work.iswc.as_deref().is_none_or(|iswc| iswc.parse::<Iswc>().is_ok()));
        }
        let open = catalogue.works.iter().filter(|work| totals[&work.id].0 < WHOLE).count();
        assert!((1..20).contains(&open), "{open}");
    }
}
