//! Writing who belongs to which publisher, with which role and reach.

use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    crowd::{Crowd, Roles, role},
    dice::{Calendar, Dice},
    houses::House,
    people::{MEMBERS, Member, Reach, SYSTEM_ADMIN, State},
    songwriters::Songwriter,
    works::Keeper,
};

/// A member of a publisher with what happened to them and when; serialised, a row of `user_publishers`.
#[derive(Debug, Serialize)]
pub struct Membership {
    publisher_id: Uuid,
    pub user_id: Uuid,
    role_id: Uuid,
    reach: &'static str,
    songwriter_id: Option<Uuid>,
    status: &'static str,
    is_primary: bool,
    pub invited_by: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub joined_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub suspended_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub removed_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    last_accessed_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    #[serde(skip)]
    pub role_changed_at: Option<OffsetDateTime>,
    #[serde(skip)]
    pub member: &'static Member,
}

impl Membership {
    /// When they kept the catalogue, if that is their work.
    pub fn keeper(&self) -> Option<Keeper> {
        let until = self.suspended_at.or(self.removed_at).unwrap_or(self.last_accessed_at + Duration::days(1));
        self.member.edits().then(|| Keeper { id: self.user_id, from: self.role_changed_at.unwrap_or(self.joined_at), until })
    }
}

/// The people of one publisher, its first admin before all others.
pub fn memberships(dice: &Dice, calendar: Calendar, house: &House, crowd: &Crowd, roles: &Roles) -> anyhow::Result<Vec<Membership>> {
    let members = MEMBERS.iter().filter(|member| member.publisher == house.publisher.slug);
    let mut memberships: Vec<Membership> = Vec::new();
    for member in members {
        let inviter = memberships.first().map_or(crowd.of(SYSTEM_ADMIN.0)?.id, |first| first.user_id);
        let earliest = house.made + Duration::minutes(50);
        let joined_at = if memberships.is_empty() { earliest } else { calendar.office(dice, member.joined).max(earliest) };
        let since = |days: i64| calendar.office(dice, days).max(joined_at + Duration::hours(1));
        let (status, suspended_at, removed_at) = match member.state {
            State::Active => ("active", None, None),
            State::Suspended(days) => ("suspended", Some(since(days)), None),
            State::Removed(days) => ("removed", None, Some(since(days))),
        };
        let role_changed_at = member.was.map(|(_, days)| since(days));
        memberships.push(Membership {
            publisher_id: house.id,
            user_id: crowd.of(member.email)?.id,
            role_id: role(roles, member.role)?.0,
            reach: member.reach.name(),
            songwriter_id: None,
            status,
            is_primary: member.email.ends_with(&format!("@{}.test", house.publisher.slug)),
            invited_by: inviter,
            joined_at,
            suspended_at,
            removed_at,
            last_accessed_at: calendar.minutes_ago(member.seen),
            updated_at: suspended_at.or(removed_at).or(role_changed_at).unwrap_or(joined_at),
            role_changed_at,
            member,
        });
    }
    Ok(memberships)
}

/// Writes them; creators are linked to their songwriters, which must be there.
pub async fn write(db: &mut PgConnection, house: &House, memberships: &mut [Membership], songwriters: &[Songwriter]) -> sqlx::Result<()> {
    let (mut users, mut departments) = (Vec::new(), Vec::new());
    for membership in memberships.iter_mut() {
        membership.songwriter_id = membership.member.reach.songwriter(songwriters);
        for id in membership.member.reach.departments(house) {
            users.push(membership.user_id);
            departments.push(id);
        }
    }
    sqlx::query!(
        "insert into user_publishers (publisher_id, user_id, role_id, reach, songwriter_id, status, is_primary, invited_by, joined_at,
           suspended_at, removed_at, last_accessed_at, updated_at)
         select publisher_id, user_id, role_id, reach, songwriter_id, status, is_primary, invited_by, joined_at,
           suspended_at, removed_at, last_accessed_at, updated_at
         from jsonb_populate_recordset(null::user_publishers, $1)",
        Json(&*memberships) as _
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into user_departments (publisher_id, user_id, department_id)
         select $1, d.user_id, d.department_id from unnest($2::uuid[], $3::uuid[]) as d (user_id, department_id)",
        house.id,
        &users,
        &departments
    )
    .execute(db)
    .await?;
    Ok(())
}

impl Reach {
    /// As `user_publishers` and `invitations` name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Departments(_) => "departments",
            Self::Own(_) => "own",
        }
    }

    /// The songwriter whose works they see.
    pub fn songwriter(self, songwriters: &[Songwriter]) -> Option<Uuid> {
        match self {
            Self::Own(place) => songwriters.get(place).map(|songwriter| songwriter.id),
            _ => None,
        }
    }

    /// The departments they are in.
    pub fn departments(self, house: &House) -> Vec<Uuid> {
        match self {
            Self::Departments(names) => names.iter().filter_map(|name| house.department(name)).collect(),
            _ => Vec::new(),
        }
    }
}
