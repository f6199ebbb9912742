//! Passwords: what may be one, and hashing that never occupies more of the machine than it should.

use crate::error::{Error, Refusal, Result};
use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
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

/// Checks a new password, typed into `field`, exactly as typed: no trimming, no folding.
///
/// # Errors
/// A refusal at the field when it is too short, too long, or made of the person's own words.
pub fn check(field: &str, password: &str, shortest: usize, own_words: &[&str]) -> Result<(), Refusal> {
    if password.is_empty() {
        return Err(Refusal::field(field, "required", "Choose a password."));
    }
    if password.chars().count() < shortest {
        return Err(Refusal::field(field, "password_short", format!("Use at least {shortest} characters. A short sentence works well.")));
    }
    if password.len() > LONGEST {
        return Err(Refusal::field(field, "password_long", format!("Use at most {LONGEST} bytes.")));
    }
    let folded = password.to_lowercase();
    let mut letters = folded.chars();
    let first = letters.next();
    let one_letter = letters.all(|letter| Some(letter) == first);
    let own = own_words.iter().map(|word| word.trim().to_lowercase()).any(|word| word.len() >= 4 && folded == word);
    if one_letter || own {
        return Err(Refusal::field(field, "password_guessable", "This is too easy to guess. Choose something only you would think of."));
    }
    Ok(())
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

fn hash_now(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|error| anyhow::anyhow!("hashing: {error}"))?;
    Ok(hash.to_string())
}

/// Runs one hash in its place; who would wait too long is told to come again.
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

    fn code(password: &str) -> Option<&'static str> {
        check("password", password, SHORTEST, &["ada@northlight.test", "Ada Lind"]).err().map(|refusal| refusal.problems[0].code)
    }

    #[test]
    fn any_long_enough_text_is_a_password() {
        for good in ["correct horse battery", "            a", "🎵🎵🎵🎵🎵🎵🎵🎵🎵🎵🎵🎻", &"x y".repeat(40)] {
            assert_eq!(code(good), None, "{good:?}");
        }
    }

    #[test]
    fn bad_passwords_are_named() {
        assert_eq!(code(""), Some("required"));
        assert_eq!(code("elevenchars"), Some("password_short"));
        assert_eq!(code(&"é".repeat(600)), Some("password_long"));
        assert_eq!(code("aaaaaaaaaaaaaaaa"), Some("password_guessable"));
        assert_eq!(code("ADA@northlight.test"), Some("password_guessable"));
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
