//! An admin and the people of the house: invited, joining by their links, changed, suspended, removed, and refused a seat.

use super::{Chromium, Machine, signs_in, signs_in_proved};
use crate::support::{App, PASSWORD, Person};

const CHOSEN: &str = "lanterns over the bay";
const WELCOME: &str = "Welcome to the house";

#[tokio::test(flavor = "multi_thread")]
async fn people_come_and_go() {
    journey(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_come_and_go_without_javascript() {
    journey(false).await;
}

/// The admin's browser, and the one at which everybody else sits in turn.
struct Story {
    app: App,
    olga: Person,
    admin: Machine,
    guest: Machine,
}

async fn journey(with_scripts: bool) {
    let Some(chromium) = Chromium::start("an admin and the members, with and without JavaScript") else { return };
    let app = App::start().await;
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").await;
    app.person("rita@northlight.test").role_in("editor", "northlight").await;
    app.person("eve@ember-oak.test").viewer_of("ember-oak").await;
    let story = Story { app, olga, admin: chromium.machine(with_scripts).await, guest: chromium.machine(with_scripts).await };
    signs_in(&story.admin, &story.app, &story.olga.email).await;
    story.admin.sees("Dashboard").await;

    story.finds_a_member().await;
    story.somebody_new_joins_by_the_second_link().await;
    story.somebody_with_an_account_joins().await;
    story.a_revoked_link_opens_nothing().await;
    story.a_member_changes_rests_and_goes().await;
    story.oneself_and_the_last_admin_stay().await;
    story.a_full_house_takes_nobody().await;
    story.admin.leaves().await;
    story.guest.leaves().await;
}

impl Story {
    fn url(&self, path: &str) -> String {
        self.app.state.public_url().link(path)
    }

    /// Invites an address and answers the link in the mail.
    async fn invites(&self, email: &str, role: &str, confirmation: &str) -> String {
        self.admin.presses("Invitations").await;
        self.admin.presses("Invite").await;
        self.admin.types("email", email).await;
        self.admin.chooses("role", role).await;
        self.admin.types("message", WELCOME).await;
        self.admin.presses("Send invitation").await;
        self.admin.sees(confirmation).await;
        self.app.mail_to(email).await.link().to_owned()
    }

    async fn finds_a_member(&self) {
        self.admin.presses("Members").await;
        self.admin.sees("olga.berg@northlight.test").await;
        self.admin.enters("q", "rit").await;
        self.admin.sees("Showing 1 of 1").await;
        self.admin.sees_in_row("rita@northlight.test", "Editor").await;
    }

    async fn somebody_new_joins_by_the_second_link(&self) {
        let first = self.invites("noor@example.test", "editor", "An invitation is on its way to noor@example.test.").await;
        self.admin.sees_in_row("noor@example.test", "Pending").await;
        self.admin.presses("Send again to noor@example.test").await;
        self.admin.sees("A new link is on its way to noor@example.test. The earlier one no longer works.").await;
        let second = self.app.mail_to("noor@example.test").await;
        assert!(second.text.contains(WELCOME), "{}", second.text);

        self.guest.opens(&first).await;
        self.guest.sees("A newer link was sent").await;
        self.guest.opens(&second.link()[..second.link().len() - 5]).await;
        self.guest.sees("No invitation has this link").await;
        self.guest.opens(second.link()).await;
        self.guest.sees("Join Northlight").await;
        self.guest.sees(WELCOME).await;
        self.guest.types("full_name", "Noor Haddad").await;
        self.guest.types("password", "short").await;
        self.guest.presses("Join").await;
        self.guest.sees("Use at least 12 characters.").await;
        assert_eq!((self.guest.typed("full_name").await, self.guest.typed("password").await), ("Noor Haddad".into(), String::new()));
        self.guest.types("password", CHOSEN).await;
        self.guest.presses("Join").await;
        self.guest.sees("Welcome. You are now a member.").await;
        assert_eq!(self.guest.path().await, "/publishers/northlight");
        self.admin.presses("Members").await;
        self.admin.sees_in_row("noor@example.test", "Noor Haddad").await;
        self.admin.sees("3 of 100 seats used").await;
        self.guest.opens(second.link()).await;
        self.guest.sees("You have accepted this invitation").await;
    }

    /// The browser is still Noor's when Eve opens her link in it.
    async fn somebody_with_an_account_joins(&self) {
        let link = self.invites("eve@ember-oak.test", "viewer", "An invitation is on its way to eve@ember-oak.test.").await;
        self.guest.opens(&link).await;
        self.guest.sees("Northlight invited eve@ember-oak.test, but you are signed in as noor@example.test.").await;
        self.guest.presses("Sign out and continue").await;
        self.guest.sees("This address has an account already.").await;
        self.guest.presses("Sign in as eve@ember-oak.test").await;
        self.guest.types("email", "eve@ember-oak.test").await;
        self.guest.types("password", PASSWORD).await;
        self.guest.presses("Sign in").await;
        self.guest.presses("Accept and join").await;
        self.guest.sees("Welcome. You are now a member.").await;
        assert_eq!(self.guest.path().await, "/publishers/northlight");
    }

    async fn a_revoked_link_opens_nothing(&self) {
        let link = self.invites("late@example.test", "viewer", "An invitation is on its way to late@example.test.").await;
        self.admin.presses("Revoke the invitation of late@example.test").await;
        self.admin.sees("The invitation of late@example.test is revoked; its link no longer works.").await;
        self.admin.sees_in_row("late@example.test", "Revoked").await;
        self.guest.opens(&link).await;
        self.guest.sees("This invitation was revoked").await;
        self.admin.sees_in_row("noor@example.test", "Accepted").await;
    }

    async fn a_member_changes_rests_and_goes(&self) {
        self.admin.presses("Members").await;
        self.admin.presses("Eve").await;
        self.admin.chooses("role", "manager").await;
        self.admin.presses("Save role").await;
        self.admin.sees("Eve is now Manager.").await;
        self.admin.sees("changed the role from Viewer to Manager").await;

        self.admin.presses("Members").await;
        self.admin.presses("Suspend Eve").await;
        self.admin.sees("Eve is suspended and can no longer come in.").await;
        self.guest.opens(&self.url("/publishers/northlight")).await;
        self.guest.sees("Your membership of Northlight is suspended.").await;
        self.admin.presses("Members").await;
        self.admin.sees_in_row("eve@ember-oak.test", "Suspended").await;
        self.admin.presses("Eve").await;
        self.admin.presses("Restore").await;
        self.admin.sees("Eve is back.").await;
        self.guest.opens(&self.url("/publishers/northlight")).await;
        self.guest.sees("Dashboard").await;

        self.admin.presses("Remove").await;
        self.admin.presses("Remove Eve").await;
        self.admin.sees("Eve is no longer a member.").await;
        self.guest.opens(&self.url("/publishers/northlight")).await;
        self.guest.sees("This page does not exist").await;
        self.admin.opens(&self.url("/publishers/northlight/members?status=removed")).await;
        self.admin.presses("Eve").await;
        self.admin.sees("Former member").await;
        self.admin.sees("Olga Berg removed Eve").await;
    }

    async fn oneself_and_the_last_admin_stay(&self) {
        let own_page = self.url(&format!("/publishers/northlight/members/{}", self.olga.id));
        self.admin.opens(&own_page).await;
        self.admin.sees("You cannot change your own membership.").await;
        self.admin.misses("Save role").await;
        self.admin.misses("Remove").await;

        let robin = self.app.person("robin.ashdown@ledgerline.test").system_admin().await;
        self.guest.forgets().await;
        signs_in_proved(&self.guest, &self.app, &robin.email).await;
        self.guest.opens(&own_page).await;
        self.guest.types("reason", "Ticket 4128: Olga asks for a smaller role").await;
        self.guest.ticks("may_write").await;
        self.guest.presses("Start visit").await;
        self.guest.chooses("role", "manager").await;
        self.guest.presses("Save role").await;
        self.guest.sees("Olga Berg is the last admin of Northlight. Make somebody else an admin first.").await;
        self.guest.presses("Remove").await;
        self.guest.presses("Remove Olga Berg").await;
        self.guest.sees("Olga Berg is the last admin of Northlight. Make somebody else an admin first.").await;
        self.guest.presses("End visit").await;
        self.guest.sees("Your visit to Northlight has ended.").await;
    }

    async fn a_full_house_takes_nobody(&self) {
        self.app.sql("update accounts set seats_licensed = 3").await;
        self.admin.presses("Members").await;
        self.admin.sees("3 of 3 seats used").await;
        let words = "All 3 seats are taken, so it can be accepted once one is free.";
        let link = self.invites("nils@example.test", "viewer", words).await;
        self.guest.forgets().await;
        self.guest.opens(&link).await;
        self.guest.types("full_name", "Nils Holm").await;
        self.guest.types("password", CHOSEN).await;
        self.guest.presses("Join").await;
        self.guest.sees("Northlight is full: all 3 seats are taken. Ask Olga Berg for a seat").await;
        assert_eq!(self.guest.typed("full_name").await, "Nils Holm");
        assert_eq!(self.app.one::<i64>("select count(*) from users where full_name = 'Nils Holm'").await, 0);
    }
}
