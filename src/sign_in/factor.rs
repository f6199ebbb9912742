//! Second factors of every kind: what follows when one is added or taken away.
//!
//! A change of factors is one transaction: [`lock`], the change in the kind's own table, [`added`] or [`removed`], the event.
//! The person's other sessions end with it (ASVS 7.4.3).

use super::{
    notice::{self, Notice},
    recovery, session,
};
use crate::{
    access::{Identity, Person, SignedIn, session_hash},
    error::{Refusal, Result},
};
use uuid::Uuid;

/// Lets nobody else change this person's factors until the transaction ends.
pub async fn lock(door: &mut Identity, user: Uuid) -> Result<()> {
    sqlx::query!("select from users where id = $1 for update", user).execute(door.db()).await?;
    Ok(())
}

/// A factor has just been added; `what` says which ("An authenticator app"). Answers a first set of recovery codes, which is
/// never shown again; none when there are codes already.
pub async fn added(door: &mut Identity, at: &SignedIn, what: &str) -> Result<Option<Vec<String>>> {
    let user = at.person.id;
    note(door, user).await?;
    let codes = if recovery::left(door, user).await? == 0 { Some(recovery::renew(door, user).await?) } else { None };
    end_others(door, &at.person).await?;
    notice::post(door, &at.state, &at.person.email, Notice::FactorAdded(what.to_owned())).await?;
    Ok(codes)
}

/// A factor has just been taken away. With the last one go the recovery codes.
///
/// # Errors
/// A refusal in words when it was the last and something demands one.
pub async fn removed(door: &mut Identity, at: &SignedIn, what: &str) -> Result<()> {
    let user = at.person.id;
    if note(door, user).await?.is_empty() {
        if let Some(words) = demand(door, at).await? {
            return Err(Refusal::conflict("factor_demanded", words).into());
        }
        recovery::remove(door, user).await?;
        // The session may not count as proved by what there is no more.
        let hash = session_hash(&at.session).map(Vec::from);
        sqlx::query_scalar!("select ctx.renew_session($1, $2, 'password', $3)", at.person.session, hash, at.person.proved_at)
            .fetch_one(door.db())
            .await?;
    }
    end_others(door, &at.person).await?;
    notice::post(door, &at.state, &at.person.email, Notice::FactorRemoved(what.to_owned())).await
}

/// Why the person may not be without a factor, in words; none when they may.
async fn demand(door: &mut Identity, at: &SignedIn) -> Result<Option<String>> {
    const FIRST: &str = "Add another factor first.";
    if at.person.system_admin && !at.state.settings().demo() {
        return Ok(Some(format!("System admins always need a second factor. {FIRST}")));
    }
    let publisher = sqlx::query_scalar!("select ctx.factor_demanded_by($1)", at.person.id).fetch_one(door.db()).await?;
    Ok(publisher.map(|name| format!("{name} asks its members for a second factor. {FIRST}")))
}

/// Writes on the person which kinds the factors' own tables hold, and answers them.
pub(super) async fn note(door: &mut Identity, user: Uuid) -> Result<Vec<String>> {
    let now = door.now();
    let factors = sqlx::query_scalar!(
        "update users u set updated_at = $2, factors = array_remove(array[
            case when exists (select from totp_factors t where t.user_id = u.id) then 'totp' end,
            case when exists (select from passkeys p where p.user_id = u.id) then 'passkey' end], null)
          where u.id = $1 returning factors",
        user,
        now
    );
    Ok(factors.fetch_one(door.db()).await?)
}

/// Whoever else is in, or half in, proves anew who they are.
pub async fn end_others(door: &mut Identity, person: &Person) -> Result<()> {
    session::end_others(door, person.id, person.session).await?;
    sqlx::query!("delete from pending_sign_ins where user_id = $1", person.id).execute(door.db()).await?;
    Ok(())
}
