//! Seats: how many people an account pays for, and taking one.
//!
//! A seat belongs to an active member, whatever their role. Pending invitations, suspended and former members and visiting
//! system admins take none.

use crate::error::{Refusal, Result};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats {
    pub used: i64,
    pub licensed: i64,
}

impl Seats {
    pub fn free(&self) -> i64 {
        (self.licensed - self.used).max(0)
    }
}

/// The seats of a publisher at `now`.
pub async fn seats(db: &mut PgConnection, publisher: Uuid, now: OffsetDateTime) -> Result<Seats> {
    let seats = sqlx::query_as!(
        Seats,
        r#"select (select count(*) from user_publishers where publisher_id = $1 and status = 'active' and (ends_at is null or ends_at > $2)) as "used!",
                  coalesce((select seats_licensed from accounts where publisher_id = $1), 0)::bigint as "licensed!""#,
        publisher,
        now
    )
    .fetch_one(db)
    .await?;
    Ok(seats)
}

/// Takes a seat for somebody about to become active. The account stays locked until the transaction ends, so that of two
/// who reach for the last seat the later one counts the earlier.
///
/// # Errors
/// `seats_full` in the caller's words, which are given the number of seats. An account that is missing has none.
pub async fn claim(db: &mut PgConnection, publisher: Uuid, now: OffsetDateTime, full: impl FnOnce(i64) -> String) -> Result<()> {
    sqlx::query_scalar!("select seats_licensed from accounts where publisher_id = $1 for update", publisher)
        .fetch_optional(&mut *db)
        .await?;
    let seats = seats(db, publisher, now).await?;
    if seats.free() == 0 {
        return Err(Refusal::conflict("seats_full", full(seats.licensed)).into());
    }
    Ok(())
}
