//! Where a person goes after a form: 303, with a sentence for the next page.

use super::shell::Flash;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const COOKIE: &str = "ledgerline_flash";
const ESCAPED: &AsciiSet = NON_ALPHANUMERIC;

/// What no header takes: a page's address may come as people type it, with letters of every script.
const UNSPEAKABLE: &AsciiSet = &CONTROLS.add(b' ');

/// 303 to a page of our own.
pub fn see_other(url: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, utf8_percent_encode(url, UNSPEAKABLE).to_string())]).into_response()
}

/// The same request again, body and all, at another address of ours.
pub fn again(url: &str) -> Response {
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, utf8_percent_encode(url, UNSPEAKABLE).to_string())]).into_response()
}

/// 303 with a sentence that the next page shows once.
pub fn done(url: &str, kind: &'static str, text: &str) -> Response {
    let mut response = see_other(url);
    leave(&mut response, kind, text);
    response
}

/// Leaves a sentence for the next page.
pub fn leave(response: &mut Response, kind: &'static str, text: &str) {
    let value = utf8_percent_encode(text, ESCAPED);
    let cookie = format!("{COOKIE}={kind}.{value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// The value of a cookie that came with a request.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split("; ")).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// The same for a form that htmx sent: the whole page goes on, not only the part around the form.
pub fn done_from_part(url: &str, kind: &'static str, text: &str) -> Response {
    let mut response = done(url, kind, text);
    *response.status_mut() = StatusCode::NO_CONTENT;
    if let Some(url) = response.headers_mut().remove(header::LOCATION) {
        response.headers_mut().insert("hx-redirect", url);
    }
    response
}

/// The sentence left by [`done`], if one came with this request.
pub fn flash(headers: &HeaderMap) -> Option<Flash> {
    let (kind, text) = cookie(headers, COOKIE)?.split_once('.')?;
    let kind = ["good", "warning", "danger", "info"].into_iter().find(|known| *known == kind)?;
    let text = percent_decode_str(text).decode_utf8().ok()?.chars().take(300).collect();
    Some(Flash { kind, text })
}

/// Forgets the sentence once it was shown.
pub fn clear_flash(response: &mut Response) {
    let cookie = HeaderValue::from_static("ledgerline_flash=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    response.headers_mut().append(header::SET_COOKIE, cookie);
}

/// A path of our own, safe to be sent to: it begins with one slash and names no host.
pub fn own_path(path: &str) -> Option<&str> {
    let plain = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n', '\t']) && path.len() <= 2000;
    (plain && path.chars().all(|c| !c.is_control())).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_survives_the_way() {
        let response = done("/x", "good", "Invitation sent to “Zoë; <b>”.");
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(&format!("a=b; {cookie}")).unwrap());
        assert_eq!(flash(&headers), Some(Flash { kind: "good", text: "Invitation sent to “Zoë; <b>”.".into() }));
    }

    #[test]
    fn letters_of_every_script_lead_somewhere() {
        let response = see_other("/publishers/northlight/works?q=été %C3%A9");
        assert_eq!(response.headers()[header::LOCATION], "/publishers/northlight/works?q=%C3%A9t%C3%A9%20%C3%A9");
    }

    #[test]
    fn only_own_paths_are_followed() {
        for bad in ["https://evil.test", "//evil.test", "/\\evil.test", "javascript:alert(1)", "", "/a\nb", "\t//evil"] {
            assert_eq!(own_path(bad), None, "{bad:?}");
        }
        assert_eq!(own_path("/publishers/northlight?a=b"), Some("/publishers/northlight?a=b"));
    }
}
