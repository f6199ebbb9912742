//! The local mailbox as pages: only in a demo without a mail server.

use crate::{
    access::Anyone,
    error::{Error, Result},
    mail::{self, LocalMessage},
    pages,
    web::{self, Moment, Shell, layers::CONTENT_POLICY},
};
use askama::Template;
use axum::{
    extract::Path,
    http::header,
    response::{Html, IntoResponse, Response},
};
use uuid::Uuid;

#[derive(Template)]
#[template(path = "site/mailbox.html", blocks = ["content"])]
struct MailboxPage {
    shell: Shell,
    messages: Vec<LocalMessage>,
}

#[derive(Template)]
#[template(path = "site/message.html", blocks = ["content"])]
struct MessagePage {
    shell: Shell,
    message: LocalMessage,
    lines: Vec<Line>,
}
pages!(MailboxPage, MessagePage);

/// A line of the text part; links of our own can be followed.
enum Line {
    Text(String),
    Link(String),
}

fn admitted(at: &Anyone) -> Result<()> {
    let open = at.state.settings().demo() && at.state.mailer().is_local();
    if open { Ok(()) } else { Err(Error::NotFound) }
}

pub async fn list(at: Anyone) -> Result<Response> {
    admitted(&at)?;
    let messages = mail::local_messages(&at.state).await?;
    web::page(&MailboxPage { shell: at.shell(), messages })
}

async fn message(at: &Anyone, id: &str) -> Result<LocalMessage> {
    admitted(at)?;
    let id = Uuid::try_parse(id).map_err(|_| Error::NotFound)?;
    mail::local_message(&at.state, id).await?.ok_or(Error::NotFound)
}

pub async fn show(at: Anyone, Path(id): Path<String>) -> Result<Response> {
    let message = message(&at, &id).await?;
    let origin = at.state.public_url().origin();
    let lines =
        message.text.lines().map(|line| if line.starts_with(&*origin) { Line::Link(line.to_owned()) } else { Line::Text(line.to_owned()) });
    let lines = lines.collect();
    let page = web::page(&MessagePage { shell: at.shell(), message, lines })?;
    let policy = format!("{CONTENT_POLICY}; frame-src 'self'");
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], page).into_response())
}

/// The HTML part, for the frame in the page: with the styles mails carry, and nothing else that does anything.
pub async fn html(at: Anyone, Path(id): Path<String>) -> Result<Response> {
    let message = message(&at, &id).await?;
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox";
    let headers = [(header::CONTENT_SECURITY_POLICY, policy), (header::X_FRAME_OPTIONS, "SAMEORIGIN")];
    Ok((headers, Html(message.html)).into_response())
}
