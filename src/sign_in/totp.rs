//! Codes by time (RFC 6238): SHA-1, six digits, 30 seconds and a secret of 160 bits, which every authenticator app knows.
//!
//! The code of this step and of the one before are taken, each step once: one statement decides and burns. Nothing is kept of
//! an enrolment before its first code is right: the page carries the offered secret, sealed.

use crate::{
    access::Identity,
    error::{Refusal, Result},
    moments::Moments,
    secret::SecretKey,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use time::{Duration, OffsetDateTime};
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Seconds of a step.
const STEP: u64 = 30;
/// Bytes of a secret.
const SECRET: usize = 20;
const ISSUER: &str = "Ledgerline";
/// What the secret is sealed for, bound to its person.
const PURPOSE: &str = "totp";
/// What an offered secret is sealed for, with the second it was offered.
const OFFER: &str = "totp offer";
/// How long an offered secret waits for its first code.
pub const PATIENCE: Duration = Duration::minutes(20);

/// What somebody needs to set their app up.
pub struct Offer {
    /// `otpauth://…`, as the picture has it.
    pub uri: String,
    /// The secret to type in, in groups of four.
    pub secret: String,
    /// The same for the form to bring back.
    pub sealed: String,
}

/// Offers a new secret.
pub fn offer(moments: &Moments, key: &SecretKey, user: Uuid, email: &str) -> Result<Offer> {
    let secret: [u8; SECRET] = moments.chance.bytes();
    let plain = Zeroizing::new([&moments.now().unix_timestamp().to_be_bytes(), secret.as_slice()].concat());
    let sealed = key.seal(&moments.chance, OFFER, user.as_bytes(), &plain);
    laid_out(&secret, email, URL_SAFE_NO_PAD.encode(sealed))
}

/// Offers the same secret again, after a wrong code; none when it is not one of ours, or waited too long.
pub fn offer_again(now: OffsetDateTime, key: &SecretKey, user: Uuid, email: &str, sealed: &str) -> Result<Option<Offer>> {
    let Some(secret) = offered(now, key, user, sealed) else { return Ok(None) };
    laid_out(&secret, email, sealed.to_owned()).map(Some)
}

fn laid_out(secret: &[u8], email: &str, sealed: String) -> Result<Offer> {
    // The label's parts stand around a colon, so none may be in them.
    let totp = totp(secret, &email.replace(':', ""))?;
    let secret = totp.secret().to_base32();
    let groups: Vec<&str> = secret.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    Ok(Offer { uri: totp.to_url().map_err(anyhow::Error::new)?, secret: groups.join(" "), sealed })
}

fn offered(now: OffsetDateTime, key: &SecretKey, user: Uuid, sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
    let plain = Zeroizing::new(key.open(OFFER, user.as_bytes(), &URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()?);
    let (at, secret) = plain.split_first_chunk()?;
    let age = now.unix_timestamp().checked_sub(i64::from_be_bytes(*at))?;
    (0..=PATIENCE.whole_seconds()).contains(&age).then(|| Zeroizing::new(secret.to_vec()))
}

/// Makes the offered secret a factor when the code is its own; with `replace` also in the place of another.
///
/// # Errors
/// A refusal at `code` when it is wrong; `offer_gone` when the offer waited too long; `totp_exists` when there is an app and it
/// is not to be replaced.
pub async fn enrol(door: &mut Identity, key: &SecretKey, user: Uuid, sealed: &str, code: &str, replace: bool) -> Result<()> {
    if code.trim().is_empty() {
        return Err(Refusal::field("code", "required", "Enter the code that the app shows.").into());
    }
    let gone = || Refusal::conflict("offer_gone", "This page was open for too long. Scan the new code below, then confirm it.");
    let now = door.now();
    let secret = offered(now, key, user, sealed).ok_or_else(gone)?;
    let step = matching(&totp(&secret, "")?, now, code).ok_or_else(|| {
        let words = "This is not the code of this moment. Wait for the next one; if that fails too, let the phone set its clock itself.";
        Refusal::field("code", "code_wrong", words)
    })?;
    let chance = door.moments.chance.clone();
    let kept = key.seal(&chance, PURPOSE, user.as_bytes(), &secret);
    let won = sqlx::query!(
        "insert into totp_factors as f (user_id, secret, created_at, last_step) values ($1, $2, $3, $4)
         on conflict (user_id) do update set secret = excluded.secret, created_at = excluded.created_at,
           last_step = greatest(f.last_step, excluded.last_step) where $5",
        user,
        kept,
        now,
        step,
        replace
    );
    if won.execute(door.db()).await?.rows_affected() == 0 {
        return Err(Refusal::conflict("totp_exists", "An authenticator app is set up already.").into());
    }
    Ok(())
}

/// Since when there is an app; none when there is none.
pub async fn since(door: &mut Identity, user: Uuid) -> Result<Option<OffsetDateTime>> {
    Ok(sqlx::query_scalar!("select created_at from totp_factors where user_id = $1", user).fetch_optional(door.db()).await?)
}

/// Takes the app away. Answers whether there was one.
pub async fn remove(door: &mut Identity, user: Uuid) -> Result<bool> {
    Ok(sqlx::query!("delete from totp_factors where user_id = $1", user).execute(door.db()).await?.rows_affected() == 1)
}

/// Uses up a code. Answers whether it was good: right, of this step or the one before, and of a step not used yet.
pub async fn spend(door: &mut Identity, key: &SecretKey, user: Uuid, code: &str) -> Result<bool> {
    let found = sqlx::query_scalar!("select secret from totp_factors where user_id = $1", user).fetch_optional(door.db()).await?;
    let Some(sealed) = found else { return Ok(false) };
    let secret = Zeroizing::new(key.open(PURPOSE, user.as_bytes(), &sealed).map_err(anyhow::Error::new)?);
    let Some(step) = matching(&totp(&secret, "")?, door.now(), code) else { return Ok(false) };
    let won = sqlx::query!("update totp_factors set last_step = $2 where user_id = $1 and last_step < $2", user, step)
        .execute(door.db())
        .await?
        .rows_affected();
    Ok(won == 1)
}

/// The step a code belongs to: this one or the one before.
fn matching(totp: &Totp, now: OffsetDateTime, code: &str) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let now = u64::try_from(now.unix_timestamp()).unwrap_or_default();
    let (this, before) = (totp.check(&code, now), totp.check(&code, now.saturating_sub(STEP)));
    this.or(before).and_then(|step| i64::try_from(step).ok())
}

fn totp(secret: &[u8], email: &str) -> Result<Totp> {
    let totp = Builder::new()
        .with_secret(Secret::from(secret.to_vec()))
        .with_step_duration(STEP)
        .with_skew(0)
        .with_account_name(email)
        .with_issuer(Some(ISSUER));
    Ok(totp.build().map_err(anyhow::Error::new)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Chance, Clock};

    #[test]
    fn an_offer_is_for_one_person_and_a_while() {
        let chance = Chance::seeded(7);
        let (key, moments) = (SecretKey::generate(&chance), Moments { clock: Clock::real(), chance });
        let (ada, bo, now) = (Uuid::from_u128(1), Uuid::from_u128(2), moments.now());
        let first = offer(&moments, &key, ada, "ada:lind@northlight.test").unwrap();
        assert!(first.uri.starts_with("otpauth://totp/Ledgerline:adalind%40northlight.test?secret="), "{}", first.uri);
        assert_eq!(first.secret.replace(' ', "").len(), 32);
        let again = |user, at| offer_again(at, &key, user, "ada@northlight.test", &first.sealed).unwrap();
        assert_eq!(again(ada, now).unwrap().secret, first.secret);
        assert!(again(ada, now + PATIENCE).is_some());
        assert!(again(ada, now + PATIENCE + Duration::SECOND).is_none());
        assert!(again(bo, now).is_none(), "another person's");
        assert!(offer_again(now, &key, ada, "", "nonsense").unwrap().is_none());
        assert_ne!(offer(&moments, &key, ada, "ada@northlight.test").unwrap().secret, first.secret);
    }
}
