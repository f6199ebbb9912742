//! Roles of writers in a work, as CISAC's lookup tables (CWR08-3615R1) name them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::characters::fold;

/// What a writer did for a work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum WriterRole {
    /// CA: music and words.
    ComposerAuthor,
    /// C: music.
    Composer,
    /// A: words.
    Author,
    /// AR: changed the music of an existing work.
    Arranger,
    /// AD: changed the words of an existing work.
    Adaptor,
    /// TR: words in another language.
    Translator,
    /// SA: new or changed words for a sub-publisher.
    SubAuthor,
    /// SR: an arrangement authorised by a sub-publisher.
    SubArranger,
    /// PA: gets income without having created.
    IncomeParticipant,
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a writer role; write one of CA, C, A, AR, AD, TR, SA, SR, PA")]
pub struct NoRole;

impl WriterRole {
    /// In the order a form offers them.
    pub const ALL: [Self; 9] = [
        Self::ComposerAuthor,
        Self::Composer,
        Self::Author,
        Self::Arranger,
        Self::Adaptor,
        Self::Translator,
        Self::SubAuthor,
        Self::SubArranger,
        Self::IncomeParticipant,
    ];

    /// "CA"
    pub fn code(self) -> &'static str {
        match self {
            Self::ComposerAuthor => "CA",
            Self::Composer => "C",
            Self::Author => "A",
            Self::Arranger => "AR",
            Self::Adaptor => "AD",
            Self::Translator => "TR",
            Self::SubAuthor => "SA",
            Self::SubArranger => "SR",
            Self::IncomeParticipant => "PA",
        }
    }

    /// "Composer and author"
    pub fn name(self) -> &'static str {
        match self {
            Self::ComposerAuthor => "Composer and author",
            Self::Composer => "Composer",
            Self::Author => "Author",
            Self::Arranger => "Arranger",
            Self::Adaptor => "Adaptor",
            Self::Translator => "Translator",
            Self::SubAuthor => "Sub-author",
            Self::SubArranger => "Sub-arranger",
            Self::IncomeParticipant => "Income participant",
        }
    }

    /// What the writer did, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::ComposerAuthor => "wrote music and words",
            Self::Composer => "wrote the music",
            Self::Author => "wrote the words",
            Self::Arranger => "changed the music of an existing work",
            Self::Adaptor => "changed the words of an existing work",
            Self::Translator => "put the words into another language",
            Self::SubAuthor => "wrote new or changed words for a sub-publisher",
            Self::SubArranger => "made an arrangement authorised by a sub-publisher",
            Self::IncomeParticipant => "gets income but did not create",
        }
    }

    /// One of those without whom no work can be registered (CWR 2.2, work rule 15).
    pub fn is_creator(self) -> bool {
        matches!(self, Self::ComposerAuthor | Self::Composer | Self::Author)
    }

    /// Makes the work a modified version of another (CWR 2.2, work rules 10 and 23).
    pub fn modifies(self) -> bool {
        !self.is_creator() && self != Self::IncomeParticipant
    }

    /// Our name and those other programs and people use, folded.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::ComposerAuthor => &["composer and author", "composer author", "composer lyricist", "composer and lyricist", "songwriter"],
            Self::Composer => &["composer"],
            Self::Author => &["author", "lyricist"],
            Self::Arranger => &["arranger"],
            Self::Adaptor => &["adaptor", "adapter"],
            Self::Translator => &["translator"],
            Self::SubAuthor => &["sub author", "subauthor"],
            Self::SubArranger => &["sub arranger", "subarranger"],
            Self::IncomeParticipant => &["income participant"],
        }
    }
}

impl FromStr for WriterRole {
    type Err = NoRole;

    /// Reads "C", "c - Composer", "C – Komponist", "Composer" and "Lyricist".
    fn from_str(text: &str) -> Result<Self, NoRole> {
        let text = text.trim();
        let head = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        // "A cappella" must not become an author: a code is followed by a sign or by nothing.
        let after_head = text.get(head.len()..).unwrap_or_default().trim_start();
        let is_code = !after_head.starts_with(char::is_alphanumeric);
        let name = fold(text);
        Self::ALL
            .into_iter()
            .find(|role| (is_code && role.code().eq_ignore_ascii_case(head)) || role.names().contains(&name.as_str()))
            .ok_or(NoRole)
    }
}

impl fmt::Display for WriterRole {
    /// "C – Composer"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} – {}", self.code(), self.name())
    }
}

impl TryFrom<String> for WriterRole {
    type Error = NoRole;
    fn try_from(text: String) -> Result<Self, NoRole> {
        text.parse()
    }
}

impl From<WriterRole> for String {
    fn from(role: WriterRole) -> Self {
        role.code().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_codes_and_names() {
        for (typed, role) in [
            ("C", WriterRole::Composer),
            (" ca ", WriterRole::ComposerAuthor),
            ("C – Composer", WriterRole::Composer),
            ("C-Composer", WriterRole::Composer),
            ("c — Komponist", WriterRole::Composer),
            ("CA – Composer&Lyricist", WriterRole::ComposerAuthor),
            ("A – Lyricist", WriterRole::Author),
            ("COMPOSER", WriterRole::Composer),
            ("Composer/Author", WriterRole::ComposerAuthor),
            ("Sub-Arranger", WriterRole::SubArranger),
            ("pa: whatever", WriterRole::IncomeParticipant),
        ] {
            assert_eq!(typed.parse(), Ok(role), "{typed}");
        }
        for typed in ["", "–", "A cappella", "E", "Publisher", "CAA"] {
            assert_eq!(typed.parse::<WriterRole>(), Err(NoRole), "{typed}");
        }
    }

    #[test]
    fn reads_what_it_shows() {
        for role in WriterRole::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{}\"", role.code()));
        }
    }

    #[test]
    fn a_work_is_modified_by_five_roles() {
        let codes =
            |test: fn(WriterRole) -> bool| WriterRole::ALL.into_iter().filter(|r| test(*r)).map(WriterRole::code).collect::<Vec<_>>();
        assert_eq!(codes(WriterRole::is_creator), ["CA", "C", "A"]);
        assert_eq!(codes(WriterRole::modifies), ["AR", "AD", "TR", "SA", "SR"]);
    }
}
