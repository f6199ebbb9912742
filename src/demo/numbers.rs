//! Numbers of the trade that pass their checks: made up, but not mistyped.

use crate::standards::identifiers::{IpiName, Isrc, Iswc};

/// The IPI name number of nine digits: of the hundred endings one fits.
pub fn ipi(nine: i64) -> Option<String> {
    fitting::<IpiName>(&format!("{nine:09}"), 100, 2).map(String::from)
}

/// The ISWC of nine digits.
pub fn iswc(nine: i64) -> Option<String> {
    fitting::<Iswc>(&format!("T{nine:09}"), 10, 1).map(String::from)
}

/// An ISRC of a registrant ("GBNLM"), a year and a running number.
pub fn isrc(registrant: &str, year: i32, running: usize) -> Option<String> {
    format!("{registrant}{:02}{running:05}", year.rem_euclid(100)).parse::<Isrc>().ok().map(String::from)
}

/// The number whose check digits the rules accept: they are asked, not copied.
fn fitting<N: std::str::FromStr>(stem: &str, endings: u32, digits: usize) -> Option<N> {
    (0..endings).find_map(|ending| format!("{stem}{ending:0digits$}").parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_come_out() {
        assert_eq!(ipi(141_073).as_deref(), Some("00014107338"));
        assert_eq!(ipi(4_942_488).as_deref(), Some("00494248817"));
        assert_eq!(iswc(34_524_680).as_deref(), Some("T0345246801"));
        assert_eq!(iswc(123_456_789).as_deref(), Some("T1234567894"));
        assert_eq!(isrc("GBNLM", 2009, 42).as_deref(), Some("GBNLM0900042"));
    }

    #[test]
    fn every_stem_has_its_check_digits() {
        assert!((0..500).all(|stem| ipi(stem * 7_919).is_some() && iswc(stem * 7_919).is_some()));
    }
}
