//! The query of an address as a struct. Addresses are typed, shared and glued together, so what is said twice counts as said
//! last, and nothing of it is an error a person could meet.

use crate::error::{Error, Refusal, Result};
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Every field of `T` is a `String` with a default.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let sent = parts.uri.query().unwrap_or_default();
        // A map keeps the last value of each name.
        let last: BTreeMap<_, _> = form_urlencoded::parse(sent.as_bytes()).collect();
        let once = form_urlencoded::Serializer::new(String::new()).extend_pairs(last).finish();
        serde_urlencoded::from_str(&once).map(Query).map_err(|error| {
            Error::from(Refusal {
                status: StatusCode::BAD_REQUEST,
                ..Refusal::rule("query", format!("That address could not be read: {error}."))
            })
        })
    }
}
