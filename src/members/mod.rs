//! The people of a publisher: members with their role and reach, and invitations from the mail to the first sign-in.
//!
//! Tables it alone writes: `user_publishers`, `user_departments`, `invitations`, and the `users` row of whoever accepts as a
//! new person. Who may do what to whom is decided in `grant`; the gate makes changes of memberships wait for each other.
//! Routes: `/publishers/{slug}/members…`, `/publishers/{slug}/invitations…`, `/invitations/accept`.

pub mod acceptance;
pub mod grant;
pub mod invitation;
mod issue;
mod mails;
pub mod member;
mod pages;
mod security;

pub use pages::routes;
pub use security::jobs;
