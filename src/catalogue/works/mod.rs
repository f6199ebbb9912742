//! Works: what a publisher administers, with the writers of each and how they share it.
//!
//! Tables it alone writes: `works`, `work_writers`. Routes: `/publishers/{slug}/works`.

mod editing;
mod form;
mod grid;
pub mod list;
mod pages;
mod show;
pub mod work;

use crate::access::Routes;

pub fn routes() -> Routes {
    pages::routes().merge(show::routes()).merge(editing::routes())
}
