//! Shares: whole hundredths of a per cent, never floating point.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A share of a work in hundredths of a per cent, 0 to 10000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Share(u16);

/// Why typed text is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoShare {
    /// Not a number in any of the forms accepted.
    #[error("is not a share; write a per cent such as 50, 33.33 or 33,33 %, or a fraction such as 1/3")]
    NotANumber,
    /// A number over 100 %.
    #[error("is more than 100 %")]
    TooLarge,
    /// A number below nothing.
    #[error("is less than nothing")]
    Negative,
}

impl Share {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The whole work.
    pub const WHOLE: Self = Self(10_000);

    /// A share of so many hundredths of a per cent; none above 10000.
    pub fn from_hundredths(hundredths: u16) -> Option<Self> {
        (hundredths <= Self::WHOLE.0).then_some(Self(hundredths))
    }

    /// Hundredths of a per cent.
    pub fn hundredths(self) -> u16 {
        self.0
    }

    /// "33.33", for a form field or a file.
    pub fn plain(self) -> String {
        format!("{}.{:02}", self.0 / 100, self.0 % 100)
    }

    /// Reads files that write shares as parts of one: there a bare number up to 1 is a part of the whole
    /// ("0.6667", "1"). A per cent sign or a larger number still means per cent.
    ///
    /// # Errors
    /// As [`Share::from_str`].
    pub fn from_part_of_one(text: &str) -> Result<Self, NoShare> {
        match Typed::parse(text)? {
            typed @ Typed { sign: false, fraction: false, .. } if typed.numerator <= typed.denominator => {
                Self::from_ratio(typed.numerator.saturating_mul(100), typed.denominator)
            }
            _ => text.parse(),
        }
    }

    /// `numerator / denominator` per cent, rounded half up to hundredths.
    fn from_ratio(numerator: u64, denominator: u64) -> Result<Self, NoShare> {
        let doubled = numerator.checked_mul(200).ok_or(NoShare::TooLarge)?;
        let rounded =
            doubled.checked_add(denominator).and_then(|sum| sum.checked_div(denominator.saturating_mul(2))).ok_or(NoShare::NotANumber)?;
        u16::try_from(rounded).ok().and_then(Self::from_hundredths).ok_or(NoShare::TooLarge)
    }
}

impl FromStr for Share {
    type Err = NoShare;

    /// Reads "50", "50 %", "33.33", "33,33", "1/3", "100/3" and "33 1/3". A fraction up to 1/1 is a part of
    /// the whole, a larger one a number of per cent. Rounds to hundredths; what that leaves of a split is
    /// the caller's to place.
    fn from_str(text: &str) -> Result<Self, NoShare> {
        let typed = Typed::parse(text)?;
        let part = typed.fraction && !typed.sign && typed.numerator <= typed.denominator;
        Self::from_ratio(typed.numerator.saturating_mul(if part { 100 } else { 1 }), typed.denominator)
    }
}

impl fmt::Display for Share {
    /// "33.33 %"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Total::from(*self).fmt(f)
    }
}

impl TryFrom<u16> for Share {
    type Error = NoShare;
    fn try_from(hundredths: u16) -> Result<Self, NoShare> {
        Self::from_hundredths(hundredths).ok_or(NoShare::TooLarge)
    }
}

impl From<Share> for u16 {
    fn from(share: Share) -> Self {
        share.0
    }
}

/// A typed number as an exact ratio.
struct Typed {
    numerator: u64,
    denominator: u64,
    /// Written with "/".
    fraction: bool,
    /// Written with "%".
    sign: bool,
}

impl Typed {
    fn parse(text: &str) -> Result<Self, NoShare> {
        let text = text.trim();
        let number = text.strip_suffix('%').map(str::trim_end);
        let sign = number.is_some();
        let number = number.unwrap_or(text);
        if let Some(rest) = number.strip_prefix(['-', '−'])
            && rest.starts_with(|c: char| c.is_ascii_digit())
        {
            return Err(NoShare::Negative);
        }
        let (numerator, denominator) = match number.split_once('/') {
            Some((over, under)) => fraction(over, under),
            None => decimal(number),
        }
        .filter(|(_, denominator)| *denominator > 0)
        .ok_or(NoShare::NotANumber)?;
        Ok(Self { numerator, denominator, fraction: number.contains('/'), sign })
    }
}

/// "1/3" or "33 1/3".
fn fraction(over: &str, under: &str) -> Option<(u64, u64)> {
    let under = whole(under.trim())?;
    let over = over.trim();
    match over.rsplit_once(' ') {
        None => Some((whole(over)?, under)),
        Some((units, over)) => {
            let units = whole(units.trim_end())?;
            Some((units.checked_mul(under)?.checked_add(whole(over)?)?, under))
        }
    }
}

/// "33", "33.33", "33,33" or ".5".
fn decimal(number: &str) -> Option<(u64, u64)> {
    let Some((units, decimals)) = number.split_once(['.', ',']) else {
        return Some((whole(number)?, 1));
    };
    let digits = format!("{units}{decimals}");
    let denominator = 10_u64.checked_pow(u32::try_from(decimals.len()).ok()?)?;
    Some((whole(&digits)?, denominator))
}

/// Digits only: `u64::from_str` would take a plus sign too.
fn whole(digits: &str) -> Option<u64> {
    // Twelve digits are more than any share needs and keep the products above within 64 bits.
    let plausible = digits.len() <= 12 && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| plausible)
}

/// The sum of shares, which may pass 100 %, in hundredths of a per cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Total(u32);

impl Total {
    /// How far a sum may stand from 100 %: 0.06 % (CWR 2.2, work rules 4, 9 and 11).
    const TOLERANCE: u32 = 6;

