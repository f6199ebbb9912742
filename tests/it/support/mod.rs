//! What every test starts from: a database of its own, the program serving on it, people with browsers, and a mail server.
//!
//! ```text
//! let app = App::start().await;
//! let olga = app.person("olga@northlight.test").admin_of("northlight").await;
//! olga.signs_in().await;
//! let members = olga.opens("/publishers/northlight/members").await;
//! ```

mod app;
mod authenticator;
mod browser;
pub mod database;
mod fingerprint;
mod form;
mod mailbox;
mod page;
mod phone;
mod world;

pub use app::App;
pub use authenticator::Authenticator;
pub use browser::Browser;
pub use database::Database;
pub use fingerprint::fingerprint;
pub use mailbox::Mail;
pub use page::Page;
pub use phone::Phone;
pub use world::{PASSWORD, Person, prove};
