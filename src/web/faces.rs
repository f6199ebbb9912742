//! The faces of errors: one page, with words for each case, or a redirect where the cure is elsewhere.

use super::{Shell, place::Place};
use crate::{
    error::{Error, Forbidden},
    moments::Moments,
};
use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The cookie of a session, over http and over https.
pub const SESSION: &str = "ledgerline";
pub const HOST_SESSION: &str = "__Host-ledgerline";

/// The page of an error outside any publisher; its content alone is the fragment.
#[derive(Template)]
#[template(path = "error/page.html", blocks = ["content"])]
struct ErrorPage {
    status: u16,
    said: Words,
    is_signed_in: bool,
}

/// The same inside a publisher.
#[derive(Template)]
#[template(path = "error/inside.html")]
struct InsidePage<'a> {
    shell: &'a Shell,
    status: u16,
    said: Words,
    is_signed_in: bool,
}

/// Where somebody signed in chooses another publisher.
const PICKER: &str = "/publishers";

/// The way on from an error.
struct Back {
    label: String,
    url: String,
    /// Where a system admin's visit is ended.
    ends_visit: Option<String>,
}

/// What an error says.
struct Words {
    title: String,
    message: String,
    /// What the person can do about it.
    advice: String,
    incident: Option<String>,
    back: Back,
}

fn words(title: &str, message: impl Into<String>, advice: &str) -> Words {
    let back = Back { label: "Back to Ledgerline".into(), url: "/".into(), ends_visit: None };
    Words { title: title.into(), message: message.into(), advice: advice.into(), incident: None, back }
}

/// What is known of the request that failed.
struct Asked {
    method: Method,
    path: String,
    headers: HeaderMap,
    place: Place,
}

impl Asked {
    fn wants_part(&self) -> bool {
        self.headers.contains_key("hx-request")
    }

    /// Somebody is known, or shows a session that may have ended: both may want to leave.
    fn is_signed_in(&self) -> bool {
        let cookies = self.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut names = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('=')).map(|(name, _)| name);
        self.place.shell().is_some() || names.any(|name| name.trim_start_matches("__Host-") == "ledgerline")
    }
}

/// Gives errors that carry their value in the response their page. Runs outside every handler, inside the layers that
/// set headers.
pub async fn faces(State(moments): State<Moments>, mut request: Request, next: Next) -> Response {
    let asked = Asked {
        method: request.method().clone(),
        path: request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned(),
        headers: request.headers().clone(),
        place: Place::default(),
    };
    request.extensions_mut().insert(asked.place.clone());
    let response = next.run(request).await;
    if asked.path.starts_with("/api/") || asked.path.starts_with("/static/") {
        return response;
    }
    match response.extensions().get::<Error>().cloned() {
        Some(error) => face(&error, &moments, &asked),
        None => bare_status(response, &moments, &asked),
    }
}

/// Answers of axum and tower themselves (unknown path, wrong method, body too large, rejected origin) get words too.
fn bare_status(response: Response, moments: &Moments, asked: &Asked) -> Response {
    let has_body = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let said = match response.status() {
        StatusCode::NOT_FOUND => not_found(),
        StatusCode::METHOD_NOT_ALLOWED => words("That cannot be done here", "This address does not take that kind of request.", ""),
        StatusCode::FORBIDDEN => words(
            "This form came from elsewhere",
            "The request did not come from a page of Ledgerline, so nothing was changed.",
            "Open the page again and send the form from there.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            words("That is too large", "What was sent is larger than Ledgerline accepts.", "Nothing was changed.")
        }
        StatusCode::REQUEST_TIMEOUT => {
            words("That took too long", "The request did not arrive in time.", "Nothing was changed. Please try again.")
        }
        StatusCode::SERVICE_UNAVAILABLE => busy(),
        status if status.is_server_error() => return incident(&anyhow::anyhow!("a layer answered {status}"), moments, asked),
        _ => return response,
    };
    if has_body {
        return response;
    }
    let status = response.status();
    let mut answer = render(status, said, asked);
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            answer.headers_mut().append(name, value.clone());
        }
    }
    answer
}

