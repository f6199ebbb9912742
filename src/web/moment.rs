//! Times as people read them. The exact instant stays in the element's `title`.

use std::{borrow::Borrow, fmt};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// An instant shown as day and minute, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub OffsetDateTime);

impl Moment {
    /// For templates, which hand over references.
    pub fn at(instant: &OffsetDateTime) -> Self {
        Moment(*instant)
    }

    /// "22 Nov 2026"
    pub fn day(&self) -> String {
        day(self.0.date())
    }

    /// Machine-readable, for `datetime=`. In whole seconds: HTML takes three digits after them at most.
    pub fn exact(&self) -> String {
        self.0.truncate_to_second().format(&Rfc3339).unwrap_or_default()
    }

    /// How long before `now`: "just now", "5 minutes ago", "3 days ago", then the day.
    pub fn before(&self, now: &OffsetDateTime) -> String {
        let minutes = (*now - self.0).whole_minutes();
        match minutes {
            ..1 => "just now".into(),
            1 => "1 minute ago".into(),
            2..60 => format!("{minutes} minutes ago"),
            60..120 => "1 hour ago".into(),
            120..1440 => format!("{} hours ago", minutes / 60),
            1440..2880 => "yesterday".into(),
            2880..43200 => format!("{} days ago", minutes / 1440),
            _ => self.day(),
        }
    }
}

impl From<OffsetDateTime> for Moment {
    fn from(instant: OffsetDateTime) -> Self {
        Moment(instant)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.format(format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC"));
        f.write_str(&text.unwrap_or_default())
    }
}

/// "22 Nov 2026"
pub fn day(date: Date) -> String {
    date.format(format_description!("[day padding:none] [month repr:short] [year]")).unwrap_or_default()
}

/// Thousands apart: 12408 → "12,408". Templates hand over references.
pub fn figure(number: impl Borrow<i64>) -> String {
    let number = *number.borrow();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + 6);
    if number < 0 {
        text.push('−');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Hundredths of a per cent as they are read: 3333 → "33.33 %".
pub fn percent(hundredths: impl Borrow<i64>) -> String {
    let hundredths = *hundredths.borrow();
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn figures_have_thousands_apart() {
        assert_eq!(figure(0), "0");
        assert_eq!(figure(999), "999");
        assert_eq!(figure(12_408), "12,408");
        assert_eq!(figure(-1_000_000), "−1,000,000");
    }

    #[test]
    fn distances_are_said_in_words() {
        let now = datetime!(2026-11-22 12:00 UTC);
        assert_eq!(Moment(datetime!(2026-11-22 11:59:40 UTC)).before(&now), "just now");
        assert_eq!(Moment(datetime!(2026-11-22 09:59 UTC)).before(&now), "2 hours ago");
        assert_eq!(Moment(datetime!(2026-08-01 09:59 UTC)).before(&now), "1 Aug 2026");
        assert_eq!(Moment(now).to_string(), "22 Nov 2026, 12:00 UTC");
        assert_eq!(Moment(datetime!(2026-11-22 12:00:07.123456 UTC)).exact(), "2026-11-22T12:00:07Z");
    }
}
