//! Work for later: rows written in the transaction that causes them, done by a worker that may die. Nothing here knows a
//! feature: each registers what to do for its kinds, and `app` hands the worker its context. Table it alone writes: `jobs`.

mod queue;
mod registry;
mod worker;

pub(crate) use queue::begin;
pub use queue::{enqueue, renewed};
pub use registry::Registry;
pub use worker::{Wake, Worker};

use crate::error::{Error, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

/// A job is given up after so many attempts: about two hours of an outage.
pub const ATTEMPTS: i32 = 8;

/// Work to be done once, at `run_at` or soon after.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub kind: &'static str,
    pub for_publisher: Option<Uuid>,
    /// Whose rights it acts with.
    pub for_user: Option<Uuid>,
    pub payload: Value,
    pub run_at: OffsetDateTime,
}

/// A job as its handler gets it. It may come again after a crash, so doing it twice must do no more than doing it once.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: Uuid,
    pub kind: String,
    pub for_publisher: Option<Uuid>,
    pub for_user: Option<Uuid>,
    pub payload: Value,
    /// 1 at first. It only grows, so it also tells a worker that lost its lease from the one that has it now.
    pub attempt: i32,
}

/// How a handler ends; an error counts as a retry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Something outside failed; another time it may work.
    Retry {
        reason: String,
    },
    /// It will never work.
    GiveUp {
        reason: String,
    },
}

impl Job {
    /// The payload as the type its kind carries.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.payload).map_err(|error| anyhow::Error::new(error).context(format!("payload of a {} job", self.kind)).into())
    }

    /// Whether a retry would be refused.
    pub fn is_last_attempt(&self) -> bool {
        self.attempt >= ATTEMPTS
    }
}

/// A reason as it is kept beside a row: one line, at most 300 characters.
pub(crate) fn in_one_line(reason: &str) -> String {
    let line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// What an error means to whoever reads the table of jobs.
fn words(error: &Error) -> String {
    match error {
        Error::Broken(cause) => format!("{cause:#}"),
        Error::Refused(refusal) => refusal.message().to_owned(),
        Error::Busy { .. } => "the database is busy or away".to_owned(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn job(attempt: i32) -> Job {
        Job { id: Uuid::nil(), kind: "test".into(), for_publisher: None, for_user: None, payload: json!({ "import": 7 }), attempt }
    }

    #[test]
    fn a_payload_is_read_as_its_type_or_named_in_the_error() {
        #[derive(serde::Deserialize)]
        struct Payload {
            import: i32,
        }
        assert_eq!(job(1).read::<Payload>().unwrap().import, 7);
        assert!(words(&job(1).read::<Vec<String>>().unwrap_err()).starts_with("payload of a test job: "));
    }

    #[test]
    fn the_eighth_attempt_is_the_last() {
        assert!(!job(7).is_last_attempt());
        assert!(job(8).is_last_attempt());
    }

    #[test]
    fn a_reason_is_one_short_line() {
        assert_eq!(in_one_line("550 no\r\n such\u{0}  mailbox\n"), "550 no such mailbox");
        assert_eq!(in_one_line(&"é".repeat(1000)).chars().count(), 300);
    }
}
