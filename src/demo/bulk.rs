//! Many publishers and one large catalogue, for measuring: the demonstration's own makers, with other numbers.

use sqlx::{Connection, PgConnection};
use time::Duration;
use uuid::Uuid;

use super::{
    catalogue::Catalogue,
    crowd,
    dice::{Calendar, Dice},
    publishers::{PUBLISHERS, Publisher},
    songwriters::Roster,
    works::{Desk, Keeper},
};
use crate::{clock::Clock, db};

const SEED: u64 = 77_000_000;
/// Days since the publishers were made.
const AGE: i64 = 800;

/// How many publishers, and how many works each has; the first has a number of its own.
///
/// They are called `bulk-1`, `bulk-2` …, each with an admin `admin@bulk-1.test` and the password of the demo.
#[derive(Debug, Clone, Copy)]
pub struct Bulk {
    pub publishers: usize,
    pub works: usize,
    pub works_in_first: usize,
}

/// Writes them beside whatever is there.
///
/// # Errors
/// When the database fails, or has been given such publishers before.
pub async fn many(owner: &mut PgConnection, clock: &Clock, progress: &db::Progress, bulk: Bulk) -> anyhow::Result<()> {
    let calendar = Calendar { now: clock.now() };
    let dice = Dice::seeded(SEED);
    let mut db = owner.begin().await?;
    let (ids, admins) = write_publishers(&mut db, &dice, calendar, bulk.publishers).await?;
    for (place, (&id, &admin)) in ids.iter().zip(&admins).enumerate() {
        if place % 50 == 0 {
            progress(&format!("Writing publisher {} of {} …", place + 1, bulk.publishers));
        }
        let works = if place == 0 { bulk.works_in_first } else { bulk.works };
        let seed = SEED + 1 + u64::try_from(place)?;
        make(&Dice::seeded(seed), calendar, id, admin, works).write(&mut db).await?;
    }
    db.commit().await?;
    Ok(())
}

/// Publishers, accounts and one admin each, in as many statements as tables.
async fn write_publishers(db: &mut PgConnection, dice: &Dice, calendar: Calendar, count: usize) -> anyhow::Result<(Vec<Uuid>, Vec<Uuid>)> {
    let made = calendar.now - Duration::days(AGE);
    let [ids, admins] = [(); 2].map(|()| (0..count).map(|_| dice.id(made)).collect::<Vec<_>>());
    sqlx::query!(
        "insert into publishers (id, name, slug, created_at, updated_at)
         select p.id, 'Bulk Songs ' || n, 'bulk-' || n, $2, $2 from unnest($1::uuid[]) with ordinality as p (id, n)",
        &ids,
        made
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into accounts (publisher_id, plan_type, seats_licensed, storage_limit_bytes, api_calls_limit, created_at, updated_at)
         select id, 'enterprise', 100, 536870912000, 1000000, $2, $2 from unnest($1::uuid[]) as p (id)",
        &ids,
        made
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into users (id, email, email_norm, full_name, password_hash, password_set_at, email_verified_at, last_publisher_id, created_at, updated_at)
         select u.id, 'admin@bulk-' || n || '.test', 'admin@bulk-' || n || '.test', 'Admin ' || n, $3, $4, $4, u.publisher, $4, $4
         from unnest($1::uuid[], $2::uuid[]) with ordinality as u (id, publisher, n)",
        &admins,
        &ids,
        crowd::password_hash(dice)?,
        made
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into user_publishers (publisher_id, user_id, role_id, is_primary, joined_at, updated_at)
         select m.publisher, m.id, r.id, true, $3, $3 from unnest($1::uuid[], $2::uuid[]) as m (id, publisher), roles r where r.key = 'admin'",
        &admins,
        &ids,
        made
    )
    .execute(db)
    .await?;
    Ok((ids, admins))
}

fn make(dice: &Dice, calendar: Calendar, id: Uuid, admin: Uuid, works: usize) -> Catalogue {
    let [like, ..] = PUBLISHERS;
    let publisher = Publisher { works, songwriters: (works / 8).max(20), age: AGE, ..like };
    let made = calendar.now - Duration::days(AGE);
    let keepers = [Keeper { id: admin, from: made - Duration::days(3), until: calendar.now }];
    let roster = Roster { publisher: id, made, made_by: admin, count: publisher.songwriters, given: Vec::new() };
    let desk = Desk { publisher: &publisher, id, calendar, departments: &[], keepers: &keepers, songwriters: &[], creators: 0 };
    Catalogue::make(dice, &roster, &desk)
}
