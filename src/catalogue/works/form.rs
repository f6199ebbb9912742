//! The form of a work: everything as typed, so that it can be shown again, and the draft it means.

use super::{
    grid::{self, MOST_ROWS, Row, Writers},
    work::{Draft, LONGEST_NUMBER, Work, check_number},
};
use crate::{
    access::Tenant,
    catalogue::{
        departments::Departments,
        fields::{Fields, LONGEST_LINE, MOST_TITLES, clock, iso},
    },
    error::{Error, Result},
    standards::{identifiers::Iswc, languages::LanguageCode},
};
use uuid::Uuid;

/// Empty rows a form offers at its end.
const SPARE_ROWS: usize = 3;
/// Longest genre, in characters.
const LONGEST_GENRE: usize = 60;

#[derive(Debug, Clone, Default)]
pub struct WorkForm {
    pub title: String,
    /// One per line.
    pub alternate_titles: String,
    pub number: String,
    pub iswc: String,
    pub language: String,
    pub genre: String,
    pub duration: String,
    pub copyright_date: String,
    pub department: String,
    pub version_type: String,
    pub notes: String,
    pub rows: Vec<Row>,
    /// The version of the work the form was made from; empty for a new one.
    pub version: String,
    /// The button "Add rows" was pressed: no saving yet.
    pub asks_for_rows: bool,
}

/// A form that is in order, with what must be written before the work.
pub struct Checked {
    pub draft: Draft,
    pub writers: Writers,
}

impl WorkForm {
    pub fn blank(departments: &Departments) -> Self {
        let department = departments.only().map(|id| id.to_string()).unwrap_or_default();
        WorkForm { version_type: "ORI".into(), department, rows: vec![Row::default(); SPARE_ROWS], ..WorkForm::default() }
    }

    pub fn of(work: &Work) -> Self {
        let mut form = WorkForm {
            title: work.title.clone(),
            alternate_titles: work.alternate_titles.join("\n"),
            number: work.work_number.clone().unwrap_or_default(),
            iswc: work.iswc.as_deref().map(super::work::printed_iswc).unwrap_or_default(),
            language: work.language.clone().unwrap_or_default(),
            genre: work.genre.clone().unwrap_or_default(),
            duration: work.duration_seconds.map(clock).unwrap_or_default(),
            copyright_date: work.copyright_date.map(iso).unwrap_or_default(),
            department: work.department_id.map(|id| id.to_string()).unwrap_or_default(),
            version_type: work.version_type.clone(),
            notes: work.notes.clone().unwrap_or_default(),
            rows: work.writers.iter().map(Row::of).collect(),
            version: work.version.to_string(),
            asks_for_rows: false,
        };
        form.spare_rows();
        form
    }

    /// Reads a posted form. A field that is absent is empty; unknown ones are nobody's.
    pub fn read(pairs: Vec<(String, String)>) -> Self {
        let mut form = WorkForm::default();
        for (name, value) in pairs {
            match name.as_str() {
                "title" => form.title = value,
                "alternate_titles" => form.alternate_titles = value,
                "number" => form.number = value,
                "iswc" => form.iswc = value,
                "language" => form.language = value,
                "genre" => form.genre = value,
                "duration" => form.duration = value,
                "copyright_date" => form.copyright_date = value,
                "department" => form.department = value,
                "version_type" => form.version_type = value,
                "notes" => form.notes = value,
                "version" => form.version = value,
                "rows" => form.asks_for_rows = true,
                _ => form.read_row(&name, value),
            }
        }
        form.spare_rows();
        form
    }

    /// `writer-3-share` and its like.
    fn read_row(&mut self, name: &str, value: String) {
        let Some((number, what)) = name.strip_prefix("writer-").and_then(|rest| rest.split_once('-')) else { return };
        let Some(number) = number.parse::<usize>().ok().filter(|number| *number < MOST_ROWS) else { return };
        if self.rows.len() <= number {
            self.rows.resize(number + 1, Row::default());
        }
        let Some(row) = self.rows.get_mut(number) else { return };
        match what {
            "id" => row.id = value,
            "name" => row.name = value,
            "ipi" => row.ipi = value,
            "role" => row.role = value,
            "share" => row.share = value,
            "controlled" => row.controlled = true,
            _ => {}
        }
    }

    /// Moves empty rows to the end, where some always wait; more of them when they were asked for.
    fn spare_rows(&mut self) {
        let typed = self.rows.len();
        self.rows.retain(|row| !row.is_blank());
        let blank = typed - self.rows.len();
        let spare = if self.asks_for_rows { blank + SPARE_ROWS } else { SPARE_ROWS };
        self.rows.resize((self.rows.len() + spare).min(MOST_ROWS), Row::default());
    }

