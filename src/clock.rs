//! Time and chance as parameters, so that tests move the clock and repeat the dice.
//!
//! Nothing else in the program asks the operating system for the time or for random bytes.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

/// What time it is. Clones share one clock: moving one moves all.
#[derive(Clone, Debug)]
pub struct Clock {
    stopped_at: Option<OffsetDateTime>,
    /// Microseconds by which the clock was moved.
    moved: Arc<AtomicI64>,
}

impl Clock {
    /// The clock of the machine.
    pub fn real() -> Self {
        Self { stopped_at: None, moved: Arc::default() }
    }

    /// A clock that stands still until it is moved.
    pub fn stopped_at(moment: OffsetDateTime) -> Self {
        Self { stopped_at: Some(moment), moved: Arc::default() }
    }

    /// The present moment in UTC, in whole microseconds: what PostgreSQL can keep, so that a
    /// stored moment equals the one written.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> OffsetDateTime {
        let base = self.stopped_at.unwrap_or_else(OffsetDateTime::now_utc);
        let now = base.saturating_add(Duration::microseconds(self.moved.load(Ordering::Relaxed)));
        now.truncate_to_microsecond()
    }

    /// Moves this clock and all its clones; for tests.
    pub fn forward(&self, by: Duration) {
        let micros = i64::try_from(by.whole_microseconds()).unwrap_or(i64::MAX);
        self.moved.fetch_add(micros, Ordering::Relaxed);
    }
}

/// The source of random bytes. Clones draw from one stream.
#[derive(Clone, Debug)]
pub struct Chance(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// SHA-256 over seed and counter. Repeatable, and no secret: for tests and demo data.
    Seeded {
        seed: u64,
        drawn: Arc<AtomicU64>,
    },
}

impl Chance {
    /// The operating system's generator; fit for secrets.
    pub fn real() -> Self {
        Self(Source::System)
    }

    /// The same seed gives the same bytes.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded { seed, drawn: Arc::default() })
    }

    /// Fills `bytes`. A machine that cannot give randomness cannot keep a secret either, so the
    /// program ends there rather than go on with guessable tokens.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System => {
                if let Err(reason) = getrandom::fill(bytes) {
                    eprintln!("the operating system gives no random bytes: {reason}");
                    std::process::abort();
                }
            }
            Source::Seeded { seed, drawn } => {
                for block in bytes.chunks_mut(32) {
                    let mut hash = Sha256::new();
                    hash.update(seed.to_be_bytes());
                    hash.update(drawn.fetch_add(1, Ordering::Relaxed).to_be_bytes());
                    for (byte, drawn) in block.iter_mut().zip(hash.finalize()) {
                        *byte = drawn;
                    }
                }
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number from 0 up to, not including, `end` (0 when `end` is 0). 128 random bits make the
    /// bias of the remainder too small to matter.
    pub fn below(&self, end: u64) -> u64 {
        let wide = u128::from_be_bytes(self.bytes());
        u64::try_from(wide.checked_rem(u128::from(end)).unwrap_or(0)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_stopped_clock_moves_only_when_told_and_its_clones_with_it() {
        let clock = Clock::stopped_at(datetime!(2026-01-31 12:00 UTC));
        let clone = clock.clone();
        assert_eq!(clone.now(), datetime!(2026-01-31 12:00 UTC));
        clock.forward(Duration::hours(13));
        assert_eq!(clone.now(), datetime!(2026-02-01 01:00 UTC));
    }

    #[test]
    fn the_time_is_what_the_database_can_keep() {
        let clock = Clock::stopped_at(datetime!(2026-01-31 12:00:00.123456789 UTC));
        assert_eq!(clock.now().nanosecond(), 123_456_000);
    }

    #[test]
    fn a_real_clock_can_be_moved_too() {
        let clock = Clock::real();
        let before = clock.now();
        clock.forward(Duration::days(30));
        assert!(clock.now() - before >= Duration::days(30));
    }

    #[test]
    fn a_seed_repeats_its_bytes_and_goes_on_drawing() {
        let (one, two) = (Chance::seeded(7), Chance::seeded(7));
        let first: [u8; 40] = one.bytes();
        assert_eq!(first, two.bytes());
        assert_ne!(first, one.bytes());
        assert_ne!(first, Chance::seeded(8).bytes());
    }

    #[test]
    fn real_bytes_differ() {
        assert_ne!(Chance::real().bytes::<32>(), Chance::real().bytes::<32>());
    }

    #[test]
    fn below_stays_below() {
        let chance = Chance::seeded(1);
        assert!((0..1000).all(|_| chance.below(6) < 6));
        assert_eq!(chance.below(0), 0);
    }
}
