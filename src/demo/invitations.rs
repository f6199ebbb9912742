//! Writing invitations: one for every member, long accepted, and those nobody has accepted.

use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    crowd::{Roles, role},
    dice::{Calendar, Dice},
    houses::House,
    memberships::Membership,
    people::{INVITATIONS, Invitation, Member, Outcome},
    songwriters::Songwriter,
};

/// How long an invitation stays open.
const OPEN: Duration = Duration::days(7);

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

/// All of one publisher.
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
        let days = Duration::days(dice.between(0, 3)) + Duration::minutes(dice.between(12, 50));
        let sent = (membership.joined_at - days).max(house.made + Duration::minutes(5));
        let invitation =
            Invitation { publisher: house.publisher.slug, email, role: key, reach, message: None, sent: 0, outcome: Outcome::Pending };
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
        reach: invitation.reach.name(),
        department_id: invitation.reach.departments(house).first().copied(),
        songwriter_id: invitation.reach.songwriter(songwriters),
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

pub async fn write(db: &mut PgConnection, invitations: &[Invited]) -> sqlx::Result<()> {
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
