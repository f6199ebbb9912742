//! Recordings of works: who sings them, on which label, under which ISRC.
//!
//! Tables it alone writes: `recordings`. Routes: `/publishers/{slug}/recordings`.

mod pages;
pub mod recording;

pub use pages::routes;
