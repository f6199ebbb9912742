//! The door: email address and password, the throttle before them, sign-out, and links that set a password.
//!
//! Tables it alone writes: `users`' credentials, `user_sessions`, `sign_in_throttle`, `links`, `known_devices`, and those of
//! factors. Routes: `/sign-in`, `/sign-out`, `/password`, `/verify-email` and what hangs below them.

pub mod address;
mod asked;
mod confirm;
mod device;
pub mod email;
pub mod factor;
mod forgot;
pub mod held;
mod guessable;
pub mod link;
pub mod name;
pub mod new_password;
mod pages;
pub mod notice;
pub mod passkeys;
pub mod password;
pub mod pending;
pub mod proof;
pub mod recovery;
pub mod reset;
mod second;
pub mod session;
mod throttle;
pub mod totp;
mod unlock;
mod verify;

pub use asked::jobs;
pub use pages::SIGN_IN;

use crate::access::Routes;

pub fn routes() -> Routes {
    Routes::new()
        .merge(pages::routes())
        .merge(second::routes())
        .merge(confirm::routes())
        .merge(passkeys::routes())
        .merge(forgot::routes())
        .merge(unlock::routes())
        .merge(email::routes())
}
