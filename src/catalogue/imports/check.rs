//! Rows of a file held against the catalogue: numbers that are taken, departments, who the writers are.

use super::{
    import::{Finding, Note, Row},
    known::InCatalogue,
    people::{Doubt, Meaning, People},
    reading::{self, Reading, WorkDraft, WriterDraft},
};
use crate::{
    access::Tenant,
    catalogue::{
        departments::Departments,
        fields::{LONGEST_LINE, MOST_TITLES},
        songwriters::songwriter::name_key,
        works::work::LONGEST_NUMBER,
    },
    error::Result,
};
use sqlx::types::Json;
use std::collections::HashSet;
use uuid::Uuid;

/// Rows checked and written at a time.
pub const BATCH: usize = 1_000;

/// What a writer nobody knows is called.
pub const UNKNOWN_WRITER: &str = "Unknown writer";

/// The names under which a writer of a file is looked for and shown.
pub fn writer_name(writer: &WriterDraft) -> (&str, Option<&str>) {
    (writer.last.as_deref().unwrap_or(UNKNOWN_WRITER), writer.first.as_deref())
}

pub fn writer_key(writer: &WriterDraft) -> String {
    let (last, first) = writer_name(writer);
    name_key(last, first)
}

/// The own number a row asks for, as it would be kept.
pub fn own_number(typed: Option<&str>) -> Option<String> {
    typed.map(|number| number.trim().to_uppercase()).filter(|number| !number.is_empty())
}

/// What checking a file has come to.
#[derive(Debug, Default)]
pub struct Tally {
    pub total: i32,
    pub refused: i32,
    pub warned: i32,
    people: People,
    known_writers: HashSet<Uuid>,
    recordings: usize,
}

impl Tally {
    fn row(&mut self, row: &Row) {
        self.total += 1;
        match row.level {
            "refused" => self.refused += 1,
            "warning" => self.warned += 1,
            _ => {}
        }
        self.recordings += row.draft.as_ref().map_or(0, |draft| draft.recordings.len());
    }

    /// What there is to say about the file as a whole.
    pub fn notes(&self, reading: &Reading) -> Vec<Note> {
        let mut notes = Vec::new();
        let number = |n: usize| crate::web::figure(i64::try_from(n).unwrap_or(i64::MAX));
        let (new, known) = (self.people.added(), self.known_writers.len());
        if new + known > 0 {
            notes.push(Note::of("writers", format!("Songwriters: {} new, {} in the catalogue already.", number(new), number(known))));
        }
        if self.recordings > 0 {
            notes.push(Note::of("recordings", format!("Recordings: {} new.", number(self.recordings))));
        }
        if !reading.columns_ignored.is_empty() {
            notes.push(Note::of(
                "columns_ignored",
                format!("Columns that mean nothing here are left out: {}.", reading.columns_ignored.join(", ")),
            ));
        }
        notes
    }
}

/// What rows are checked against.
pub struct Checker {
    departments: Departments,
    /// Where rows go that name no department.
    department: Option<Uuid>,
    pub tally: Tally,
}

impl Checker {
    pub async fn new(at: &mut Tenant, department: Option<Uuid>) -> Result<Self> {
        Ok(Checker { departments: Departments::of(at).await?, department, tally: Tally::default() })
    }

