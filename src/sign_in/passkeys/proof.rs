//! Proof by a passkey: alone at the door, after the password, or again in the middle of a session.

use super::{
    ceremony::{self, Answer, Challenge, Purpose},
    passkey, relying_party,
};
use crate::{
    access::{Anyone, Identity, Level, SignedIn, State},
    audit::SecurityEvent,
    error::{Error, Refusal, Result},
    sign_in::{
        notice::{self, Notice},
        pending, proof, session, throttle,
    },
};
use uuid::Uuid;
use webauthn_rs::prelude::{DiscoverableAuthentication, DiscoverableKey, PublicKeyCredential, RequestChallengeResponse, WebauthnError};

const UNKNOWN: &str = "This passkey is not known here: it may have been removed from the account. Sign in another way.";

/// What to ask the authenticator of somebody who has not said who they are.
pub async fn ask_anybody(at: &Anyone) -> Result<Challenge<RequestChallengeResponse>> {
    let mut door = at.identity().await?;
    let asked = ask(&at.state, Vec::new())?;
    let challenge = ceremony::begin(&mut door, &at.session, Purpose::SignIn, None, asked).await?;
    door.commit_count().await?;
    Ok(challenge)
}

/// The same of somebody whose password was right.
pub async fn ask_second(at: &Anyone) -> Result<Challenge<RequestChallengeResponse>> {
    let (mut door, pending) = pending::find(at).await?.ok_or_else(over)?;
    let asked = ask(&at.state, passkey::ids(&mut door, pending.user_id).await?)?;
    let challenge = ceremony::begin(&mut door, &at.session, Purpose::Second, Some(pending.user_id), asked).await?;
    door.commit_count().await?;
    Ok(challenge)
}

/// The same of somebody signed in, for a fresh proof.
pub async fn ask_again(at: &SignedIn) -> Result<Challenge<RequestChallengeResponse>> {
    let mut door = at.identity().await?;
    let asked = ask(&at.state, passkey::ids(&mut door, at.person.id).await?)?;
    let challenge = ceremony::begin(&mut door, &at.session, Purpose::Confirm, Some(at.person.id), asked).await?;
    door.commit_count().await?;
    Ok(challenge)
}

/// Signs in whoever holds the passkey that answered.
///
/// # Errors
/// A refusal in words: 429 while the throttle holds this source.
pub async fn sign_in(at: &Anyone, posted: &str) -> Result<()> {
    let answer = ceremony::read::<PublicKeyCredential>(posted)?;
    let mut door = at.identity().await?;
    let source = throttle::source(at.request.address.as_deref());
    if let Some(wait) = throttle::attempt(&mut door, &[&source]).await? {
        door.commit(&SecurityEvent::SignInThrottled).await?;
        return Err(throttle::refusal(wait).into());
    }
    let asked = ceremony::take(&mut door, &at.session, Purpose::SignIn, None, &answer).await;
    door.commit_count().await?;
    let asked = asked?;

    let mut door = at.identity().await?;
    let holder = sqlx::query_scalar!("select ctx.passkey_holder($1)", answer.credential.get_credential_id()).fetch_one(door.db()).await?;
    let named = relying_party(&at.state)?.identify_discoverable_authentication(&answer.credential).ok().map(|(user, _)| user);
    // Who the authenticator says it answers for must be who holds the passkey.
    let Some(user) = holder.filter(|holder| named == Some(*holder)) else {
        door.commit(&SecurityEvent::SignInFailed).await?;
        return Err(unknown());
    };
    door.speak_for(user, "").await?;
    match verify(door, &at.state, user, &answer, &asked).await {
        Ok(()) => session::start(at, user, Level::Passkey).await,
        Err(refused @ Error::Refused(_)) => {
            let mut door = at.identity().await?;
            door.speak_for(user, "").await?;
            door.commit(&SecurityEvent::SignInFailed).await?;
            Err(refused)
        }
        Err(error) => Err(error),
    }
}

