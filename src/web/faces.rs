//! The faces of errors: one page, with words for each case, or a redirect where the cure is elsewhere.

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

/// What the error page says. One template serves page and fragment.
#[derive(Template)]
#[template(path = "error/page.html", blocks = ["content"])]
struct ErrorPage {
    status: u16,
    title: String,
    message: String,
    /// What the person can do about it.
    advice: String,
    incident: Option<String>,
    back: Back,
}

/// The way on from an error.
struct Back {
    label: String,
    url: String,
    /// Where a system admin's visit is ended.
    ends_visit: Option<String>,
}

struct Words {
    title: String,
    message: String,
    advice: String,
    incident: Option<String>,
    back: Back,
}

fn words(title: &str, message: impl Into<String>, advice: &str) -> Words {
    let back = Back { label: "Back to Ledgerline".into(), url: "/".into(), ends_visit: None };
    Words { title: title.into(), message: message.into(), advice: advice.into(), incident: None, back }
}

/// Gives errors that carry their value in the response their page. Runs outside every handler, inside the layers that
/// set headers.
pub async fn faces(State(moments): State<Moments>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let headers = request.headers().clone();
    let response = next.run(request).await;
    if path.starts_with("/api/") || path.starts_with("/static/") {
        return response;
    }
    match response.extensions().get::<Error>().cloned() {
        Some(error) => face(&error, &moments, &method, &path, &headers),
        None => bare_status(response, &moments, headers.contains_key("hx-request")),
    }
}

/// Answers of axum and tower themselves (unknown path, wrong method, body too large, rejected origin) get words too.
fn bare_status(response: Response, moments: &Moments, htmx: bool) -> Response {
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
        status if status.is_server_error() => return incident(&anyhow::anyhow!("a layer answered {status}"), moments, htmx),
        _ => return response,
    };
    if has_body {
        return response;
    }
    let status = response.status();
    let mut answer = render(status, said, htmx);
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            answer.headers_mut().append(name, value.clone());
        }
    }
    answer
}

fn face(error: &Error, moments: &Moments, method: &Method, path: &str, headers: &HeaderMap) -> Response {
    let htmx = headers.contains_key("hx-request");
    match error {
        Error::SignIn => {
            // After a POST the way back is to the page that held the form.
            let next = if *method == Method::GET { Some(path.to_owned()) } else { referer_path(headers) };
            let url = match next {
                Some(next) if next != "/" => format!("/sign-in?next={}", utf8_percent_encode(&next, NON_ALPHANUMERIC)),
                _ => "/sign-in".to_owned(),
            };
            go(&url, htmx, StatusCode::UNAUTHORIZED)
        }
        Error::VisitNeeded { slug } if *method == Method::GET => {
            let next = utf8_percent_encode(path, NON_ALPHANUMERIC);
            go(&format!("/publishers/{slug}/visit?next={next}"), htmx, StatusCode::FORBIDDEN)
        }
        Error::VisitNeeded { .. } => render(
            error.status(),
            words("Your visit has ended", "Nothing was changed.", "Open the publisher again to start another visit."),
            htmx,
        ),
        Error::NotFound => render(error.status(), not_found(), htmx),
        Error::Forbidden(why) => render(error.status(), forbidden(why), htmx),
        Error::Refused(refusal) => {
            let mut response =
                render(refusal.status, words(refused_title(refusal.status), refusal.message(), "Nothing was changed."), htmx);
            if refusal.status == StatusCode::TOO_MANY_REQUESTS {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
            }
            response
        }
        Error::Busy { retry_after } => {
            let mut response = render(error.status(), busy(), htmx);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*retry_after));
            response
        }
        Error::Broken(cause) => incident(cause, moments, htmx),
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

fn forbidden(why: &Forbidden) -> Words {
    match why {
        Forbidden::Permission(name) => words(
            "You may not do this",
            format!("It takes the permission “{name}”, which your role does not include."),
            "An admin of this publisher can change your role.",
        ),
        Forbidden::MemberSuspended { publisher } => words(
            "Your access is suspended",
            format!("Your membership of {publisher} is suspended."),
            "An admin of this publisher can restore it.",
        ),
        Forbidden::PublisherClosed { publisher, status } => words(
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
        Forbidden::ProgramsOnly => words(
            "Your role is for programs",
            "An API user works through the API and opens no pages.",
            "An admin of this publisher can give you another role.",
        ),
        Forbidden::System => words("For system administrators", "This page is for Ledgerline's own administrators.", ""),
    }
}

/// An incident: people see a number, the log has the cause.
fn incident(cause: &anyhow::Error, moments: &Moments, htmx: bool) -> Response {
    let id = moments.new_id().simple().to_string();
    let id = id.get(20..).unwrap_or_default().to_owned();
    tracing::error!(incident = %id, error = ?cause, "incident");
    let said = Words {
        incident: Some(id),
        ..words("Something went wrong on our side", "It has been written down, and your data is as it was.", "Please try again.")
    };
    render(StatusCode::INTERNAL_SERVER_ERROR, said, htmx)
}

fn render(status: StatusCode, said: Words, htmx: bool) -> Response {
    let Words { title, message, advice, incident, back } = said;
    let page = ErrorPage { status: status.as_u16(), title, message, advice, incident, back };
    let html = if htmx { page.as_content().render() } else { page.render() };
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

/// Path and query of the page a form was on, when it was one of ours. The origin check has already compared hosts.
fn referer_path(headers: &HeaderMap) -> Option<String> {
    let referer = headers.get(header::REFERER)?.to_str().ok()?;
    let rest = referer.split_once("://")?.1;
    let path = rest.find('/').and_then(|at| rest.get(at..))?;
    super::redirect::own_path(path).map(str::to_owned)
}
