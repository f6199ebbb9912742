//! What can go wrong, as values. An error knows no page and no feature: its response carries the value in its extensions,
//! and a layer in `web` or `api` gives it a face.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, Clone)]
pub enum Error {
    /// Nobody is signed in.
    SignIn,
    /// It does not exist, or the asker may not know that it does.
    NotFound,
    /// Inside the publisher, but without the permission.
    Forbidden(Forbidden),
    /// Signed in, but what is asked for needs a second factor; and whether there is one to show.
    FactorNeeded { enrolled: bool },
    /// The act is dangerous and the last proof of who asks too old: ask again, then repeat the act.
    FreshProof,
    /// The person's address is not confirmed yet.
    Unverified,
    /// A system admin at the door of a publisher, without a visit.
    VisitNeeded { slug: String },
    /// A rule says no.
    Refused(Refusal),
    /// Too much at once; try again in so many seconds.
    Busy { retry_after: u32 },
    /// Our fault. The log has the cause; people see an incident number.
    Broken(Arc<anyhow::Error>),
}

/// Why the door stayed shut for somebody inside.
#[derive(Debug, Clone)]
pub enum Forbidden {
    /// The role lacks this permission.
    Permission(&'static str),
    /// The membership is suspended.
    MemberSuspended { publisher: String },
    /// The publisher itself is suspended or archived.
    PublisherClosed { publisher: String, status: String },
    /// The visit of a system admin may only look.
    VisitReadOnly { publisher: String, slug: String },
    /// The role is for programs, which open no pages.
    ProgramsOnly,
    /// Not a system admin.
    System,
}

/// A rule that said no: a status, and each problem with its code, its field and words for a person.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub status: StatusCode,
    pub problems: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// For programs and tests; never changes its meaning.
    pub code: &'static str,
    /// The form field it belongs to; none for the form as a whole.
    pub field: Option<String>,
    pub message: String,
}

impl Refusal {
    /// Bad input in one field.
    pub fn field(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::checks().with(field, code, message)
    }

    /// A rule that concerns the whole act rather than one field.
    pub fn rule(code: &'static str, message: impl Into<String>) -> Self {
        Refusal { status: StatusCode::UNPROCESSABLE_ENTITY, problems: vec![Problem { code, field: None, message: message.into() }] }
    }

    /// A lost race or a state that no longer allows it.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Refusal { status: StatusCode::CONFLICT, ..Self::rule(code, message) }
    }

    /// An empty collection, to be filled by checks and asked with [`Refusal::or`].
    pub fn checks() -> Self {
        Refusal { status: StatusCode::UNPROCESSABLE_ENTITY, problems: Vec::new() }
    }

    pub fn add(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.problems.push(Problem { code, field: Some(field.into()), message: message.into() });
    }

    #[must_use]
    pub fn with(mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        self.add(field, code, message);
        self
    }

    /// `value` when no check failed.
    pub fn or<T>(self, value: T) -> Result<T> {
        if self.problems.is_empty() { Ok(value) } else { Err(self.into()) }
    }

    /// The first message, for places that show one line.
    pub fn message(&self) -> &str {
        self.problems.first().map_or("That is not possible.", |problem| &problem.message)
    }
}

impl Error {
    /// The status of the response, whatever face it gets.
    pub fn status(&self) -> StatusCode {
        match self {
            Error::SignIn => StatusCode::UNAUTHORIZED,
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::Forbidden(_) | Error::VisitNeeded { .. } | Error::FactorNeeded { .. } | Error::FreshProof | Error::Unverified => {
                StatusCode::FORBIDDEN
            }
            Error::Refused(refusal) => refusal.status,
            Error::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Error::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error::Refused(refusal)
    }
}

impl From<anyhow::Error> for Error {
    fn from(cause: anyhow::Error) -> Self {
        Error::Broken(Arc::new(cause))
    }
}

impl From<sqlx::Error> for Error {
    /// An exhausted pool, a lock not had in time and a database that is away are load, not bugs; nor is U+0000 in an address
    /// or a field, which PostgreSQL does not take as text.
    fn from(cause: sqlx::Error) -> Self {
        if matches!(&cause, sqlx::Error::Database(e) if e.code().as_deref() == Some("22021")) {
            return Refusal::rule("characters", "There is a character in it that cannot be kept.").into();
        }
        let busy = match &cause {
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => true,
            // lock_not_available, query_canceled, cannot_connect_now, admin_shutdown, too_many_connections
            sqlx::Error::Database(e) => {
                matches!(e.code().as_deref(), Some("55P03" | "57014" | "57P03" | "57P01" | "53300" | "40001" | "40P01"))
            }
            _ => false,
        };
        if busy {
            tracing::warn!(error = %cause, "database is busy or away");
            return Error::Busy { retry_after: 2 };
        }
        anyhow::Error::from(cause).into()
    }
}

/// Turns the name of a violated constraint into the refusal it stands for; any other error stays what it is.
pub trait OnConstraint<T> {
    fn on_constraint(self, name: &str, refusal: impl FnOnce() -> Refusal) -> Result<T>;
}

impl<T> OnConstraint<T> for std::result::Result<T, sqlx::Error> {
    fn on_constraint(self, name: &str, refusal: impl FnOnce() -> Refusal) -> Result<T> {
        self.map_err(|error| match &error {
            sqlx::Error::Database(e) if e.constraint() == Some(name) => refusal().into(),
            _ => error.into(),
        })
    }
}
