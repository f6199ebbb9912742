//! Days of usage: weeks with weekends, and growth towards the plan's limits.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use time::{Date, Duration, OffsetDateTime, Weekday};

use super::{
    catalogue::Catalogue,
    dice::{Calendar, Dice},
    houses::House,
};

/// Calls a month at the beginning and now, in thousandths of the limit.
const CALLS: (i64, i64) = (350, 700);

/// What a publisher used on its days, by meter.
#[derive(Debug, Default)]
pub struct Usage {
    meters: Vec<&'static str>,
    days: Vec<Date>,
    quantities: Vec<i64>,
}

impl Usage {
    pub fn make(dice: &Dice, calendar: Calendar, house: &House, catalogue: &Catalogue, members: usize) -> Self {
        let today = calendar.now.date();
        let first = house.publisher.usage_days.map_or_else(|| months_before(today, 13), |days| today - Duration::days(days));
        let length = (today - first).whole_days() + 1;
        let stored = house.publisher.storage_gib * (1 << 30) / 100 * house.publisher.stored;
        let created = per_day(catalogue.works.iter().map(|work| work.created_at));
        let updated = per_day(catalogue.works.iter().filter(|work| work.version > 1).map(|work| work.updated_at));
        let mut usage = Self::default();
        for place in 0..length {
            let day = first + Duration::days(place);
            let busy = busy(dice, day);
            let level = CALLS.0 + (CALLS.1 - CALLS.0) * place / length;
            // A month has 30.44 days, and today is not over.
            let calls = house.publisher.calls * level / 1_000 * busy * 100 / 3_044 / 100;
            usage.add("api_calls", day, if day == today { calls * minutes(calendar.now) / 1_440 } else { calls });
            usage.add("storage_bytes", day, stored / length * busy / 100);
            usage.add("active_people", day, active(dice, day, members));
            usage.add("works_created", day, created.get(&day).copied().unwrap_or(0));
            usage.add("works_updated", day, updated.get(&day).copied().unwrap_or(0));
        }
        usage
    }

    /// A day without any has no row, as when events are folded.
    fn add(&mut self, meter: &'static str, day: Date, quantity: i64) {
        if quantity > 0 {
            self.meters.push(meter);
            self.days.push(day);
            self.quantities.push(quantity);
        }
    }

    pub async fn write(&self, db: &mut PgConnection, house: &House) -> sqlx::Result<()> {
        sqlx::query!(
            "insert into usage_daily (publisher_id, meter, day, quantity)
             select $1, u.meter, u.day, u.quantity from unnest($2::text[], $3::date[], $4::bigint[]) as u (meter, day, quantity)",
            house.id,
            &self.meters as &[&str],
            &self.days,
            &self.quantities
        )
        .execute(db)
        .await?;
        Ok(())
    }
}

/// How much of an average day it is, in hundredths.
fn busy(dice: &Dice, day: Date) -> i64 {
    let usual = match day.weekday() {
        Weekday::Saturday => 50,
        Weekday::Sunday => 40,
        Weekday::Friday => 112,
        _ => 125,
    };
    usual * dice.between(88, 112) / 100
}

fn active(dice: &Dice, day: Date, members: usize) -> i64 {
    let members = i64::try_from(members).unwrap_or(0);
    if day.weekday().number_from_monday() > 5 { dice.between(0, members / 4) } else { dice.between((members / 2).max(1), members) }
}

fn per_day(moments: impl Iterator<Item = OffsetDateTime>) -> BTreeMap<Date, i64> {
    moments.fold(BTreeMap::new(), |mut days, moment| {
        *days.entry(moment.date()).or_default() += 1;
        days
    })
}

/// The first day of the month so many months ago.
fn months_before(day: Date, months: u8) -> Date {
    let first = |day: Date| day.replace_day(1).unwrap_or(day);
    (0..months).fold(first(day), |month, _| first(month - Duration::days(1)))
}

fn minutes(now: OffsetDateTime) -> i64 {
    i64::from(now.hour()) * 60 + i64::from(now.minute())
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn months_are_whole() {
        assert_eq!(months_before(date!(2026 - 03 - 31), 13), date!(2025 - 02 - 01));
        assert_eq!(months_before(date!(2026 - 01 - 01), 1), date!(2025 - 12 - 01));
    }

    #[test]
    fn an_average_day_is_a_whole_one() {
        let dice = Dice::seeded(1);
        let year: i64 = (0..364).map(|place| busy(&dice, date!(2026 - 01 - 01) + Duration::days(place))).sum();
        assert!((95..=105).contains(&(year / 364)), "{}", year / 364);
    }
}
