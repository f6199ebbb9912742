//! Members: who they are here, and the changes an administrator makes to a membership.
//!
//! Nobody changes their own membership, nobody that of a person who may do more, and the last admin stays. The gate has
//! locked the account before any of these changes begins, so what is counted here holds until the commit.

use super::grant::{Choices, Grant, runs};
use crate::{
    access::Tenant,
    account::seats,
    audit::Entry,
    error::{Error, Refusal, Result},
    web::Moment,
};
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Member {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    pub role_key: String,
    pub role_name: String,
    /// `publisher`, `departments` or `own`.
    pub reach: String,
    pub department_ids: Vec<Uuid>,
    pub departments: Vec<String>,
    pub songwriter_id: Option<Uuid>,
    pub songwriter: Option<String>,
    /// `active`, `suspended` or `removed`.
    pub status: String,
    /// `totp` and `passkey`, as enrolled.
    pub factors: Vec<String>,
    pub invited_by: Option<String>,
    pub joined_at: OffsetDateTime,
    pub suspended_at: Option<OffsetDateTime>,
    pub removed_at: Option<OffsetDateTime>,
    pub last_accessed_at: Option<OffsetDateTime>,
}

impl Member {
    /// "Whole publisher", "A&R, Copyright", "Own works".
    pub fn reach_words(&self) -> String {
        reach_words(&self.reach, &self.departments, self.songwriter.as_deref())
    }

    /// "App and passkey"; None for a password alone.
    pub fn factor_words(&self) -> Option<&'static str> {
        let has = |factor: &str| self.factors.iter().any(|held| held == factor);
        match (has("totp"), has("passkey")) {
            (true, true) => Some("App and passkey"),
            (true, false) => Some("App"),
            (false, true) => Some("Passkey"),
            (false, false) => None,
        }
    }

    /// Role and reach in one line, for a form to say what it was made from.
    pub fn standing(&self) -> String {
        let mut departments: Vec<String> = self.department_ids.iter().map(Uuid::to_string).collect();
        departments.sort();
        [self.role_key.clone(), self.reach.clone()]
            .into_iter()
            .chain(departments)
            .chain(self.songwriter_id.map(|id| id.to_string()))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// "Editor", "Editor in A&R": what the trail keeps.
    fn described(&self) -> String {
        described(&self.role_name, &self.departments, self.songwriter.as_deref())
    }
}

pub fn reach_words(reach: &str, departments: &[String], songwriter: Option<&str>) -> String {
    match (reach, songwriter) {
        ("departments", _) => departments.join(", "),
        ("own", Some(songwriter)) => format!("Own works: {songwriter}"),
        ("own", None) => "Own works".to_owned(),
        _ => "Whole publisher".to_owned(),
    }
}

fn described(role: &str, departments: &[String], songwriter: Option<&str>) -> String {
    match (departments, songwriter) {
        ([], None) => role.to_owned(),
        ([], Some(songwriter)) => format!("{role} as {songwriter}"),
        (departments, _) => format!("{role} in {}", departments.join(", ")),
    }
}

/// Which members to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Part of a name or address.
    pub q: String,
    /// Key of a role; empty for any.
    pub role: String,
    /// A status; empty for those who are members now, `any` for former ones too.
    pub status: String,
    /// The person before the first one listed.
    pub after: Option<Uuid>,
    pub only: Option<Uuid>,
}

/// How many members a page shows.
pub const PAGE: usize = 50;

