//! An admin invites somebody new, who joins by the link in the mail and is seen among the members.

use super::Chromium;
use crate::support::{App, PASSWORD};

#[tokio::test(flavor = "multi_thread")]
async fn from_an_invitation_to_a_colleague() {
    journey(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_invitation_to_a_colleague_without_javascript() {
    journey(false).await;
}

async fn journey(with_scripts: bool) {
    let Some(chromium) = Chromium::start("an invitation, with and without JavaScript") else { return };
    let app = App::start().await;
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").await;

    let admin = chromium.machine(with_scripts).await;
    admin.opens(&app.state.public_url().link("/sign-in?next=/publishers/northlight")).await;
    admin.types("email", &olga.email).await;
    admin.types("password", PASSWORD).await;
    admin.presses("Sign in").await;
    admin.sees("Dashboard").await;
    admin.presses("Members").await;
    admin.sees("1 of 100 seats used").await;
    admin.presses("Invitations").await;
    admin.sees("No invitations yet").await;
    admin.presses("Invite").await;
    admin.types("email", "noor@example.test").await;
    admin.chooses("role", "editor").await;
    admin.types("message", "Welcome to the house").await;
    admin.presses("Send invitation").await;
    admin.sees("noor@example.test").await;

    let mail = app.mail_to("noor@example.test").await;
    assert!(mail.text.contains("Welcome to the house"), "{}", mail.text);
    let newcomer = chromium.machine(with_scripts).await;
    newcomer.opens(mail.link()).await;
    newcomer.sees("Join Northlight").await;
    newcomer.types("full_name", "Noor Haddad").await;
    newcomer.types("password", "lanterns over the bay").await;
    newcomer.presses("Join").await;
    newcomer.sees("Dashboard").await;
    assert_eq!(newcomer.path().await, "/publishers/northlight");

    admin.presses("Members").await;
    admin.sees("Noor Haddad").await;
    admin.sees("2 of 100 seats used").await;
    for machine in [admin, newcomer] {
        assert_eq!(machine.complaints().await, Vec::<String>::new());
    }
}
