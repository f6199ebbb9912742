//! Numbers of the trade: how they are typed, checked, kept and printed.
//!
//! Each type holds the normalised form, the one to store and compare; `Display` prints it as people know it.
//! Only ASCII letters and digits count: full-width digits or a Cyrillic "Т" look right and are wrong.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

mod isrc_prefixes;

/// A kind of number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// IPI name number of a writer or publisher.
    IpiName,
    /// IPI base number of a writer or publisher.
    IpiBase,
    /// Number of a work.
    Iswc,
    /// Code of a recording.
    Isrc,
    /// Number of a name in public life.
    Isni,
    /// Number of a release, as under its bar code.
    Ean,
}

impl Kind {
    /// "ISWC"
    pub fn name(self) -> &'static str {
        match self {
            Self::IpiName => "IPI name number",
            Self::IpiBase => "IPI base number",
            Self::Iswc => "ISWC",
            Self::Isrc => "ISRC",
            Self::Isni => "ISNI",
            Self::Ean => "EAN",
        }
    }

    /// What one looks like, to stand beside a field.
    pub fn form(self) -> &'static str {
        match self {
            Self::IpiName => "up to eleven digits, such as 00014107338",
            Self::IpiBase => "the letter I and ten digits, such as I-000000229-7",
            Self::Iswc => "the letter T and ten digits, such as T-034.524.680-1",
            Self::Isrc => "two letters, three letters or digits, and seven digits, such as US-SKG-19-12345",
            Self::Isni => "sixteen digits, the last of which may be X, such as 0000 0001 2146 438X",
            Self::Ean => "twelve or thirteen digits, such as 4006381333931",
        }
    }
}

/// Why typed text is no such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoNumber {
    /// Too short, too long, or with characters that do not belong.
    #[error("is not an {}; that is {}", .0.name(), .0.form())]
    Form(Kind),
    /// Right in form, but mistyped: the digits contradict each other.
    #[error("is mistyped: its check digit does not fit the other digits of this {}", .0.name())]
    CheckDigit(Kind),
    /// An ISRC that begins with letters no agency gives out, as far as the list knows.
    #[error("begins with two letters no ISRC agency is known to use")]
    Prefix,
}

/// A newtype over the normalised text: `FromStr` normalises and checks, serde and `as_str` use the normalised form.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The normalised form, as stored.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(number: $name) -> Self {
                number.0
            }
        }
    };
}

macro_rules! stored_as_typed {
    ($($name:ident)*) => {$(
        impl TryFrom<String> for $name {
            type Error = NoNumber;
            fn try_from(text: String) -> Result<Self, NoNumber> {
                text.parse()
            }
        }
    )*};
}

stored_as_typed!(IpiName IpiBase Iswc Isni Ean);

/// Typed text without blanks and tabs around it and `separators` in it, in ASCII capitals.
fn bare(text: &str, separators: &[char]) -> String {
    let text = text.trim_matches([' ', '\t']);
    text.chars().filter(|c| !separators.contains(c)).map(|c| c.to_ascii_uppercase()).collect()
}

/// The values of a text of exactly `length` ASCII digits.
fn digits(text: &str, length: usize) -> Option<Vec<u32>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
    digits.filter(|digits| digits.len() == length)
}

/// Part of a normalised number, which is ASCII and long enough by construction.
fn part(text: &str, range: std::ops::Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

number! {
    /// IPI name number: eleven digits.
    IpiName
}

impl IpiName {
    /// All zeros, which files write for "has none". It passes the check and must never be a key.
    pub fn stands_for_none(&self) -> bool {
        self.0.bytes().all(|b| b == b'0')
    }
}

impl FromStr for IpiName {
    type Err = NoNumber;

    /// Leading zeros may be missing; spaces and dots are dropped. Check: modulus 101 over the first nine
    /// digits with weights 10 down to 2; two published numbers are known to fail it.
    fn from_str(text: &str) -> Result<Self, NoNumber> {
        let bare = bare(text, &[' ', '.']);
        let padded = format!("{bare:0>11}");
        let digits = digits(&padded, 11).filter(|_| !bare.is_empty()).ok_or(NoNumber::Form(Kind::IpiName))?;
        let sum: u32 = digits.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
        let check = (101 - sum % 101) % 101 % 100;
        if part(&padded, 9..11) == format!("{check:02}") { Ok(Self(padded)) } else { Err(NoNumber::CheckDigit(Kind::IpiName)) }
    }
}

impl fmt::Display for IpiName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The ten digits after `letter`, if the last is their check digit: weights 1 to 9 on top of `seed`, modulus 10.
fn lettered(text: &str, letter: char, seed: u32, kind: Kind) -> Result<String, NoNumber> {
    let bare = bare(text, &[' ', '.', '-']);
    let number = bare.strip_prefix(letter).ok_or(NoNumber::Form(kind))?;
    let digits = digits(number, 10).ok_or(NoNumber::Form(kind))?;
    let sum: u32 = digits.iter().zip(1..=9).map(|(digit, weight)| digit * weight).sum();
    if digits.last() == Some(&((10 - (seed + sum) % 10) % 10)) { Ok(number.to_owned()) } else { Err(NoNumber::CheckDigit(kind)) }
}

number! {
    /// IPI base number, stored as printed: "I-000000229-7".
    IpiBase
}

impl FromStr for IpiBase {
    type Err = NoNumber;

    /// Spaces, dots and hyphens are dropped. Not every single wrong digit shows in the check digit.
    fn from_str(text: &str) -> Result<Self, NoNumber> {
        let number = lettered(text, 'I', 2, Kind::IpiBase)?;
        Ok(Self(format!("I-{}-{}", part(&number, 0..9), part(&number, 9..10))))
    }
}

impl fmt::Display for IpiBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

number! {
    /// ISWC: "T" and ten digits.
    Iswc
}

impl FromStr for Iswc {
    type Err = NoNumber;

    /// Spaces, dots and hyphens are dropped. Not every single wrong digit shows in the check digit.
    fn from_str(text: &str) -> Result<Self, NoNumber> {
        lettered(text, 'T', 1, Kind::Iswc).map(|number| Self(format!("T{number}")))
    }
}

impl fmt::Display for Iswc {
    /// "T-034.524.680-1"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = [1..4, 4..7, 7..10, 10..11].map(|range| part(&self.0, range));
        write!(f, "T-{a}.{b}.{c}-{d}")
    }
}

