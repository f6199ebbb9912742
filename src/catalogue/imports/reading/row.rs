//! One row of cells to a work, with everything there is to say about it.

use std::fmt::Display;

use csv::StringRecord;

use super::cells::{self, Dated};
use super::columns::Columns;
use super::layouts::{Field, Place, is_example};
use super::{Code, Controlled, Finding, Layout, Level, Reading, RecordingDraft, WorkDraft, WriterDraft};
use crate::standards::characters::{Unclean, clean, clean_multiline, fold};
use crate::standards::identifiers::{IpiName, Isrc, NoNumber};
use crate::standards::shares::{NoShare, Share, Total};

/// Longest work number societies accept (CWR 2.2, work field 3), in characters.
const LONGEST_NUMBER: usize = 14;

/// The work of a row. It may be incomplete where a finding refuses the row.
pub(super) fn read(reading: &Reading, cells: &StringRecord) -> (WorkDraft, Vec<Finding>) {
    let mut row = RowReader { columns: &reading.columns, layout: reading.layout, cells, findings: Vec::new() };
    row.check_length(reading.sheet.usual_length());
    if row.findings.iter().any(|finding| finding.level == Level::Refused) {
        return (WorkDraft::default(), row.findings); // the cells stand under wrong headings
    }
    let work = row.work();
    if is_example(&work) {
        let words = "This is the template's example row. Delete it, or give it a number and title of your own.";
        row.find(Level::Refused, Code::TemplateExample, None, words.to_owned());
    }
    (work, row.findings)
}

struct RowReader<'a> {
    columns: &'a Columns,
    layout: Layout,
    cells: &'a StringRecord,
    findings: Vec<Finding>,
}