    /// Hundredths of a per cent.
    pub fn hundredths(self) -> u32 {
        self.0
    }

    /// 100 % within the tolerance of the trade: what a registration asks for.
    pub fn is_whole(self) -> bool {
        self.0.abs_diff(u32::from(Share::WHOLE.0)) <= Self::TOLERANCE
    }

    /// More than the tolerance over 100 %: refused even in a draft.
    pub fn is_over(self) -> bool {
        self.0 > u32::from(Share::WHOLE.0) + Self::TOLERANCE
    }
}

impl From<Share> for Total {
    fn from(share: Share) -> Self {
        Self(u32::from(share.0))
    }
}

impl Sum<Share> for Total {
    fn sum<I: Iterator<Item = Share>>(shares: I) -> Self {
        Self(shares.fold(0, |sum, share| sum.saturating_add(u32::from(share.0))))
    }
}

impl fmt::Display for Total {
    /// "99.99 %"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} %", self.0 / 100, self.0 % 100)
    }
}

/// `total` in `parts` shares as equal as hundredths allow, the first ones taking the remainder; the sum is exact.
pub fn share_out(total: Share, parts: usize) -> Vec<Share> {
    let total = usize::from(total.0);
    let (Some(each), Some(left)) = (total.checked_div(parts), total.checked_rem(parts)) else {
        return Vec::new();
    };
    (0..parts).map(|part| each + usize::from(part < left)).filter_map(|hundredths| u16::try_from(hundredths).ok().map(Share)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hundredths(text: &str) -> Result<u16, NoShare> {
        text.parse().map(Share::hundredths)
    }

    #[test]
    fn reads_what_people_type() {
        for (typed, expected) in [
            ("50", 5000),
            (" 50 % ", 5000),
            ("50.00%", 5000),
            ("50.5", 5050),
            ("33,33", 3333),
            ("33.335", 3334),
            (".5", 50),
            ("1/3", 3333),
            ("2/3", 6667),
            ("1/1", 10000),
            ("100/3", 3333),
            ("33 1/3 %", 3333),
            ("1/2%", 50),
            ("0", 0),
            ("100", 10000),
            ("100.00", 10000),
        ] {
            assert_eq!(hundredths(typed), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn says_why_it_is_none() {
        assert_eq!(hundredths("101"), Err(NoShare::TooLarge));
        assert_eq!(hundredths("999999999999"), Err(NoShare::TooLarge));
        assert_eq!(hundredths("-5"), Err(NoShare::Negative));
        for typed in ["", "%", "half", "1/0", "1/", "/3", "+5", "5e1", "1.2.3", ".", "1,000,0", "٥٠", "- 5", "1/-3"] {
            assert_eq!(hundredths(typed), Err(NoShare::NotANumber), "{typed}");
        }
    }

    #[test]
    fn reads_parts_of_one() {
        let read = |text| Share::from_part_of_one(text).map(Share::hundredths);
        assert_eq!(read("0.6667"), Ok(6667));
        assert_eq!(read("0,5"), Ok(5000));
        assert_eq!(read("1"), Ok(10000));
        assert_eq!(read("0"), Ok(0));
        assert_eq!(read("23.33%"), Ok(2333));
        assert_eq!(read("0.5%"), Ok(50));
        assert_eq!(read("50"), Ok(5000));
        assert_eq!(read("1/4"), Ok(2500));
    }

    #[test]
    fn shows_per_cent() {
        assert_eq!(Share(3333).to_string(), "33.33 %");
        assert_eq!(Share(5).plain(), "0.05");
        assert_eq!(serde_json::to_string(&Share(3333)).unwrap(), "3333");
        assert!(serde_json::from_str::<Share>("10001").is_err());
    }

    #[test]
    fn the_whole_has_a_tolerance() {
        let total = |shares: &[u16]| shares.iter().map(|s| Share(*s)).sum::<Total>();
        assert!(total(&[3333, 3333, 3333]).is_whole());
        assert!(total(&[9994]).is_whole() && !total(&[9993]).is_whole());
        assert!(total(&[10000, 6]).is_whole() && !total(&[10000, 6]).is_over());
        assert!(total(&[10000, 7]).is_over() && !total(&[10000, 7]).is_whole());
        assert_eq!(total(&[10000, 7]).to_string(), "100.07 %");
    }

    #[test]
    fn shares_out_the_remainder_first() {
        let plain: Vec<_> = share_out(Share::WHOLE, 3).into_iter().map(Share::plain).collect();
        assert_eq!(plain, ["33.34", "33.33", "33.33"]);
        assert!(share_out(Share::WHOLE, 0).is_empty());
    }

    proptest! {
        #[test]
        fn sharing_out_loses_nothing(total in 0_u16..=10_000, parts in 1_usize..200) {
            let shares = share_out(Share(total), parts);
            prop_assert_eq!(shares.len(), parts);
            prop_assert_eq!(shares.iter().copied().sum::<Total>(), Total::from(Share(total)));
            prop_assert!(shares.iter().all(|s| shares.iter().all(|t| s.0.abs_diff(t.0) <= 1)));
        }

        #[test]
        fn reads_what_it_shows(hundredths in 0_u16..=10_000) {
            let share = Share(hundredths);
            prop_assert_eq!(share.plain().parse(), Ok(share));
            prop_assert_eq!(share.to_string().parse(), Ok(share));
        }

        #[test]
        fn never_fails_otherwise(text in any::<String>(), number in "[0-9., /%-]{0,40}") {
            let _ = (text.parse::<Share>(), number.parse::<Share>(), Share::from_part_of_one(&number));
        }
    }
}
