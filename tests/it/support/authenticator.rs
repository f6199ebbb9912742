//! An authenticator as small as one can be: it makes passkeys and answers with them as a browser would hand them on
//! (WebAuthn, ES256, no attestation). What it says of itself can be set, to be wrong on purpose.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU8, Ordering};

/// One device with its passkeys.
#[derive(Clone)]
pub struct Authenticator {
    pub passkeys: Vec<Key>,
    /// Whether it checks its user by fingerprint, face or PIN.
    pub verifies: bool,
    /// The page it believes to be used on.
    pub origin: String,
}

#[derive(Clone)]
pub struct Key {
    pub id: Vec<u8>,
    /// Whose it says it is.
    pub handle: Vec<u8>,
    /// How often it was used.
    pub count: u32,
    secret: SigningKey,
}

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const HAS_KEY: u8 = 1 << 6;

/// No two passkeys of one process are the same.
static SEED: AtomicU8 = AtomicU8::new(1);

impl Authenticator {
    pub fn new(origin: &str) -> Self {
        Self { passkeys: Vec::new(), verifies: true, origin: origin.to_owned() }
    }

    /// Makes a passkey as it was asked, and answers what the form sends.
    pub fn makes(&mut self, challenge: &Value) -> String {
        let asked = &challenge["publicKey"];
        let selection = &asked["authenticatorSelection"];
        assert_eq!((&selection["residentKey"], &selection["userVerification"]), (&json!("required"), &json!("required")), "{asked}");
        let seed = SEED.fetch_add(1, Ordering::Relaxed);
        let key =
            Key { id: vec![seed; 32], handle: bytes(&asked["user"]["id"]), count: 0, secret: SigningKey::from_slice(&[seed; 32]).unwrap() };
        let point = key.secret.verifying_key().to_sec1_point(false);
        let mut data = self.data(&asked["rp"]["id"], HAS_KEY, 0);
        data.extend([0; 16]); // no maker's mark
        data.extend(32_u16.to_be_bytes());
        data.extend(&key.id);
        // {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(point.x().unwrap());
        data.extend([0x22, 0x58, 0x20]);
        data.extend(point.y().unwrap());
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        attestation.push(u8::try_from(data.len()).unwrap());
        attestation.extend(data);
        let answer = json!({ "clientDataJSON": text(&self.client("webauthn.create", asked)), "attestationObject": text(&attestation) });
        let posted = posted(challenge, &key.id, answer);
        self.passkeys.push(key);
        posted
    }

    /// Answers with the newest passkey it was asked for, and counts the use.
    pub fn answers(&mut self, challenge: &Value) -> String {
        let asked = &challenge["publicKey"];
        let allowed: Vec<Vec<u8>> = asked["allowCredentials"].as_array().unwrap().iter().map(|key| bytes(&key["id"])).collect();
        let at = self.passkeys.iter().rposition(|key| allowed.is_empty() || allowed.contains(&key.id)).expect("a passkey it was asked for");
        self.passkeys[at].count += 1;
        let key = &self.passkeys[at];
        let (data, client) = (self.data(&asked["rpId"], 0, key.count), self.client("webauthn.get", asked));
        let signature: Signature = key.secret.sign(&[&data[..], &Sha256::digest(&client)].concat());
        let answer = json!({
            "clientDataJSON": text(&client),
            "authenticatorData": text(&data),
            "signature": text(signature.to_der().as_bytes()),
            "userHandle": text(&key.handle),
        });
        posted(challenge, &key.id, answer)
    }

    fn data(&self, rp_id: &Value, flags: u8, count: u32) -> Vec<u8> {
        let verified = if self.verifies { VERIFIED } else { 0 };
        let mut data = Sha256::digest(rp_id.as_str().unwrap()).to_vec();
        data.push(PRESENT | verified | flags);
        data.extend(count.to_be_bytes());
        data
    }

    fn client(&self, kind: &str, asked: &Value) -> Vec<u8> {
        json!({ "type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": false }).to_string().into_bytes()
    }
}

fn posted(challenge: &Value, id: &[u8], answer: Value) -> String {
    let credential = json!({ "id": text(id), "rawId": text(id), "type": "public-key", "response": answer, "clientExtensionResults": {} });
    json!({ "ceremony": challenge["ceremony"], "credential": credential }).to_string()
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
