//! Repeatable choices, and moments that look like people's working days.

use time::{Duration, OffsetDateTime, Weekday};
use uuid::Uuid;

use crate::{
    clock::{Chance, Clock},
    db,
};

/// One stream of choices: the same seed makes the same ones.
#[derive(Debug)]
pub struct Dice(Chance);

impl Dice {
    pub fn seeded(seed: u64) -> Self {
        Self(Chance::seeded(seed))
    }

    /// From 0 up to, not including, `end`.
    pub fn below(&self, end: usize) -> usize {
        usize::try_from(self.0.below(u64::try_from(end).unwrap_or(u64::MAX))).unwrap_or(0)
    }

    /// From `low` to `high`, both included.
    pub fn between(&self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low + 1).unwrap_or(0);
        low + i64::try_from(self.0.below(width)).unwrap_or(0)
    }

    /// Nearer to 0 more often than not.
    pub fn low(&self, end: usize) -> usize {
        self.below(end).min(self.below(end))
    }

    pub fn percent(&self, chance: u64) -> bool {
        self.0.below(100) < chance
    }

    /// One of the list; the default of an empty one.
    pub fn pick<T: Copy + Default>(&self, list: &[T]) -> T {
        list.get(self.below(list.len())).copied().unwrap_or_default()
    }

    /// One word of a list with bars between them.
    pub fn word(&self, list: &'static str) -> &'static str {
        list.split('|').nth(self.below(list.split('|').count())).unwrap_or_default()
    }

    /// One of the list, each as often as its weight says.
    pub fn weighted<T: Copy + Default>(&self, list: &[(u64, T)]) -> T {
        let mut at = self.0.below(list.iter().map(|(weight, _)| weight).sum());
        for (weight, item) in list {
            match at.checked_sub(*weight) {
                Some(left) => at = left,
                None => return *item,
            }
        }
        T::default()
    }

    /// A stream of its own, for what may take more draws on one day than on another.
    pub fn branch(&self) -> Self {
        Self::seeded(u64::from_be_bytes(self.bytes()))
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        self.0.bytes()
    }

    /// The id of a row made at that moment.
    pub fn id(&self, made: OffsetDateTime) -> Uuid {
        db::new_id(&Clock::stopped_at(made), &self.0)
    }
}

/// The past as seen from the moment of loading.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    pub now: OffsetDateTime,
}

impl Calendar {
    pub fn minutes_ago(self, minutes: i64) -> OffsetDateTime {
        self.now - Duration::minutes(minutes)
    }

    /// A moment in somebody's working hours about so many days ago; seldom on a weekend, never still to come.
    pub fn office(self, dice: &Dice, days_ago: i64) -> OffsetDateTime {
        let day = self.now.replace_time(time::Time::MIDNIGHT) - Duration::days(days_ago);
        // As many draws on every day, so that what is drawn next does not depend on the calendar.
        let (seconds, at_home, lately) = (dice.between(0, 10 * 3600), dice.percent(85), dice.between(2, 300));
        let moment = day + Duration::hours(8) + Duration::seconds(seconds);
        let back = match moment.weekday() {
            Weekday::Saturday if at_home => 1,
            Weekday::Sunday if at_home => 2,
            _ => 0,
        };
        let moment = moment - Duration::days(back);
        // The rest of today has not been yet.
        if moment < self.now { moment } else { self.minutes_ago(lately) }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn weights_are_kept_and_nothing_is_left_out() {
        let dice = Dice::seeded(1);
        let drawn: Vec<u8> = (0..2_000).map(|_| dice.weighted(&[(90, 1), (10, 2), (0, 3)])).collect();
        let of = |item| drawn.iter().filter(|drawn| **drawn == item).count();
        assert!(of(1) > 1_700 && of(2) > 100 && of(1) + of(2) == 2_000);
        assert_eq!(dice.pick::<u8>(&[]), 0);
        assert!((0..20).all(|_| ["one", "two words", ""].contains(&dice.word("one|two words|"))));
    }

    #[test]
    fn nothing_happens_in_the_future_and_little_on_weekends() {
        let (dice, calendar) = (Dice::seeded(1), Calendar { now: datetime!(2026-11-22 09:00 UTC) });
        let moments: Vec<_> = (0..1_000).map(|at| calendar.office(&dice, at % 50)).collect();
        assert!(moments.iter().all(|moment| *moment < calendar.now));
        let weekends = moments.iter().filter(|moment| moment.weekday().number_from_monday() > 5).count();
        assert!(weekends < 100, "{weekends}");
    }
}
