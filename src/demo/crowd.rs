//! Writing everybody's account, once, whatever they belong to.

use std::collections::HashMap;

use argon2::{Argon2, PasswordHasher, password_hash::phc::PasswordHash};
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    dice::{Calendar, Dice},
    houses::House,
    people::{MEMBERS, PASSWORD, SYSTEM_ADMIN, State},
};

/// Somebody by id and name.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: Uuid,
    pub name: &'static str,
}

/// A role's id and name by its key.
pub type Roles = HashMap<String, (Uuid, String)>;

/// Everybody with an account, by address.
#[derive(Debug)]
pub struct Crowd(HashMap<&'static str, Person>);

#[derive(Serialize)]
struct User {
    id: Uuid,
    email: &'static str,
    full_name: &'static str,
    is_system_admin: bool,
    last_publisher_id: Option<Uuid>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    last_login_at: OffsetDateTime,
}

impl Crowd {
    /// Writes an account for each person.
    pub async fn write(db: &mut PgConnection, dice: &Dice, calendar: Calendar, houses: &[House]) -> anyhow::Result<Self> {
        let first = houses.iter().map(|house| house.made).min().unwrap_or(calendar.now) - Duration::days(1);
        let (email, full_name) = SYSTEM_ADMIN;
        let mut users = vec![User {
            id: dice.id(first),
            email,
            full_name,
            is_system_admin: true,
            last_publisher_id: None,
            created_at: first,
            last_login_at: calendar.minutes_ago(150),
        }];
        for member in MEMBERS {
            if users.iter().any(|user| user.email == member.email) {
                continue;
            }
            let house = houses.iter().find(|house| house.publisher.slug == member.publisher);
            let created_at = calendar.office(dice, member.joined).max(house.map_or(first, |house| house.made + Duration::minutes(40)));
            users.push(User {
                id: dice.id(created_at),
                email: member.email,
                full_name: member.name,
                is_system_admin: false,
                last_publisher_id: house.map(|house| house.id).filter(|_| member.state == State::Active),
                created_at,
                last_login_at: calendar.minutes_ago(member.seen),
            });
        }
        sqlx::query!(
            "insert into users (id, email, email_norm, full_name, password_hash, password_set_at, is_system_admin, email_verified_at, last_login_at,
               last_publisher_id, created_at, updated_at)
             select id, email, email, full_name, $2, created_at, is_system_admin, created_at, last_login_at, last_publisher_id, created_at, created_at
             from jsonb_populate_recordset(null::users, $1)",
            Json(&users) as _,
            password_hash(dice)?
        )
        .execute(db)
        .await?;
        Ok(Self(users.into_iter().map(|user| (user.email, Person { id: user.id, name: user.full_name })).collect()))
    }

    pub fn of(&self, email: &str) -> anyhow::Result<&Person> {
        self.0.get(email).ok_or_else(|| anyhow::anyhow!("nobody has the address {email}"))
    }

    pub fn size(&self) -> usize {
        self.0.len()
    }

    pub fn named(&self, id: Uuid) -> Option<&Person> {
        self.0.values().find(|person| person.id == id)
    }
}

/// One hash for all, since they share the password; its salt comes from the dice, so that a load can be repeated.
pub fn password_hash(dice: &Dice) -> anyhow::Result<String> {
    let salt: [u8; 16] = dice.bytes();
    let hash: PasswordHash =
        Argon2::default().hash_password_with_salt(PASSWORD.as_bytes(), &salt).map_err(|error| anyhow::anyhow!("hashing: {error}"))?;
    Ok(hash.to_string())
}

/// The roles every publisher shares.
pub async fn roles(db: &mut PgConnection) -> sqlx::Result<Roles> {
    let rows = sqlx::query!("select key, id, name from roles").fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.key, (row.id, row.name))).collect())
}

/// Id and name of a role.
pub fn role<'a>(roles: &'a Roles, key: &str) -> anyhow::Result<&'a (Uuid, String)> {
    roles.get(key).ok_or_else(|| anyhow::anyhow!("there is no role {key}"))
}