/// The members that `filter` lets through, by name, one more than a page shows; and how many there are on all pages.
pub async fn list(at: &mut Tenant, filter: &Filter) -> Result<(Vec<Member>, i64)> {
    let (publisher, limit) = (at.publisher.id, i64::try_from(PAGE + 1).unwrap_or(i64::MAX));
    let rows = sqlx::query!(
        r#"with found as (
             select m.*, u.full_name, u.email, u.factors, lower(u.full_name) as name_key, r.key as role_key, r.name as role_name
               from user_publishers m join users u on u.id = m.user_id join roles r on r.id = m.role_id
              where m.publisher_id = $1
                and ($2 = '' or strpos(lower(u.full_name), lower($2)) > 0 or strpos(u.email_norm, lower($2)) > 0)
                and ($3 = '' or r.key = $3)
                and case $4 when '' then m.status <> 'removed' when 'any' then true else m.status = $4 end
                and ($5::uuid is null or m.user_id = $5))
           select f.user_id as "id!", f.full_name as "name!", f.email as "email!", f.role_key as "role_key!", f.role_name as "role_name!", f.reach as "reach!",
                  f.songwriter_id, f.status as "status!", f.factors as "factors!", f.joined_at as "joined_at!", f.suspended_at, f.removed_at, f.last_accessed_at,
                  array(select d.department_id from user_departments d where d.publisher_id = $1 and d.user_id = f.user_id) as "department_ids!",
                  array(select d.name from user_departments ud join departments d on d.publisher_id = $1 and d.id = ud.department_id
                         where ud.publisher_id = $1 and ud.user_id = f.user_id order by lower(d.name)) as "departments!",
                  (select coalesce(nullif(concat_ws(', ', nullif(s.last_name, ''), nullif(s.first_name, '')), ''), s.stage_name)
                     from songwriters s where s.publisher_id = $1 and s.id = f.songwriter_id) as songwriter,
                  -- Somebody whose name cannot be seen here was a visiting system admin.
                  case when f.invited_by is not null then coalesce((select i.full_name from users i where i.id = f.invited_by), 'Ledgerline support') end as invited_by,
                  (select count(*) from found) as "total!"
             from found f
            where $6::uuid is null or (f.name_key, f.user_id) > (select lower(a.full_name), a.id from users a where a.id = $6)
            order by f.name_key, f.user_id limit $7"#,
        publisher,
        filter.q,
        filter.role,
        filter.status,
        filter.only,
        filter.after,
        limit
    )
    .fetch_all(at.db())
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    let members = rows.into_iter().map(|row| Member {
        id: row.id,
        name: row.name,
        email: row.email,
        role_key: row.role_key,
        role_name: row.role_name,
        departments: if row.reach == "departments" { row.departments } else { Vec::new() },
        department_ids: if row.reach == "departments" { row.department_ids } else { Vec::new() },
        reach: row.reach,
        songwriter_id: row.songwriter_id,
        songwriter: row.songwriter,
        status: row.status,
        factors: row.factors,
        invited_by: row.invited_by,
        joined_at: row.joined_at,
        suspended_at: row.suspended_at,
        removed_at: row.removed_at,
        last_accessed_at: row.last_accessed_at,
    });
    Ok((members.collect(), total))
}

/// One member or former member.
///
/// # Errors
/// `NotFound` when the person never belonged to this publisher.
pub async fn member(at: &mut Tenant, id: Uuid) -> Result<Member> {
    let filter = Filter { status: "any".into(), only: Some(id), ..Filter::default() };
    let (members, _) = list(at, &filter).await?;
    members.into_iter().next().ok_or(Error::NotFound)
}

/// May the person of this transaction change this membership at all? Permission apart, which the guard has checked.
///
/// # Errors
/// `own_membership`, `outside_your_departments` or `more_than_you_hold`.
pub fn may_change(at: &Tenant, member: &Member, choices: &Choices) -> Result<(), Refusal> {
    if member.id == at.person.id {
        return Err(Refusal::rule("own_membership", "You cannot change your own membership. Another admin can."));
    }
    let departments: &[Uuid] = if member.reach == "departments" { &member.department_ids } else { &[] };
    if !runs(&at.reach, departments) {
        let words = format!("{} also works outside your departments. An admin can do this.", member.name);
        return Err(Refusal::rule("outside_your_departments", words));
    }
    if choices.role(&member.role_key).is_none_or(|role| !role.grantable) {
        let words = format!("{} may do more here than you. An admin can do this.", member.name);
        return Err(Refusal::rule("more_than_you_hold", words));
    }
    Ok(())
}

