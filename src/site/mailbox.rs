//! The local mailbox as pages: only in a demo without a mail server.

use crate::{
    access::Anyone,
    error::{Error, Result},
    mail::{self, LocalMessage},
    pages,
    web::{self, Moment, Shell},
};
use askama::Template;
use axum::{extract::Path, response::Response};
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

pub async fn show(at: Anyone, Path(id): Path<String>) -> Result<Response> {
    admitted(&at)?;
    let id = Uuid::try_parse(&id).map_err(|_| Error::NotFound)?;
    let message = mail::local_message(&at.state, id).await?.ok_or(Error::NotFound)?;
    let origin = at.state.public_url().origin();
    let lines =
        message.text.lines().map(|line| if line.starts_with(&*origin) { Line::Link(line.to_owned()) } else { Line::Text(line.to_owned()) });
    let lines = lines.collect();
    web::page(&MessagePage { shell: at.shell(), message, lines })
}
