//! Songwriters: the people whose works a publisher administers, or who wrote with them.
//!
//! Tables it alone writes: `songwriters`. Routes: `/publishers/{slug}/songwriters`.

pub mod archive;
mod form;
pub mod matching;
mod pages;
pub mod songwriter;

pub use pages::routes;
