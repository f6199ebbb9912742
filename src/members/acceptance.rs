//! From the link to the membership. Looking at a link changes nothing; accepting is one transaction that burns it, takes a
//! seat, and makes the member.
//!
//! A link is bound to one address: it makes a new person with that address, or is accepted by the person who has it. An
//! account is never handed to a stranger, and somebody who is a member already keeps the role they have.

use crate::{
    access::{Anyone, Identity, Level, Person},
    account::seats,
    audit::{self, Entry, SecurityEvent},
    error::{Error, OnConstraint, Refusal, Result},
    secret::Token,
    sign_in::{address, name, password, session},
    web::Moment,
};
use axum::http::StatusCode;
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Open,
    Accepted,
    Revoked,
    Lapsed,
    /// Whoever sent it may no longer grant what it offers.
    Unbacked,
    /// A newer link was sent.
    Replaced,
    /// The publisher is suspended or archived.
    Closed,
}

/// What the holder of a link may know of it.
#[derive(Debug, Clone, Deserialize)]
pub struct Offer {
    pub state: Standing,
    pub publisher: String,
    pub email: String,
    /// Everything else; absent for a link that a newer one has replaced.
    #[serde(flatten)]
    pub terms: Option<Terms>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Terms {
    id: Uuid,
    publisher_id: Uuid,
    pub slug: String,
    email_norm: String,
    role_id: Uuid,
    pub role: String,
    reach: String,
    department_id: Option<Uuid>,
    pub department: Option<String>,
    songwriter_id: Option<Uuid>,
    pub message: Option<String>,
    pub inviter: Option<String>,
    invited_by: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// The address has an account.
    pub known_person: bool,
}

impl Terms {
    pub fn is_for(&self, person: &Person) -> bool {
        address::normalise(&person.email) == self.email_norm
    }
}

/// What a new person says of themselves.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Newcomer {
    pub token: String,
    pub full_name: String,
    pub password: String,
}

/// The offer behind a link, looked at without touching it; none when no invitation has had this link.
pub async fn look(at: &Anyone, token: &str) -> Result<Option<Offer>> {
    let Some(token) = Token::presented(token) else { return Ok(None) };
    offer(&mut at.identity().await?, &token, None).await
}

