//! Mails that tell a person what happened to their account, so that they can act when it was not them. Part of the
//! transaction that made it happen.

use crate::{
    access::{Identity, State, Tenant},
    config::PublicUrl,
    error::Result,
    mail::{self, Mail},
    web::{Moment, agent::device, brand::Brand},
};
use askama::Template;

/// What happened.
#[derive(Debug, Clone)]
pub enum Notice {
    /// A right password, then a wrong second factor.
    WrongCode,
    /// The same with a passkey.
    WrongPasskey,
    /// By its name.
    PasskeyCopied(String),
    PasswordChanged,
    /// "An authenticator app", "The passkey “Laptop”"
    FactorAdded(String),
    FactorRemoved(String),
    RecoveryCodesRenewed,
    RecoveryCodeUsed {
        left: i64,
    },
    NewDevice,
    /// Links are paths with their token.
    PasswordLink {
        link: String,
    },
    AccountLocked {
        link: String,
    },
    VerifyAddress {
        link: String,
    },
    /// To the address that somebody wants to have …
    ConfirmAddress {
        link: String,
    },
    /// … or to whoever has it already.
    AddressTaken,
    /// To the address that was.
    AddressChanged {
        after: String,
        link: String,
    },
    AddressRestored {
        link: String,
    },
    /// "Olga Berg of Northlight": who did it.
    SessionsEnded {
        by: String,
    },
    FactorResetAsked {
        by: String,
    },
    FactorsReset {
        by: String,
    },
}

/// Where somebody whose factor is to be reset can stop it.
pub const STOP_RESET: &str = "/me/factor-reset";

/// What the mail says of it.
struct Words {
    subject: &'static str,
    text: String,
    /// What to do if it was somebody else.
    otherwise: &'static str,
}

const CHANGE_PASSWORD: &str = "If that was not you, somebody knows your password: change it now, and end the other sessions.";
const LOOK: &str = "If that was not you, change your password now, end the other sessions, and tell your publisher's admin.";

const IGNORE: &str = "If that was not you, ignore this mail: nothing happens unless the link is used.";

impl Notice {
    /// What the button says, and where it leads.
    fn action(&self) -> (&'static str, &str) {
        match self {
            Notice::PasswordLink { link } | Notice::AddressRestored { link } => ("Choose a password", link),
            Notice::AccountLocked { link } => ("Let me sign in now", link),
            Notice::VerifyAddress { link } | Notice::ConfirmAddress { link } => ("Confirm this address", link),
            Notice::AddressChanged { link, .. } => ("Put my address back", link),
            Notice::AddressTaken => ("Sign in", super::SIGN_IN),
            Notice::FactorResetAsked { .. } => ("Keep my second factor", STOP_RESET),
            _ => ("Look at your account", "/me/security"),
        }
    }

