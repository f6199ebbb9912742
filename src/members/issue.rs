//! The link of an invitation: made, mailed and written, for a new invitation or in place of an earlier link.

use super::{
    grant::{Choices, Grant},
    mails,
};
use crate::{
    access::{State, Tenant},
    error::{Refusal, Result},
    mail::{self, Mail},
    secret::Token,
    sign_in::address::EmailAddress,
};
use time::Duration;
use uuid::Uuid;

/// How long a link works.
const LIFE: Duration = Duration::days(7);

/// A link about to be written, its mail already in the outbox.
pub(super) struct Issue {
    pub email: EmailAddress,
    grant: Grant,
    message: Option<String>,
    token: Token,
    outbox: Uuid,
}

impl Issue {
    /// Makes the link and posts its mail, which goes out if and only if the transaction lands.
    pub async fn send(
        at: &mut Tenant,
        state: &State,
        choices: &Choices,
        email: EmailAddress,
        grant: Grant,
        message: Option<String>,
    ) -> Result<Self> {
        let token = Token::new(&at.moments.chance);
        let department = choices.departments.iter().find(|department| grant.departments().contains(&department.id));
        let mail = mails::invitation(&mails::Letter {
            to: &email.typed,
            publisher: &at.publisher.name,
            brand: at.publisher.brand().unwrap_or_default(),
            inviter: &at.person.name,
            reply_to: Some(at.person.email.as_str()).filter(|address| Mail::can_go_to(address)),
            role: &grant.role.name,
            department: department.map(|department| department.name.as_str()),
            message: message.as_deref(),
            link: &state.public_url().link(&link_path(token.reveal())),
            expires: at.now() + LIFE,
        })?;
        let (moments, publisher) = (at.moments.clone(), at.publisher.id);
        let outbox = mail::post(at.db(), &moments, state.secret(), Some(publisher), &mail).await?;
        Ok(Issue { email, grant, message, token, outbox })
    }

    /// A new invitation with this link.
    ///
    /// # Errors
    /// `changed_meanwhile` when somebody has just invited the same address.
    pub async fn insert(&self, at: &mut Tenant) -> Result<Uuid> {
        let (publisher, id, by, now) = (at.publisher.id, at.new_id(), at.person.id, at.now());
        let inserted = sqlx::query_scalar!(
            "insert into invitations (publisher_id, id, email, email_norm, role_id, reach, department_id, songwriter_id, message, token_hash, invited_by,
               created_at, sent_at, expires_at, outbox_id)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14)
             on conflict (publisher_id, email_norm) where accepted_at is null and revoked_at is null do nothing returning id",
            publisher,
            id,
            self.email.typed,
            self.email.norm,
            self.grant.role.id,
            self.grant.reach_name(),
            self.grant.departments().first().copied(),
            self.grant.songwriter(),
            self.message,
            &self.token.hash()[..],
            by,
            now,
            now + LIFE,
            self.outbox
        )
        .fetch_optional(at.db())
        .await?;
        Ok(inserted.ok_or_else(changed_meanwhile)?)
    }

    /// An open invitation with this link instead of its present one.
    ///
    /// # Errors
    /// `changed_meanwhile` when it has just been accepted or revoked.
    pub async fn replace(&self, at: &mut Tenant, invitation: Uuid) -> Result<Uuid> {
        let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
        let replaced = sqlx::query_scalar!(
            "update invitations set email = $3, role_id = $4, reach = $5, department_id = $6, songwriter_id = $7, message = $8,
               replaced_hashes = replaced_hashes || token_hash, token_hash = $9, invited_by = $10, sent_at = $11, sent_count = sent_count + 1,
               expires_at = $12, outbox_id = $13
              where publisher_id = $1 and id = $2 and accepted_at is null and revoked_at is null returning id",
            publisher,
            invitation,
            self.email.typed,
            self.grant.role.id,
            self.grant.reach_name(),
            self.grant.departments().first().copied(),
            self.grant.songwriter(),
            self.message,
            &self.token.hash()[..],
            by,
            now,
            now + LIFE,
            self.outbox
        )
        .fetch_optional(at.db())
        .await?;
        Ok(replaced.ok_or_else(changed_meanwhile)?)
    }
}

/// Where a link leads. The token stands in the query, which logs of paths do not hold.
fn link_path(token: &str) -> String {
    format!("/invitations/accept?token={token}")
}

pub(super) fn changed_meanwhile() -> Refusal {
    Refusal::conflict("changed_meanwhile", "Somebody else changed this invitation at the same moment. Look at it again.")
}
