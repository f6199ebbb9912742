//! Passkeys (WebAuthn): a key pair that a device or a password manager keeps, and uses once it has checked that it is the
//! person. Each is discoverable and verifies its user, so that it signs in alone; it is also a second factor and a fresh proof.
//!
//! The person's handle is their id. Tables written here alone: `passkeys`, `passkey_ceremonies`.

mod ceremony;
mod enrol;
mod pages;
mod passkey;
mod proof;

pub use ceremony::respond;
pub use enrol::{ask, enrol};
pub use pages::routes;
pub use passkey::{Listed, find, list, remove, rename};
pub use proof::prove;

use crate::{
    access::State,
    error::{Refusal, Result},
};
use webauthn_rs::Webauthn;

/// The relying party, or why there is none.
fn relying_party(state: &State) -> Result<&Webauthn> {
    let words = "Passkeys work only where Ledgerline is reached by its name over https. Whoever runs it can change that.";
    state.relying_party().ok_or_else(|| Refusal::rule("passkeys_off", words).into())
}
