//! A work as a row of a file gives it: checked, not yet in the catalogue.

use serde::{Deserialize, Serialize};
use time::Date;

use crate::standards::identifiers::{IpiName, Isrc, Iswc};
use crate::standards::languages::LanguageCode;
use crate::standards::roles::WriterRole;
use crate::standards::shares::Share;
use crate::standards::societies::SocietyCode;

/// A work to be entered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WorkDraft {
    /// The publisher's own number, as typed.
    pub number: Option<String>,
    /// Never empty in a row that is not refused.
    pub title: String,
    /// Other titles, without the title itself and without repeats.
    pub alternate_titles: Vec<String>,
    /// Right in form and check digit.
    pub iswc: Option<Iswc>,
    /// Of the words.
    pub language: Option<LanguageCode>,
    /// Free text.
    pub genre: Option<String>,
    /// Length in whole seconds.
    pub duration_seconds: Option<u32>,
    /// 1 January where the file gives a year only.
    pub copyright_date: Option<Date>,
    /// In the order of the file's columns.
    pub writers: Vec<WriterDraft>,
    /// In the order of the file's columns.
    pub recordings: Vec<RecordingDraft>,
    /// Name of a department, as typed.
    pub department: Option<String>,
    /// May have several lines; also keeps what the file knows and a work has no field for.
    pub notes: Option<String>,
}

/// A writer of such a work.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WriterDraft {
    /// Last or only name. None for a writer nobody knows.
    pub last: Option<String>,
    /// First names.
    pub first: Option<String>,
    /// None also where the file has zeros for "no number".
    pub ipi: Option<IpiName>,
    /// "099" where the file says there is no society.
    pub society: Option<SocietyCode>,
    /// None where the file gives none.
    pub role: Option<WriterRole>,
    /// Of the whole work.
    pub share: Option<Share>,
    /// Whether the publisher administers this share.
    pub controlled: Controlled,
}

/// Whether the publisher administers a writer's share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Controlled {
    /// Another publisher's or nobody's.
    #[default]
    No,
    /// By an agreement on this work.
    Yes,
    /// By a general agreement with the writer.
    General,
}

impl Controlled {
    /// By any agreement.
    pub fn is_controlled(self) -> bool {
        self != Self::No
    }
}

/// A recording of such a work.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecordingDraft {
    /// Right in form; its first letters may be unlisted.
    pub isrc: Option<Isrc>,
    /// None where it is the work's.
    pub title: Option<String>,
    /// As shown on the release.
    pub artist: Option<String>,
}
