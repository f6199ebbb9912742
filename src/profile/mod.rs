//! A person's own account: who they are, and how they prove it. What proves them is `sign_in`'s.
//!
//! Routes: `/me`, `/me/security` and what hangs below them.

mod events;
mod authenticator;
mod codes;
mod email;
mod pages;
mod passkeys;
mod password;
mod person;
mod reset;
mod qr;
mod security;
mod sessions;

use crate::access::Routes;

pub fn routes() -> Routes {
    Routes::new()
        .merge(pages::routes())
        .merge(password::routes())
        .merge(email::routes())
        .merge(security::routes())
        .merge(authenticator::routes())
        .merge(codes::routes())
        .merge(passkeys::routes())
        .merge(sessions::routes())
        .merge(events::routes())
        .merge(reset::routes())
}
