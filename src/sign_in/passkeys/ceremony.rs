//! A ceremony: what was asked of an authenticator, kept here until it answers. Used once, within five minutes, for what it
//! was begun for, by the person and in the browser that began it.

use crate::{
    access::{Identity, session_hash},
    error::{Error, Refusal, Result},
    secret::Token,
};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use sha2::{Digest, Sha256};
use time::Duration;
use tower_sessions::Session;
use uuid::Uuid;

/// How long an answer may take.
const LIFE: Duration = Duration::minutes(5);
/// Ceremonies nobody finished, cleared away as a new one begins.
const CLEARED: i64 = 100;

/// What an answer is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Enrol,
    SignIn,
    Second,
    Confirm,
}

/// What the browser gets: whom to tell that it answered, and what to ask the authenticator.
#[derive(Serialize)]
pub struct Challenge<O> {
    ceremony: String,
    #[serde(flatten)]
    options: O,
}

/// What the browser sends back.
#[derive(Deserialize)]
pub(super) struct Answer<A> {
    ceremony: String,
    pub credential: A,
}

/// The challenge as JSON; a refusal as its words.
pub fn respond<O: Serialize>(challenge: Result<Challenge<O>>) -> Result<Response> {
    let (status, words) = match challenge {
        Ok(challenge) => return Ok(Json(challenge).into_response()),
        Err(Error::Refused(refusal)) => (refusal.status, refusal.message().to_owned()),
        // The page asks before it opens; this one has been open for long.
        Err(Error::FreshProof) => {
            (StatusCode::CONFLICT, "It is more than ten minutes since you proved who you are. Open this page again.".to_owned())
        }
        Err(error) => return Err(error),
    };
    Ok((status, Json(json!({ "message": words }))).into_response())
}

/// Reads an answer as it was posted.
pub(super) fn read<A: DeserializeOwned>(posted: &str) -> Result<Answer<A>> {
    serde_json::from_str(posted).map_err(|error| {
        tracing::info!(%error, "a passkey's answer could not be read");
        Refusal::rule("passkey_unreadable", "The answer of this passkey could not be read. Please try again.").into()
    })
}

/// Begins to wait for an answer of `person`, or of anybody.
pub(super) async fn begin<O, S: Serialize>(
    door: &mut Identity,
    session: &Session,
    purpose: Purpose,
    person: Option<Uuid>,
    (options, state): (O, S),
) -> Result<Challenge<O>> {
    let (now, token) = (door.now(), Token::new(&door.moments.chance));
    sqlx::query!(
        "delete from passkey_ceremonies where token_hash in
           (select token_hash from passkey_ceremonies where expires_at <= $1 limit $2 for update skip locked)",
        now,
        CLEARED
    )
    .execute(door.db())
    .await?;
    sqlx::query!(
        "insert into passkey_ceremonies (token_hash, user_id, state, expires_at) values ($1, $2, $3, $4)",
        &key(purpose, &token, session)[..],
        person,
        serde_json::to_value(state).map_err(anyhow::Error::new)?,
        now + LIFE
    )
    .execute(door.db())
    .await?;
    Ok(Challenge { ceremony: token.reveal().to_owned(), options })
}

/// What was asked, for whoever answers first. The caller commits before it looks at the answer, so that a wrong one is not
/// tried again.
///
/// # Errors
/// A refusal when it was answered before, is too old, or was begun for something or somebody else.
pub(super) async fn take<A, S: DeserializeOwned>(
    door: &mut Identity,
    session: &Session,
    purpose: Purpose,
    person: Option<Uuid>,
    answer: &Answer<A>,
) -> Result<S> {
    let gone = || Refusal::rule("passkey_expired", "This took longer than five minutes, or was answered already. Please try again.");
    let token = Token::presented(&answer.ceremony).ok_or_else(gone)?;
    let now = door.now();
    let state = sqlx::query_scalar!(
        "delete from passkey_ceremonies where token_hash = $1 and user_id is not distinct from $2 and expires_at > $3 returning state",
        &key(purpose, &token, session)[..],
        person,
        now
    )
    .fetch_optional(door.db())
    .await?
    .ok_or_else(gone)?;
    Ok(serde_json::from_value(state).map_err(anyhow::Error::new)?)
}

/// The cookie is part of it, where there is one: another browser's answer finds nothing.
fn key(purpose: Purpose, token: &Token, session: &Session) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(format!("{purpose:?}\0"));
    hash.update(token.hash());
    hash.update(session_hash(session).unwrap_or_default());
    hash.finalize().into()
}
