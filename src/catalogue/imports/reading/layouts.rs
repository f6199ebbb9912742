//! The layouts we read, and the template people fill in.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::WorkDraft;
use crate::standards::characters::fold;

/// Whose headings a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Our own, as in the template.
    Ledgerline,
    /// That of django-music-publisher. It writes shares as parts of one.
    DjangoMusicPublisher,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ledgerline => "Ledgerline",
            Self::DjangoMusicPublisher => "django-music-publisher",
        })
    }
}

/// What a cell says about the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Field {
    Number,
    Title,
    AlternateTitles,
    AlternateTitle,
    OriginalTitle,
    Iswc,
    Language,
    Genre,
    Duration,
    CopyrightDate,
    Department,
    Notes,
    Library,
    CdIdentifier,
    WriterLast,
    WriterFirst,
    WriterIpi,
    WriterSociety,
    WriterRole,
    WriterShare,
    WriterControlled,
    WriterAgreement,
    RecordingIsrc,
    RecordingTitle,
    RecordingArtist,
    RecordingArtistLast,
    RecordingArtistFirst,
    PerformerLast,
    PerformerFirst,
    ReferenceSociety,
    ReferenceNumber,
}

/// A field and its number: 0 for the work, 1 and up for writers, recordings and other things that repeat.
pub(super) type Place = (Field, u8);

/// A column of our own layout. In the heading, `#` stands for 1, 2, 3 …
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// "Title", "Writer # Last"
    pub heading: &'static str,
    /// Without it a file is refused.
    pub required: bool,
    /// What belongs in it.
    pub help: &'static str,
    /// For the template, one for each number.
    examples: &'static [&'static str],
    field: Field,
}

impl Column {
    /// The headings it has in the template.
    pub fn headings(&self) -> Vec<String> {
        if !self.heading.contains('#') {
            return vec![self.heading.to_owned()];
        }
        (1..=self.group().template_count()).map(|n| self.heading.replace('#', &n.to_string())).collect()
    }

    /// What the template's row has under the first heading.
    pub fn example(&self) -> &'static str {
        self.examples.first().copied().unwrap_or_default()
    }

    fn group(&self) -> Group {
        match self.heading.split_once(" #") {
            Some(("Writer", _)) => Group::Writer,
            Some(_) => Group::Recording,
            None => Group::Work,
        }
    }
}

/// Columns that are repeated together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Work,
    Writer,
    Recording,
}

impl Group {
    /// How many the template has room for; files may go on counting.
    fn template_count(self) -> usize {
        match self {
            Self::Work => 1,
            Self::Writer => 10,
            Self::Recording => 3,
        }
    }
}

