//! Ledgerline: the administration of music publishers.
//!
//! The modules stand in import order: each uses only those above it (checked by `tests/it/house.rs`).

pub mod clock; // time and chance as parameters
pub mod secret; // the secret key and what is made from it
pub mod config; // every command and setting, read once
pub mod error; // what can go wrong, as values
pub mod standards; // rules of the trade, pure
pub mod db; // pools, migrations, the embedded cluster
pub mod moments; // the time and new ids for whatever writes rows
pub mod web; // HTML that belongs to no feature
pub mod audit; // writing the trail
pub mod jobs; // work for later
pub mod mail; // outbox and transports
pub mod access; // who may do what
pub mod sign_in; // password, sign-in, sign-out
pub mod account; // plan, seats, usage
pub mod publishers; // picker, switcher, visits, creation
pub mod profile; // a person's own account
pub mod members; // members, invitations
pub mod activity; // the pages that show what happened
pub mod catalogue; // works, songwriters, recordings, imports
pub mod dashboard; // a publisher's front page
pub mod jump; // what Ctrl K finds
pub mod site; // health, help, brand, static files
pub mod demo; // demonstration data
pub mod app; // merges all features' routes and jobs
pub mod commands; // what each command does
