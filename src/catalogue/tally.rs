//! What a change of the catalogue adds up to: own numbers, maintained totals, metered use. Each is one row per publisher
//! that others wait for, so these come last in a transaction.

use crate::{access::Tenant, error::Result};

/// How many of each came or went.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change {
    pub works: i64,
    pub songwriters: i64,
    pub recordings: i64,
}

/// The first of `count` new own numbers of works, which nobody else gets. A number is never used again, not even when the
/// transaction that took it fails (CWR 2.2, work field 3).
pub async fn work_numbers(at: &mut Tenant, count: i64) -> Result<i64> {
    let publisher = at.publisher.id;
    let last = sqlx::query_scalar!(
        "insert into number_series as s (publisher_id, series, last) values ($1, 'work', $2)
         on conflict (publisher_id, series) do update set last = s.last + $2 returning last",
        publisher,
        count
    )
    .fetch_one(at.db())
    .await?;
    Ok(last - count + 1)
}

/// "W000123"
pub fn work_number(number: i64) -> String {
    format!("W{number:06}")
}

/// Keeps the series ahead of numbers people type in its own form, so that the two never meet.
pub async fn stay_ahead(at: &mut Tenant, typed: &[&str]) -> Result<()> {
    let Some(highest) = typed.iter().filter_map(|number| in_series(number)).max() else { return Ok(()) };
    let publisher = at.publisher.id;
    sqlx::query!(
        "insert into number_series as s (publisher_id, series, last) values ($1, 'work', $2)
         on conflict (publisher_id, series) do update set last = $2 where s.last < $2",
        publisher,
        highest
    )
    .execute(at.db())
    .await?;
    Ok(())
}

/// The place a typed number takes in the series. Beyond seven digits no series gets in a lifetime, and none may be pushed.
fn in_series(typed: &str) -> Option<i64> {
    let number: i64 = typed.strip_prefix('W')?.parse().ok()?;
    (number > 0 && number < 10_000_000 && work_number(number) == typed).then_some(number)
}

pub async fn count(at: &mut Tenant, change: Change) -> Result<()> {
    let publisher = at.publisher.id;
    sqlx::query!(
        "insert into catalogue_totals as t (publisher_id, works, songwriters, recordings) values ($1, $2, $3, $4)
         on conflict (publisher_id) do update set works = t.works + $2, songwriters = t.songwriters + $3, recordings = t.recordings + $4",
        publisher,
        change.works,
        change.songwriters,
        change.recordings
    )
    .execute(at.db())
    .await?;
    Ok(())
}

/// Notes metered use: `works_created` or `works_updated`.
pub async fn meter(at: &mut Tenant, meter: &'static str, quantity: i64) -> Result<()> {
    let (publisher, id, now) = (at.publisher.id, at.new_id(), at.now());
    sqlx::query!(
        "insert into usage_events (publisher_id, id, meter, quantity, at) values ($1, $2, $3, $4, $5)",
        publisher,
        id,
        meter,
        quantity,
        now
    )
    .execute(at.db())
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_in_the_form_of_the_series_push_it() {
        assert_eq!(in_series("W000123"), Some(123));
        assert_eq!(in_series("W1234567"), Some(1_234_567));
        for other in ["W123", "W12345678", "W+00123", "NL-0001", "W", "W000000"] {
            assert_eq!(in_series(other), None, "{other}");
        }
    }
}
