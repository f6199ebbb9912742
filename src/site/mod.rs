//! What belongs to no feature: health, help, a publisher's colours, static files, and the local mailbox of a demo.
//! Routes: `/health/*`, `/help/keyboard`, `/publishers/{slug}/brand.css`, `/static/*`, `/dev/mail`.

mod mailbox;
mod pages;

pub use pages::routes;
