//! Forms of pages: the body taken in before any handler runs, fields read from it, and what was wrong beside each field.

use crate::error::{Error, Problem, Refusal, Result};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, Request},
    http::{StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};

/// Largest urlencoded form, in bytes. The longest honest one is a work with a screen of notes and writers.
pub const FORM_LIMIT: usize = 256 * 1024;
const FORM_TIME: Duration = Duration::from_secs(10);

/// The bytes of a posted form, present in the request's extensions before the first extractor runs.
#[derive(Clone, Default)]
pub struct TakenForm(pub Bytes);

impl TakenForm {
    /// The value of one field, when it was sent exactly once.
    pub fn value(&self, name: &str) -> Option<String> {
        let mut values = form_urlencoded::parse(&self.0).filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        values.next().filter(|_| values.next().is_none())
    }
}

/// Takes small forms in before the guard opens a transaction: axum runs head extractors first, and a slow body must not
/// hold a database connection.
pub async fn take_form(request: Request, next: Next) -> Response {
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match tokio::time::timeout(FORM_TIME, axum::body::to_bytes(body, FORM_LIMIT)).await {
        Ok(Ok(bytes)) => {
            parts.extensions.insert(TakenForm(bytes.clone()));
            next.run(Request::from_parts(parts, Body::from(bytes))).await
        }
        Ok(Err(_)) => Error::from(Refusal {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            ..Refusal::rule("form_too_large", format!("A form may hold at most {} kB.", FORM_LIMIT / 1024))
        })
        .into_response(),
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

/// A posted form as a struct. Absent or malformed fields that the struct insists on are a 400: every field a person can
/// get wrong is a `String` with a default, checked by the feature.
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Form<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let bytes = parts.extensions.get::<TakenForm>().map(|form| form.0.clone()).unwrap_or_default();
        serde_urlencoded::from_bytes(&bytes).map(Form).map_err(|error| {
            Error::from(Refusal {
                status: StatusCode::BAD_REQUEST,
                ..Refusal::rule("form", format!("That form could not be read: {error}."))
            })
        })
    }
}

/// Whether an option is the one chosen; templates have either as `String` or `&str`.
pub fn same(option: impl AsRef<str>, chosen: impl AsRef<str>) -> bool {
    option.as_ref() == chosen.as_ref()
}

/// What was wrong with a form, for its template.
#[derive(Debug, Clone, Default)]
pub struct Errors(Arc<Vec<Problem>>);

impl Errors {
    pub fn none() -> Self {
        Self::default()
    }

    /// The message that belongs beside a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|problem| problem.field.as_deref() == Some(field)).map(|problem| problem.message.as_str())
    }

    /// The message that belongs to no field.
    pub fn summary(&self) -> Option<&str> {
        self.0.iter().find(|problem| problem.field.is_none()).map(|problem| problem.message.as_str())
    }

    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }
}

impl From<&Refusal> for Errors {
    fn from(refusal: &Refusal) -> Self {
        Errors(Arc::new(refusal.problems.clone()))
    }
}
