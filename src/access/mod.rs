//! Who may do what: the permission table, the guards that check it, the routes that insist on a guard, and sessions.
//!
//! A handler gets its database transaction only from a guard, and a guard opens one only after the check. The gate in the
//! database (`ctx.enter`) makes the same decision a second time, by setting the context that row security reads.

mod device;
mod gate;
mod guards;
mod identity;
mod navigation;
pub mod permission;
pub mod routes;
pub mod session;
mod state;
mod system;
mod work;

pub use device::{Device, device_cookie};
pub use gate::{Publisher, Reach, Role, Tenant};
pub use guards::{Anyone, Outside, Read, SignedIn, Write, session_hash};
pub use identity::{FRESH, Identity, Level, Person};
pub use permission::Permission;
pub use routes::Routes;
pub use state::{ClientAddress, Request, State};
pub use system::System;
pub use work::{Work, enter_for_job, identity_for_job};
