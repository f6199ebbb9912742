//! A publisher's songwriters.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    dice::Dice,
    names::{CULTURES, STAGE_NAMES},
    numbers,
};
use crate::standards::characters::fold;

/// A row of `songwriters`.
#[derive(Debug, Serialize)]
pub struct Songwriter {
    pub publisher_id: Uuid,
    pub id: Uuid,
    pub first_name: Option<&'static str>,
    pub last_name: &'static str,
    pub stage_name: Option<&'static str>,
    pub ipi: Option<String>,
    pub society: Option<&'static str>,
    pub contact: Value,
    pub writer_number: String,
    pub name_key: String,
    pub created_by: Uuid,
    pub updated_by: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// Signed to the publisher, so controlled in every work.
    #[serde(skip)]
    pub signed: bool,
}

impl Songwriter {
    /// "Last, First", as lists show it.
    pub fn listed(&self) -> String {
        self.first_name.map_or_else(|| self.last_name.to_owned(), |first| format!("{}, {first}", self.last_name))
    }

    /// "First Last"
    pub fn spoken(&self) -> String {
        self.first_name.map_or_else(|| self.last_name.to_owned(), |first| format!("{first} {}", self.last_name))
    }
}

/// Whose songwriters, how many, and which names are given: the creators who sign in come first.
#[derive(Debug)]
pub struct Roster {
    pub publisher: Uuid,
    pub made: OffsetDateTime,
    pub made_by: Uuid,
    pub count: usize,
    pub given: Vec<(&'static str, &'static str)>,
}

/// About two in five are signed; a few lack a number or a society, as in life.
pub fn songwriters(dice: &Dice, roster: &Roster) -> Vec<Songwriter> {
    let mut taken = HashSet::new();
    let mut songwriters = Vec::with_capacity(roster.count);
    for place in 0..roster.count {
        let given = roster.given.get(place).copied();
        let culture = dice.weighted(CULTURES);
        let (mut first, mut last) = given.unwrap_or_else(|| (dice.word(culture.first), dice.word(culture.last)));
        for _ in 0..30 {
            if given.is_some() || taken.insert((first, last)) {
                break;
            }
            (first, last) = (dice.word(culture.first), dice.word(culture.last));
        }
        // The first few are signed, so that even a small publisher has somebody to control works by.
        let signed = place < 6 || dice.percent(40);
        let known = given.is_some() || dice.percent(if signed { 96 } else { 84 });
        let first_name = (given.is_some() || dice.percent(98)).then_some(first);
        let made = roster.made + Duration::minutes(i64::try_from(place).unwrap_or(0));
        songwriters.push(Songwriter {
            publisher_id: roster.publisher,
            id: dice.id(made),
            first_name,
            last_name: last,
            stage_name: dice.percent(14).then(|| dice.word(STAGE_NAMES)),
            ipi: known.then(|| numbers::ipi(dice.between(1_200_000, 11_800_000))).flatten(),
            society: dice.percent(95).then(|| dice.word(culture.societies)),
            contact: if signed { contact(first_name.unwrap_or_default(), last) } else { json!({}) },
            writer_number: format!("S{:06}", place + 1),
            name_key: fold(&format!("{last} {}", first_name.unwrap_or_default())),
            created_by: roster.made_by,
            updated_by: roster.made_by,
            created_at: made,
            updated_at: made,
            signed,
        });
    }
    songwriters
}

fn contact(first: &str, last: &str) -> Value {
    let address = fold(&format!("{first} {last}")).replace(' ', ".");
    json!({ "email": format!("{address}@writers.test") })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::standards::{identifiers::IpiName, societies::Society};

    #[test]
    fn numbers_and_societies_hold_and_the_same_seed_repeats_itself() {
        let roster = Roster {
            publisher: Uuid::nil(),
            made: datetime!(2026-01-05 10:00 UTC),
            made_by: Uuid::nil(),
            count: 200,
            given: vec![("Mara", "Ellison")],
        };
        let people = songwriters(&Dice::seeded(3), &roster);
        assert_eq!(people[0].listed(), "Ellison, Mara");
        assert!(people.iter().filter_map(|person| person.ipi.as_deref()).all(|ipi| ipi.parse::<IpiName>().is_ok()));
        assert!(people.iter().filter_map(|person| person.society).all(|code| Society::by_code(code).is_some_and(Society::is_active)));
        assert!(people.iter().any(|person| person.ipi.is_none()) && people.iter().any(|person| !person.signed));
        let again = songwriters(&Dice::seeded(3), &roster);
        assert_eq!(serde_json::to_value(&people).unwrap(), serde_json::to_value(&again).unwrap());
    }
}