number! {
    /// ISRC: twelve characters. It has no check digit.
    Isrc
}

impl Isrc {
    /// Takes any code of the right form, whatever its first two letters: codes with letters the list does
    /// not know occur in societies' own files, so a person may insist.
    ///
    /// # Errors
    /// When the form is wrong.
    pub fn of_any_prefix(text: &str) -> Result<Self, NoNumber> {
        let mut bare = bare(text, &[' ', '.', '-']);
        // "ISRC1…" alone is a code of Iceland, so the word goes only where something is too long.
        if bare.len() > 12 && bare.starts_with("ISRC") {
            bare = bare.split_off(4);
            bare = bare.strip_prefix(':').map(str::to_owned).unwrap_or(bare);
        }
        let is_letter = |c: char| c.is_ascii_uppercase();
        let fits = bare.len() == 12
            && bare.chars().enumerate().all(|(at, c)| match at {
                0..2 => is_letter(c),
                2..5 => is_letter(c) || c.is_ascii_digit(),
                _ => c.is_ascii_digit(),
            });
        if fits { Ok(Self(bare)) } else { Err(NoNumber::Form(Kind::Isrc)) }
    }
}

impl FromStr for Isrc {
    type Err = NoNumber;

    /// Spaces, dots, hyphens and a leading "ISRC" are dropped; the first two letters must be in use.
    fn from_str(text: &str) -> Result<Self, NoNumber> {
        let isrc = Self::of_any_prefix(text)?;
        if isrc_prefixes::in_use(part(&isrc.0, 0..2)) { Ok(isrc) } else { Err(NoNumber::Prefix) }
    }
}

impl TryFrom<String> for Isrc {
    type Error = NoNumber;
    /// What is stored may have been insisted on.
    fn try_from(text: String) -> Result<Self, NoNumber> {
        Self::of_any_prefix(&text)
    }
}

impl fmt::Display for Isrc {
    /// "US-SKG-19-12345"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = [0..2, 2..5, 5..7, 7..12].map(|range| part(&self.0, range));
        write!(f, "{a}-{b}-{c}-{d}")
    }
}

number! {
    /// ISNI: sixteen characters, the last a digit or X.
    Isni
}

impl FromStr for Isni {
    type Err = NoNumber;

    /// Spaces and hyphens are dropped. Check: ISO 7064, modulus 11-2.
    fn from_str(text: &str) -> Result<Self, NoNumber> {
        let bare = bare(text, &[' ', '-']);
        let body = bare.strip_suffix(|c: char| c.is_ascii_digit() || c == 'X').ok_or(NoNumber::Form(Kind::Isni))?;
        let digits = digits(body, 15).ok_or(NoNumber::Form(Kind::Isni))?;
        let sum = digits.iter().fold(0, |sum, digit| (sum + digit) * 2 % 11);
        let check = match (12 - sum) % 11 {
            10 => 'X',
            value => char::from_digit(value, 10).unwrap_or('X'),
        };
        if bare.ends_with(check) { Ok(Self(bare)) } else { Err(NoNumber::CheckDigit(Kind::Isni)) }
    }
}

impl fmt::Display for Isni {
    /// "0000 0001 2146 438X"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = [0..4, 4..8, 8..12, 12..16].map(|range| part(&self.0, range));
        write!(f, "{a} {b} {c} {d}")
    }
}

number! {
    /// EAN of thirteen digits; a UPC of twelve gets a leading zero.
    Ean
}

impl FromStr for Ean {
    type Err = NoNumber;

    /// Spaces and hyphens are dropped. Check: weights 1 and 3 in turn, modulus 10.
    fn from_str(text: &str) -> Result<Self, NoNumber> {
        let bare = bare(text, &[' ', '-']);
        let padded = if bare.len() == 12 { format!("0{bare}") } else { bare };
        let digits = digits(&padded, 13).ok_or(NoNumber::Form(Kind::Ean))?;
        let sum: u32 = digits.iter().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
        if sum.is_multiple_of(10) { Ok(Self(padded)) } else { Err(NoNumber::CheckDigit(Kind::Ean)) }
    }
}

impl fmt::Display for Ean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
