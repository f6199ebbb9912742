//! Imports: whole files of works on their way into the catalogue. A file is read and shown with findings row by row, then
//! written whole or not at all.
//!
//! Tables it alone writes: `imports`, `import_files`, `import_rows`. Routes: `/publishers/{slug}/imports`.

mod check;
pub mod import;
mod jobs;
mod known;
mod pages;
mod people;
pub mod reading;
mod show;
mod steps;
mod upload;
mod writing;

pub use jobs::jobs;

use crate::access::Routes;

pub fn routes() -> Routes {
    pages::routes().merge(upload::routes()).merge(show::routes())
}