/// Refuses a form made from another role or reach than the present one: its sender would undo what they never saw.
///
/// # Errors
/// `stale` (409), with who changed it and when.
pub async fn unchanged_since(at: &mut Tenant, member: &Member, shown: &str) -> Result<()> {
    if shown.is_empty() || shown == member.standing() {
        return Ok(());
    }
    let (changes, now) = (history(at, member.id).await?, at.now());
    let (who, when) = match changes.first() {
        Some(last) => (last.actor.as_str(), Moment::at(&last.at).before(&now)),
        None => ("Somebody else", "meanwhile".to_owned()),
    };
    let words = format!(
        "{who} changed this role {when}, while you had it open: {} is {} now. What you chose is below and nothing is saved yet; \
         saving again puts yours over it.",
        member.name,
        member.described()
    );
    Err(Refusal::conflict("stale", words).into())
}

/// Gives a member another role or reach; nothing when they have it already.
///
/// # Errors
/// Those of [`may_change`], `last_admin`, or `former_member`.
pub async fn change_role(at: &mut Tenant, member: &Member, choices: &Choices, grant: &Grant) -> Result<Option<Entry>> {
    may_change(at, member, choices)?;
    still_a_member(member)?;
    let names = |ids: &[Uuid]| choices.departments.iter().filter(|d| ids.contains(&d.id)).map(|d| d.name.clone()).collect::<Vec<_>>();
    let songwriter = choices.songwriters.iter().find(|(id, _)| Some(*id) == grant.songwriter()).map(|(_, name)| name.as_str());
    let after = described(&grant.role.name, &names(grant.departments()), songwriter);
    if after == member.described() && grant.songwriter() == member.songwriter_id {
        return Ok(None);
    }
    if grant.role.key != "admin" {
        keep_an_admin(at, member).await?;
    }
    let (publisher, now) = (at.publisher.id, at.now());
    // Before the departments: row security finds the member by the old ones.
    let changed = sqlx::query!(
        "update user_publishers set role_id = $3, reach = $4, songwriter_id = $5, updated_at = $6 where publisher_id = $1 and user_id = $2",
        publisher,
        member.id,
        grant.role.id,
        grant.reach_name(),
        grant.songwriter(),
        now
    )
    .execute(at.db())
    .await?;
    found(changed.rows_affected())?;
    sqlx::query!("delete from user_departments where publisher_id = $1 and user_id = $2", publisher, member.id).execute(at.db()).await?;
    sqlx::query!(
        "insert into user_departments (publisher_id, user_id, department_id) select $1, $2, unnest($3::uuid[])",
        publisher,
        member.id,
        grant.departments()
    )
    .execute(at.db())
    .await?;
    Ok(Some(Entry::MemberRoleChanged { member: member.id, name: member.name.clone(), before: member.described(), after }))
}

/// Ends a member's access until they are restored; their seat becomes free.
///
/// # Errors
/// Those of [`may_change`], `last_admin`, `former_member`, or `already_suspended`.
pub async fn suspend(at: &mut Tenant, member: &Member, choices: &Choices) -> Result<Entry> {
    may_change(at, member, choices)?;
    still_a_member(member)?;
    if member.status == "suspended" {
        return Err(Refusal::conflict("already_suspended", format!("{} is suspended already.", member.name)).into());
    }
    keep_an_admin(at, member).await?;
    let (publisher, now) = (at.publisher.id, at.now());
    let changed = sqlx::query!(
        "update user_publishers set status = 'suspended', suspended_at = $3, updated_at = $3 where publisher_id = $1 and user_id = $2 and status = 'active'",
        publisher,
        member.id,
        now
    )
    .execute(at.db())
    .await?;
    found(changed.rows_affected())?;
    Ok(Entry::MemberSuspended { member: member.id, name: member.name.clone() })
}

