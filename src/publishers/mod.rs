//! Publishers as a whole: picking and switching, creating, and the visits of system admins.
//!
//! Tables it alone writes: `publishers`, `visits`; it opens a new publisher's `accounts`, `number_series` and
//! `catalogue_totals`. Routes: `/publishers`, `/publishers/new`, `/publishers/{slug}/switch`, `/publishers/{slug}/visit`,
//! `/publishers/{slug}/settings/security`.

mod pages;
pub mod policy;
pub mod publisher;
mod settings;
pub mod visit;

use crate::access::Routes;

pub fn routes() -> Routes {
    pages::routes().merge(settings::routes())
}
