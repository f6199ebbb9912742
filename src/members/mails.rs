//! The mail with an invitation's link.

use crate::{
    error::Result,
    mail::Mail,
    web::{Moment, brand::Brand, shell::initials},
};
use askama::Template;
use time::OffsetDateTime;

/// What an invitation says.
pub struct Letter<'a> {
    pub to: &'a str,
    pub publisher: &'a str,
    pub brand: Brand,
    pub inviter: &'a str,
    pub reply_to: Option<&'a str>,
    pub role: &'a str,
    pub department: Option<&'a str>,
    pub message: Option<&'a str>,
    pub link: &'a str,
    pub expires: OffsetDateTime,
}

/// What stands around every mail of ours.
struct Frame<'a> {
    publisher: &'a str,
    initials: String,
    accent: String,
    accent_ink: &'static str,
    action: &'static str,
    url: &'a str,
    /// Who caused it, and why it came.
    cause: String,
}

#[derive(Template)]
#[template(path = "members/mail/invitation.html")]
struct Html<'a> {
    letter: &'a Letter<'a>,
    frame: &'a Frame<'a>,
    expires: Moment,
}

#[derive(Template)]
#[template(path = "members/mail/invitation.txt")]
struct Text<'a> {
    letter: &'a Letter<'a>,
    frame: &'a Frame<'a>,
    expires: Moment,
}

/// The mail, in both forms.
pub fn invitation(letter: &Letter<'_>) -> Result<Mail> {
    let frame = Frame {
        publisher: letter.publisher,
        initials: initials(letter.publisher),
        accent: letter.brand.accent(),
        accent_ink: letter.brand.accent_ink(),
        action: "Accept the invitation",
        url: letter.link,
        cause: format!(
            "{} invited {} to {}. If you did not expect this, ignore it: nothing happens until the link is used.",
            letter.inviter, letter.to, letter.publisher
        ),
    };
    let expires = Moment(letter.expires);
    Ok(Mail {
        to: letter.to.to_owned(),
        subject: format!("{} invites you to {}", letter.inviter, letter.publisher),
        text: Text { letter, frame: &frame, expires }.render().map_err(anyhow::Error::new)?,
        html: Html { letter, frame: &frame, expires }.render().map_err(anyhow::Error::new)?,
        reply_to: letter.reply_to.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn mail(message: Option<&str>) -> Mail {
        invitation(&Letter {
            to: "new@example.com",
            publisher: "Northlight & Sons",
            brand: Brand::default(),
            inviter: "Olga <b>",
            reply_to: Some("olga@northlight.test"),
            role: "Editor",
            department: Some("A&R"),
            message,
            link: "https://ledgerline.example/invitations/accept?token=abc",
            expires: datetime!(2026-11-29 09:00 UTC),
        })
        .unwrap()
    }

    #[test]
    fn both_forms_hold_the_link_and_say_who_and_until_when() {
        let mail = mail(None);
        assert_eq!(mail.subject, "Olga <b> invites you to Northlight & Sons");
        for body in [&mail.text, &mail.html] {
            assert!(body.contains("https://ledgerline.example/invitations/accept?token=abc"), "{body}");
            assert!(body.contains("29 Nov 2026, 09:00 UTC"), "{body}");
        }
        assert!(mail.text.contains("Olga <b> invites you to Northlight & Sons as Editor in A&R."), "{}", mail.text);
    }

    #[test]
    fn what_people_typed_is_no_markup() {
        let mail = mail(Some("Hi <script>\nsecond line"));
        assert!(!mail.html.contains("<script>") && !mail.html.contains("<b>"), "{}", mail.html);
        assert!(mail.text.contains("Hi <script>\nsecond line"), "{}", mail.text);
    }
}
