//! Writing people: their accounts, what they are in which publisher, and who has been invited.

use std::collections::HashMap;

use argon2::{Argon2, PasswordHasher, password_hash::phc::PasswordHash};
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    dice::{Calendar, Dice},
    houses::House,
    people::{INVITATIONS, Invitation, MEMBERS, Member, Outcome, PASSWORD, Reach, SYSTEM_ADMIN, State},
    songwriters::Songwriter,
    works::Keeper,
};

/// Days an invitation stays open.
const OPEN: Duration = Duration::days(7);

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
    /// Writes an account for everybody, once, whatever they belong to.
    pub async fn write(db: &mut PgConnection, dice: &Dice, calendar: Calendar, houses: &[House]) -> anyhow::Result<Self> {
        let first = houses.iter().map(|house| house.made).min().unwrap_or(calendar.now) - Duration::days(1);
        let (email, full_name) = SYSTEM_ADMIN;
        let mut users =
            vec![User { id: dice.id(first), email, full_name, is_system_admin: true, last_publisher_id: None, created_at: first, last_login_at: calendar.minutes_ago(150) }];
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
    invited_by: Uuid,
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
            reach: reach(member.reach),
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
pub async fn write_memberships(db: &mut PgConnection, house: &House, memberships: &mut [Membership], songwriters: &[Songwriter]) -> sqlx::Result<()> {
    let (mut users, mut departments) = (Vec::new(), Vec::new());
    for membership in memberships.iter_mut() {
        membership.songwriter_id = linked(membership.member.reach, songwriters);
        for id in placed(membership.member.reach, house) {
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

/// An invitation with its ends; serialised, a row of `invitations`.
#[derive(Debug, Serialize)]
pub struct Invited {
    publisher_id: Uuid,
    pub id: Uuid,
    pub email: &'static str,
    #[serde(skip)]
    pub role: &'static str,
    role_id: Uuid,
    reach: &'static str,
    department_id: Option<Uuid>,
    songwriter_id: Option<Uuid>,
    message: Option<&'static str>,
    /// Hexadecimal, as PostgreSQL reads it. The hash of nothing: there is no link to these, a resend makes one.
    token_hash: String,
    pub invited_by: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    accepted_at: Option<OffsetDateTime>,
    accepted_by: Option<Uuid>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub revoked_at: Option<OffsetDateTime>,
    revoked_by: Option<Uuid>,
}

/// One for every member, long accepted, and those nobody has accepted.
pub fn invitations(
    dice: &Dice,
    calendar: Calendar,
    house: &House,
    members: &[Membership],
    songwriters: &[Songwriter],
    roles: &Roles,
) -> anyhow::Result<Vec<Invited>> {
    let mut all = Vec::new();
    let Some(admin) = members.first() else { return Ok(all) };
    for membership in members {
        let Member { email, reach, was, .. } = *membership.member;
        let key = was.map_or(membership.member.role, |(role, _)| role);
        let sent = (membership.joined_at - Duration::minutes(dice.between(35, 2_900))).max(house.made + Duration::minutes(5));
        let invitation = Invitation { publisher: house.publisher.slug, email, role: key, reach, message: None, sent: 0, outcome: Outcome::Pending };
        let open = invited(dice, house, &invitation, membership.invited_by, sent, songwriters, roles)?;
        all.push(Invited { accepted_at: Some(membership.joined_at), accepted_by: Some(membership.user_id), ..open });
    }
    for invitation in INVITATIONS.iter().filter(|invitation| invitation.publisher == house.publisher.slug) {
        let sent = calendar.office(dice, invitation.sent);
        let mut open = invited(dice, house, invitation, admin.user_id, sent, songwriters, roles)?;
        if let Outcome::Revoked(days) = invitation.outcome {
            open.revoked_at = Some(calendar.office(dice, days).max(sent + Duration::hours(1)));
            open.revoked_by = Some(admin.user_id);
        }
        all.push(open);
    }
    Ok(all)
}

fn invited(
    dice: &Dice,
    house: &House,
    invitation: &Invitation,
    by: Uuid,
    sent: OffsetDateTime,
    songwriters: &[Songwriter],
    roles: &Roles,
) -> anyhow::Result<Invited> {
    let hash: [u8; 32] = dice.bytes();
    Ok(Invited {
        publisher_id: house.id,
        id: dice.id(sent),
        email: invitation.email,
        role: invitation.role,
        role_id: role(roles, invitation.role)?.0,
        reach: reach(invitation.reach),
        department_id: placed(invitation.reach, house).first().copied(),
        songwriter_id: linked(invitation.reach, songwriters),
        message: invitation.message,
        token_hash: hash.iter().fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}")),
        invited_by: by,
        created_at: sent,
        expires_at: sent + OPEN,
        accepted_at: None,
        accepted_by: None,
        revoked_at: None,
        revoked_by: None,
    })
}

pub async fn write_invitations(db: &mut PgConnection, invitations: &[Invited]) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into invitations (publisher_id, id, email, email_norm, role_id, reach, department_id, songwriter_id, message, token_hash,
           invited_by, created_at, sent_at, expires_at, accepted_at, accepted_by, revoked_at, revoked_by)
         select publisher_id, id, email, email, role_id, reach, department_id, songwriter_id, message, token_hash,
           invited_by, created_at, created_at, expires_at, accepted_at, accepted_by, revoked_at, revoked_by
         from jsonb_populate_recordset(null::invitations, $1)",
        Json(invitations) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Id and name of a role.
pub fn role<'a>(roles: &'a Roles, key: &str) -> anyhow::Result<&'a (Uuid, String)> {
    roles.get(key).ok_or_else(|| anyhow::anyhow!("there is no role {key}"))
}

fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Publisher => "publisher",
        Reach::Departments(_) => "departments",
        Reach::Own(_) => "own",
    }
}

fn linked(reach: Reach, songwriters: &[Songwriter]) -> Option<Uuid> {
    match reach {
        Reach::Own(place) => songwriters.get(place).map(|songwriter| songwriter.id),
        _ => None,
    }
}

fn placed(reach: Reach, house: &House) -> Vec<Uuid> {
    match reach {
        Reach::Departments(names) => names.iter().filter_map(|name| house.department(name)).collect(),
        _ => Vec::new(),
    }
}
