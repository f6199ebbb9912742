//! The door: email address and password, the throttle before them, sign-out, and links that set a password.
//!
//! Tables it alone writes: `users`' credentials, `user_sessions`, `sign_in_throttle`, `password_links`.
//! Routes: `/sign-in`, `/sign-out`, `/password/reset`.

pub mod address;
pub mod link;
mod pages;
pub mod password;
pub mod session;
mod throttle;
mod verify;

pub use pages::{SIGN_IN, routes};