    fn words(&self) -> Words {
        let (subject, text, otherwise) = match self {
            Notice::WrongCode => {
                ("A wrong code at your sign-in", "Your password was entered, and then a code that does not work.".into(), CHANGE_PASSWORD)
            }
            Notice::WrongPasskey => {
                ("A wrong passkey at your sign-in", "Your password was entered, and then a passkey that does not work.".into(), CHANGE_PASSWORD)
            }
            Notice::PasskeyCopied(name) => (
                "A passkey was refused",
                format!("The passkey “{name}” counts its uses, and the count has gone back, as that of a copy would. It was refused; remove it and add a new one."),
                LOOK,
            ),
            Notice::PasswordChanged => ("Your password was changed", "Your other sessions have ended.".into(), LOOK),
            Notice::FactorAdded(what) => ("A way to sign in was added", format!("{what} can now be used to sign in as you."), LOOK),
            Notice::FactorRemoved(what) => {
                ("A way to sign in was removed", format!("{what} can no longer be used to sign in as you."), LOOK)
            }
            Notice::RecoveryCodesRenewed => {
                ("New recovery codes", "A new set of recovery codes was made; the codes before work no more.".into(), LOOK)
            }
            Notice::RecoveryCodeUsed { left } => {
                ("A recovery code was used", format!("A recovery code was used in place of your second factor. {left} left."), LOOK)
            }
            Notice::NewDevice => {
                ("A sign-in from a new device", "You signed in from a device we have not seen before.".into(), CHANGE_PASSWORD)
            }
            Notice::PasswordLink { .. } => (
                "Choose a new password",
                "Somebody asked for a new password for your account. The link works once, for 30 minutes.".into(),
                IGNORE,
            ),
            Notice::AccountLocked { .. } => (
                "Too many wrong passwords",
                "Somebody has tried ten wrong passwords on your account, so sign-ins from new devices have to wait for a while. Where you have signed in before nothing changes. The link ends the wait; it works once, for 30 minutes.".into(),
                "If that was not you, there is nothing you must do: nobody got in.",
            ),
            Notice::VerifyAddress { .. } => (
                "Confirm your email address",
                "Your account has this address. Confirm that it is yours; the link works once, for 24 hours.".into(),
                IGNORE,
            ),
            Notice::ConfirmAddress { .. } => (
                "Confirm your new email address",
                "Somebody asked for this address to become that of their account. Confirm that it is yours; the link works once, for 24 hours.".into(),
                IGNORE,
            ),
            Notice::AddressTaken => (
                "Your email address was entered",
                "Somebody who is signed in asked for this address to become that of their account. It stays yours: you have an account with it already.".into(),
                "If that was you, sign in to that account, or choose another address for this one.",
            ),
            Notice::AddressChanged { after, .. } => (
                "Your email address was changed",
                format!("Your account has the address {after} from now on; this one signs you in no more. For 72 hours the link puts it back."),
                "If that was not you, use the link now. It ends every session, and you choose a new password.",
            ),
            Notice::AddressRestored { .. } => (
                "Your email address is back",
                "Your account has this address again. Every session has ended and the password works no more: choose a new one. The link works once, for 30 minutes.".into(),
                "Then look through your passkeys and your authenticator app, and remove what is not yours.",
            ),
            Notice::SessionsEnded { by } => (
                "Your sessions were ended",
                format!("{by} ended all your sessions. Sign in again to go on."),
                "If you did not expect it, ask them why. Change your password if it may be known to somebody.",
            ),
            Notice::FactorResetAsked { by } => (
                "Your second factor is to be reset",
                format!("{by} asked to take your second factor away, so that you can set up a new one. It happens in 24 hours, unless you stop it."),
                "If you did not ask for it, stop it now: sign in with your factor and keep it.",
            ),
            Notice::FactorsReset { by } => (
                "Your second factor was reset",
                format!("{by} took your authenticator app, passkeys and recovery codes away, and your sessions have ended. Sign in with your password and set up a new factor."),
                "If you did not ask for it, change your password now and tell your publisher's admin.",
            ),
        };
        Words { subject, text, otherwise }
    }
}

/// What stands around every mail of ours.
struct Frame<'a> {
    publisher: &'a str,
    initials: &'a str,
    accent: String,
    accent_ink: &'static str,
    action: &'static str,
    url: &'a str,
    cause: String,
}

#[derive(Template)]
#[template(path = "sign_in/mail/notice.html")]
struct Html<'a> {
    words: &'a Words,
    circumstances: &'a str,
    frame: &'a Frame<'a>,
}

#[derive(Template)]
#[template(path = "sign_in/mail/notice.txt")]
struct Text<'a> {
    words: &'a Words,
    circumstances: &'a str,
    frame: &'a Frame<'a>,
}

/// Puts the mail into the outbox, with when and from where it was done.
pub async fn post(door: &mut Identity, state: &State, to: &str, notice: Notice) -> Result<()> {
    let request = door.request();
    let circumstances = format!(
        "{}, from {}, with {}.",
        Moment(door.now()),
        request.address.as_deref().unwrap_or("an unknown address"),
        device(request.agent.as_deref())
    );
    let mail = letter(state.public_url(), to, &notice, &circumstances)?;
    let moments = door.moments.clone();
    mail::post(door.db(), &moments, state.secret(), None, &mail).await?;
    Ok(())
}

/// The same for what an admin of a publisher has done; from where they did it is theirs to know.
pub async fn post_in(at: &mut Tenant, state: &State, to: &str, notice: Notice) -> Result<()> {
    let mail = letter(state.public_url(), to, &notice, &format!("{}.", Moment(at.now())))?;
    let (publisher, moments) = (at.publisher.id, at.moments.clone());
    mail::post(at.db(), &moments, state.secret(), Some(publisher), &mail).await?;
    Ok(())
}

/// The mail itself, in both forms.
pub fn letter(public_url: &PublicUrl, to: &str, notice: &Notice, circumstances: &str) -> Result<Mail> {
    let words = notice.words();
    let (action, path) = notice.action();
    let (brand, url) = (Brand::default(), public_url.link(path));
    let frame = Frame {
        publisher: "Ledgerline",
        initials: "LL",
        accent: brand.accent(),
        accent_ink: brand.accent_ink(),
        action,
        url: &url,
        cause: format!("This went to {to} because it concerns how you sign in. There is no way to turn it off."),
    };
    Ok(Mail {
        to: to.to_owned(),
        subject: words.subject.to_owned(),
        text: Text { words: &words, circumstances, frame: &frame }.render().map_err(anyhow::Error::new)?,
        html: Html { words: &words, circumstances, frame: &frame }.render().map_err(anyhow::Error::new)?,
        reply_to: None,
    })
}