    /// Checks everything at once. `before` is the work as it was, for an edit.
    pub async fn check(&mut self, at: &mut Tenant, departments: &Departments, before: Option<&Work>) -> Result<Checked> {
        let mut fields = Fields::new();
        let mut draft = self.plain_fields(&mut fields);
        let present = before.and_then(|work| work.department_id);
        draft.department_id = departments.choose(&self.department, present, &mut fields);
        draft.department = draft.department_id.and_then(|id| departments.name(id)).map(str::to_owned);
        if draft.department_id.is_some() && draft.department_id == present {
            draft.department = before.and_then(|work| work.department.clone());
        }
        let writers = grid::resolve(at, &mut self.rows, &mut fields).await?;
        if let Some(before) = before.filter(|_| !at.may("works:shares") && !fields.any_refused()) {
            grid::check_controlled(&before.credits, &self.rows, &writers.credits, &mut fields);
        }
        let changed = draft.work_number.as_deref().filter(|number| before.and_then(|work| work.work_number.as_deref()) != Some(*number));
        if let Some(number) = changed {
            self.check_taken(at, number, before.map(|work| work.id), &mut fields).await?;
        }
        draft.credits = writers.credits.clone();
        fields.or(Checked { draft, writers })
    }

    async fn check_taken(&self, at: &mut Tenant, number: &str, except: Option<Uuid>, fields: &mut Fields) -> Result<()> {
        match check_number(at, number, except).await {
            Err(Error::Refused(refusal)) => {
                fields.refuse("number", "number_taken", refusal.message());
                Ok(())
            }
            other => other,
        }
    }

    fn plain_fields(&self, fields: &mut Fields) -> Draft {
        let version_type = if self.version_type.trim().is_empty() { "ORI" } else { self.version_type.trim() };
        if !matches!(version_type, "ORI" | "MOD") {
            fields.refuse("version_type", "version_type", "Choose original work or modified version.");
        }
        let iswc: Option<Iswc> = fields.parsed("iswc", "iswc", &self.iswc);
        let language: Option<LanguageCode> = fields.parsed("language", "language", &self.language);
        Draft {
            title: fields.required("title", "The title", &self.title, LONGEST_LINE),
            alternate_titles: self.titles(fields),
            work_number: self.own_number(fields),
            iswc: iswc.map(String::from),
            language: language.map(String::from),
            genre: fields.line("genre", "The genre", &self.genre, LONGEST_GENRE),
            duration_seconds: fields.duration("duration", &self.duration),
            copyright_date: fields.date("copyright_date", &self.copyright_date),
            version_type: version_type.to_owned(),
            notes: fields.notes("notes", "The text", &self.notes),
            ..Draft::default()
        }
    }

    fn titles(&self, fields: &mut Fields) -> Vec<String> {
        let mut titles: Vec<String> = Vec::new();
        for line in self.alternate_titles.lines().filter(|line| !line.trim().is_empty()) {
            if let Some(title) = fields.line("alternate_titles", "An alternative title", line, LONGEST_LINE)
                && !titles.contains(&title)
            {
                titles.push(title);
            }
        }
        if titles.len() > MOST_TITLES {
            let words = format!("A work may have {MOST_TITLES} alternative titles at most; these are {}.", titles.len());
            fields.refuse("alternate_titles", "too_many", words);
        }
        titles
    }

    /// Societies take upper case only, so numbers that differ in case alone would be one.
    fn own_number(&self, fields: &mut Fields) -> Option<String> {
        let number = fields.line("number", "The number", &self.number, LONGEST_NUMBER)?.to_uppercase();
        if !number.chars().all(|c| c.is_ascii_graphic() || c == ' ') || number.len() > LONGEST_NUMBER {
            fields.refuse("number", "number", "An own number has letters A to Z, digits and signs only.");
            return None;
        }
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> WorkForm {
        WorkForm::read(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    fn names(form: &WorkForm) -> Vec<&str> {
        form.rows.iter().map(|row| row.name.as_str()).collect()
    }

    #[test]
    fn rows_are_read_by_their_number_and_only_so_many() {
        let form = read(&[
            ("writer-2-name", "B"),
            ("writer-0-share", "50"),
            ("writer-99999-name", "C"),
            ("writer-x-name", "D"),
            ("writer-1", "E"),
        ]);
        assert_eq!(names(&form), ["", "B", "", "", ""]);
        assert_eq!(form.rows[0].share, "50");
    }

    #[test]
    fn spare_rows_follow_what_is_typed_and_grow_when_asked_for() {
        let typed = [("writer-2-name", "B"), ("writer-4-name", "C"), ("writer-5-name", "")];
        assert_eq!(names(&read(&typed)), ["B", "C", "", "", ""]);
        assert_eq!(read(&[&typed[..], &[("rows", "more")]].concat()).rows.len(), 2 + 4 + 3);
    }

    #[test]
    fn an_own_number_is_kept_in_capitals() {
        let number = |typed: &str| {
            let mut fields = Fields::new();
            let number = WorkForm { number: typed.into(), ..WorkForm::default() }.own_number(&mut fields);
            (number, fields.any_refused())
        };
        assert_eq!(number(" nl-0001 "), (Some("NL-0001".into()), false));
        assert_eq!(number(""), (None, false));
        assert_eq!(number("№ 7"), (None, true));
        assert_eq!(number("123456789012345"), (None, true));
    }
}