/// Takes a passkey as the second factor of the sign-in this browser has half done, and completes it.
///
/// # Errors
/// A refusal in words. After the last try, or when the time is over, the sign-in is no longer waited for.
pub async fn second(at: &Anyone, posted: &str) -> Result<()> {
    let answer = ceremony::read::<PublicKeyCredential>(posted)?;
    let (mut door, pending) = pending::find(at).await?.ok_or_else(over)?;
    let user = pending.user_id;
    if let Err(throttled) = proof::count(&mut door, user).await {
        door.commit(&SecurityEvent::FactorThrottled).await?;
        return Err(throttled);
    }
    let counted = pending::count(&mut door, at).await?;
    let asked = ceremony::take(&mut door, &at.session, Purpose::Second, Some(user), &answer).await;
    door.commit_count().await?;
    if !counted {
        return Err(over().into());
    }
    let asked = asked?;

    let (door, _) = pending::find(at).await?.ok_or_else(over)?;
    let shown = verify(door, &at.state, user, &answer, &asked).await;
    let (mut door, _) = pending::find(at).await?.ok_or_else(over)?;
    match shown {
        Ok(()) => {
            if !pending::end(&mut door, at).await? {
                return Err(over().into());
            }
            proof::forgive(&mut door, user).await?;
            door.commit_count().await?;
            session::start(at, user, Level::Passkey).await
        }
        Err(refused @ Error::Refused(_)) => {
            // The first of a series is told; the rest would only fill the mailbox.
            if throttle::is_first(&mut door, &throttle::wrong_factor(user)).await? {
                notice::post(&mut door, &at.state, &pending.email, Notice::WrongPasskey).await?;
            }
            pending::end_if_spent(&mut door, at).await?;
            door.commit(&SecurityEvent::FactorFailed).await?;
            Err(refused)
        }
        Err(error) => Err(error),
    }
}

/// Takes a passkey as a fresh proof. The caller has counted the try, and renews the session by what this answers.
pub async fn prove(at: &SignedIn, posted: &str) -> Result<Level> {
    let answer = ceremony::read::<PublicKeyCredential>(posted)?;
    let mut door = at.identity().await?;
    let asked = ceremony::take(&mut door, &at.session, Purpose::Confirm, Some(at.person.id), &answer).await;
    door.commit_count().await?;
    verify(at.identity().await?, &at.state, at.person.id, &answer, &asked?).await?;
    Ok(Level::Passkey)
}

fn ask(state: &State, known: Vec<Vec<u8>>) -> Result<(RequestChallengeResponse, DiscoverableAuthentication)> {
    let (mut options, asked) = relying_party(state)?.start_discoverable_authentication().map_err(anyhow::Error::new)?;
    options.mediation = None; // how it asks is the script's to say
    options.public_key.allow_credentials = known.into_iter().map(passkey::allowed).collect();
    Ok((options, asked))
}

/// Checks an answer against the passkey of this person that it names, and notes the use. The row is held meanwhile, so that
/// of two answers with the same count one is refused.
async fn verify(
    mut door: Identity,
    state: &State,
    user: Uuid,
    answer: &Answer<PublicKeyCredential>,
    asked: &DiscoverableAuthentication,
) -> Result<()> {
    let credential = &answer.credential;
    if credential.get_user_unique_id().is_some_and(|handle| handle != user.as_bytes()) {
        return Err(unknown());
    }
    let mut held = passkey::hold(&mut door, user, credential.get_credential_id()).await?.ok_or_else(unknown)?;
    let checked =
        relying_party(state)?.finish_discoverable_authentication_v2(credential, asked.clone(), DiscoverableKey::from(&held.passkey));
    match checked {
        Ok(shown) => {
            held.passkey.update_credential(&shown);
            passkey::used(&mut door, &held).await?;
            door.commit(&SecurityEvent::FactorShown).await
        }
        Err(WebauthnError::CredentialPossibleCompromise) => {
            notice::post(&mut door, state, &held.email, Notice::PasskeyCopied(held.name.clone())).await?;
            door.commit(&SecurityEvent::PasskeyRefused { name: held.name }).await?;
            Err(refusal(&WebauthnError::CredentialPossibleCompromise).into())
        }
        Err(error) => Err(refusal(&error).into()),
    }
}

/// What a person is told whose authenticator gave an answer that does not hold.
pub(super) fn refusal(error: &WebauthnError) -> Refusal {
    tracing::info!(%error, "a passkey was refused");
    match error {
        WebauthnError::UserNotVerified => Refusal::rule(
            "passkey_unverified",
            "This device did not check that it is you. Use a passkey that asks for your fingerprint, your face or a PIN.",
        ),
        WebauthnError::CredentialPossibleCompromise => Refusal::rule(
            "passkey_copied",
            "This passkey counts its uses, and the count has gone back, as that of a copy would. It was refused; remove it and add a new one.",
        ),
        _ => Refusal::rule("passkey_wrong", "The answer of this passkey does not fit the question. Please try again."),
    }
}

fn unknown() -> Error {
    Refusal::rule("passkey_unknown", UNKNOWN).into()
}

fn over() -> Refusal {
    Refusal::rule("sign_in_over", "Please sign in again: the time for it has passed, or there were too many tries.")
}
