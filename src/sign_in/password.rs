//! Passwords: what may be one, and hashing that never occupies more of the machine than it should.

use super::guessable::is_guessable;
use crate::error::{Error, Refusal, Result};
use argon2::{Argon2, Params, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use std::{sync::LazyLock, thread::available_parallelism, time::Duration};
use tokio::sync::Semaphore;

/// Shortest password, in characters; system admins need three more.
pub const SHORTEST: usize = 12;
pub const SHORTEST_FOR_SYSTEM_ADMINS: usize = 15;
/// Longest password, in bytes; anything longer is refused before it is hashed.
pub const LONGEST: usize = 1024;

/// As many hashes at once as there are cores, at most four: each takes 19 MiB and 25 ms of a core (OWASP's parameters).
static PLACES: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(available_parallelism().map_or(1, |cores| cores.get().min(4))));
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Compared against when nobody has the address, so that the answer takes as long as for a known one.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("a password that nobody has").unwrap_or_default());

/// The shortest password this person may have.
pub fn shortest(system_admin: bool) -> usize {
    if system_admin { SHORTEST_FOR_SYSTEM_ADMINS } else { SHORTEST }
}

/// Checks a new password, typed into `field`, exactly as typed: no trimming, no folding. `own_words` are the person's name and
/// address and the names of their publishers.
///
/// # Errors
/// A refusal at the field when it is too short, too long or too easy to guess; `Busy` when too many wait to be checked.
pub async fn check(field: &str, password: &str, shortest: usize, own_words: &[&str]) -> Result<()> {
    let refused = if password.is_empty() {
        ("required", "Choose a password.".to_owned())
    } else if password.chars().count() < shortest {
        ("password_short", format!("Use at least {shortest} characters. A short sentence works well."))
    } else if password.len() > LONGEST {
        ("password_long", format!("Use at most {LONGEST} bytes."))
    } else {
        let (password, own) = (password.to_owned(), own_words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        // A password made for it keeps the judge busy for as long as many hashes.
        if !bounded(move || is_guessable(&password, &own)).await? {
            return Ok(());
        }
        ("password_guessable", "This is too easy to guess. Choose something only you would think of.".to_owned())
    };
    Err(Refusal::field(field, refused.0, refused.1).into())
}

/// Hashes a password with Argon2id, off the async threads and bounded.
pub async fn hash(password: String) -> Result<String> {
    bounded(move || hash_now(&password)).await?.map_err(Error::from)
}

/// Is this the password behind the hash? Without a hash it takes as long, and is not.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool> {
    bounded(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let matches = PasswordHash::new(&hash).is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
        matches && known
    })
    .await
}

/// Was it hashed with less effort than passwords are today? Then it is hashed again when it is next typed.
pub fn is_outdated(hash: &str) -> bool {
    let (now, then) = (Params::DEFAULT, PasswordHash::new(hash).ok().and_then(|parsed| Params::try_from(&parsed).ok()));
    then.is_none_or(|then| then.m_cost() < now.m_cost() || then.t_cost() < now.t_cost())
}

fn hash_now(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|error| anyhow::anyhow!("hashing: {error}"))?;
    Ok(hash.to_string())
}

/// Runs one hash, or one check, in its place; who would wait too long is told to come again.
async fn bounded<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let place = tokio::time::timeout(LONGEST_WAIT, PLACES.acquire()).await.map_err(|_| Error::Busy { retry_after: 2 })?;
    let place = place.map_err(anyhow::Error::new)?;
    tracing::trace!("hashing a password");
    tokio::task::spawn_blocking(move || {
        // Owned by the hashing itself: a browser that hangs up frees no place early.
        let _place = place;
        work()
    })
    .await
    .map_err(|error| anyhow::Error::new(error).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn code(password: &str) -> Option<&'static str> {
        match check("password", password, SHORTEST, &["ada@northlight.test", "Ada Lind"]).await {
            Err(Error::Refused(refusal)) => Some(refusal.problems[0].code),
            _ => None,
        }
    }

    #[tokio::test]
    async fn any_long_enough_text_is_a_password() {
        for good in [
            "correct horse battery",
            "            lantern oak",
            "🎵🎹🎻 tea at six",
            "a long sentence about boats, which nobody else would write, and about the harbour they never saw in their lives",
        ] {
            assert_eq!(code(good).await, None, "{good:?}");
        }
    }

    #[tokio::test]
    async fn bad_passwords_are_named() {
        assert_eq!(code("").await, Some("required"));
        assert_eq!(code("elevenchars").await, Some("password_short"));
        assert_eq!(code(&"é".repeat(600)).await, Some("password_long"));
        for guessable in ["aaaaaaaaaaaaaaaa", "sonyericsson", "ADA@northlight.test"] {
            assert_eq!(code(guessable).await, Some("password_guessable"));
        }
    }

    #[test]
    fn a_cheaper_hash_is_outdated() {
        let hash = |m, t| Argon2::from(Params::new(m, t, 1, None).unwrap()).hash_password(b"x").unwrap().to_string();
        assert!(is_outdated(&hash(8192, 2)) && is_outdated(&hash(19456, 1)) && is_outdated("nonsense"));
        assert!(!is_outdated(&hash(19456, 2)) && !is_outdated(&hash(32768, 3)));
    }

    #[tokio::test]
    async fn the_exact_string_opens_and_nothing_else() {
        let hash = hash("Pass word ünïcode ".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("Pass word ünïcode ".into(), Some(hash.clone())).await.unwrap());
        assert!(!verify("Pass word ünïcode".into(), Some(hash)).await.unwrap());
        assert!(!verify("a password that nobody has".into(), None).await.unwrap());
    }
}
