//! The throttle before the password: failures cost time, per account and per source, and never a locked door for good.
//!
//! Ten failures of an account within 15 minutes, then a delay that doubles from 30 s to 15 min; 30 failures a minute from
//! one source, then the rest of a minute (security.md §1).

use crate::{
    access::Identity,
    error::{Refusal, Result},
};
use axum::http::StatusCode;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

const ACCOUNT_BUDGET: i32 = 10;
const ACCOUNT_WINDOW: Duration = Duration::minutes(15);
const LONGEST_DELAY: Duration = Duration::minutes(15);
const SOURCE_BUDGET: i32 = 30;
const SOURCE_WINDOW: Duration = Duration::minutes(1);
const MAILS_TO_ADDRESS: i32 = 3;
const MAILS_FROM_SOURCE: i32 = 20;
const MAILS_WINDOW: Duration = Duration::hours(1);

/// One account or one source, as the table knows it.
pub struct Key {
    hash: [u8; 32],
    budget: i32,
    window: Duration,
}

pub fn account(email_norm: &str) -> Key {
    key("account", email_norm, ACCOUNT_BUDGET, ACCOUNT_WINDOW)
}

/// One account from a browser that its owner has signed in with before: strangers' failures do not count there, nor its own
/// for strangers.
pub fn device(email_norm: &str, device: &[u8; 32]) -> Key {
    let mut value = email_norm.as_bytes().to_vec();
    value.push(0);
    value.extend_from_slice(device);
    key("device", &value, ACCOUNT_BUDGET, ACCOUNT_WINDOW)
}

/// Mails that somebody may cause: to one address, or from one source.
pub fn mails_to(email_norm: &str) -> Key {
    key("mails to", email_norm, MAILS_TO_ADDRESS, MAILS_WINDOW)
}
pub fn mails_from(address: Option<&str>) -> Key {
    key("mails from", network(address), MAILS_FROM_SOURCE, MAILS_WINDOW)
}

/// The network a request came from: one IPv4 address, or the /64 of an IPv6 one, which is what one customer holds.
pub fn source(address: Option<&str>) -> Key {
    key("source", network(address), SOURCE_BUDGET, SOURCE_WINDOW)
}

fn network(address: Option<&str>) -> String {
    let address = address.unwrap_or("unknown");
    match address.parse::<std::net::Ipv6Addr>() {
        Ok(v6) => v6.segments().iter().take(4).map(|segment| format!("{segment:x}:")).collect(),
        Err(_) => address.to_owned(),
    }
}

/// Tries at a person's second factor, apart from those at the password.
pub fn factor(user: uuid::Uuid) -> Key {
    key("factor", user.to_string(), ACCOUNT_BUDGET, ACCOUNT_WINDOW)
}

/// Mails that a person's own wrong factor causes.
pub fn wrong_factor(user: uuid::Uuid) -> Key {
    key("wrong factor", user.to_string(), 1, ACCOUNT_WINDOW)
}

/// Is this the first time within the key's window?
pub async fn is_first(at: &mut Identity, key: &Key) -> Result<bool> {
    let now = at.now();
    let counted = sqlx::query!(
        "insert into sign_in_throttle as t (key, failures, window_start) values ($1, 1, $2)
         on conflict (key) do update set window_start = $2 where t.window_start <= $3",
        &key.hash[..],
        now,
        now - key.window
    );
    Ok(counted.execute(at.db()).await?.rows_affected() == 1)
}

/// Tries at the present password in a session that may have been taken over, apart from those at the factor: a right password
/// gives back no tries at the code.
pub fn present_password(user: uuid::Uuid) -> Key {
    key("present password", user.to_string(), ACCOUNT_BUDGET, ACCOUNT_WINDOW)
}

/// What somebody is told who must wait.
pub fn refusal(wait: Duration) -> Refusal {
    let minutes = (wait.whole_seconds() + 59) / 60;
    let words = format!("Too many attempts. Please try again in {minutes} {}.", if minutes == 1 { "minute" } else { "minutes" });
    Refusal { status: StatusCode::TOO_MANY_REQUESTS, ..Refusal::rule("throttled", words) }
}

/// The same at the door; `held` says that it is the account that is held, whose owner then has a mail, if there is one.
pub fn refusal_at_door(wait: Duration, held: bool) -> Refusal {
    let mut refusal = refusal(wait);
    if let Some(problem) = refusal.problems.first_mut().filter(|_| held) {
        problem.message.push_str(" If this is your account, the link that we have mailed you ends the wait.");
    }
    refusal
}

fn key(kind: &str, value: impl AsRef<[u8]>, budget: i32, window: Duration) -> Key {
    let hash = Sha256::new_with_prefix(kind).chain_update([0]).chain_update(value).finalize();
    Key { hash: hash.into(), budget, window }
}

