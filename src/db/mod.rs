//! PostgreSQL: the server, the roles and pools of the program, migrations, ids.
//!
//! Only this module, `access` and `jobs` name a pool.

mod check;
pub mod cluster;
mod error;
mod migrate;
mod pools;
mod roles;
pub mod rules;
mod server;

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::{Builder, Uuid};

pub use check::{Check, Finding, check_server};
pub use error::StartError;
pub use migrate::{Step, checksum, down, migrate, status};
pub use pools::Pools;
pub use roles::{APP, AUTH, PLATFORM, login, missing as missing_roles};
pub use server::{Server, prepare};

use crate::clock::{Chance, Clock};

/// Told in words what takes longer than a second.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// A new id: UUID v7, so that rows made together lie together, in the order they were made.
pub fn new_id(clock: &Clock, chance: &Chance) -> Uuid {
    id_at(clock.now(), chance)
}

fn id_at(moment: OffsetDateTime, chance: &Chance) -> Uuid {
    let millis = u64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    let [_, _, rest @ ..] = chance.bytes::<10>();
    // The twelve bits after the version say which 4096th of the millisecond it was (RFC 9562, 6.2, method 3), so that rows
    // made one after the other keep their order.
    let [high, low] = u16::try_from(moment.microsecond() % 1_000 * 4_096 / 1_000).unwrap_or(0).to_be_bytes();
    let mut bytes = [high, low, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.iter_mut().skip(2).zip(rest).for_each(|(to, from)| *to = from);
    Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn ids_are_of_version_7_and_sort_by_time() {
        let (clock, chance) = (Clock::stopped_at(datetime!(2026-11-22 09:00 UTC)), Chance::seeded(1));
        let first = new_id(&clock, &chance);
        clock.forward(time::Duration::microseconds(1));
        let second = new_id(&clock, &chance);
        assert_eq!(first.get_version_num(), 7);
        assert!(first < second);
    }

    #[test]
    fn the_same_seed_and_time_give_the_same_id() {
        let clock = Clock::stopped_at(datetime!(2026-11-22 09:00 UTC));
        assert_eq!(new_id(&clock, &Chance::seeded(1)), new_id(&clock, &Chance::seeded(1)));
        assert_ne!(new_id(&clock, &Chance::seeded(1)), new_id(&clock, &Chance::seeded(2)));
    }
}
