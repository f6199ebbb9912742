//! Societies, by the three-digit codes of CISAC's list SG26-0077 (July 2026) and lookup tables CWR08-3615R1.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;

use super::characters::fold;

/// A society that licenses works, or a placeholder of the trade such as 099, "no society".
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Society {
    /// Three digits: "010".
    pub code: String,
    /// "ASCAP"
    pub name: String,
    /// ISO 3166 letters, empty where the list is silent.
    pub country: String,
    /// The name as a search key; files name societies thousands of times.
    #[serde(skip)]
    folded: String,
    kind: Kind,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Society,
    /// Exchanges data for several societies; nobody is a member of it.
    Hub,
    Secretariat,
    Placeholder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Active,
    /// No longer in CISAC's list of members; old data still names it.
    Former,
}

/// Why typed text names no society.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSociety {
    /// Neither a code nor a name of the list.
    #[error("is not a society we know; write its code and name, such as 010 – ASCAP")]
    Unknown,
    /// The code belongs to one society, the name to another.
    #[error("has the code of {0} and the name of another society")]
    Contradiction(String),
}

/// Common names the list does not give, folded.
const OTHER_NAMES: [(&str, &str); 5] =
    [("prs for music", "052"), ("no society", "099"), ("none", "099"), ("public domain", "000"), ("pd", "000")];

static SOCIETIES: LazyLock<Vec<Society>> = LazyLock::new(|| {
    csv::Reader::from_reader(include_bytes!("societies.csv").as_slice())
        .deserialize()
        .filter_map(Result::ok)
        .map(|society: Society| Society { folded: fold(&society.name), ..society })
        .collect()
});

impl Society {
    /// Every society, former ones too, in the order of codes.
    pub fn all() -> &'static [Self] {
        &SOCIETIES
    }

    /// Those a form offers for a writer: active societies and "no society".
    pub fn offered() -> impl Iterator<Item = &'static Self> {
        Self::all().iter().filter(|s| s.is_active() && (s.kind == Kind::Society || s.code == "099"))
    }

    /// The society of a code of one to three digits.
    pub fn by_code(code: &str) -> Option<&'static Self> {
        let digits = !code.is_empty() && code.len() <= 3 && code.bytes().all(|b| b.is_ascii_digit());
        let code = digits.then(|| format!("{code:0>3}"))?;
        Self::all().iter().find(|society| society.code == code)
    }

    /// The society typed text means: "10 – ASCAP", "10-ASCAP", "010" or "ASCAP".
    ///
    /// # Errors
    /// When neither code nor name is known, or they name two societies.
    pub fn named(text: &str) -> Result<&'static Self, NoSociety> {
        let text = text.trim();
        let code: String = text.chars().take_while(char::is_ascii_digit).collect();
        let name = fold(text.get(code.len()..).unwrap_or_default());
        if code.is_empty() {
            return Self::by_name(&name).ok_or(NoSociety::Unknown);
        }
        let society = Self::by_code(&code).ok_or(NoSociety::Unknown)?;
        // Files write names in many ways; only one that clearly is another society's contradicts the code.
        match Self::by_exact_name(&name) {
            Some(other) if society.folded != name && other != society => Err(NoSociety::Contradiction(society.to_string())),
            _ => Ok(society),
        }
    }

    /// Still works under its code.
    pub fn is_active(&self) -> bool {
        self.state == State::Active
    }

    fn by_exact_name(folded: &str) -> Option<&'static Self> {
        let other = OTHER_NAMES.iter().find(|(name, _)| *name == folded).and_then(|(_, code)| Self::by_code(code));
        let same = || Self::all().iter().filter(|society| society.folded == folded);
        other.or_else(|| same().find(|society| society.is_active())).or_else(|| same().next())
    }

    /// Also "SESAC" for "SESAC Inc.", as long as only one active society begins so.
    fn by_name(folded: &str) -> Option<&'static Self> {
        if folded.is_empty() {
            return None;
        }
        let beginning = format!("{folded} ");
        let mut begin = Self::offered().filter(|society| society.folded.starts_with(&beginning));
        Self::by_exact_name(folded).or_else(|| begin.next().filter(|_| begin.next().is_none()))
    }
}

impl fmt::Display for Society {
    /// "010 – ASCAP"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} – {}", self.code, self.name)
    }
}

/// The code of a society of the list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SocietyCode(String);

impl SocietyCode {
    /// Three digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SocietyCode {
    type Err = NoSociety;
    fn from_str(text: &str) -> Result<Self, NoSociety> {
        Society::named(text).map(|society| Self(society.code.clone()))
    }
}

impl TryFrom<String> for SocietyCode {
    type Error = NoSociety;
    fn try_from(text: String) -> Result<Self, NoSociety> {
        text.parse()
    }
}

impl From<SocietyCode> for String {
    fn from(code: SocietyCode) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_list_is_read() {
        assert_eq!(Society::all().len(), 402);
        assert!(Society::all().is_sorted_by(|a, b| a.code < b.code));
        assert!(Society::offered().any(|s| s.code == "099"));
        assert!(Society::offered().all(|s| s.code != "000"));
    }

    #[test]
    fn reads_codes_and_names() {
        for (typed, code) in [
            ("10 – ASCAP", "010"),
            ("10-ASCAP", "010"),
            ("010", "010"),
            ("10", "010"),
            ("ascap", "010"),
            ("52 – PRS for Music", "052"),
            ("PRS", "052"),
            ("SESAC Inc.", "071"),
            ("99 – NO SOCIETY", "099"),
            ("21: Broadcast Music", "021"),
            ("165 ATN", "165"),
            ("ATN", "141"),
        ] {
            assert_eq!(Society::named(typed).map(|s| s.code.as_str()), Ok(code), "{typed}");
        }
    }

    #[test]
    fn says_why_it_is_none() {
        for typed in ["", " – ", "997", "0010", "Nowhere Music"] {
            assert_eq!(Society::named(typed), Err(NoSociety::Unknown), "{typed}");
        }
        assert_eq!(Society::named("10 – BMI").unwrap_err().to_string(), "has the code of 010 – ASCAP and the name of another society");
    }
}
