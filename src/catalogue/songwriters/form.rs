//! The form of a songwriter: what was typed, and what is wrong with it.

use super::songwriter::{Details, LONGEST_NUMBER, Songwriter, stored_ipi};
use crate::{
    catalogue::fields::{Fields, LONGEST_LINE},
    error::Result,
    standards::{identifiers::IpiName, societies::SocietyCode},
};
use serde::Deserialize;

/// The form as typed.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(super) struct SongwriterForm {
    pub last: String,
    pub first: String,
    pub stage: String,
    pub ipi: String,
    pub society: String,
    pub number: String,
    /// "This is another person of the same name."
    pub another: String,
    /// The version of the songwriter the form was made from; empty for a new one.
    pub version: String,
}

impl SongwriterForm {
    pub fn of(songwriter: &Songwriter) -> Self {
        let Details { last, first, stage, ipi, society, number } = songwriter.details();
        let [first, stage, ipi, society, number] = [first, stage, ipi, society, number].map(Option::unwrap_or_default);
        SongwriterForm { last, first, stage, ipi, society, number, another: String::new(), version: songwriter.version.to_string() }
    }

    /// `before` is the songwriter as it was: what older data has instead of a code or number may stay as it is.
    pub fn check(&self, before: Option<&Songwriter>) -> Result<Details> {
        let mut fields = Fields::new();
        let kept = |typed: &str, stored: Option<&String>| stored.filter(|stored| *stored == typed.trim()).cloned();
        let ipi = kept(&self.ipi, before.and_then(|before| before.ipi.as_ref()))
            .or_else(|| fields.parsed("ipi", "ipi", &self.ipi).as_ref().and_then(|ipi: &IpiName| stored_ipi(ipi)));
        let society = kept(&self.society, before.and_then(|before| before.society.as_ref()))
            .or_else(|| fields.parsed("society", "society", &self.society).map(|society: SocietyCode| society.as_str().to_owned()));
        let details = Details {
            last: fields.required("last", "The last name", &self.last, LONGEST_LINE),
            first: fields.line("first", "The first name", &self.first, LONGEST_LINE),
            stage: fields.line("stage", "The stage name", &self.stage, LONGEST_LINE),
            ipi,
            society,
            number: fields.line("number", "The number", &self.number, LONGEST_NUMBER).map(|number| number.to_uppercase()),
        };
        if details.number.as_deref().is_some_and(|number| !number.is_ascii() || number.len() > LONGEST_NUMBER) {
            fields.refuse("number", "number", "An own number has letters A to Z, digits and signs only.");
        }
        fields.or(details)
    }
}