/// Counts an attempt on each key before its password is looked at, so that many at once cannot pass on one look. Answers how
/// long there is still to wait when a key is blocked; such an attempt is not counted. The source comes first in `keys`, so that
/// one which is held costs no account its budget. All stay locked until the transaction ends.
pub async fn attempt(at: &mut Identity, keys: &[&Key]) -> Result<Option<Duration>> {
    let now = at.now();
    for key in keys {
        let window_start = now - key.window;
        let counted = sqlx::query!(
            "insert into sign_in_throttle as t (key, failures, window_start) values ($1, 1, $2)
             on conflict (key) do update set
               failures = case when t.blocked_until > $2 then t.failures
                               when t.window_start < $3 and coalesce(t.blocked_until, t.window_start) < $3 then 1 else t.failures + 1 end,
               window_start = case when t.window_start < $3 and coalesce(t.blocked_until, t.window_start) < $3 then $2 else t.window_start end
             returning failures, blocked_until",
            &key.hash[..],
            now,
            window_start
        )
        .fetch_one(at.db())
        .await?;
        if let Some(until) = counted.blocked_until.filter(|until| *until > now) {
            return Ok(Some(until - now));
        }
        if let Some(until) = blocked_until(key, counted.failures, now) {
            sqlx::query!("update sign_in_throttle set blocked_until = $2 where key = $1", &key.hash[..], until).execute(at.db()).await?;
        }
    }
    Ok(None)
}

/// Is this key held now?
pub async fn is_held(at: &mut Identity, key: &Key) -> Result<bool> {
    let now = at.now();
    let held = sqlx::query_scalar!("select from sign_in_throttle where key = $1 and blocked_until > $2", &key.hash[..], now);
    Ok(held.fetch_optional(at.db()).await?.is_some())
}

/// Is it time to tell the owner that this account is held? Once in a window, to one of many who ask at once.
pub async fn tells(at: &mut Identity, account: &Key) -> Result<bool> {
    let now = at.now();
    let told = sqlx::query!(
        "update sign_in_throttle set told_at = $2 where key = $1 and blocked_until > $2 and (told_at is null or told_at < $3)",
        &account.hash[..],
        now,
        now - account.window
    );
    Ok(told.execute(at.db()).await?.rows_affected() == 1)
}

/// Lets the account be tried again at once.
pub async fn lift(at: &mut Identity, account: &Key) -> Result<()> {
    sqlx::query!("delete from sign_in_throttle where key = $1", &account.hash[..]).execute(at.db()).await?;
    Ok(())
}

/// Counts something that may be had a few times in a window, and answers how long to wait when it has been. The window begins
/// anew with each time, so that there are never more in any window; what is refused is not counted.
pub async fn take(at: &mut Identity, key: &Key) -> Result<Option<Duration>> {
    let now = at.now();
    let counted = sqlx::query!(
        "insert into sign_in_throttle as t (key, failures, window_start) values ($1, 1, $2)
         on conflict (key) do update set
           failures = case when t.window_start <= $3 then 1 when t.failures > $4 then t.failures else t.failures + 1 end,
           window_start = case when t.window_start <= $3 or t.failures < $4 then $2 else t.window_start end
         returning failures, window_start",
        &key.hash[..],
        now,
        now - key.window,
        key.budget
    )
    .fetch_one(at.db())
    .await?;
    Ok((counted.failures > key.budget).then(|| counted.window_start + key.window - now))
}

fn blocked_until(key: &Key, failures: i32, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let over = u32::try_from(failures - key.budget).ok()?;
    let delay = if key.window == SOURCE_WINDOW { SOURCE_WINDOW } else { Duration::seconds(30) * 2_i32.saturating_pow(over.min(10)) };
    Some(now + delay.min(LONGEST_DELAY))
}

/// A right password takes its own attempt off the source and wipes the account's slate; locked in the order of [`attempt`].
pub async fn forgive(at: &mut Identity, source: &Key, account: &Key) -> Result<()> {
    sqlx::query!(
        "update sign_in_throttle set failures = failures - 1, blocked_until = null where key = $1 and failures > 0",
        &source.hash[..]
    )
    .execute(at.db())
    .await?;
    sqlx::query!("delete from sign_in_throttle where key = $1", &account.hash[..]).execute(at.db()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_delay_grows_and_ends() {
        let (key, now) = (account("a@x.test"), datetime!(2026-11-22 12:00 UTC));
        let delay = |failures| blocked_until(&key, failures, now).map(|until| (until - now).whole_seconds());
        assert_eq!(delay(9), None);
        assert_eq!(delay(10), Some(30));
        assert_eq!(delay(12), Some(120));
        assert_eq!(delay(500), Some(900));
    }

    #[test]
    fn one_customer_is_one_source() {
        assert_eq!(source(Some("2001:db8:1:2::1")).hash, source(Some("2001:db8:1:2:ffff::9")).hash);
        assert_ne!(source(Some("192.0.2.1")).hash, source(Some("192.0.2.2")).hash);
    }
}
