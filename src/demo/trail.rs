//! What the trail remembers: how people came and went, and what they did to the catalogue lately.

use serde::Serialize;
use serde_json::Value;
use sqlx::{PgConnection, types::Json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    catalogue::Catalogue,
    crowd::{Crowd, Person, Roles, role},
    dice::{Calendar, Dice},
    houses::House,
    invitations::Invited,
    memberships::Membership,
    people::SYSTEM_ADMIN,
};
use crate::audit::Entry;

/// Changes of the catalogue older than this are left out.
const REMEMBERED: Duration = Duration::days(60);

/// A publisher's trail.
pub struct Trail<'a> {
    crowd: &'a Crowd,
    roles: &'a Roles,
    rows: Vec<(OffsetDateTime, Person, Option<Uuid>, Entry)>,
}

#[derive(Serialize)]
struct Row {
    publisher_id: Uuid,
    id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    actor_id: Uuid,
    actor_name: &'static str,
    visit_id: Option<Uuid>,
    action: &'static str,
    object_type: &'static str,
    object_id: Option<Uuid>,
    object_name: String,
    detail: Value,
    address: String,
}

impl<'a> Trail<'a> {
    /// Begins with the making of the publisher.
    pub fn begin(house: &House, crowd: &'a Crowd, roles: &'a Roles) -> anyhow::Result<Self> {
        let mut trail = Self { crowd, roles, rows: Vec::new() };
        let entry = Entry::PublisherCreated { publisher: house.id, name: house.publisher.name.to_owned() };
        trail.rows.push((house.made, crowd.of(SYSTEM_ADMIN.0)?.clone(), None, entry));
        Ok(trail)
    }

    fn add(&mut self, at: OffsetDateTime, by: Uuid, entry: Entry) {
        if let Some(person) = self.crowd.named(by) {
            self.rows.push((at, person.clone(), None, entry));
        }
    }

    /// A role's name by its key.
    fn role(&self, key: &str) -> anyhow::Result<String> {
        Ok(role(self.roles, key)?.1.clone())
    }

    pub fn people(&mut self, members: &[Membership], invitations: &[Invited]) -> anyhow::Result<()> {
        for sent in invitations {
            let (invitation, email) = (sent.id, sent.email.to_owned());
            let role = self.role(sent.role)?;
            self.add(sent.created_at, sent.invited_by, Entry::MemberInvited { invitation, email: email.clone(), role });
            if let Some(at) = sent.revoked_at {
                self.add(at, sent.invited_by, Entry::InvitationRevoked { invitation, email });
            }
        }
        let first_admin = members.first().map(|first| first.user_id).unwrap_or_default();
        for membership in members {
            let (member, name) = (membership.user_id, membership.member.name.to_owned());
            let role = self.role(membership.member.role)?;
            let before = membership.member.was.map(|(key, _)| self.role(key)).transpose()?;
            let came_as = before.clone().unwrap_or_else(|| role.clone());
            self.add(membership.joined_at, member, Entry::InvitationAccepted { member, name: name.clone(), role: came_as });
            if let (Some(at), Some(before)) = (membership.role_changed_at, before) {
                self.add(at, first_admin, Entry::MemberRoleChanged { member, name: name.clone(), before, after: role });
            }
            if let Some(at) = membership.suspended_at {
                self.add(at, first_admin, Entry::MemberSuspended { member, name: name.clone() });
            }
            if let Some(at) = membership.removed_at {
                self.add(at, first_admin, Entry::MemberRemoved { member, name });
            }
        }
        Ok(())
    }

    pub fn catalogue(&mut self, calendar: Calendar, catalogue: &Catalogue) {
        let since = calendar.now - REMEMBERED;
        for work in &catalogue.works {
            let (id, title) = (work.id, work.title.clone());
            if work.created_at > since {
                self.add(work.created_at, work.created_by, Entry::WorkCreated { work: id, title: title.clone() });
            }
            if let Some(changes) = work.changes.clone().filter(|_| work.updated_at > since) {
                self.add(work.updated_at, work.updated_by, Entry::WorkUpdated { work: id, title, changes });
            }
        }
    }

    /// The system admin once looked in for half an hour.
    pub async fn visit(&mut self, db: &mut PgConnection, dice: &Dice, calendar: Calendar, house: &House) -> anyhow::Result<()> {
        let person = self.crowd.of(SYSTEM_ADMIN.0)?.clone();
        let started = calendar.office(dice, 16);
        let (visit, reason, ended) =
            (dice.id(started), "Storage figure in question, asked by Olga Lindqvist", started + Duration::minutes(30));
        sqlx::query!(
            "insert into visits (publisher_id, id, user_id, reason, started_at, ends_at, ended_at) values ($1, $2, $3, $4, $5, $6, $7)",
            house.id,
            visit,
            person.id,
            reason,
            started,
            started + Duration::hours(1),
            ended
        )
        .execute(db)
        .await?;
        let start = Entry::VisitStarted { visit, reason: reason.to_owned(), may_write: false };
        self.rows.push((started, person.clone(), Some(visit), start));
        self.rows.push((ended, person, Some(visit), Entry::VisitEnded { visit }));
        Ok(())
    }

    /// Writes it in the order of time.
    pub async fn write(mut self, db: &mut PgConnection, dice: &Dice, house: &House) -> sqlx::Result<()> {
        self.rows.sort_by_key(|(at, ..)| *at);
        let rows: Vec<Row> = self.rows.into_iter().map(|(at, person, visit, entry)| row(dice, house, at, &person, visit, &entry)).collect();
        sqlx::query!(
            "insert into audit_entries (publisher_id, id, at, actor_id, actor_name, visit_id, action, object_type, object_id, object_name, detail, address)
             select publisher_id, id, at, actor_id, actor_name, visit_id, action, object_type, object_id, object_name, detail, address
             from jsonb_populate_recordset(null::audit_entries, $1)",
            Json(&rows) as _
        )
        .execute(db)
        .await?;
        Ok(())
    }
}

fn row(dice: &Dice, house: &House, at: OffsetDateTime, by: &Person, visit: Option<Uuid>, entry: &Entry) -> Row {
    let object = entry.object();
    let [.., desk] = by.id.into_bytes();
    Row {
        publisher_id: house.id,
        id: dice.id(at),
        at,
        actor_id: by.id,
        actor_name: by.name,
        visit_id: visit,
        action: entry.action(),
        object_type: object.kind,
        object_id: object.id,
        object_name: object.name,
        detail: entry.detail(),
        // Addresses kept for documentation (RFC 5737), one for each person.
        address: format!("198.51.100.{desk}"),
    }
}
