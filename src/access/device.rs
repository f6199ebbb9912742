//! The browser's own cookie: 256 random bits that say "this browser again" and open nothing. It outlives sessions, so that a
//! sign-in from somewhere new is told, and so that strangers' failures do not keep out whoever has signed in here before.

use crate::{clock::Chance, secret::Token};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use std::sync::{Arc, OnceLock};

const NAME: &str = "ledgerline-device";
/// As long as browsers keep a cookie.
const LIFE: time::Duration = time::Duration::days(400);

/// The browser a request came from.
#[derive(Debug, Clone, Default)]
pub struct Device {
    presented: Option<Token>,
    given: Arc<OnceLock<Token>>,
}

impl Device {
    /// As the database knows it; none for a browser that has never been signed in here.
    pub fn hash(&self) -> Option<[u8; 32]> {
        self.presented.as_ref().or(self.given.get()).map(Token::hash)
    }

    /// The hash of the cookie it has, or of the one it will get with the answer.
    pub fn remember(&self, chance: &Chance) -> [u8; 32] {
        match &self.presented {
            Some(token) => token.hash(),
            None => self.given.get_or_init(|| Token::new(chance)).hash(),
        }
    }
}

/// Reads the cookie before every handler, and sets it where a sign-in has just given one.
pub async fn device_cookie(State(https): State<bool>, mut request: Request, next: Next) -> Response {
    let name = if https { format!("__Host-{NAME}") } else { NAME.to_owned() };
    let device = Device { presented: presented(request.headers(), &name), given: Arc::default() };
    request.extensions_mut().insert(device.clone());
    let mut response = next.run(request).await;
    if let Some(token) = device.given.get() {
        let secure = if https { "; Secure" } else { "" };
        let cookie = format!("{name}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}", token.reveal(), LIFE.whole_seconds());
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

fn presented(headers: &HeaderMap, name: &str) -> Option<Token> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let value = lines.flat_map(|line| line.split("; ")).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Token::presented(value)
}
