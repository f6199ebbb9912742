//! What every response goes through: security headers, caching, the sentence shown once, a cap on what runs at a time.

use super::redirect;
use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// No inline script or style anywhere, nothing from elsewhere, nothing evaluated; scripts put markup into a page by the one
/// gate that `ledgerline.js` keeps.
pub const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types ledgerline";

/// Marks a response that the compression layer leaves as it is.
#[derive(Debug, Clone, Copy)]
pub struct Uncompressed;

/// Headers of every answer, whoever made it.
pub async fn security_headers(State(https): State<bool>, request: Request, next: Next) -> Response {
    let is_static = request.uri().path().starts_with("/static/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), payment=()");
    if https {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    if !is_static {
        set(header::CACHE_CONTROL, "no-store");
    }
    response
}

/// Drops the sentence of the last action once a page has shown it.
pub async fn flash_once(request: Request, next: Next) -> Response {
    let had_flash = redirect::flash(request.headers()).is_some();
    let is_page = request.method() == Method::GET && !request.uri().path().starts_with("/static/");
    let mut response = next.run(request).await;
    let is_html = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if had_flash && is_page && is_html {
        redirect::clear_flash(&mut response);
    }
    response
}

/// Refuses a change that only a `Referer` tells the origin of, when that is another site. `Origin` and `Sec-Fetch-Site`, which
/// browsers send with every form, are tower-http's to judge; what sends neither has a page to come from, or none at all.
pub async fn foreign_referer(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let said_otherwise = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or_else(|| request.uri().authority().map(Authority::as_str));
    let is_foreign = |referer: &HeaderValue| {
        let page = referer.to_str().ok().and_then(|referer| referer.parse::<Uri>().ok());
        !page.as_ref().and_then(Uri::authority).zip(host).is_some_and(|(page, host)| page.as_str().eq_ignore_ascii_case(host))
    };
    if !request.method().is_safe() && !said_otherwise && headers.get(header::REFERER).is_some_and(is_foreign) {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

/// A change runs to its end even when the browser hangs up in the middle of it.
pub async fn finish_changes(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(panic) => crate::error::Error::from(anyhow::anyhow!("a handler panicked: {panic}")).into_response(),
    }
}

/// At most so many requests at a time; the rest hear at once that they should come again.
pub async fn shed_load(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path.starts_with("/health/") || path.starts_with("/static/") {
        return next.run(request).await;
    }
    match places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into_response(),
    }
}