/// Opens the transaction to this invitation, on behalf of `user` when they are known.
async fn offer(door: &mut Identity, token: &Token, user: Option<Uuid>) -> Result<Option<Offer>> {
    let now = door.now();
    let found = sqlx::query_scalar!(r#"select ctx.enter_invitation($1, $2, $3) as "offer""#, &token.hash()[..], user, now)
        .fetch_one(door.db())
        .await?;
    Ok(found.map(serde_json::from_value).transpose().map_err(anyhow::Error::new)?)
}

/// Accepts as the person who is signed in, or as a new person, whose session then begins. Answers the publisher's slug.
///
/// # Errors
/// A refusal at `full_name` or `password`; 410 `link_gone` for a link that no longer works; `another_person`,
/// `account_exists`, `already_member` or `seats_full` when the link is good and something else is in the way.
pub async fn accept(at: &Anyone, form: &Newcomer) -> Result<String> {
    let token = Token::presented(&form.token).ok_or_else(unknown)?;
    let offer = look(at, &form.token).await?.ok_or_else(unknown)?;
    let terms = open(&offer)?;
    match at.person().await? {
        Some(person) if terms.is_for(&person) => join(at, &token, person.id, &person.name, None).await,
        Some(_) => Err(Refusal::conflict("another_person", "This invitation is for another address than yours.").into()),
        None if terms.known_person => Err(account_exists().into()),
        None => {
            let name = check(form, &[&offer.email, &offer.publisher]).await?;
            let hash = password::hash(form.password.clone()).await?;
            let user = at.state.moments().new_id();
            let slug = join(at, &token, user, &name, Some(hash)).await?;
            session::start(at, user, Level::Password).await?;
            Ok(slug)
        }
    }
}

/// Everything wrong with what somebody new typed, or their name. `known` is what else a password may not be made of.
async fn check(form: &Newcomer, known: &[&str]) -> Result<String> {
    let mut problems = Refusal::checks();
    let name = name::parse("full_name", &form.full_name).unwrap_or_else(|refusal| {
        problems.problems.extend(refusal.problems);
        String::new()
    });
    let own: Vec<&str> = known.iter().copied().chain([name.as_str()]).collect();
    match password::check("password", &form.password, password::SHORTEST, &own).await {
        Err(Error::Refused(refusal)) => problems.problems.extend(refusal.problems),
        checked => checked?,
    }
    problems.or(name)
}

/// The acceptance itself, all or nothing. `password` is the hash of a new person's.
async fn join(at: &Anyone, token: &Token, user: Uuid, name: &str, password: Option<String>) -> Result<String> {
    let mut door = at.identity().await?;
    let offer = offer(&mut door, token, Some(user)).await?.ok_or_else(unknown)?;
    door.speak_for(user, name).await?;
    let terms = open(&offer)?;
    burn(&mut door, terms, token, user).await?;
    if let Some(hash) = password {
        create(&mut door, user, name, &offer.email, &terms.email_norm, hash).await?;
    }
    let now = door.now();
    seats::claim(door.db(), terms.publisher_id, now, |licensed| {
        let helper = terms.inviter.as_deref().unwrap_or("an admin there");
        let until = Moment(terms.expires_at).day();
        format!(
            "{} is full: all {licensed} seats are taken. Ask {helper} for a seat, then use this link again; it works until {until}.",
            offer.publisher
        )
    })
    .await?;
    enrol(&mut door, terms, user).await?;
    // Whoever is signed in obeys what this publisher asks of sessions from now on.
    sqlx::query_scalar!("select ctx.tighten_sessions()").fetch_one(door.db()).await?;
    let entry = Entry::InvitationAccepted { member: user, name: name.to_owned(), role: terms.role.clone() };
    let (by, moments) = (door.by(), door.moments.clone());
    audit::write(door.db(), &moments, terms.publisher_id, &by, &entry).await?;
    let slug = terms.slug.clone();
    door.commit(&SecurityEvent::InvitationAccepted { publisher: slug.clone() }).await?;
    Ok(slug)
}

/// Marks the invitation accepted, if nobody has ended it since it was looked at: of two tabs, one wins.
async fn burn(door: &mut Identity, terms: &Terms, token: &Token, user: Uuid) -> Result<()> {
    let now = door.now();
    let burned = sqlx::query!(
        "update invitations set accepted_at = $3, accepted_by = $4
          where publisher_id = $1 and id = $2 and token_hash = $5 and accepted_at is null and revoked_at is null and expires_at > $3",
        terms.publisher_id,
        terms.id,
        now,
        user,
        &token.hash()[..]
    )
    .execute(door.db())
    .await?;
    if burned.rows_affected() == 0 {
        return Err(gone("This invitation has just been accepted, replaced or revoked.").into());
    }
    Ok(())
}

/// A new person. Whoever has the link has read the mail, so the address is theirs.
async fn create(door: &mut Identity, user: Uuid, name: &str, email: &str, email_norm: &str, hash: String) -> Result<()> {
    let now = door.now();
    sqlx::query!(
        "insert into users (id, email, email_norm, full_name, password_hash, password_set_at, email_verified_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $6, $6, $6)",
        user,
        email,
        email_norm,
        name,
        hash,
        now
    )
    .execute(door.db())
    .await
    .on_constraint("users_email_norm_key", account_exists)?;
    Ok(())
}

/// The membership: a new row, or a former member's own, seen here now: the acceptance is their first visit. The claimed seat holds the account locked, so no other acceptance
/// comes between the look and the write.
async fn enrol(door: &mut Identity, terms: &Terms, user: Uuid) -> Result<()> {
    let now = door.now();
    let before =
        sqlx::query_scalar!("select status from user_publishers where publisher_id = $1 and user_id = $2", terms.publisher_id, user)
            .fetch_optional(door.db())
            .await?;
    if before.is_some_and(|status| status != "removed") {
        return Err(Refusal::conflict("already_member", "You are a member here already, with the role you have.").into());
    }
    sqlx::query!("delete from user_departments where publisher_id = $1 and user_id = $2", terms.publisher_id, user)
        .execute(door.db())
        .await?;
    sqlx::query!(
        "insert into user_publishers (publisher_id, user_id, role_id, reach, songwriter_id, invited_by, joined_at, last_accessed_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7, $7)
         on conflict (publisher_id, user_id) do update set role_id = excluded.role_id, reach = excluded.reach, songwriter_id = excluded.songwriter_id,
           status = 'active', invited_by = excluded.invited_by, joined_at = excluded.joined_at, ends_at = null, removed_at = null, suspended_at = null,
           last_accessed_at = excluded.last_accessed_at, updated_at = excluded.updated_at",
        terms.publisher_id,
        user,
        terms.role_id,
        terms.reach,
        terms.songwriter_id,
        terms.invited_by,
        now
    )
    .execute(door.db())
    .await?;
    if let Some(department) = terms.department_id {
        sqlx::query!(
            "insert into user_departments (publisher_id, user_id, department_id) values ($1, $2, $3)",
            terms.publisher_id,
            user,
            department
        )
        .execute(door.db())
        .await?;
    }
    Ok(())
}

/// The terms of an offer that can still be accepted.
fn open(offer: &Offer) -> Result<&Terms, Refusal> {
    match (offer.state, &offer.terms) {
        (Standing::Open, Some(terms)) => Ok(terms),
        _ => Err(gone("This link no longer works.")),
    }
}

fn gone(words: &str) -> Refusal {
    Refusal { status: StatusCode::GONE, ..Refusal::rule("link_gone", words) }
}

fn unknown() -> Refusal {
    Refusal { status: StatusCode::NOT_FOUND, ..Refusal::rule("link_unknown", "No invitation has this link.") }
}

fn account_exists() -> Refusal {
    Refusal::conflict("account_exists", "This address has an account already. Sign in with it to accept.")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn codes(full_name: &str, password: &str) -> Vec<(String, &'static str)> {
        let form = Newcomer { token: String::new(), full_name: full_name.into(), password: password.into() };
        match check(&form, &["ada@northlight.test", "Northlight"]).await {
            Err(Error::Refused(refusal)) => refusal.problems.into_iter().map(|problem| (problem.field.unwrap(), problem.code)).collect(),
            _ => Vec::new(),
        }
    }

    #[tokio::test]
    async fn names_of_every_script_are_names() {
        for typed in ["Ada Lind", "Zoë", "李雷", "محمد", "O'Neill-Østergård 🎻", &"é".repeat(name::LONGEST)] {
            assert_eq!(codes(typed, "correct horse battery").await, [], "{typed}");
        }
    }

    #[tokio::test]
    async fn everything_wrong_is_said_at_once() {
        assert_eq!(codes("  ", "").await, [("full_name".into(), "required"), ("password".into(), "required")]);
        assert_eq!(codes("a\u{202e}b", "short").await, [("full_name".into(), "characters"), ("password".into(), "password_short")]);
        assert_eq!(
            codes(&"x".repeat(101), "Ada@Northlight.test").await,
            [("full_name".into(), "too_long"), ("password".into(), "password_guessable")]
        );
    }
}
