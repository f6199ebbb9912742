//! Where mail leaves the program: over SMTP when a server is configured, else into the local mailbox.

use super::{Mail, deliver::Trouble, local, smtp::Smtp};
use crate::{
    config::{PublicUrl, SettingError, Settings},
    db::Pools,
    error::Result,
    moments::Moments,
};
use lettre::message::Mailbox;
use std::sync::Arc;
use uuid::Uuid;

/// Clones share the connection to the mail server.
#[derive(Clone)]
pub struct Mailer(Arc<Inner>);

struct Inner {
    from: Mailbox,
    /// The right side of every `Message-ID`.
    host: String,
    transport: Transport,
}

enum Transport {
    Smtp(Smtp),
    Local,
}

impl Mailer {
    /// To be called inside the runtime, which the transport needs from the start.
    pub fn new(settings: &Settings, public_url: &PublicUrl) -> Result<Self, SettingError> {
        let transport = match &settings.smtp_url {
            Some(url) => Transport::Smtp(
                Smtp::new(url.reveal()).map_err(|reason| SettingError { variable: "SMTP_URL".into(), reason: reason.to_string() })?,
            ),
            None => Transport::Local,
        };
        Ok(Mailer(Arc::new(Inner { from: settings.mail_from.clone(), host: public_url.host().to_owned(), transport })))
    }

    /// Whether mail stays here, where the page of the local mailbox shows it.
    pub fn is_local(&self) -> bool {
        matches!(self.0.transport, Transport::Local)
    }

    /// Whether the mail server answers, and lets us in; the reason when it does not.
    pub async fn check(&self) -> Result<(), String> {
        match &self.0.transport {
            Transport::Smtp(smtp) => smtp.check().await,
            Transport::Local => Ok(()),
        }
    }

    pub(super) async fn send(&self, pools: &Pools, at: &Moments, id: Uuid, mail: &Mail) -> Result<Result<(), Trouble>> {
        match &self.0.transport {
            Transport::Local => Ok(Ok(local::put(pools, at, id, mail).await?)),
            Transport::Smtp(smtp) => match mail.message(id, &self.0.host, &self.0.from, at.now()) {
                Ok(message) => Ok(smtp.send(at, &message).await),
                Err(reason) => Ok(Err(Trouble::Final(format!("the message cannot be built: {reason}")))),
            },
        }
    }
}
