//! Invitations: one open one per address, a link that works for seven days, and what ends it.
//!
//! Only the link's hash is kept. Inviting an address again and sending again both make a new link and end the old one.

use super::{
    grant::{Asked, Choices, Grant},
    issue::{Issue, changed_meanwhile},
    member::reach_words,
};
use crate::{
    access::{State, Tenant},
    audit::Entry,
    error::{Error, Refusal, Result},
    mail::Mail,
    sign_in::address::EmailAddress,
    standards::characters,
};
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

/// Longest message to the invited person, in characters.
pub const LONGEST_MESSAGE: usize = 1000;

/// What the form holds, as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewInvitation {
    pub email: String,
    pub role: String,
    pub department: String,
    pub songwriter: String,
    pub songwriter_id: String,
    pub message: String,
}

impl NewInvitation {
    pub fn asked(&self) -> Asked {
        Asked {
            role: self.role.clone(),
            departments: vec![self.department.clone()],
            songwriter: self.songwriter.clone(),
            songwriter_id: self.songwriter_id.clone(),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Invitation {
    pub id: Uuid,
    pub email: String,
    pub role_key: String,
    pub role_name: String,
    pub reach: String,
    pub department_id: Option<Uuid>,
    pub department: Option<String>,
    pub songwriter_id: Option<Uuid>,
    pub message: Option<String>,
    pub invited_by: String,
    pub sent_at: OffsetDateTime,
    pub sent_count: i32,
    pub expires_at: OffsetDateTime,
    /// The inviter could still send it; where not, the link is dead until somebody sends it again.
    pub backed: bool,
    pub accepted_at: Option<OffsetDateTime>,
    pub accepted_by: Option<Uuid>,
    pub revoked_at: Option<OffsetDateTime>,
    /// `queued`, `sent` or `failed`; none once the outbox has forgotten it.
    pub mail_state: Option<String>,
    pub mail_error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Pending,
    Lapsed,
    Accepted,
    Revoked,
}

impl Stage {
    pub const ALL: [Stage; 4] = [Stage::Pending, Stage::Lapsed, Stage::Accepted, Stage::Revoked];

    /// As addresses have it.
    pub fn key(self) -> &'static str {
        match self {
            Stage::Pending => "pending",
            Stage::Lapsed => "lapsed",
            Stage::Accepted => "accepted",
            Stage::Revoked => "revoked",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Stage::Pending => "Pending",
            Stage::Lapsed => "Lapsed",
            Stage::Accepted => "Accepted",
            Stage::Revoked => "Revoked",
        }
    }
}

impl Invitation {
    pub fn stage(&self, now: OffsetDateTime) -> Stage {
        match self {
            Invitation { accepted_at: Some(_), .. } => Stage::Accepted,
            Invitation { revoked_at: Some(_), .. } => Stage::Revoked,
            _ if self.expires_at <= now || !self.backed => Stage::Lapsed,
            _ => Stage::Pending,
        }
    }

    pub fn reach_words(&self) -> String {
        reach_words(&self.reach, self.department.as_slice(), None)
    }

    /// What it grants, as a form would ask for it.
    pub fn asked(&self) -> Asked {
        Asked {
            role: self.role_key.clone(),
            departments: self.department_id.iter().map(Uuid::to_string).collect(),
            songwriter_id: self.songwriter_id.map(|id| id.to_string()).unwrap_or_default(),
            ..Asked::default()
        }
    }
}

/// Which invitations to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub q: String,
    pub stage: Option<Stage>,
    /// The invitation before the first one listed.
    pub after: Option<Uuid>,
    pub only: Option<Uuid>,
}

/// How many invitations a page shows.
pub const PAGE: usize = 50;

/// The invitations that `filter` lets through, newest first, one more than a page shows; and how many there are in all.
pub async fn list(at: &mut Tenant, filter: &Filter) -> Result<(Vec<Invitation>, i64)> {
    let (publisher, now, limit) = (at.publisher.id, at.now(), i64::try_from(PAGE + 1).unwrap_or(i64::MAX));
    let rows = sqlx::query!(
        r#"with backed as materialized (select b as id from ctx.backed_invitations($5) b),
           found as (
             select i.*, i.id in (select id from backed) as backed from invitations i
              where i.publisher_id = $1 and ($2 = '' or strpos(i.email_norm, lower($2)) > 0) and ($3::uuid is null or i.id = $3)
                and case $4 when 'pending' then i.accepted_at is null and i.revoked_at is null and i.expires_at > $5 and i.id in (select id from backed)
                            when 'lapsed' then i.accepted_at is null and i.revoked_at is null and (i.expires_at <= $5 or i.id not in (select id from backed))
                            when 'accepted' then i.accepted_at is not null
                            when 'revoked' then i.revoked_at is not null
                            else true end)
           select f.id as "id!", f.email as "email!", r.key as role_key, r.name as role_name, f.reach as "reach!", f.department_id, d.name as "department?", f.songwriter_id, f.message,
                  coalesce(u.full_name, 'Ledgerline support') as "invited_by!", f.sent_at as "sent_at!", f.sent_count as "sent_count!",
                  f.expires_at as "expires_at!", f.backed as "backed!", f.accepted_at, f.accepted_by, f.revoked_at, o.state as "mail_state?", o.last_error as "mail_error?",
                  (select count(*) from found) as "total!"
             from found f join roles r on r.id = f.role_id
             left join departments d on d.publisher_id = $1 and d.id = f.department_id
             left join users u on u.id = f.invited_by
             left join outbox o on o.id = f.outbox_id
            where $6::uuid is null or f.id < $6
            order by f.id desc limit $7"#,
        publisher,
        filter.q,
        filter.only,
        filter.stage.map_or("", Stage::key),
        now,
        filter.after,
        limit
    )
    .fetch_all(at.db())
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    let invitations = rows.into_iter().map(|row| Invitation {
        id: row.id,
        email: row.email,
        role_key: row.role_key,
        role_name: row.role_name,
        reach: row.reach,
        department_id: row.department_id,
        department: row.department,
        songwriter_id: row.songwriter_id,
        message: row.message,
        invited_by: row.invited_by,
        sent_at: row.sent_at,
        sent_count: row.sent_count,
        expires_at: row.expires_at,
        backed: row.backed,
        accepted_at: row.accepted_at,
        accepted_by: row.accepted_by,
        revoked_at: row.revoked_at,
        mail_state: row.mail_state,
        mail_error: row.mail_error,
    });
    Ok((invitations.collect(), total))
}

/// # Errors
/// `NotFound` when this publisher never had such an invitation.
pub async fn invitation(at: &mut Tenant, id: Uuid) -> Result<Invitation> {
    let (invitations, _) = list(at, &Filter { only: Some(id), ..Filter::default() }).await?;
    invitations.into_iter().next().ok_or(Error::NotFound)
}

/// Invites an address, or reissues its open invitation with the new role and message.
///
/// # Errors
/// A refusal at each field at fault; `already_member` at `email` for members, suspended ones too, and what guards against
/// replacing an invitation one could not have sent.
pub async fn invite(at: &mut Tenant, state: &State, choices: &Choices, form: &NewInvitation) -> Result<Entry> {
    let (email, message, grant) = check(at, choices, form)?;
    not_yet_member(at, &email).await?;
    let publisher = at.publisher.id;
    let open = sqlx::query!(
        "select i.id, i.department_id, r.key as role from invitations i join roles r on r.id = i.role_id
          where i.publisher_id = $1 and i.email_norm = $2 and i.accepted_at is null and i.revoked_at is null",
        publisher,
        email.norm
    )
    .fetch_optional(at.db())
    .await?;
    if let Some((code, why)) = open.as_ref().and_then(|open| choices.beyond(&at.reach, &open.role, open.department_id.as_slice())) {
        let words = format!("This address has been invited already, {why}. An admin can change that invitation.");
        return Err(Refusal::field("email", code, words).into());
    }
    let (role, issue) = (grant.role.name.clone(), Issue::send(at, state, choices, email, grant, message).await?);
    let invitation = match open {
        Some(open) => issue.replace(at, open.id).await?,
        None => issue.insert(at).await?,
    };
    Ok(Entry::MemberInvited { invitation, email: issue.email.typed, role })
}

/// Sends an open invitation again, with a new link that works for another seven days.
///
/// # Errors
/// `invitation_accepted` or `invitation_revoked` when it is no longer open, and what guards against granting too much.
pub async fn send_again(at: &mut Tenant, state: &State, choices: &Choices, invitation: &Invitation) -> Result<Entry> {
    still_open(invitation)?;
    check_within(at, choices, invitation)?;
    let grant = choices.grant(&at.reach, &invitation.asked())?;
    let email = EmailAddress::parse("email", &invitation.email)?;
    not_yet_member(at, &email).await?;
    let issue = Issue::send(at, state, choices, email, grant, invitation.message.clone()).await?;
    issue.replace(at, invitation.id).await?;
    Ok(Entry::InvitationResent { invitation: invitation.id, email: issue.email.typed })
}

/// Takes an open invitation back; its link then says so.
///
/// # Errors
/// `invitation_accepted`, `invitation_revoked`, and what guards against ending an invitation one could not have sent.
pub async fn revoke(at: &mut Tenant, choices: &Choices, invitation: &Invitation) -> Result<Entry> {
    still_open(invitation)?;
    check_within(at, choices, invitation)?;
    let (publisher, now, by) = (at.publisher.id, at.now(), at.person.id);
    let revoked = sqlx::query!(
        "update invitations set revoked_at = $3, revoked_by = $4 where publisher_id = $1 and id = $2 and accepted_at is null and revoked_at is null",
        publisher,
        invitation.id,
        now,
        by
    )
    .execute(at.db())
    .await?;
    if revoked.rows_affected() == 0 {
        return Err(changed_meanwhile().into());
    }
    Ok(Entry::InvitationRevoked { invitation: invitation.id, email: invitation.email.clone() })
}

/// Every field is looked at before the answer, so that a form is sent back once.
fn check(at: &Tenant, choices: &Choices, form: &NewInvitation) -> Result<(EmailAddress, Option<String>, Grant)> {
    let mut problems = Vec::new();
    let email = EmailAddress::parse("email", &form.email).and_then(|email| {
        let words = "Mail cannot be sent to this address; it should look like name@example.com.";
        if Mail::can_go_to(&email.typed) { Ok(email) } else { Err(Refusal::field("email", "invalid_email", words)) }
    });
    let grant = choices.grant(&at.reach, &form.asked());
    let message = message(&form.message);
    for refusal in [email.as_ref().err(), grant.as_ref().err(), message.as_ref().err()].into_iter().flatten() {
        problems.extend(refusal.problems.clone());
    }
    match (email, message, grant) {
        (Ok(email), Ok(message), Ok(grant)) => Ok((email, message, grant)),
        _ => Err(Refusal { problems, ..Refusal::checks() }.into()),
    }
}

fn message(typed: &str) -> Result<Option<String>, Refusal> {
    let text =
        characters::clean_multiline(typed).map_err(|unclean| Refusal::field("message", "characters", format!("The message {unclean}.")))?;
    let length = text.chars().count();
    if length > LONGEST_MESSAGE {
        let words = format!("Use at most {LONGEST_MESSAGE} characters; these are {length}.");
        return Err(Refusal::field("message", "too_long", words));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

async fn not_yet_member(at: &mut Tenant, email: &EmailAddress) -> Result<()> {
    let publisher = at.publisher.id;
    let member = sqlx::query!(
        r#"select u.full_name, m.status, r.name as role from users u join user_publishers m on m.publisher_id = $1 and m.user_id = u.id join roles r on r.id = m.role_id
            where u.email_norm = $2 and m.status <> 'removed'"#,
        publisher,
        email.norm
    )
    .fetch_optional(at.db())
    .await?;
    match member {
        None => Ok(()),
        Some(member) if member.status == "suspended" => {
            let words = format!("{} is a suspended member. Restore them instead.", member.full_name);
            Err(Refusal::field("email", "already_member", words).into())
        }
        Some(member) => {
            let words = format!("{} is a member already ({}).", member.full_name, member.role);
            Err(Refusal::field("email", "already_member", words).into())
        }
    }
}

/// Nobody ends or replaces what they could not grant.
fn check_within(at: &Tenant, choices: &Choices, invitation: &Invitation) -> Result<(), Refusal> {
    match choices.beyond(&at.reach, &invitation.role_key, invitation.department_id.as_slice()) {
        None => Ok(()),
        Some((code, why)) => {
            Err(Refusal::rule(code, format!("{} has been invited {why}. An admin can change this invitation.", invitation.email)))
        }
    }
}

fn still_open(invitation: &Invitation) -> Result<(), Refusal> {
    match (invitation.accepted_at, invitation.revoked_at) {
        (Some(_), _) => Err(Refusal::conflict("invitation_accepted", format!("{} has accepted this invitation.", invitation.email))),
        (_, Some(_)) => Err(Refusal::conflict(
            "invitation_revoked",
            format!("The invitation of {} has been revoked. Invite them again.", invitation.email),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_its_lines_and_loses_nothing_else() {
        assert_eq!(message("  ").unwrap(), None);
        assert_eq!(message("Hello,\r\n<b>Zoë</b> 🎻").unwrap().as_deref(), Some("Hello,\n<b>Zoë</b> 🎻"));
        assert!(message(&"é".repeat(LONGEST_MESSAGE)).is_ok());
    }

    #[test]
    fn a_message_too_long_or_with_hidden_marks_is_refused() {
        let code = |typed: &str| message(typed).unwrap_err().problems[0].code;
        assert_eq!(code(&"é".repeat(LONGEST_MESSAGE + 1)), "too_long");
        assert_eq!(code("a\u{0}b"), "characters");
        assert_eq!(code("a\u{202e}b"), "characters");
    }
}