const fn column(heading: &'static str, field: Field, examples: &'static [&'static str], help: &'static str) -> Column {
    Column { heading, required: matches!(field, Field::Title), help, examples, field }
}

/// Number and title of the template's example row. No work is called so; by either the row is known when somebody forgets
/// to delete it.
const EXAMPLE_NUMBER: &str = "EXAMPLE";
const EXAMPLE_TITLE: &str = "Example: Harbour Lights at Noon";

/// Whether a row is the template's example, or made of it with half of it left.
pub(super) fn is_example(work: &WorkDraft) -> bool {
    work.number.as_deref().is_some_and(|number| number.eq_ignore_ascii_case(EXAMPLE_NUMBER)) || fold(&work.title) == fold(EXAMPLE_TITLE)
}

/// Our layout: template, help text and reader all follow this table.
pub const LEDGERLINE: &[Column] = &[
    column("Work number", Field::Number, &[EXAMPLE_NUMBER], "Your own number of the work. At most 14 characters, never used twice."),
    column("Title", Field::Title, &[EXAMPLE_TITLE], "The title of the work."),
    column(
        "Alternative titles",
        Field::AlternateTitles,
        &["Harbour Lights | Noon Song"],
        "Other titles, with a vertical bar | between them.",
    ),
    column("ISWC", Field::Iswc, &["T-034.524.680-1"], "With or without hyphens and dots. Left blank if its check digit is wrong."),
    column("Language", Field::Language, &["EN"], "Two-letter code or English name of the language of the words."),
    column("Genre", Field::Genre, &["Folk"], "Free text."),
    column("Duration", Field::Duration, &["3:45"], "Minutes and seconds (m:ss), or hours too (h:mm:ss)."),
    column("Copyright date", Field::CopyrightDate, &["2024-05-01"], "Year, month and day, as 2024-05-01, or a year only."),
    column("Writer # Last", Field::WriterLast, &["Okafor", "Lindqvist"], "Last name, or the only name the writer has."),
    column("Writer # First", Field::WriterFirst, &["Adaeze", "Maja"], "First names."),
    column(
        "Writer # IPI",
        Field::WriterIpi,
        &["00000000199", "00000000297"],
        "IPI name number; leading zeros may be missing. Left blank if its check digits are wrong.",
    ),
    column("Writer # Society", Field::WriterSociety, &["052 – PRS", "079 – STIM"], "Code or name, or both; 099 for no society."),
    column(
        "Writer # Role",
        Field::WriterRole,
        &["CA", "C"],
        "CA composer and author, C composer, A author, AR arranger, AD adaptor, TR translator, SA sub-author, SR sub-arranger, \
         PA income participant.",
    ),
    column(
        "Writer # Share",
        Field::WriterShare,
        &["66.67", "33.33"],
        "Per cent of the work, such as 50 or 33.33, or a fraction such as 1/3.",
    ),
    column(
        "Writer # Controlled",
        Field::WriterControlled,
        &["Yes", "No"],
        "Yes if you administer this share, General if by a general agreement, otherwise No or blank.",
    ),
    column("Recording # ISRC", Field::RecordingIsrc, &["GB-XWZ-24-00015"], "With or without hyphens."),
    column("Recording # Title", Field::RecordingTitle, &[], "If it differs from the title of the work."),
    column("Recording # Artist", Field::RecordingArtist, &["The Tidewater Four"], "As shown on the release."),
    column("Department", Field::Department, &[], "The name of one of your departments."),
    column("Notes", Field::Notes, &[], "Free text."),
];

/// The headings of django-music-publisher, its example file and its template. What a work has no field for goes
/// into the notes.
const DJANGO_MUSIC_PUBLISHER: &[(&str, Field)] = &[
    ("Work ID", Field::Number),
    ("Work Title", Field::Title),
    ("ISWC", Field::Iswc),
    ("Original Title", Field::OriginalTitle),
    ("Alt Title #", Field::AlternateTitle),
    ("Library", Field::Library),
    ("CD Identifier", Field::CdIdentifier),
    ("Writer # Last", Field::WriterLast),
    ("Writer # First", Field::WriterFirst),
    ("Writer # IPI", Field::WriterIpi),
    ("Writer # PRO", Field::WriterSociety),
    ("Writer # Role", Field::WriterRole),
    ("Writer # Share", Field::WriterShare),
    ("Writer # Manuscript Share", Field::WriterShare),
    ("Writer # Controlled", Field::WriterControlled),
    ("Writer # SAAN", Field::WriterAgreement),
    ("Recording # ISRC", Field::RecordingIsrc),
    ("Recording # Recording Title", Field::RecordingTitle),
    ("Recording # Artist Last", Field::RecordingArtistLast),
    ("Recording # Artist First", Field::RecordingArtistFirst),
    ("Artist # Last", Field::PerformerLast),
    ("Artist # First", Field::PerformerFirst),
    ("Reference # CMO", Field::ReferenceSociety),
    ("Reference # ID", Field::ReferenceNumber),
];

impl Layout {
    pub(super) const ALL: [Self; 2] = [Self::Ledgerline, Self::DjangoMusicPublisher];

    pub(super) fn headings(self) -> impl Iterator<Item = (&'static str, Field)> {
        let (own, other): (&[Column], &[_]) = match self {
            Self::Ledgerline => (LEDGERLINE, &[]),
            Self::DjangoMusicPublisher => (&[], DJANGO_MUSIC_PUBLISHER),
        };
        own.iter().map(|column| (column.heading, column.field)).chain(other.iter().copied())
    }

    /// What a heading means, however it is spaced, cased or underscored, and the number in it.
    pub(super) fn place(self, heading: &str) -> Option<Place> {
        let mut number = None;
        let folded = fold(heading);
        let pattern: Vec<&str> = folded
            .split(' ')
            .map(|word| match word.parse::<u8>() {
                Ok(found @ 1..) if number.is_none() => {
                    number = Some(found);
                    "#"
                }
                _ => word,
            })
            .collect();
        let pattern = pattern.join(" ");
        let (_, field) = self.headings().find(|(known, _)| known.eq_ignore_ascii_case(&pattern))?;
        Some((field, number.unwrap_or_default()))
    }
}

/// The template to download: headings and one example row, in UTF-8 with the mark by which Excel knows it.
pub fn template() -> String {
    let mut headings: Vec<String> = Vec::new();
    let mut example: Vec<String> = Vec::new();
    for run in LEDGERLINE.chunk_by(|a, b| a.group() == b.group()) {
        let count = run.first().map_or(0, |column| column.group().template_count());
        for n in 0..count {
            headings.extend(run.iter().map(|column| column.heading.replace('#', &(n + 1).to_string())));
            example.extend(run.iter().map(|column| column.examples.get(n).copied().unwrap_or_default().to_owned()));
        }
    }
    // Writing text to memory has nothing to fail by.
    csv_lines(&[headings, example]).unwrap_or_default()
}

fn csv_lines(lines: &[Vec<String>]) -> Option<String> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{FEFF}".as_bytes().to_vec());
    for line in lines {
        writer.write_record(line).ok()?;
    }
    String::from_utf8(writer.into_inner().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_heading_of_a_layout_is_found_by_it() {
        for layout in Layout::ALL {
            for (heading, field) in layout.headings() {
                let number = u8::from(heading.contains('#')) * 7;
                assert_eq!(layout.place(&heading.replace('#', "7")), Some((field, number)), "{heading}");
            }
        }
    }
}
