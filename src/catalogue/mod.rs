//! The catalogue: works with their writers and splits, songwriters, recordings, and imports of whole files.
//!
//! `search_words`, `catalogue_totals` and `number_series` are written here by whichever part changes what they count.

mod changes;
mod credits;
mod departments;
mod doors;
mod fields;
mod history;
pub mod imports;
mod paging;
pub mod recordings;
pub mod search;
pub mod songwriters;
mod tally;
mod versions;
pub mod works;

use crate::{
    access::{Routes, State},
    jobs::Registry,
};

pub fn routes() -> Routes {
    works::routes().merge(songwriters::routes()).merge(recordings::routes()).merge(imports::routes())
}

pub fn jobs(registry: &mut Registry<State>) {
    imports::jobs(registry);
}
