//! One conversation with the mail server per mail, and what its answers mean.

use super::deliver::Trouble;
use crate::{jobs::in_one_line, moments::Moments};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    transport::smtp::{Error, PoolConfig},
};
use std::{
    error::Error as _,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};
use tokio::time::timeout;

const CONNECT: Duration = Duration::from_secs(10);
/// From the first byte to the last answer. The library has no limit of its own once it is connected. Generous, because a
/// server that takes the mail after we stopped listening gets it again.
const CONVERSATION: Duration = Duration::from_secs(60);
/// The same without a mail.
const LOGIN: Duration = Duration::from_secs(20);
/// Seconds. After a time-out no mail tries for so long, or a silent server would keep every mail job waiting for it in turn.
/// Shorter than the first pause between attempts.
const SILENCE: i64 = 5;
/// The server does not know us or not like our password (RFC 4954): the operator's to mend, not the end of the mail.
const LOGIN_REFUSED: [&str; 4] = ["530", "534", "535", "538"];

pub(super) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    /// Unix time until which the server is taken to be silent.
    silent_until: AtomicI64,
}

impl Smtp {
    pub fn new(url: &str) -> Result<Self, Error> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?
            .timeout(Some(CONNECT))
            // No connection is used twice: one that timed out half-way through a mail would go back to the library's pool,
            // and the next mail would take the late answers for its own.
            .pool_config(PoolConfig::new().max_size(0))
            .build();
        Ok(Smtp { transport, silent_until: AtomicI64::new(0) })
    }

    pub async fn check(&self) -> Result<(), String> {
        match timeout(LOGIN, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("the mail server hung up".into()),
            Ok(Err(error)) => Err(words(&error)),
            Err(_) => Err("the mail server did not answer in time".into()),
        }
    }

    pub async fn send(&self, at: &Moments, message: &Message) -> Result<(), Trouble> {
        let now = at.now().unix_timestamp();
        if now < self.silent_until.load(Ordering::Relaxed) {
            return Err(Trouble::Passing("the mail server did not answer a moment ago".into()));
        }
        let silent = || self.silent_until.store(at.now().unix_timestamp() + SILENCE, Ordering::Relaxed);
        let sent = timeout(CONVERSATION, self.transport.send_raw(message.envelope(), &message.formatted())).await;
        match sent {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                if error.is_timeout() {
                    silent();
                }
                Err(trouble(&error, message.envelope().to()))
            }
            Err(_) => {
                silent();
                Err(Trouble::Passing("the mail server did not answer in time".into()))
            }
        }
    }
}

fn trouble(error: &Error, to: &[Address]) -> Trouble {
    let login_refused = error.status().is_some_and(|code| LOGIN_REFUSED.contains(&code.to_string().as_str()));
    // Such a server does not take SMTPUTF8 (RFC 6531), and the address cannot be written without.
    let not_for_this_address = error.is_client() && !to.iter().all(|address| AsRef::<str>::as_ref(address).is_ascii());
    if (error.is_permanent() && !login_refused) || not_for_this_address {
        Trouble::Final(words(error))
    } else {
        Trouble::Passing(words(error))
    }
}

/// The server's own words with their code; else what went wrong on the way there.
fn words(error: &Error) -> String {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    in_one_line(&match error.status() {
        Some(code) => format!("{code} {cause}"),
        None if error.is_client() => cause,
        None => format!("the mail server cannot be used: {cause}"),
    })
}
