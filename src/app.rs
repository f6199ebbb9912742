//! The whole program as a router: every feature's routes and jobs, and the layers around them. The only file that knows
//! them all.

use crate::{
    access::{ClientAddress, Routes, State, device_cookie, session::HashedStore},
    account, activity, catalogue, dashboard,
    jobs::Registry,
    jump, mail, members, profile, publishers, sign_in, site,
    web::{faces, form, layers},
};
use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::{Extensions, HeaderMap, StatusCode, Version},
    middleware::{self, Next},
    response::Response,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    csrf::CsrfLayer,
    timeout::TimeoutLayer,
    trace::TraceLayer,
};
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite};
use tower_sessions_sqlx_store::PostgresStore;

/// Requests under way at a time; beyond it the answer is 503 at once.
const MOST_REQUESTS: usize = 256;
/// No page takes this long; an upload over a slow line has it for its body.
const LONGEST_REQUEST: Duration = Duration::from_secs(60);

/// Every route of the program with its guard.
pub fn routes() -> Routes {
    Routes::new()
        .merge(site::routes())
        .merge(sign_in::routes())
        .merge(publishers::routes())
        .merge(profile::routes())
        .merge(dashboard::routes())
        .merge(members::routes())
        .merge(activity::routes())
        .merge(catalogue::routes())
        .merge(jump::routes())
}

/// Every kind of job with what does it.
pub fn jobs() -> Registry<State> {
    let mut registry = Registry::default();
    mail::jobs(&mut registry);
    sign_in::jobs(&mut registry);
    account::jobs(&mut registry);
    members::jobs(&mut registry);
    catalogue::jobs(&mut registry);
    registry
}

/// The router, ready to be served with the connection's address.
pub fn router(state: State) -> Router {
    let https = state.public_url().is_https();
    let store = HashedStore(PostgresStore::new(state.pools().identity().clone()));
    let sessions = SessionManagerLayer::new(store)
        .with_name(if https { faces::HOST_SESSION } else { faces::SESSION })
        .with_secure(https)
        .with_http_only(true)
        // People arrive from mails, so not Strict; changes are guarded by their origin.
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(crate::access::session::ABSOLUTE));
    let proxies = Arc::new(state.settings().trusted_proxies.clone());
    let places = Arc::new(Semaphore::new(MOST_REQUESTS));
    // From the inside out: the last layer sees a request first.
    routes()
        .into_router()
        .layer(sessions)
        .layer(middleware::from_fn_with_state(https, device_cookie))
        .layer(middleware::from_fn(form::take_form))
        .layer(middleware::from_fn(layers::finish_changes))
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn(layers::foreign_referer))
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::SERVICE_UNAVAILABLE, LONGEST_REQUEST))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(places, layers::shed_load))
        .layer(middleware::from_fn_with_state(state.moments().clone(), faces::faces))
        .layer(middleware::from_fn(layers::flash_once))
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Fastest)
                .compress_when(SizeAbove::new(512).and(NotForContentType::const_new("font/")).and(may_be_compressed)),
        )
        .layer(middleware::from_fn_with_state(https, layers::security_headers))
        .layer(TraceLayer::new_for_http())
        .layer(middleware::from_fn(move |request, next| client_address(Arc::clone(&proxies), request, next)))
        .with_state(state)
}

fn may_be_compressed(_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<layers::Uncompressed>().is_none()
}

/// The client's address: the connection's, or what a proxy we trust says of it, read from the right.
async fn client_address(proxies: Arc<Vec<ipnet::IpNet>>, mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() {
        let trusted = |address: &std::net::IpAddr| proxies.iter().any(|network| network.contains(address));
        let mut address = peer.ip().to_canonical();
        let forwarded = request.headers().get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<_> = forwarded.flat_map(|value| value.split(',')).map(|hop| hop.trim().parse::<std::net::IpAddr>()).collect();
        for hop in hops.into_iter().rev() {
            match hop {
                Ok(hop) if trusted(&address) => address = hop.to_canonical(),
                _ => break,
            }
        }
        request.extensions_mut().insert(ClientAddress(address));
    }
    next.run(request).await
}
