//! Demonstration data: four publishers with people, catalogues, usage and history.
//!
//! The same clock gives the same rows: every choice and every id comes from one seed for each publisher. Another day
//! gives the same people, works and splits, with their times as long ago as before. Writes to all tables, as the owner
//! of the schema and outside row security, and only into an empty database.

mod bulk;
mod catalogue;
mod crowd;
mod dice;
mod houses;
mod invitations;
mod memberships;
mod names;
mod numbers;
mod people;
mod publishers;
mod recordings;
mod songwriters;
mod splits;
mod titles;
mod trail;
mod usage;
mod words;
mod works;

use sqlx::{Connection, PgConnection};
use time::Duration;

use self::{
    catalogue::Catalogue,
    crowd::{Crowd, Roles},
    dice::{Calendar, Dice},
    houses::House,
    memberships::Membership,
    publishers::PUBLISHERS,
    songwriters::Roster,
    trail::Trail,
    usage::Usage,
    works::{Desk, Keeper},
};
use crate::{clock::Clock, db};

pub use bulk::{Bulk, many};
pub use people::{ACCOUNTS, DemoAccount, PASSWORD};

/// Any number would do; this one is the publishers' for good.
const SEED: u64 = 20_260_101;

/// How much was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Loaded {
    pub publishers: usize,
    pub people: usize,
    pub works: usize,
    pub recordings: usize,
}

/// Neither publishers nor people yet.
pub async fn is_empty(owner: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select not exists (select from publishers) and not exists (select from users) as "empty!""#)
        .fetch_one(owner)
        .await
}

/// Writes the demonstration data, whole or not at all.
///
/// # Errors
/// When the database holds anything already, or fails.
pub async fn load(owner: &mut PgConnection, clock: &Clock, progress: &db::Progress) -> anyhow::Result<Loaded> {
    let mut db = owner.begin().await?;
    if !is_empty(&mut db).await? {
        anyhow::bail!("the database holds data already; the demo data goes into an empty one only");
    }
    let calendar = Calendar { now: clock.now() };
    let dice = Dice::seeded(SEED);
    let houses: Vec<House> = PUBLISHERS.iter().map(|publisher| House::new(&dice, calendar, publisher)).collect();
    for house in &houses {
        house.write(&mut db, calendar).await?;
    }
    let crowd = Crowd::write(&mut db, &dice, calendar, &houses).await?;
    let roles = crowd::roles(&mut db).await?;
    let mut loaded = Loaded { publishers: houses.len(), people: crowd.size(), ..Loaded::default() };
    for (place, house) in (1..).zip(&houses) {
        progress(&format!("Writing the demo data of {} …", house.publisher.name));
        let catalogue = publisher(&mut db, &Dice::seeded(SEED + place), calendar, house, &crowd, &roles).await?;
        loaded.works += catalogue.works.len();
        loaded.recordings += catalogue.recordings.len();
    }
    db.commit().await?;
    Ok(loaded)
}

/// One publisher: catalogue, people, usage, and the trail of it all.
async fn publisher(
    db: &mut PgConnection,
    dice: &Dice,
    calendar: Calendar,
    house: &House,
    crowd: &Crowd,
    roles: &Roles,
) -> anyhow::Result<Catalogue> {
    let mut members = memberships::memberships(dice, calendar, house, crowd, roles)?;
    let catalogue = make_catalogue(dice, calendar, house, &members);
    catalogue.write(db).await?;
    memberships::write(db, house, &mut members, &catalogue.songwriters).await?;
    let invitations = invitations::invitations(dice, calendar, house, &members, &catalogue.songwriters, roles)?;
    invitations::write(db, &invitations).await?;
    Usage::make(&dice.branch(), calendar, house, &catalogue, members.len()).write(db, house).await?;
    let mut trail = Trail::begin(house, crowd, roles)?;
    trail.people(&members, &invitations)?;
    trail.catalogue(calendar, &catalogue);
    if house.publisher.slug == "northlight" {
        trail.visit(db, dice, calendar, house).await?;
    }
    trail.write(db, dice, house).await?;
    Ok(catalogue)
}

fn make_catalogue(dice: &Dice, calendar: Calendar, house: &House, members: &[Membership]) -> Catalogue {
    // The first admin brought the catalogue along on the first day.
    let keepers: Vec<Keeper> = members.iter().filter_map(Membership::keeper).collect();
    let given = people::creators(house.publisher.slug);
    let roster = Roster {
        publisher: house.id,
        made: house.made + Duration::hours(2),
        made_by: keepers.first().map(|keeper| keeper.id).unwrap_or_default(),
        count: house.publisher.songwriters,
        given: given.clone(),
    };
    let desk = Desk {
        publisher: house.publisher,
        id: house.id,
        calendar,
        departments: &house.departments,
        keepers: &keepers,
        songwriters: &[],
        creators: given.len(),
    };
    Catalogue::make(dice, &roster, &desk)
}
