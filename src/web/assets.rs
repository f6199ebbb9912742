//! Static files: embedded, compressed once, named by a hash of their content, and so immutable for browsers.

use axum::{
    body::Bytes,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use std::{collections::HashMap, io::Write, sync::LazyLock};

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

struct Asset {
    url: String,
    kind: HeaderValue,
    plain: Bytes,
    /// Only where it pays; fonts are compressed already.
    gzip: Option<Bytes>,
}

/// By name ("css/app.css") and by hashed name ("css/app.1a2b3c4d.css").
static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let mut assets: HashMap<String, Asset> = HashMap::new();
    // Style sheets last: what they refer to must have its hashed name by then.
    let (sheets, others): (Vec<_>, Vec<_>) = Files::iter().partition(|name| name.ends_with(".css"));
    for name in others.into_iter().chain(sheets) {
        let Some(file) = Files::get(&name) else { continue };
        let kind = mime_guess::from_path(name.as_ref()).first_or_octet_stream();
        let mut plain = Bytes::from(file.data.into_owned());
        if name.ends_with(".css") {
            let mut sheet = String::from_utf8_lossy(&plain).into_owned();
            for (other, asset) in &assets {
                sheet = sheet.replace(&format!("\"../{other}\""), &format!("\"{}\"", asset.url));
            }
            plain = Bytes::from(sheet);
        }
        let hash = Sha256::digest(&plain);
        let hash: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let url = match name.rsplit_once('.') {
            Some((stem, extension)) => format!("/static/{stem}.{hash}.{extension}"),
            None => format!("/static/{name}.{hash}"),
        };
        let text = kind.type_() == "text" || name.ends_with(".js") || name.ends_with(".svg");
        let gzip = text.then(|| compress(&plain)).flatten();
        let charset = if text { "; charset=utf-8" } else { "" };
        let kind = HeaderValue::from_str(&format!("{kind}{charset}")).unwrap_or(HeaderValue::from_static("application/octet-stream"));
        assets.insert(name.into_owned(), Asset { url, kind, plain, gzip });
    }
    assets
});

static BY_URL: LazyLock<HashMap<&'static str, &'static Asset>> =
    LazyLock::new(|| ASSETS.values().map(|asset| (asset.url.as_str(), asset)).collect());

fn compress(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().filter(|packed| packed.len() < plain.len()).map(Bytes::from)
}

/// The URL of a static file by its name in `static/`. A name that is not there yields a URL that is not found, which the
/// test of all pages notices.
pub fn asset(name: &str) -> &'static str {
    ASSETS.get(name).map_or("/static/missing", |asset| asset.url.as_str())
}

/// Serves `/static/{*name}` from memory.
pub async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = BY_URL.get(format!("/static/{name}").as_str()) else { return StatusCode::NOT_FOUND.into_response() };
    let wants_gzip = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("gzip"));
    let fixed = [
        (header::CONTENT_TYPE, asset.kind.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    match &asset.gzip {
        Some(packed) if wants_gzip => (fixed, [(header::CONTENT_ENCODING, "gzip")], packed.clone()).into_response(),
        _ => (fixed, asset.plain.clone()).into_response(),
    }
}