/// Lets a suspended member in again, on a seat of their own.
///
/// # Errors
/// Those of [`may_change`], `not_suspended`, or `seats_full`.
pub async fn restore(at: &mut Tenant, member: &Member, choices: &Choices) -> Result<Entry> {
    may_change(at, member, choices)?;
    still_a_member(member)?;
    if member.status != "suspended" {
        return Err(Refusal::conflict("not_suspended", format!("{} is not suspended.", member.name)).into());
    }
    let (publisher, now) = (at.publisher.id, at.now());
    seats::claim(at.db(), publisher, now, |licensed| {
        format!(
            "All {licensed} seats are taken, so {} cannot come back yet. Suspend or remove somebody else first, or add seats to the plan.",
            member.name
        )
    })
    .await?;
    let changed = sqlx::query!(
        "update user_publishers set status = 'active', suspended_at = null, updated_at = $3 where publisher_id = $1 and user_id = $2 and status = 'suspended'",
        publisher,
        member.id,
        now
    )
    .execute(at.db())
    .await?;
    found(changed.rows_affected())?;
    Ok(Entry::MemberRestored { member: member.id, name: member.name.clone() })
}

/// Ends a membership. The row stays, so that history keeps the name; a new invitation brings the person back.
///
/// # Errors
/// Those of [`may_change`], `last_admin`, or `former_member`.
pub async fn remove(at: &mut Tenant, member: &Member, choices: &Choices) -> Result<Entry> {
    may_change(at, member, choices)?;
    still_a_member(member)?;
    keep_an_admin(at, member).await?;
    let (publisher, now) = (at.publisher.id, at.now());
    let changed = sqlx::query!(
        "update user_publishers set status = 'removed', removed_at = $3, suspended_at = null, updated_at = $3
          where publisher_id = $1 and user_id = $2 and status <> 'removed'",
        publisher,
        member.id,
        now
    )
    .execute(at.db())
    .await?;
    found(changed.rows_affected())?;
    Ok(Entry::MemberRemoved { member: member.id, name: member.name.clone() })
}

fn still_a_member(member: &Member) -> Result<(), Refusal> {
    if member.status == "removed" {
        return Err(Refusal::conflict("former_member", format!("{} is no longer a member. Invite them again.", member.name)));
    }
    Ok(())
}

/// Row security hid the row after all: for the person asking it does not exist.
fn found(rows: u64) -> Result<()> {
    if rows == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Refuses to go on when this member is the only admin who can still act.
async fn keep_an_admin(at: &mut Tenant, member: &Member) -> Result<()> {
    if member.role_key != "admin" || member.status != "active" {
        return Ok(());
    }
    let (publisher, now) = (at.publisher.id, at.now());
    let another = sqlx::query_scalar!(
        r#"select exists (select from user_publishers m join roles r on r.id = m.role_id join users u on u.id = m.user_id
            where m.publisher_id = $1 and m.user_id <> $2 and r.key = 'admin' and m.reach = 'publisher' and m.status = 'active'
              and (m.ends_at is null or m.ends_at > $3) and u.status = 'active') as "another!""#,
        publisher,
        member.id,
        now
    )
    .fetch_one(at.db())
    .await?;
    if another {
        return Ok(());
    }
    let words = format!("{} is the last admin of {}. Make somebody else an admin first.", member.name, at.publisher.name);
    Err(Refusal::rule("last_admin", words).into())
}

/// What has happened to a member, newest first.
pub struct Change {
    pub at: OffsetDateTime,
    pub actor: String,
    pub on_visit: bool,
    pub action: String,
    /// From and to, for a change of role.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// The last changes to a membership, from the trail.
pub async fn history(at: &mut Tenant, member: Uuid) -> Result<Vec<Change>> {
    let publisher = at.publisher.id;
    let changes = sqlx::query_as!(
        Change,
        r#"select at, actor_name as actor, visit_id is not null as "on_visit!", action, detail ->> 'before' as before,
                  coalesce(detail ->> 'after', detail ->> 'role') as after
             from audit_entries where publisher_id = $1 and object_id = $2 and object_type = 'member' order by id desc limit 20"#,
        publisher,
        member
    )
    .fetch_all(at.db())
    .await?;
    Ok(changes)
}
