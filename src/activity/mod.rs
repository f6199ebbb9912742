//! What happened in a publisher, as its people read it. It writes nothing; `audit` does.
//!
//! Route: `/publishers/{slug}/security`.

mod security;

pub use security::routes;
