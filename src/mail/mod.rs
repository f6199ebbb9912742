//! Mail: written into the outbox by the transaction that causes it, delivered by a job, over SMTP or into the local mailbox.
//! Tables it alone writes: `outbox`, `local_mailbox`. Features build the [`Mail`]; nothing here knows them.

mod deliver;
mod local;
mod mailer;
mod message;
mod outbox;
mod smtp;

pub use deliver::{MailContext, jobs};
pub use local::{LocalMessage, local_message, local_messages};
pub use mailer::Mailer;
pub use message::Mail;
pub use outbox::{post, waiting};
