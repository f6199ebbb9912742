//! A mail as features write it, and as it goes over the wire (RFC 5322, RFC 3834 for mail a program sends).

use crate::error::{Refusal, Result};
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// RFC 5321 §4.5.3.1: a path of 256 octets has two angle brackets; a local part has at most 64.
const ADDRESS_LENGTH: usize = 254;
const LOCAL_PART_LENGTH: usize = 64;
const SUBJECT_LENGTH: usize = 200;
/// Octets of either body. Ours are a few thousand; more is a mistake.
const BODY_LENGTH: usize = 200_000;

/// One mail to one person, in both forms. It carries links that open doors, so it has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Mail {
    /// An address alone, without a name.
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub reply_to: Option<String>,
}

impl Mail {
    /// Whether mail can be sent to this address: `name@domain`, of the lengths the protocol allows.
    pub fn can_go_to(address: &str) -> bool {
        parse(address).is_some()
    }

    /// The mail fit for sending: addresses checked, the subject made one line.
    pub(super) fn checked(&self) -> Result<Mail> {
        let wrong = "Enter an email address such as name@example.com.";
        let mut refusal = Refusal::checks();
        if parse(&self.to).is_none() {
            refusal.add("email", "email_malformed", wrong);
        }
        if self.reply_to.as_deref().is_some_and(|address| parse(address).is_none()) {
            refusal.add("reply_to", "email_malformed", wrong);
        }
        if self.text.len().max(self.html.len()) > BODY_LENGTH {
            refusal.add("message", "mail_too_long", "The message is too long to be sent by email.");
        }
        refusal.or(Mail { subject: subject(&self.subject), ..self.clone() })
    }

    /// The message of the outbox row `id`. The same row gives the same `Message-ID`, so that a mail sent twice because of a
    /// crash is known as one.
    pub(super) fn message(&self, id: Uuid, host: &str, from: &Mailbox, date: OffsetDateTime) -> anyhow::Result<Message> {
        let mut message = Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, self.to.parse()?))
            .subject(subject(&self.subject))
            .date(date.into())
            .message_id(Some(format!("<{id}@{host}>")))
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()));
        if let Some(address) = &self.reply_to {
            message = message.reply_to(Mailbox::new(None, address.parse()?));
        }
        Ok(message.multipart(MultiPart::alternative_plain_html(self.text.clone(), self.html.clone()))?)
    }
}

/// Stricter than the protocol: no quoted local part, no domain literal, nothing that could end a header.
fn parse(text: &str) -> Option<Address> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "\"(),:;<>[\\]".contains(c);
    if text.len() > ADDRESS_LENGTH || text.contains(odd) {
        return None;
    }
    let address: Address = text.parse().ok()?;
    let named = address.domain().contains('.') || address.domain() == "localhost";
    (address.user().len() <= LOCAL_PART_LENGTH && named).then_some(address)
}

/// A subject may hold what people typed, such as the name of a publisher: one line of bounded length.
fn subject(text: &str) -> String {
    let line = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SUBJECT_LENGTH {
        return line;
    }
    line.chars().take(SUBJECT_LENGTH - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn mail() -> Mail {
        Mail {
            to: "new@example.com".into(),
            subject: "Olga invites you to Northlight Müsic".into(),
            text: "Open this address:\nhttps://ledgerline.example/invitations/abc\n".into(),
            html: "<p>Zoë says <a href=\"https://ledgerline.example/invitations/abc\">yes</a></p>".into(),
            reply_to: Some("olga@northlight.test".into()),
        }
    }

    fn sent(mail: &Mail) -> String {
        let from = "Ledgerline – Rights <no-reply@ledgerline.example>".parse().unwrap();
        let message = mail.message(Uuid::nil(), "ledgerline.example", &from, datetime!(2026-11-22 09:00 UTC)).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    fn headers(mail: &Mail) -> String {
        sent(mail).split("\r\n\r\n").next().unwrap().to_owned()
    }

    #[test]
    fn a_message_says_who_when_and_that_a_program_wrote_it() {
        let headers = headers(&mail());
        for line in [
            "To: new@example.com",
            "Reply-To: olga@northlight.test",
            "Date: Sun, 22 Nov 2026 09:00:00 +0000",
            "Message-ID: <00000000-0000-0000-0000-000000000000@ledgerline.example>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(headers.lines().any(|header| header == line), "{line} is missing in\n{headers}");
        }
    }

    #[test]
    fn the_text_comes_before_the_html() {
        let sent = sent(&mail());
        let (text, html) = (sent.find("text/plain; charset=utf-8").unwrap(), sent.find("text/html; charset=utf-8").unwrap());
        assert!(sent.find("multipart/alternative").unwrap() < text && text < html);
    }

    #[test]
    fn everything_outside_ascii_is_encoded_and_no_line_is_too_long() {
        let long = Mail { html: format!("<p>{}</p>", "länger ".repeat(1000)), text: "x".repeat(5000), ..mail() };
        let sent = sent(&long);
        assert!(sent.is_ascii());
        assert!(sent.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
    }

    #[test]
    fn a_subject_cannot_end_its_header() {
        for subject in
            ["Hello\r\nBcc: thief@example.com", "Hello\nBcc: thief@example.com", "Hello\r\n\r\nBody\u{2028}\u{85}Bcc: thief@example.com"]
        {
            let headers = headers(&Mail { subject: subject.into(), ..mail() });
            assert!(!headers.lines().any(|line| line.starts_with("Bcc") || line.starts_with("Body")), "{headers}");
            assert_eq!(headers.lines().filter(|line| line.starts_with("Subject: Hello")).count(), 1, "{headers}");
        }
    }

    #[test]
    fn a_long_subject_is_cut_and_says_so() {
        let subject = subject(&"é".repeat(1000));
        assert_eq!(subject.chars().count(), SUBJECT_LENGTH);
        assert!(subject.ends_with('…'));
    }

    #[test]
    fn ordinary_addresses_are_good() {
        for address in
            ["a@b.co", "first.last+tag@sub.example.com", "o'neill@example.ie", "admin@localhost", "zoë@example.com", "x@bücher.example"]
        {
            assert!(Mail::can_go_to(address), "{address}");
        }
    }

    #[test]
    fn what_is_not_one_plain_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}.com", "b.".repeat(130));
        for address in [
            "",
            "a",
            "a@",
            "@b.co",
            "a b@c.de",
            "a@b@c.de",
            "a@b.co\r\nBcc: x@y.z",
            "a@b.co\n",
            " a@b.co",
            "A <a@b.co>",
            "a@b.co, c@d.ef",
            "\"a b\"@c.de",
            "a@[127.0.0.1]",
            "a@b",
            "a@b..co",
            &long,
            &longer,
        ] {
            assert!(!Mail::can_go_to(address), "{address:?}");
        }
    }

    #[test]
    fn a_mail_that_cannot_be_sent_is_refused_with_its_field() {
        let problems = |mail: Mail| match mail.checked().err() {
            Some(crate::error::Error::Refused(refusal)) => refusal.problems.into_iter().map(|p| (p.field.unwrap(), p.code)).collect(),
            _ => vec![],
        };
        assert_eq!(problems(mail()), []);
        assert_eq!(problems(Mail { to: "x".into(), ..mail() }), [("email".to_owned(), "email_malformed")]);
        assert_eq!(problems(Mail { reply_to: Some("a@b.co\r\n".into()), ..mail() }), [("reply_to".to_owned(), "email_malformed")]);
        assert_eq!(problems(Mail { html: "x".repeat(BODY_LENGTH + 1), ..mail() }), [("message".to_owned(), "mail_too_long")]);
    }
}
