//! The passkeys of a person, as they are kept and named.

use crate::{
    access::{Identity, SignedIn},
    audit::SecurityEvent,
    error::{Error, Refusal, Result},
    sign_in::factor,
    standards::characters,
};
use time::OffsetDateTime;
use uuid::Uuid;
use webauthn_rs::prelude::Passkey;
use webauthn_rs_proto::AllowCredentials;

/// Longest name, in characters.
const LONGEST_NAME: usize = 100;

/// A passkey in its owner's list.
pub struct Listed {
    pub id: Uuid,
    pub name: String,
    pub created_at: OffsetDateTime,
    pub last_used_at: Option<OffsetDateTime>,
}

/// The person's passkeys, oldest first.
pub async fn list(door: &mut Identity, user: Uuid) -> Result<Vec<Listed>> {
    let listed =
        sqlx::query_as!(Listed, "select id, name, created_at, last_used_at from passkeys where user_id = $1 order by created_at, id", user);
    Ok(listed.fetch_all(door.db()).await?)
}

/// One of the person's own.
pub async fn find(door: &mut Identity, user: Uuid, id: Uuid) -> Result<Listed> {
    let found = sqlx::query_as!(Listed, "select id, name, created_at, last_used_at from passkeys where user_id = $1 and id = $2", user, id);
    found.fetch_optional(door.db()).await?.ok_or(Error::NotFound)
}

/// What the authenticators know the person's passkeys by.
pub(super) async fn ids(door: &mut Identity, user: Uuid) -> Result<Vec<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select credential_id from passkeys where user_id = $1", user).fetch_all(door.db()).await?)
}

/// A passkey an answer may come from.
pub(super) fn allowed(id: Vec<u8>) -> AllowCredentials {
    AllowCredentials { type_: "public-key".to_owned(), id, transports: None }
}

/// A passkey whose answer is being looked at.
pub(super) struct Held {
    id: Uuid,
    pub name: String,
    pub email: String,
    pub passkey: Passkey,
}

/// The person's passkey of this id, locked until the transaction ends.
pub(super) async fn hold(door: &mut Identity, user: Uuid, credential: &[u8]) -> Result<Option<Held>> {
    let found = sqlx::query!(
        "select p.id, p.name, p.credential, u.email from passkeys p join users u on u.id = p.user_id
          where p.user_id = $1 and p.credential_id = $2 and u.status = 'active' for update of p",
        user,
        credential
    )
    .fetch_optional(door.db())
    .await?;
    let Some(found) = found else { return Ok(None) };
    let passkey = serde_json::from_value(found.credential).map_err(anyhow::Error::new)?;
    Ok(Some(Held { id: found.id, name: found.name, email: found.email, passkey }))
}

/// Keeps the passkey's new count, and that it was used.
pub(super) async fn used(door: &mut Identity, held: &Held) -> Result<()> {
    let (now, credential) = (door.now(), serde_json::to_value(&held.passkey).map_err(anyhow::Error::new)?);
    sqlx::query!("update passkeys set credential = $2, last_used_at = $3 where id = $1", held.id, credential, now)
        .execute(door.db())
        .await?;
    Ok(())
}

/// Reads a name as it was typed.
///
/// # Errors
/// A refusal at `name`.
pub(super) fn name(typed: &str) -> Result<String, Refusal> {
    match characters::clean(typed) {
        Ok(name) if name.is_empty() => Err(Refusal::field("name", "required", "Give the passkey a name, such as that of the device.")),
        Ok(name) if name.chars().count() > LONGEST_NAME => {
            Err(Refusal::field("name", "too_long", format!("Use at most {LONGEST_NAME} characters.")))
        }
        Ok(name) => Ok(name),
        Err(unclean) => Err(Refusal::field("name", "characters", format!("The name {unclean}."))),
    }
}

/// Gives a passkey another name.
///
/// # Errors
/// A refusal at `name`, or `NotFound` when it is not one of the person's own.
pub async fn rename(at: &SignedIn, id: Uuid, typed: &str) -> Result<()> {
    let name = name(typed)?;
    let mut door = at.identity().await?;
    let before = find(&mut door, at.person.id, id).await?.name;
    sqlx::query!("update passkeys set name = $3 where user_id = $1 and id = $2", at.person.id, id, name).execute(door.db()).await?;
    door.commit(&SecurityEvent::PasskeyRenamed { before, name }).await
}

/// Takes a passkey away, and ends the person's other sessions. Answers its name.
///
/// # Errors
/// A refusal when it is the last factor of somebody who needs one; `NotFound` when it is not one of the person's own.
pub async fn remove(at: &SignedIn, id: Uuid) -> Result<String> {
    let mut door = at.identity().await?;
    let user = at.person.id;
    factor::lock(&mut door, user).await?;
    let removed = sqlx::query_scalar!("delete from passkeys where user_id = $1 and id = $2 returning name", user, id);
    let name = removed.fetch_optional(door.db()).await?.ok_or(Error::NotFound)?;
    factor::removed(&mut door, at, &in_words(&name)).await?;
    door.commit(&SecurityEvent::FactorRemoved { what: in_words(&name) }).await?;
    Ok(name)
}

/// As mails and events call it.
pub(super) fn in_words(name: &str) -> String {
    format!("The passkey “{name}”")
}