fn face(error: &Error, moments: &Moments, asked: &Asked) -> Response {
    let htmx = asked.wants_part();
    match error {
        Error::SignIn => {
            let url = match way_back(&asked.method, &asked.path, &asked.headers) {
                Some(next) if next != "/" => format!("/sign-in?next={}", utf8_percent_encode(&next, NON_ALPHANUMERIC)),
                _ => "/sign-in".to_owned(),
            };
            let mut response = go(&url, htmx, StatusCode::UNAUTHORIZED);
            if super::redirect::cookie(&asked.headers, SESSION).is_some() || super::redirect::cookie(&asked.headers, HOST_SESSION).is_some()
            {
                super::redirect::leave(&mut response, "info", "Your session has ended. Sign in to come back to where you were.");
            }
            response
        }
        Error::FactorNeeded { enrolled } => {
            let door = if *enrolled { "/sign-in/confirm" } else { "/me/mfa/enrol" };
            let next = way_back(&asked.method, &asked.path, &asked.headers);
            let next = utf8_percent_encode(next.as_deref().unwrap_or("/"), NON_ALPHANUMERIC).to_string();
            go(&format!("{door}?next={next}"), htmx, StatusCode::FORBIDDEN)
        }
        // The browser sends the same form again there, and from there back: what was typed is not lost.
        Error::FreshProof => {
            super::redirect::again(&format!("/sign-in/confirm?then={}", utf8_percent_encode(&asked.path, NON_ALPHANUMERIC)))
        }
        Error::Unverified => go("/verify-email", htmx, StatusCode::FORBIDDEN),
        Error::VisitNeeded { slug } if asked.method == Method::GET => {
            let next = utf8_percent_encode(&asked.path, NON_ALPHANUMERIC);
            go(&format!("/publishers/{slug}/visit?next={next}"), htmx, StatusCode::FORBIDDEN)
        }
        Error::VisitNeeded { .. } => render(
            error.status(),
            words("Your visit has ended", "Nothing was changed.", "Open the publisher again to start another visit."),
            asked,
        ),
        Error::NotFound => render(error.status(), not_found(), asked),
        Error::Forbidden(why) => render(error.status(), forbidden(why), asked),
        Error::Refused(refusal) => {
            let mut response =
                render(refusal.status, words(refused_title(refusal.status), refusal.message(), "Nothing was changed."), asked);
            if refusal.status == StatusCode::TOO_MANY_REQUESTS {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
            }
            response
        }
        Error::Busy { retry_after } => {
            let mut response = render(error.status(), busy(), asked);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*retry_after));
            response
        }
        Error::Broken(cause) => incident(cause, moments, asked),
    }
}

fn refused_title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::CONFLICT => "Something changed in the meantime",
        StatusCode::PAYLOAD_TOO_LARGE => "That is too large",
        StatusCode::TOO_MANY_REQUESTS => "Please wait a moment",
        _ => "That is not possible",
    }
}

fn not_found() -> Words {
    words(
        "This page does not exist",
        "The address is wrong, or it belongs to a publisher you are not a member of.",
        "If a colleague sent you the link, ask them to invite you first.",
    )
}

fn busy() -> Words {
    words("Ledgerline is busy", "Too much is going on at this moment.", "Nothing was changed. Please try again in a few seconds.")
}

/// Behind a door that is shut for this person, the way on is another publisher.
fn shut(title: &str, message: impl Into<String>, advice: &str) -> Words {
    let back = Back { label: "Choose a publisher".into(), url: PICKER.into(), ends_visit: None };
    Words { back, ..words(title, message, advice) }
}