    /// Checks rows and keeps them with everything there is to say about each.
    pub async fn store(&mut self, at: &mut Tenant, import: Uuid, rows: Vec<reading::Row>) -> Result<()> {
        let drafts: Vec<&WorkDraft> = rows.iter().filter_map(|row| row.work.as_ref()).collect();
        let catalogue = InCatalogue::of(at, &drafts).await?;
        self.tally.people.meet(&catalogue.directory);
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            let row = self.check(at, row, &catalogue);
            self.tally.row(&row);
            kept.push(row);
        }
        self.tally.people.take(); // nothing is written yet
        let publisher = at.publisher.id;
        sqlx::query!(
            "insert into import_rows (publisher_id, import_id, line, title, draft, findings, level)
             select $1, $2, r.line, r.title, r.draft, r.findings, r.level
               from jsonb_to_recordset($3) r (line integer, title text, draft jsonb, findings jsonb, level text)",
            publisher,
            import,
            Json(&kept) as _
        )
        .execute(at.db())
        .await?;
        Ok(())
    }

    fn check(&mut self, at: &Tenant, row: reading::Row, catalogue: &InCatalogue) -> Row {
        let mut findings: Vec<Finding> = row.findings.into_iter().map(Finding::from).collect();
        if let Some(draft) = &row.work {
            self.check_fields(draft, &mut findings);
            if let Some(number) = own_number(draft.number.as_deref()).filter(|number| catalogue.numbers.contains(number)) {
                findings.push(Finding::refused(
                    "number_taken",
                    format!("A work in the catalogue has the number {number}. Own numbers are never used twice."),
                ));
            }
            if let Some(title) = draft.iswc.as_ref().and_then(|iswc| catalogue.iswcs.get(iswc.as_str())) {
                findings.push(Finding::warning(
                    "iswc_in_catalogue",
                    format!("“{title}” in the catalogue has this ISWC. Perhaps both are the same work."),
                ));
            }
            if let Some(work) = catalogue.same_work(draft) {
                let number = work.number.as_deref().unwrap_or("without a number");
                let words = format!("A work with this title and these writers exists: {number}.");
                findings.push(Finding::warning("work_exists", words).of_work(work.id));
            }
            self.check_writers(at, draft, &mut findings);
        }
        findings.sort_by_key(|finding| !finding.is_refusal());
        let refused = row.work.is_none() || findings.iter().any(Finding::is_refusal);
        let level = if refused {
            "refused"
        } else if findings.is_empty() {
            "good"
        } else {
            "warning"
        };
        let title = row.title.chars().take(LONGEST_LINE).collect();
        let line = i32::try_from(row.number).unwrap_or(i32::MAX);
        Row { line, title, draft: row.work.filter(|_| !refused), findings, level }
    }

    /// What the forms of the catalogue would refuse too.
    fn check_fields(&self, draft: &WorkDraft, findings: &mut Vec<Finding>) {
        let long = |text: &str| text.chars().count() > LONGEST_LINE;
        if let Some(number) = own_number(draft.number.as_deref()) {
            if number.chars().count() > LONGEST_NUMBER {
                findings.push(Finding::refused("number_long", format!("An own number may have {LONGEST_NUMBER} characters at most.")));
            } else if !number.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
                findings.push(Finding::refused("number", "An own number has letters A to Z, digits and signs only."));
            }
        }
        if long(&draft.title) || draft.alternate_titles.iter().any(|title| long(title)) {
            findings.push(Finding::refused("title_long", format!("A title may have {LONGEST_LINE} characters at most.")));
        }
        if draft.alternate_titles.len() > MOST_TITLES {
            findings.push(Finding::refused("titles_many", format!("A work may have {MOST_TITLES} alternative titles at most.")));
        }
        let names = draft
            .writers
            .iter()
            .flat_map(|writer| [&writer.last, &writer.first])
            .chain(draft.recordings.iter().flat_map(|r| [&r.title, &r.artist]));
        if names.flatten().chain(&draft.genre).any(|name| long(name)) {
            findings
                .push(Finding::refused("name_long", format!("Names, genres and recordings may have {LONGEST_LINE} characters at most.")));
        }
        match &draft.department {
            Some(name) if self.departments.named(name).is_none() => {
                findings.push(Finding::refused(
                    "department_unknown",
                    format!("There is no department “{}” you may use.", crate::catalogue::fields::short(name)),
                ));
            }
            Some(_) => {}
            None => findings.extend(
                self.departments.of_import(self.department).err().map(|refusal| Finding::refused("department_missing", refusal.message())),
            ),
        }
    }

    fn check_writers(&mut self, at: &Tenant, draft: &WorkDraft, findings: &mut Vec<Finding>) {
        for writer in &draft.writers {
            let Meaning { songwriter, is_new, doubt } = self.tally.people.decide(at, writer);
            if songwriter.archived {
                let words = format!("{} has this IPI and is archived. Restore the songwriter first.", songwriter.name);
                findings.push(Finding::refused("songwriter_archived", words));
                continue;
            }
            if !is_new {
                self.tally.known_writers.insert(songwriter.id);
            }
            findings.extend(doubt.map(|doubt| doubtful(&songwriter.name, doubt)));
        }
    }
}

/// What the person may want to settle before a songwriter is added.
fn doubtful(name: &str, doubt: Doubt) -> Finding {
    match doubt {
        Doubt::Namesakes(count) => Finding::warning(
            "namesakes",
            format!("{name} fits {count} songwriters. Give an IPI to say which; without one, all such rows get one new songwriter."),
        ),
        Doubt::Archived => Finding::warning(
            "namesake_archived",
            format!("{name} is archived. Restore the songwriter and check again; otherwise all such rows get one new songwriter."),
        ),
    }
}

/// Ends the reading of a file: the import waits for the person.
pub async fn finish(at: &mut Tenant, import: Uuid, reading: &Reading, tally: &Tally) -> Result<()> {
    let publisher = at.publisher.id;
    sqlx::query!(
        "update imports set state = 'checked', layout = $3, encoding = $4, notes = $5, rows_total = $6, rows_refused = $7, rows_warned = $8, rows_done = $6
          where publisher_id = $1 and id = $2 and state = 'reading'",
        publisher,
        import,
        reading.layout.to_string(),
        reading.encoding.name(),
        Json(tally.notes(reading)) as _,
        tally.total,
        tally.refused,
        tally.warned
    )
    .execute(at.db())
    .await?;
    Ok(())
}
