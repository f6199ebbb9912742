//! Publishers as a whole: picking and switching, creating, and the visits of system admins.
//!
//! Tables it alone writes: `publishers`, `visits`; it opens a new publisher's `accounts`, `number_series` and
//! `catalogue_totals`. Routes: `/publishers`, `/publishers/new`, `/publishers/{slug}/switch`, `/publishers/{slug}/visit`.

mod pages;
pub mod publisher;
pub mod visit;

pub use pages::routes;
