//! Fields of the catalogue's forms: what was typed in, cleaned values out, and words beside whatever is wrong.

use crate::{
    error::{Refusal, Result},
    standards::characters::{clean, clean_multiline},
};
use std::{fmt::Display, str::FromStr};
use time::{Date, macros::format_description};

/// Longest title or name we keep, in characters. Societies take 60 of a title; people's own records run longer.
pub const LONGEST_LINE: usize = 255;
/// Longest notes, in characters.
pub const LONGEST_NOTES: usize = 10_000;
/// Most alternative titles of a work.
pub const MOST_TITLES: usize = 40;

/// Reads a form field by field and gathers what is wrong, so that a person sees all of it at once.
pub struct Fields(Refusal);

impl Fields {
    pub fn new() -> Self {
        Fields(Refusal::checks())
    }

    pub fn refuse(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.add(field, code, message);
    }

    pub fn any_refused(&self) -> bool {
        !self.0.problems.is_empty()
    }

    /// `value`, when nothing was refused.
    pub fn or<T>(self, value: T) -> Result<T> {
        self.0.or(value)
    }

    /// One line that may be empty.
    pub fn line(&mut self, field: &str, label: &str, typed: &str, longest: usize) -> Option<String> {
        match clean(typed) {
            Err(unclean) => {
                self.refuse(field, "characters", format!("{label} {unclean}. Please type it anew."));
                None
            }
            Ok(text) => self.within(field, label, text, longest),
        }
    }

    /// One line that must be there.
    pub fn required(&mut self, field: &str, label: &str, typed: &str, longest: usize) -> String {
        if typed.trim().is_empty() {
            self.refuse(field, "required", format!("{label} is missing."));
            return String::new();
        }
        let before = self.0.problems.len();
        let line = self.line(field, label, typed, longest);
        if line.is_none() && self.0.problems.len() == before {
            self.refuse(field, "required", format!("{label} is missing."));
        }
        line.unwrap_or_default()
    }

    /// A text of several lines.
    pub fn notes(&mut self, field: &str, label: &str, typed: &str) -> Option<String> {
        match clean_multiline(typed) {
            Err(unclean) => {
                self.refuse(field, "characters", format!("{label} {unclean}. Please take it out."));
                None
            }
            Ok(text) => self.within(field, label, text, LONGEST_NOTES),
        }
    }

    fn within(&mut self, field: &str, label: &str, text: String, longest: usize) -> Option<String> {
        let length = text.chars().count();
        if length > longest {
            self.refuse(field, "too_long", format!("{label} may have {longest} characters at most; this has {length}."));
            return None;
        }
        Some(text).filter(|text| !text.is_empty())
    }

    /// A value with a form of its own, such as an ISWC; the reason it is none reads on after what was typed.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self, field: &str, code: &'static str, typed: &str) -> Option<T> {
        let typed = typed.trim();
        if typed.is_empty() {
            return None;
        }
        typed.parse().map_err(|error: T::Err| self.refuse(field, code, format!("“{}” {error}.", short(typed)))).ok()
    }

    /// Minutes and seconds as 3:45, or hours too, as whole seconds.
    pub fn duration(&mut self, field: &str, typed: &str) -> Option<i32> {
        let typed = typed.trim();
        if typed.is_empty() {
            return None;
        }
        let seconds = seconds(typed);
        if seconds.is_none() {
            self.refuse(field, "duration", format!("“{}” is not a duration; write minutes and seconds, such as 3:45.", short(typed)));
        }
        seconds
    }

    /// A day as 2024-05-01, the form in which browsers send dates.
    pub fn date(&mut self, field: &str, typed: &str) -> Option<Date> {
        let typed = typed.trim();
        if typed.is_empty() {
            return None;
        }
        let date = Date::parse(typed, format_description!("[year]-[month]-[day]")).ok().filter(|date| (1000..=9999).contains(&date.year()));
        if date.is_none() {
            self.refuse(field, "date", format!("“{}” is not a date; write year, month and day, such as 2024-05-01.", short(typed)));
        }
        date
    }
}

/// What was typed, cut for a sentence.
pub fn short(typed: &str) -> String {
    let mut text: String = typed.chars().take(40).collect();
    if text.len() < typed.len() {
        text.push('…');
    }
    text
}

fn seconds(typed: &str) -> Option<i32> {
    let number = |digits: &str| {
        let plausible = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse::<i32>().ok().filter(|_| plausible)
    };
    let under_sixty = |digits: &str| number(digits).filter(|n| *n < 60 && digits.len() <= 2);
    let parts: Vec<&str> = typed.split(':').map(str::trim).collect();
    let seconds = match parts.as_slice() {
        [minutes, seconds] => number(minutes)? * 60 + under_sixty(seconds)?,
        [hours, minutes, seconds] => number(hours)? * 3600 + under_sixty(minutes)? * 60 + under_sixty(seconds)?,
        _ => return None,
    };
    Some(seconds).filter(|seconds| *seconds < 100 * 3600)
}

/// "3:45" or "1:02:03", as a form takes it back.
pub fn clock(seconds: i32) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{rest:02}") } else { format!("{minutes}:{rest:02}") }
}

/// "2024-05-01", as a form takes it back.
pub fn iso(date: Date) -> String {
    date.format(format_description!("[year]-[month]-[day]")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn message(read: impl FnOnce(&mut Fields)) -> String {
        let mut fields = Fields::new();
        read(&mut fields);
        match fields.or(()) {
            Err(Error::Refused(refusal)) => refusal.message().to_owned(),
            _ => String::new(),
        }
    }

    #[test]
    fn lengths_are_read_as_they_are_shown() {
        for (typed, expected) in
            [("3:45", Some(225)), ("75:00", Some(4500)), ("1:02:03", Some(3723)), ("3:60", None), ("345", None), ("-1:00", None)]
        {
            assert_eq!(seconds(typed), expected, "{typed}");
        }
        assert_eq!(clock(225), "3:45");
        assert_eq!(seconds(&clock(3723)), Some(3723));
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        assert_eq!(message(|f| drop(f.required("title", "Title", " \u{200B} ", 9))), "Title is missing.");
        assert_eq!(message(|f| drop(f.line("title", "Title", "much too long", 9))), "Title may have 9 characters at most; this has 13.");
        assert!(message(|f| drop(f.line("title", "Title", "a\u{202E}b", 9))).starts_with("Title contains an invisible mark"));
        assert_eq!(
            message(|f| {
                f.date("day", "2024-02-30");
            }),
            "“2024-02-30” is not a date; write year, month and day, such as 2024-05-01."
        );
        assert_eq!(message(|f| drop(f.line("title", "Title", "🎵 <b>=1+1</b>", 99))), "");
    }
}
