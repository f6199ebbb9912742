//! A publisher's front page: four figures, what needs somebody, usage, last changes. Writes nothing.
//! Route: `/publishers/{slug}`.

mod figures;
mod pages;

pub use pages::routes;
