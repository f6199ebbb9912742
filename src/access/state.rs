//! What the guards draw on, and what they know of a request.

use super::{device::Device, session::Sessions};
use crate::{
    config::{PublicUrl, Settings},
    db::Pools,
    jobs::Wake,
    mail::{MailContext, Mailer},
    moments::Moments,
    secret::SecretKey,
};
use axum::http::{HeaderMap, Method, request::Parts};
use percent_encoding::{AsciiSet, CONTROLS};
use sqlx::PgPool;
use std::{net::IpAddr, sync::Arc};
use url::Url;
use webauthn_rs::{Webauthn, WebauthnBuilder};

/// Everything but the characters that end a path segment.
pub const PATH_SEGMENT: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'`').add(b'{').add(b'}').add(b'/').add(b'%');

/// The program's context. Its pools are nobody else's to name: a handler gets a connection from a guard, or none.
#[derive(Clone)]
pub struct State(Arc<Inner>);

struct Inner {
    pools: Pools,
    moments: Moments,
    settings: Arc<Settings>,
    secret: SecretKey,
    sessions: Sessions,
    public_url: PublicUrl,
    relying_party: Option<Webauthn>,
    mailer: Mailer,
    wake: Wake,
}

impl State {
    pub fn new(
        pools: Pools,
        moments: Moments,
        settings: Arc<Settings>,
        secret: SecretKey,
        public_url: PublicUrl,
        mailer: Mailer,
        wake: Wake,
    ) -> Self {
        let sessions = Sessions::new(pools.identity().clone());
        let relying_party = relying_party(&public_url);
        State(Arc::new(Inner { pools, moments, settings, secret, sessions, public_url, relying_party, mailer, wake }))
    }

    pub fn moments(&self) -> &Moments {
        &self.0.moments
    }

    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The only source of links in mails and redirects.
    pub fn public_url(&self) -> &PublicUrl {
        &self.0.public_url
    }

    /// Whom passkeys are made for. None where browsers make none: at a bare address, or without TLS on another machine.
    pub fn relying_party(&self) -> Option<&Webauthn> {
        self.0.relying_party.as_ref()
    }

    pub fn secret(&self) -> &SecretKey {
        &self.0.secret
    }

    pub fn mailer(&self) -> &Mailer {
        &self.0.mailer
    }

    /// Tells the worker that there is something to do now.
    pub fn wake(&self) -> &Wake {
        &self.0.wake
    }

    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(super) fn tenant_pool(&self) -> &PgPool {
        self.0.pools.tenant()
    }

    pub(super) fn identity_pool(&self) -> &PgPool {
        self.0.pools.identity()
    }

    pub(super) fn platform_pool(&self) -> &PgPool {
        self.0.pools.platform()
    }

    pub fn pools(&self) -> &Pools {
        &self.0.pools
    }
}

fn relying_party(public_url: &PublicUrl) -> Option<Webauthn> {
    let url = Url::parse(&public_url.origin()).ok().filter(|_| public_url.is_https() || public_url.is_loopback());
    let built = url.and_then(|url| WebauthnBuilder::new(public_url.host(), &url).ok()?.rp_name("Ledgerline").build().ok());
    if built.is_none() {
        tracing::warn!("PUBLIC_URL: passkeys are off, because browsers make them only for a name reached over https, or for localhost");
    }
    built
}

impl MailContext for State {
    fn pools(&self) -> &Pools {
        &self.0.pools
    }
    fn moments(&self) -> &Moments {
        &self.0.moments
    }
    fn secret(&self) -> &SecretKey {
        &self.0.secret
    }
    fn mailer(&self) -> &Mailer {
        &self.0.mailer
    }
}

/// What a guard keeps of the request it let in.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    /// Path and query, as sent.
    pub path: String,
    pub headers: HeaderMap,
    /// The client's address, as far as proxies we trust tell it.
    pub address: Option<String>,
    pub agent: Option<String>,
    pub device: Device,
}

/// The client's address, put into the request by a layer of `app`.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl Request {
    pub fn of(parts: &Parts) -> Self {
        Request {
            method: parts.method.clone(),
            path: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), |p| p.as_str().to_owned()),
            headers: parts.headers.clone(),
            address: parts.extensions.get::<ClientAddress>().map(|address| address.0.to_string()),
            agent: parts.headers.get("user-agent").and_then(|v| v.to_str().ok()).map(|v| v.chars().take(300).collect()),
            device: parts.extensions.get().cloned().unwrap_or_default(),
        }
    }

    /// htmx wants a part of a page, not a page.
    pub fn fragment(&self) -> bool {
        self.headers.contains_key("hx-request") && !self.headers.contains_key("hx-history-restore-request")
    }
}
