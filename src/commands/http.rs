//! The accept loop: what `axum::serve` does, with a deadline for headers and a cap on connections.

use axum::{Router, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tower::ServiceExt;

/// Connections at a time; further ones wait to be accepted.
const MOST_CONNECTIONS: usize = 1024;
/// How long a client may take for the headers of a request, and a connection may stay silent at its beginning.
const HEADERS: Duration = Duration::from_secs(10);

/// Serves until told to stop, then lets what runs come to its end.
pub(super) async fn serve(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let router = router.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let watcher = graceful.watcher();
        let mut stopping = stopped.clone();
        tokio::spawn(async move {
            let _place = place;
            // hyper's own deadline begins with the first byte.
            let mut first = [0];
            let speaks = tokio::select! {
                peeked = tokio::time::timeout(HEADERS, stream.peek(&mut first)) => matches!(peeked, Ok(Ok(1))),
                _ = stopping.wait_for(|stopped| *stopped) => false,
            };
            if !speaks {
                return;
            }
            let connection =
                http1::Builder::new().timer(TokioTimer::new()).header_read_timeout(HEADERS).serve_connection(TokioIo::new(stream), service);
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            let _ = stream.set_nodelay(true);
            Some((stream, peer, place))
        }
        Err(error) => {
            // Out of file descriptors, mostly: waiting is the only cure.
            tracing::warn!(%error, "a connection was not accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}
