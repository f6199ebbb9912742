//! A new password of somebody known, by a link or from within: checked against who chooses it, and written with the end of
//! everything that stood on the old one.

use super::{
    link,
    notice::{self, Notice},
    password, proof, session, throttle,
};
use crate::{
    access::{Identity, SignedIn, State},
    audit::SecurityEvent,
    error::{Refusal, Result},
};
use uuid::Uuid;

/// Whose password it is to be.
pub(super) struct Chooser<'a> {
    pub email: &'a str,
    pub name: &'a str,
    pub system_admin: bool,
}

/// Checks what was typed twice and hashes it. The transaction speaks for the person, and is not held while hashing.
///
/// # Errors
/// A refusal at `password` or `password_confirmation`.
pub(super) async fn hash(mut door: Identity, who: Chooser<'_>, typed: String, confirmation: &str) -> Result<String> {
    let now = door.now();
    let publishers: Vec<String> =
        sqlx::query_scalar!(r#"select name as "name!" from ctx.my_publishers($1)"#, now).fetch_all(door.db()).await?;
    drop(door);
    let own: Vec<&str> = publishers.iter().map(String::as_str).chain([who.email, who.name]).collect();
    password::check("password", &typed, password::shortest(who.system_admin), &own).await?;
    if typed != confirmation {
        return Err(Refusal::field("password_confirmation", "mismatch", "The two passwords differ.").into());
    }
    password::hash(typed).await
}

/// Writes it. Links that were mailed before and sign-ins half done end; the person is told. Sessions are the caller's to end.
pub(super) async fn set(door: &mut Identity, state: &State, user: Uuid, email: &str, hash: &str) -> Result<()> {
    let now = door.now();
    sqlx::query!("update users set password_hash = $2, password_set_at = $3, updated_at = $3 where id = $1", user, hash, now)
        .execute(door.db())
        .await?;
    link::end_all(door, user).await?;
    sqlx::query!("delete from pending_sign_ins where user_id = $1", user).execute(door.db()).await?;
    notice::post(door, state, email, Notice::PasswordChanged).await
}

/// Changes the password of somebody signed in, who shows the present one. Their other sessions end, and this one goes on under
/// a new cookie.
///
/// # Errors
/// A refusal at `current_password`, `password` or `password_confirmation`; 429 after too many wrong ones.
pub async fn change(at: &SignedIn, current: String, typed: String, confirmation: &str) -> Result<()> {
    let person = &at.person;
    if current.is_empty() {
        return Err(Refusal::field("current_password", "required", "Enter your present password.").into());
    }
    let who = Chooser { email: &person.email, name: &person.name, system_admin: person.system_admin };
    let hash = hash(at.identity().await?, who, typed, confirmation).await?;

    let mut door = at.identity().await?;
    let (source, key) = (throttle::source(at.request.address.as_deref()), throttle::present_password(person.id));
    let wait = throttle::attempt(&mut door, &[&source, &key]).await?;
    door.commit_count().await?;
    if let Some(wait) = wait {
        return Err(throttle::refusal(wait).into());
    }
    proof::password(at.identity().await?, person.id, "current_password", current).await?;
    session::replace_cookie(at).await?;
    let mut door = at.identity().await?;
    throttle::forgive(&mut door, &source, &key).await?;
    set(&mut door, &at.state, person.id, &person.email, &hash).await?;
    session::end_others(&mut door, at.person.id, at.person.session).await?;
    door.commit(&SecurityEvent::PasswordChanged).await
}
