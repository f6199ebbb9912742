//! The address of an account: confirmed before anything opens, changed only by whoever reads both mailboxes.

mod change;
mod pages;
pub(super) mod verification;

pub use change::{ask, waiting};
pub use pages::routes;
