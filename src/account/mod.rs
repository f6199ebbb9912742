//! Plan, seats, usage: what a publisher's account includes. Limits are claimed inside the caller's transaction.

pub mod seats;