fn forbidden(why: &Forbidden) -> Words {
    match why {
        Forbidden::Permission(name) => words(
            "You may not do this",
            format!("It takes the permission “{name}”, which your role does not include."),
            "An admin of this publisher can change your role.",
        ),
        Forbidden::MemberSuspended { publisher } => shut(
            "Your access is suspended",
            format!("Your membership of {publisher} is suspended."),
            "An admin of this publisher can restore it.",
        ),
        Forbidden::PublisherClosed { publisher, status } => shut(
            "This publisher is closed",
            format!("{publisher} is {status}. Nobody can work in it at present."),
            "Ledgerline's support can tell you more.",
        ),
        Forbidden::VisitReadOnly { publisher, slug } => {
            let url = format!("/publishers/{slug}");
            Words {
                back: Back { label: format!("Back to {publisher}"), ends_visit: Some(format!("{url}/visit/end")), url },
                ..words(
                    "This visit is read-only",
                    format!("You are visiting {publisher} to look, not to change anything."),
                    "To change something, end the visit and start one that may write, with a reason.",
                )
            }
        }
        Forbidden::ProgramsOnly => shut(
            "Your role is for programs",
            "An API user works through the API and opens no pages.",
            "An admin of this publisher can give you another role.",
        ),
        Forbidden::System => words("For system administrators", "This page is for Ledgerline's own administrators.", ""),
    }
}

/// An incident: people see a number, the log has the cause.
fn incident(cause: &anyhow::Error, moments: &Moments, asked: &Asked) -> Response {
    let id = moments.new_id().simple().to_string();
    let id = id.get(20..).unwrap_or_default().to_owned();
    tracing::error!(incident = %id, error = ?cause, "incident");
    let said = Words {
        incident: Some(id),
        ..words("Something went wrong on our side", "It has been written down, and your data is as it was.", "Please try again.")
    };
    render(StatusCode::INTERNAL_SERVER_ERROR, said, asked)
}

fn render(status: StatusCode, mut said: Words, asked: &Asked) -> Response {
    let inside = asked.place.shell().and_then(|shell| shell.publisher.as_ref().map(|publisher| (shell, publisher)));
    if let (Some((_, publisher)), "/") = (inside, said.back.url.as_str()) {
        said.back = Back { label: format!("Back to {}", publisher.name), url: format!("/publishers/{}", publisher.slug), ends_visit: None };
    }
    let (code, is_signed_in) = (status.as_u16(), asked.is_signed_in());
    let html = match inside {
        Some((shell, _)) if !asked.wants_part() => InsidePage { shell, status: code, said, is_signed_in }.render(),
        _ if asked.wants_part() => ErrorPage { status: code, said, is_signed_in }.as_content().render(),
        _ => ErrorPage { status: code, said, is_signed_in }.render(),
    };
    match html {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "the error page itself failed");
            status.into_response()
        }
    }
}

/// A redirect for browsers; for htmx the header that makes the whole window follow.
fn go(url: &str, htmx: bool, status: StatusCode) -> Response {
    if htmx {
        return (status, [("hx-redirect", url)]).into_response();
    }
    super::see_other(url)
}

/// The page somebody comes back to: the one they asked for, or the one that held the form or the part that asked.
fn way_back(method: &Method, path: &str, headers: &HeaderMap) -> Option<String> {
    let asked = (*method == Method::GET).then(|| path.to_owned());
    if headers.contains_key("hx-request") { referer_path(headers).or(asked) } else { asked.or_else(|| referer_path(headers)) }
}

/// Path and query of the page a form was on, when it was one of ours. The origin check has already compared hosts.
pub fn referer_path(headers: &HeaderMap) -> Option<String> {
    let referer = headers.get(header::REFERER)?.to_str().ok()?;
    let rest = referer.split_once("://")?.1;
    let path = rest.find('/').and_then(|at| rest.get(at..))?;
    super::redirect::own_path(path).map(str::to_owned)
}
