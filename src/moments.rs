//! The time and new ids, as one value handed to whatever writes rows.

use crate::{
    clock::{Chance, Clock},
    db,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// Where a piece of work gets its time and its ids from.
#[derive(Debug, Clone)]
pub struct Moments {
    pub clock: Clock,
    pub chance: Chance,
}

impl Moments {
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// A UUID v7: made by us, ordered by time. Not a secret.
    pub fn new_id(&self) -> Uuid {
        db::new_id(&self.clock, &self.chance)
    }
}
