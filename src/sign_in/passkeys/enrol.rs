//! A new passkey: asked for, checked, kept.

use super::{
    ceremony::{self, Challenge, Purpose},
    passkey, proof, relying_party,
};
use crate::{
    access::{Level, SignedIn},
    audit::SecurityEvent,
    error::{OnConstraint, Refusal, Result},
    sign_in::{factor, session},
};
use webauthn_rs::prelude::{CreationChallengeResponse, PasskeyRegistration, RegisterPublicKeyCredential};
use webauthn_rs_proto::ResidentKeyRequirement;

/// What to ask the authenticator for: a passkey that it finds by itself, that checks its user, and that it does not have yet.
///
/// # Errors
/// A refusal at `name`, which is looked at before the authenticator makes anything.
pub async fn ask(at: &SignedIn, typed: &str) -> Result<Challenge<CreationChallengeResponse>> {
    at.require_fresh()?;
    passkey::name(typed)?;
    let (user, email, name) = (at.person.id, &at.person.email, &at.person.name);
    let mut door = at.identity().await?;
    let known = passkey::ids(&mut door, user).await?;
    let (mut options, asked) =
        relying_party(&at.state)?.start_passkey_registration(user, email, name, Some(known)).map_err(anyhow::Error::new)?;
    // The library leaves it to the authenticator; only one that the authenticator finds by itself signs in alone.
    if let Some(wanted) = &mut options.public_key.authenticator_selection {
        wanted.resident_key = Some(ResidentKeyRequirement::Required);
        wanted.require_resident_key = true;
    }
    let challenge = ceremony::begin(&mut door, &at.session, Purpose::Enrol, Some(user), (options, asked)).await?;
    door.commit_count().await?;
    Ok(challenge)
}

/// Keeps the passkey that answered; the session is as strong as it from here on, and the person's others end. Answers recovery
/// codes when there were none.
///
/// # Errors
/// A refusal at `name`, or in words for the whole.
pub async fn enrol(at: &SignedIn, typed: &str, posted: &str) -> Result<Option<Vec<String>>> {
    at.require_fresh()?;
    let name = passkey::name(typed)?;
    let answer = ceremony::read::<RegisterPublicKeyCredential>(posted)?;
    let user = at.person.id;
    let mut door = at.identity().await?;
    let asked = ceremony::take::<_, PasskeyRegistration>(&mut door, &at.session, Purpose::Enrol, Some(user), &answer).await;
    door.commit_count().await?;
    let made = relying_party(&at.state)?.finish_passkey_registration(&answer.credential, &asked?);
    let made = made.map_err(|error| proof::refusal(&error))?;

    let mut door = at.identity().await?;
    factor::lock(&mut door, user).await?;
    let (now, id) = (door.now(), door.new_id());
    sqlx::query!(
        "insert into passkeys (id, user_id, credential_id, credential, name, created_at) values ($1, $2, $3, $4, $5, $6)",
        id,
        user,
        made.cred_id().as_slice(),
        serde_json::to_value(&made).map_err(anyhow::Error::new)?,
        name,
        now
    )
    .execute(door.db())
    .await
    .on_constraint("passkeys_credential_id_key", || Refusal::conflict("passkey_known", "This passkey is registered already."))?;
    let what = passkey::in_words(&name);
    let codes = factor::added(&mut door, at, &what).await?;
    door.commit(&SecurityEvent::FactorAdded { what }).await?;
    session::renew(at, Level::Passkey).await?;
    Ok(codes)
}