impl RowReader<'_> {
    fn work(&mut self) -> WorkDraft {
        let title = self.title();
        let writers = self.writers();
        self.check_shares(&writers);
        WorkDraft {
            number: self.number(),
            alternate_titles: self.alternate_titles(&title),
            title,
            iswc: self.parsed((Field::Iswc, 0), Code::IswcWrong),
            language: self.parsed((Field::Language, 0), Code::LanguageUnknown),
            genre: self.text((Field::Genre, 0)),
            duration_seconds: self.duration(),
            copyright_date: self.copyright_date(),
            writers,
            recordings: self.recordings(),
            department: self.text((Field::Department, 0)),
            notes: self.notes(),
        }
    }

    fn find(&mut self, level: Level, code: Code, place: Option<Place>, message: String) {
        let column = place.and_then(|place| self.columns.heading(place));
        self.findings.push(Finding { level, column, message, code });
    }

    fn warn(&mut self, code: Code, place: Place, message: String) {
        self.find(Level::Warning, code, Some(place), message);
    }

    /// Too many cells mean an unquoted comma, and everything after it in the wrong column.
    fn check_length(&mut self, usual: usize) {
        let (length, expected) = (self.cells.len(), self.columns.count());
        if self.cells.iter().skip(expected).any(|cell| !cell.trim().is_empty()) {
            let message = format!(
                "This row has {length} cells, but there are {expected} headings. A cell with a separator in it needs quotation marks."
            );
            self.find(Level::Refused, Code::RowLong, None, message);
        } else if length < usual.min(expected)
            && let Some(heading) = self.columns.known_from(length)
        {
            let message =
                format!("This row has {length} cells, most have {usual}. It ends before “{heading}”; what is missing was taken as blank.");
            self.find(Level::Warning, Code::RowShort, None, message);
        }
    }

    fn cell(&self, place: Place) -> &str {
        self.columns.position(place).and_then(|position| self.cells.get(position)).unwrap_or_default()
    }

    /// A line of text; None if blank. What may not be in it is taken out, and said.
    fn text(&mut self, place: Place) -> Option<String> {
        let cleaned = clean(self.cell(place));
        self.cleaned(place, cleaned)
    }

    fn cleaned(&mut self, place: Place, cleaned: Result<String, Unclean>) -> Option<String> {
        let text = cleaned.unwrap_or_else(|unclean| {
            self.warn(Code::CellRepaired, place, format!("This cell {unclean}. It was taken out: “{}”.", short(&unclean.repaired)));
            unclean.repaired
        });
        if text.contains(char::REPLACEMENT_CHARACTER) {
            let message = "This cell has a character that could not be read (�). Save the file as CSV UTF-8.".to_owned();
            self.warn(Code::CellUnreadable, place, message);
        }
        Some(text).filter(|text| !text.is_empty())
    }

    /// A value with a form of its own. A wrong one is left out, and said.
    fn parsed<T: std::str::FromStr<Err: Display>>(&mut self, place: Place, code: Code) -> Option<T> {
        let text = self.text(place)?;
        text.parse().map_err(|error: T::Err| self.left_blank(code, place, &text, &error)).ok()
    }

    fn left_blank(&mut self, code: Code, place: Place, text: &str, error: &dyn Display) {
        self.warn(code, place, format!("“{}” {error}. Left blank.", short(text)));
    }

    fn title(&mut self) -> String {
        let place = (Field::Title, 0);
        self.text(place).unwrap_or_else(|| {
            self.find(Level::Refused, Code::TitleMissing, Some(place), "A work needs a title.".to_owned());
            String::new()
        })
    }

    fn number(&mut self) -> Option<String> {
        let place = (Field::Number, 0);
        let number = self.text(place)?;
        if number.chars().count() > LONGEST_NUMBER {
            let message = format!("“{}” is longer than the {LONGEST_NUMBER} characters societies accept.", short(&number));
            self.warn(Code::NumberLong, place, message);
        }
        Some(number)
    }

    fn alternate_titles(&mut self, title: &str) -> Vec<String> {
        let mut titles: Vec<String> = Vec::new();
        let together = self.text((Field::AlternateTitles, 0)).unwrap_or_default();
        let apart = self.columns.numbers(&[Field::AlternateTitle]);
        let apart: Vec<String> = apart.into_iter().filter_map(|n| self.text((Field::AlternateTitle, n))).collect();
        for other in together.split('|').map(str::trim).chain(apart.iter().map(String::as_str)) {
            if !other.is_empty() && other != title && !titles.iter().any(|known| known == other) {
                titles.push(other.to_owned());
            }
        }
        titles
    }

    fn duration(&mut self) -> Option<u32> {
        let place = (Field::Duration, 0);
        let text = self.text(place)?;
        let Some(seconds) = cells::seconds(&text) else {
            self.left_blank(Code::DurationUnknown, place, &text, &"is not a duration; write minutes and seconds as 3:45");
            return None;
        };
        if seconds >= 3600 {
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            let message =
                format!("“{text}” was read as {hours} h {minutes} min. Spreadsheets turn 3:45 into 3:45:00; check that this is right.");
            self.warn(Code::DurationLong, place, message);
        }
        Some(seconds)
    }

    fn copyright_date(&mut self) -> Option<time::Date> {
        let place = (Field::CopyrightDate, 0);
        let text = self.text(place)?;
        match cells::date(&text) {
            Some(Dated::Day(date)) => Some(date),
            Some(Dated::Year(date)) => {
                self.warn(Code::DateWithoutDay, place, format!("“{text}” is a year only. 1 January was taken."));
                Some(date)
            }
            None => {
                let error = "is not a date that can be read one way only; write year, month and day as 2024-05-01";
                self.left_blank(Code::DateUnknown, place, &text, &error);
                None
            }
        }
    }

    fn writers(&mut self) -> Vec<WriterDraft> {
        let fields = [Field::WriterLast, Field::WriterFirst, Field::WriterIpi, Field::WriterSociety, Field::WriterRole, Field::WriterShare];
        let numbers = self.columns.numbers(&fields);
        let mut writers: Vec<WriterDraft> = Vec::new();
        for n in numbers {
            let Some(writer) = self.writer(n) else { continue };
            if writers.iter().any(|other| is_same(other, &writer)) {
                let message = format!("Writer {n} stands in this row twice.");
                self.warn(Code::WriterRepeated, (Field::WriterLast, n), message);
            }
            writers.push(writer);
        }
        writers
    }

    /// The writer of a number; None where the file has nothing or only what a template fills in ("0", "No").
    fn writer(&mut self, n: u8) -> Option<WriterDraft> {
        let says_who = [Field::WriterLast, Field::WriterFirst, Field::WriterIpi, Field::WriterSociety, Field::WriterRole];
        let nobody = says_who.iter().all(|field| self.cell((*field, n)).trim().is_empty());
        let share = self.share(n);
        if nobody && share.unwrap_or_default() == Share::ZERO {
            return None;
        }
        let (last, first) = self.names(n);
        let controlled = self.controlled(n);
        if last.is_none() {
            self.say_unnamed(n, controlled);
        }
        Some(WriterDraft {
            last,
            first,
            ipi: self.parsed((Field::WriterIpi, n), Code::IpiWrong).filter(|ipi: &IpiName| !ipi.stands_for_none()),
            society: self.parsed((Field::WriterSociety, n), Code::SocietyUnknown),
            role: self.parsed((Field::WriterRole, n), Code::RoleUnknown),
            share,
            controlled,
        })
    }

    fn names(&mut self, n: u8) -> (Option<String>, Option<String>) {
        let names = (self.text((Field::WriterLast, n)), self.text((Field::WriterFirst, n)));
        let (None, Some(only)) = names else { return names };
        let message = format!("Writer {n} has a first name only. “{}” was taken as the last name.", short(&only));
        self.warn(Code::WriterFirstNameOnly, (Field::WriterFirst, n), message);
        (Some(only), None)
    }

    /// A controlled writer must have a last name (CWR 2.2, SWR record).
    fn say_unnamed(&mut self, n: u8, controlled: Controlled) {
        let place = (Field::WriterLast, n);
        if controlled.is_controlled() {
            let message = format!("Writer {n} is controlled but has no name.");
            self.find(Level::Refused, Code::WriterUnnamedControlled, Some(place), message);
        } else {
            self.warn(Code::WriterUnnamed, place, format!("Writer {n} has no name and was taken as an unknown writer."));
        }
    }

    fn share(&mut self, n: u8) -> Option<Share> {
        let place = (Field::WriterShare, n);
        let text = self.text(place)?;
        let share: Result<Share, NoShare> = match self.layout {
            Layout::Ledgerline => text.parse(),
            Layout::DjangoMusicPublisher => Share::from_part_of_one(&text),
        };
        share.map_err(|error| self.find(Level::Refused, Code::ShareUnreadable, Some(place), format!("“{}” {error}.", short(&text)))).ok()
    }

    fn controlled(&mut self, n: u8) -> Controlled {
        let place = (Field::WriterControlled, n);
        let Some(text) = self.text(place) else { return Controlled::No };
        cells::controlled(&text).unwrap_or_else(|| {
            let message = format!("“{}” is neither Yes, General nor No. Taken as No.", short(&text));
            self.warn(Code::ControlledUnknown, place, message);
            Controlled::No
        })
    }

    fn check_shares(&mut self, writers: &[WriterDraft]) {
        let total: Total = writers.iter().filter_map(|writer| writer.share).sum();
        let unreadable = self.findings.iter().any(|finding| finding.code == Code::ShareUnreadable);
        if total.is_over() {
            let message = format!("The shares add up to {total}, more than the work.");
            self.find(Level::Refused, Code::SharesOver, None, message);
        } else if !total.is_whole() && !unreadable {
            let message = match (writers.is_empty(), total.hundredths()) {
                (true, _) => "No writer is given.".to_owned(),
                (false, 0) => "No shares are given.".to_owned(),
                (false, 99..=101) => format!("The shares add up to {total}. They are read as per cent: for a half write 50, not 0.5."),
                _ => format!("The shares add up to {total}, not 100 %."),
            };
            self.find(Level::Warning, Code::SharesNotWhole, None, message);
        }
    }

    fn recordings(&mut self) -> Vec<RecordingDraft> {
        let fields = [Field::RecordingIsrc, Field::RecordingTitle, Field::RecordingArtist, Field::RecordingArtistLast];
        let numbers = self.columns.numbers(&fields);
        let recordings = numbers.into_iter().map(|n| RecordingDraft {
            isrc: self.isrc(n),
            title: self.text((Field::RecordingTitle, n)),
            artist: self
                .text((Field::RecordingArtist, n))
                .or_else(|| self.full_name((Field::RecordingArtistFirst, n), (Field::RecordingArtistLast, n))),
        });
        recordings.filter(|recording| *recording != RecordingDraft::default()).collect()
    }

    /// Codes with unlisted first letters occur in societies' own files and are kept.
    fn isrc(&mut self, n: u8) -> Option<Isrc> {
        let place = (Field::RecordingIsrc, n);
        let text = self.text(place)?;
        match text.parse::<Isrc>() {
            Ok(isrc) => Some(isrc),
            Err(error @ NoNumber::Prefix) => {
                self.warn(Code::IsrcPrefixUnknown, place, format!("“{}” {error}. Check that it is right.", short(&text)));
                Isrc::of_any_prefix(&text).ok()
            }
            Err(error) => {
                self.left_blank(Code::IsrcWrong, place, &text, &error);
                None
            }
        }
    }

    fn full_name(&mut self, first: Place, last: Place) -> Option<String> {
        let names: Vec<String> = [first, last].into_iter().filter_map(|place| self.text(place)).collect();
        Some(names.join(" ")).filter(|name| !name.is_empty())
    }

    /// The notes of the file, and a line for each thing a work has no field for.
    fn notes(&mut self) -> Option<String> {
        let place = (Field::Notes, 0);
        let cleaned = clean_multiline(self.cell(place));
        let mut lines: Vec<String> = self.cleaned(place, cleaned).into_iter().collect();
        for (label, field) in
            [("Original title", Field::OriginalTitle), ("Library", Field::Library), ("CD identifier", Field::CdIdentifier)]
        {
            lines.extend(self.text((field, 0)).map(|text| format!("{label}: {text}")));
        }
        for n in self.columns.numbers(&[Field::PerformerLast, Field::PerformerFirst]) {
            let performer = self.full_name((Field::PerformerFirst, n), (Field::PerformerLast, n));
            lines.extend(performer.map(|name| format!("Performed by: {name}")));
        }
        for n in self.columns.numbers(&[Field::WriterAgreement]) {
            let writer = clean(self.cell((Field::WriterLast, n))).unwrap_or_else(|unclean| unclean.repaired);
            lines.extend(self.text((Field::WriterAgreement, n)).map(|text| format!("Agreement number of {writer}: {text}")));
        }
        for n in self.columns.numbers(&[Field::ReferenceNumber]) {
            let society = self.text((Field::ReferenceSociety, n)).unwrap_or_else(|| "a society".to_owned());
            lines.extend(self.text((Field::ReferenceNumber, n)).map(|number| format!("Work number at {society}: {number}")));
        }
        Some(lines.join("\n")).filter(|notes| !notes.is_empty())
    }
}

/// The same person may stand in a work twice, once controlled and once not; more often it is a slip.
fn is_same(one: &WriterDraft, other: &WriterDraft) -> bool {
    let name = |writer: &WriterDraft| writer.last.as_deref().map(|last| (fold(last), writer.first.as_deref().map(fold)));
    let same_person = match (&one.ipi, &other.ipi) {
        (Some(one), Some(other)) => one == other,
        _ => one.last.is_some() && name(one) == name(other),
    };
    same_person && one.controlled.is_controlled() == other.controlled.is_controlled()
}

/// Enough of a cell to recognise it by.
fn short(text: &str) -> String {
    const ENOUGH: usize = 60;
    if text.chars().count() <= ENOUGH {
        return text.to_owned();
    }
    text.chars().take(ENOUGH).chain(['…']).collect()
}
