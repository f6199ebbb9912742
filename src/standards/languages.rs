//! Languages of works, by the two-letter codes of CISAC's lookup tables (CWR08-3615R1). A few differ from ISO: Hebrew is IW.

use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::characters::fold;

/// A row of the list of languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Language {
    /// Two letters, as registrations want it: "EN".
    pub code: String,
    /// "English"
    pub name: String,
    /// The tag for a page's `lang`: "en".
    pub iso: String,
}

/// The text names no language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a language we know; write its English name or two-letter code, such as EN")]
pub struct NoLanguage;

static LANGUAGES: LazyLock<Vec<Language>> =
    LazyLock::new(|| csv::Reader::from_reader(include_bytes!("languages.csv").as_slice()).deserialize().filter_map(Result::ok).collect());

impl Language {
    /// Every language, in the order of codes.
    pub fn all() -> &'static [Self] {
        &LANGUAGES
    }

    /// The language of a code, an ISO tag or an English name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(text: &str) -> Result<&'static Self, NoLanguage> {
        let text = text.trim();
        let find = |test: &dyn Fn(&Self) -> bool| Self::all().iter().find(|language| test(language));
        find(&|language| language.code.eq_ignore_ascii_case(text))
            .or_else(|| find(&|language| language.iso.eq_ignore_ascii_case(text)))
            .or_else(|| find(&|language| fold(&language.name) == fold(text)))
            .ok_or(NoLanguage)
    }
}

/// The code of a language of the list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LanguageCode(String);

impl LanguageCode {
    /// Two capital letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LanguageCode {
    type Err = NoLanguage;
    fn from_str(text: &str) -> Result<Self, NoLanguage> {
        Language::named(text).map(|language| Self(language.code.clone()))
    }
}

impl TryFrom<String> for LanguageCode {
    type Error = NoLanguage;
    fn try_from(text: String) -> Result<Self, NoLanguage> {
        text.parse()
    }
}

impl From<LanguageCode> for String {
    fn from(code: LanguageCode) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_codes_tags_and_names() {
        assert_eq!(Language::all().len(), 141);
        for (typed, code) in [("en", "EN"), ("English", "EN"), ("volapuk", "VO"), ("he", "IW"), ("ro", "RO"), ("haw", "HW")] {
            assert_eq!(Language::named(typed).map(|l| l.code.as_str()), Ok(code), "{typed}");
        }
        assert_eq!(Language::named("Klingon"), Err(NoLanguage));
        assert_eq!(Language::named(""), Err(NoLanguage));
    }
}
