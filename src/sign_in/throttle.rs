//! The throttle before the password: failures cost time, per account and per source, and never a locked door for good.
//!
//! Ten failures of an account within 15 minutes, then a delay that doubles from 30 s to 15 min; 30 failures a minute from
//! one source, then the rest of a minute (security.md §1).

use crate::{access::Identity, error::Result};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

const ACCOUNT_BUDGET: i32 = 10;
const ACCOUNT_WINDOW: Duration = Duration::minutes(15);
const LONGEST_DELAY: Duration = Duration::minutes(15);
const SOURCE_BUDGET: i32 = 30;
const SOURCE_WINDOW: Duration = Duration::minutes(1);

/// One account or one source, as the table knows it.
pub struct Key {
    hash: [u8; 32],
    budget: i32,
    window: Duration,
}

pub fn account(email_norm: &str) -> Key {
    key("account", email_norm, ACCOUNT_BUDGET, ACCOUNT_WINDOW)
}

/// The network a request came from: one IPv4 address, or the /64 of an IPv6 one, which is what one customer holds.
pub fn source(address: Option<&str>) -> Key {
    let address = address.unwrap_or("unknown");
    let network = match address.parse::<std::net::Ipv6Addr>() {
        Ok(v6) => v6.segments().iter().take(4).map(|segment| format!("{segment:x}:")).collect(),
        Err(_) => address.to_owned(),
    };
    key("source", &network, SOURCE_BUDGET, SOURCE_WINDOW)
}

fn key(kind: &str, value: &str, budget: i32, window: Duration) -> Key {
    Key { hash: Sha256::digest(format!("{kind}\0{value}")).into(), budget, window }
}

/// Counts an attempt on each key before its password is looked at, so that many at once cannot pass on one look. Answers how
/// long there is still to wait when a key is blocked; such an attempt is not counted. The source comes first, so that one
/// which is held costs no account its budget. Both stay locked until the transaction ends.
pub async fn attempt(at: &mut Identity, source: &Key, account: &Key) -> Result<Option<Duration>> {
    let now = at.now();
    for key in [source, account] {
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
