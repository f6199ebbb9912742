//! The one secret of an installation and what is derived from it: sealed values, database
//! passwords, and the random tokens that go out in links and cookies.
//!
//! Every use has a key of its own (HKDF-SHA256 with the purpose as label), so that a value sealed
//! for one purpose never opens for another.

use std::{fmt, str::FromStr};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD},
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::clock::Chance;

/// Base64 as people paste it: with or without the padding.
const PASTED: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// Length of the random nonce of XChaCha20.
const NONCE: usize = 24;

/// `SECRET_KEY`: 32 random bytes. Wiped from memory when dropped, and never shown.
#[derive(Clone)]
pub struct SecretKey([u8; 32]);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("must be 32 bytes in base64")]
pub struct MalformedKey;

/// Why a sealed value stays closed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OpenError {
    #[error("sealed with another SECRET_KEY")]
    OtherKey,
    #[error("damaged, or sealed for another purpose or another row")]
    Damaged,
}

impl SecretKey {
    pub fn generate(chance: &Chance) -> Self {
        Self(chance.bytes())
    }

    /// The form of `SECRET_KEY`; for the file in the data directory, nowhere else.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(PASTED.encode(self.0))
    }

    /// The key for one purpose, such as `totp` or `database role`.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        // HKDF refuses only outputs beyond 8160 bytes.
        let expanded = Hkdf::<Sha256>::new(None, &self.0).expand(purpose.as_bytes(), key.as_mut());
        debug_assert!(expanded.is_ok());
        key
    }

    /// Encrypts for `purpose`, bound to `associated`: the identity of the row it belongs to, so
    /// that a value copied into another row does not open there.
    ///
    /// Layout: key id (1) · nonce (24) · ciphertext and tag.
    pub fn seal(&self, chance: &Chance, purpose: &str, associated: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = chance.bytes();
        let payload = Payload { msg: plain, aad: associated };
        // The cipher refuses only messages beyond 256 GiB.
        let closed = self.cipher(purpose).encrypt(&nonce.into(), payload).unwrap_or_default();
        [&[self.id()], nonce.as_slice(), &closed].concat()
    }

    /// What [`SecretKey::seal`] closed, given the same purpose and associated data.
    pub fn open(&self, purpose: &str, associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (id, rest) = sealed.split_first().ok_or(OpenError::Damaged)?;
        if *id != self.id() {
            return Err(OpenError::OtherKey);
        }
        let (nonce, closed) = rest.split_first_chunk::<NONCE>().ok_or(OpenError::Damaged)?;
        let payload = Payload { msg: closed, aad: associated };
        self.cipher(purpose).decrypt(&(*nonce).into(), payload).map_err(|_| OpenError::Damaged)
    }

    /// The password of one of the program's database roles.
    pub fn role_password(&self, role: &str) -> Zeroizing<String> {
        let key = self.derive(&format!("database role {role}"));
        Zeroizing::new(URL_SAFE_NO_PAD.encode(key.as_ref()))
    }

    fn cipher(&self, purpose: &str) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.derive(&format!("seal {purpose}"))).into())
    }

    /// Tells this key from a former one without giving anything away.
    fn id(&self) -> u8 {
        let [id, ..] = *self.derive("key id");
        id
    }
}

impl FromStr for SecretKey {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        let standard = Zeroizing::new(text.trim().replace('-', "+").replace('_', "/"));
        let bytes = Zeroizing::new(PASTED.decode(standard.as_bytes()).map_err(|_| MalformedKey)?);
        Ok(Self(bytes.as_slice().try_into().map_err(|_| MalformedKey)?))
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// 256 random bits for a link, a cookie or a key. The database keeps only its hash: who reads the
/// table cannot use what it finds.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    pub fn new(chance: &Chance) -> Self {
        Self(URL_SAFE_NO_PAD.encode(chance.bytes::<32>()))
    }

    /// A token somebody hands in; `None` when it cannot be one of ours.
    pub fn presented(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// SHA-256: a slow hash would add nothing to 256 random bits.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The text that goes into the link or the cookie.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u64) -> SecretKey {
        SecretKey::generate(&Chance::seeded(seed))
    }

    #[test]
    fn what_is_sealed_opens_only_with_its_key_purpose_and_row() {
        let (chance, key) = (Chance::seeded(1), key(2));
        let sealed = key.seal(&chance, "totp", b"person 1", b"secret");
        assert_eq!(key.open("totp", b"person 1", &sealed).unwrap(), b"secret");
        assert_eq!(key.open("totp", b"person 2", &sealed), Err(OpenError::Damaged));
        assert_eq!(key.open("passkey", b"person 1", &sealed), Err(OpenError::Damaged));
        assert_eq!(self::key(3).open("totp", b"person 1", &sealed), Err(OpenError::OtherKey));
    }

    #[test]
    fn a_changed_byte_or_a_cut_value_does_not_open() {
        let (chance, key) = (Chance::seeded(1), key(2));
        let sealed = key.seal(&chance, "totp", b"", b"secret");
        for at in 1..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open("totp", b"", &changed), Err(OpenError::Damaged));
        }
        for length in 0..sealed.len() {
            assert_eq!(key.open("totp", b"", &sealed[..length]), Err(OpenError::Damaged));
        }
    }

    #[test]
    fn sealing_twice_gives_different_bytes() {
        let (chance, key) = (Chance::seeded(1), key(2));
        assert_ne!(key.seal(&chance, "totp", b"", b"x"), key.seal(&chance, "totp", b"", b"x"));
    }

    #[test]
    fn the_key_is_read_in_every_common_base64() {
        let key = SecretKey([0xfb; 32]);
        let text = key.to_base64();
        assert_eq!(text.parse::<SecretKey>().unwrap().0, key.0);
        assert_eq!(text.trim_end_matches('=').parse::<SecretKey>().unwrap().0, key.0);
        let url_safe = text.replace('+', "-").replace('/', "_");
        assert_eq!(url_safe.parse::<SecretKey>().unwrap().0, key.0);
        assert_eq!(format!("{}\n", *text).parse::<SecretKey>().unwrap().0, key.0);
    }

    #[test]
    fn other_lengths_and_other_text_are_refused() {
        for text in ["", "AAAA", "not base64 at all", &"A".repeat(44), &"A".repeat(86)] {
            assert_eq!(text.parse::<SecretKey>().unwrap_err(), MalformedKey, "{text:?}");
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        assert_eq!(format!("{:?}", key(1)), "SecretKey(…)");
        assert_eq!(format!("{:?}", Token::new(&Chance::seeded(1))), "Token(…)");
    }

    #[test]
    fn passwords_differ_by_role_and_by_key() {
        assert_eq!(key(1).role_password("a"), key(1).role_password("a"));
        assert_ne!(key(1).role_password("a"), key(1).role_password("b"));
        assert_ne!(key(1).role_password("a"), key(2).role_password("a"));
    }

    #[test]
    fn a_token_is_known_again_by_its_hash() {
        let token = Token::new(&Chance::seeded(1));
        assert_eq!(token.reveal().len(), 43);
        assert_eq!(Token::presented(token.reveal()).unwrap().hash(), token.hash());
        assert_ne!(Token::new(&Chance::seeded(2)).hash(), token.hash());
    }

    #[test]
    fn what_cannot_be_a_token_is_turned_away_early() {
        for text in ["", "short", &"a".repeat(44), "' or 1=1 --", &"é".repeat(22)] {
            assert!(Token::presented(text).is_none(), "{text:?}");
        }
    }
}
