//! Forms of a cell that belong to files alone: yes and no, lengths of time, dates.

use time::{Date, Month};

use super::Controlled;

/// "Yes", "General", "false" …
pub(super) fn controlled(text: &str) -> Option<Controlled> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "x" => Some(Controlled::Yes),
        "no" | "n" | "false" | "0" => Some(Controlled::No),
        "general" | "generally" | "g" => Some(Controlled::General),
        _ => None,
    }
}

/// Seconds of "3:45", "1:02:03", "225" or the six digits "000345" that registrations use; under 100 hours.
pub(super) fn seconds(text: &str) -> Option<u32> {
    let number = |digits: &str| {
        let plausible = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse::<u32>().ok().filter(|_| plausible)
    };
    let in_hour = |digits: &str| number(digits).filter(|n| *n < 60 && digits.len() <= 2);
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    let seconds = match parts.as_slice() {
        [all] if all.len() == 6 => {
            let [hours, minutes, seconds] = [all.get(0..2)?, all.get(2..4)?, all.get(4..6)?];
            number(hours)? * 3600 + in_hour(minutes)? * 60 + in_hour(seconds)?
        }
        [seconds] => number(seconds)?,
        [minutes, seconds] => number(minutes)? * 60 + in_hour(seconds)?,
        [hours, minutes, seconds] => number(hours)? * 3600 + in_hour(minutes)? * 60 + in_hour(seconds)?,
        _ => return None,
    };
    Some(seconds).filter(|seconds| *seconds < 100 * 3600)
}

/// A date, and whether the file gave it whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dated {
    Day(Date),
    /// The first day of a year that stood alone.
    Year(Date),
}

/// "2024-05-01", "01.05.2024", "31/05/2024" or "2024", with or without a time after it. With slashes the day and
/// the month must tell themselves apart, since half the world writes them the other way round.
pub(super) fn date(text: &str) -> Option<Dated> {
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let sign = day.chars().find(|c| !c.is_ascii_digit());
    let Some(sign) = sign.filter(|c| "-./".contains(*c)) else {
        return calendar(day, "1", "1").map(Dated::Year);
    };
    let parts: Vec<&str> = day.split(sign).collect();
    let date = match parts.as_slice() {
        [year, month, day] if year.len() == 4 => calendar(year, month, day),
        [day, month, year] if sign == '.' => calendar(year, month, day),
        [first, second, year] => match (calendar(year, second, first), calendar(year, first, second)) {
            (Some(one), Some(other)) => Some(one).filter(|one| *one == other),
            (one, other) => one.or(other),
        },
        _ => None,
    };
    date.map(Dated::Day)
}

fn calendar(year: &str, month: &str, day: &str) -> Option<Date> {
    let digits = [year, month, day].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let plausible = digits && year.len() == 4 && year >= "1000";
    let month = month.parse::<u8>().ok().and_then(|month| Month::try_from(month).ok())?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    Some(date).filter(|_| plausible)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date as day;

    use super::*;

    #[test]
    fn reads_lengths() {
        for (typed, expected) in [
            ("3:45", Some(225)),
            ("03:45", Some(225)),
            ("75:00", Some(4500)),
            ("1:02:03", Some(3723)),
            ("225", Some(225)),
            ("000345", Some(225)),
            ("3:60", None),
            ("1:60:00", None),
            ("100:00:00", None),
            ("3.45", None),
            ("-3:45", None),
            ("", None),
            (":", None),
            ("007٠", None),
        ] {
            assert_eq!(seconds(typed), expected, "{typed}");
        }
    }

    #[test]
    fn reads_dates_that_can_mean_one_day_only() {
        for typed in [
            "2024-05-31",
            "2024/5/31",
            "31.5.2024",
            "31/05/2024",
            "05/31/2024",
            "31-05-2024",
            "2024-05-31 00:00:00",
            "2024-05-31T12:00:00Z",
        ] {
            assert_eq!(date(typed), Some(Dated::Day(day!(2024 - 05 - 31))), "{typed}");
        }
        assert_eq!(date("05/05/2024"), Some(Dated::Day(day!(2024 - 05 - 05))));
        assert_eq!(date("04.05.2024"), Some(Dated::Day(day!(2024 - 05 - 04))));
        assert_eq!(date("2024"), Some(Dated::Year(day!(2024 - 01 - 01))));
        for typed in ["04/05/2024", "2024-02-30", "24", "0024", "31/05/24", "2024-05", "May 2024", "", "-", "+2024", "45413"] {
            assert_eq!(date(typed), None, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(text in any::<String>(), near in "[0-9:./ T-]{0,12}") {
            for typed in [text, near] {
                let _ = (seconds(&typed), date(&typed), controlled(&typed));
            }
        }
    }
}
