//! Plan, seats, usage: what a publisher's account includes. Limits are claimed inside the caller's transaction.

mod jobs;
pub mod seats;

pub use jobs::jobs;
