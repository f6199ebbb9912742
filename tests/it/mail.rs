//! Mail from the outbox to a mail server, by a real conversation.

use crate::support::{App, fingerprint};
use ledgerline::{
    clock::Chance,
    mail::{self, Mail},
    moments::Moments,
};
use time::Duration;
use uuid::Uuid;

fn letter(to: &str) -> Mail {
    Mail {
        to: to.into(),
        subject: "Olga invites you to Över Musik".into(),
        text: "Öppna:\nhttp://localhost/invitations/accept?token=s3cret\n.\n..\nFrom here\n".into(),
        html: "<p>Zoë & co. <a href=\"http://localhost/invitations/accept?token=s3cret\">yes</a></p>".into(),
        reply_to: Some("olga@northlight.test".into()),
    }
}

async fn posts(app: &App, seed: u64, mail: &Mail) -> Uuid {
    let moments = Moments { clock: app.clock.clone(), chance: Chance::seeded(seed) };
    mail::post(&mut app.database.connect().await, &moments, app.state.secret(), None, mail).await.unwrap()
}

async fn state(app: &App, id: Uuid) -> String {
    app.one(&format!("select state || ' after ' || attempts || coalesce(': ' || last_error, '') from outbox where id = '{id}'")).await
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written_and_once() {
    let app = App::start().await;
    let id = posts(&app, 1, &letter("new@x.test")).await;
    let sealed: String = app.one("select encode(sealed, 'escape') from outbox").await;
    assert!(!sealed.contains("s3cret") && !sealed.contains("new@x.test"), "what opens doors is sealed at rest");
    for _ in 0..3 {
        app.run_jobs().await;
        app.clock.forward(Duration::hours(2));
    }
    let [mail] = app.mailbox.to("new@x.test").try_into().unwrap();
    assert_eq!(mail.subject, "Olga invites you to Över Musik");
    assert_eq!(mail.text.replace("\r\n", "\n").trim_end(), letter("").text.trim_end());
    assert_eq!(mail.html.trim_end(), letter("").html);
    assert_eq!(mail.link(), "http://localhost/invitations/accept?token=s3cret");
    assert!(mail.from.contains("no-reply@localhost") && mail.message_id.contains(&id.to_string()), "{mail:?}");
    assert_eq!(state(&app, id).await, "sent after 1");
    assert_eq!(app.one::<i64>("select count(*) from outbox where sealed is not null").await, 0, "what went out is wiped");
}

#[tokio::test]
async fn an_unknown_mailbox_ends_the_mail_and_says_so() {
    let app = App::start().await;
    let id = posts(&app, 1, &letter("reject@x.test")).await;
    app.run_jobs().await;
    assert_eq!(state(&app, id).await, "failed after 1: 550 5.1.1 no such mailbox");
    let before = fingerprint(&app).await;
    app.clock.forward(Duration::hours(2));
    app.run_jobs().await;
    assert_eq!(fingerprint(&app).await["public.outbox"], before["public.outbox"], "and is not tried again");
    assert!(app.mailbox.to("reject@x.test").is_empty());
}

#[tokio::test]
async fn a_server_that_is_busy_gets_the_mail_later() {
    let app = App::start().await;
    let id = posts(&app, 1, &letter("defer@x.test")).await;
    app.run_jobs().await;
    assert_eq!(state(&app, id).await, "queued after 1: 451 4.7.1 try again later");
    app.run_jobs().await;
    assert!(app.mailbox.to("defer@x.test").is_empty(), "not without a pause");
    app.clock.forward(Duration::seconds(11));
    app.run_jobs().await;
    assert_eq!(state(&app, id).await, "sent after 2");
    assert_eq!(app.mailbox.to("defer@x.test").len(), 1);
}

#[tokio::test]
async fn a_server_that_is_away_for_good_ends_the_mail_after_its_attempts() {
    let app = App::start_with(&[("--smtp-url", "smtp://127.0.0.1:1")]).await;
    let id = posts(&app, 1, &letter("new@x.test")).await;
    for _ in 0..10 {
        app.run_jobs().await;
        app.clock.forward(Duration::minutes(61));
    }
    let state = state(&app, id).await;
    assert!(state.starts_with("failed after 8: the mail server cannot be used"), "{state}");
}

#[tokio::test]
async fn two_instances_send_a_mail_once() {
    let app = App::start().await;
    let other = app.another().await;
    for n in 0..20 {
        posts(&app, n, &letter(&format!("person{n}@x.test"))).await;
    }
    tokio::join!(app.run_jobs(), other.run_jobs());
    for n in 0..20 {
        assert_eq!(app.mailbox.to(&format!("person{n}@x.test")).len(), 1, "person{n}");
    }
}

#[tokio::test]
async fn what_people_typed_cannot_write_headers() {
    let app = App::start().await;
    posts(&app, 1, &Mail { subject: "Hello\r\nBcc: all@x.test\r\n\r\nbody".into(), ..letter("new@x.test") }).await;
    let mail = app.mail_to("new@x.test").await;
    assert_eq!(mail.subject, "Hello Bcc: all@x.test body");
    assert!(app.mailbox.to("all@x.test").is_empty());
    let moments = Moments { clock: app.clock.clone(), chance: Chance::seeded(9) };
    for to in ["a@x.test\r\nBcc: all@x.test", "a@x.test, b@x.test", "<a@x.test>", "", "a"] {
        let refused = mail::post(&mut app.database.connect().await, &moments, app.state.secret(), None, &letter(to)).await;
        assert!(refused.is_err(), "{to:?}");
    }
}

#[tokio::test]
async fn without_a_mail_server_a_demo_keeps_mail_on_a_page() {
    let app = App::start_with(&[("--smtp-url", ""), ("--demo", "true")]).await;
    let id = posts(&app, 1, &letter("new@x.test")).await;
    app.run_jobs().await;
    assert_eq!(state(&app, id).await, "sent after 1");
    let mailbox = app.browser().opens("/dev/mail").await;
    assert!(mailbox.says("Olga invites you to Över Musik") && mailbox.says("new@x.test"), "{mailbox:?}");
    let mail = mailbox.follows("Olga invites you to Över Musik").await;
    assert!(mail.says("Öppna:") && mail.status == 200, "{mail:?}");
    let html = app.browser().opens(&mail.attribute("iframe[sandbox]", "src").unwrap()).await;
    assert!(html.status == 200 && html.body.contains("Zoë"), "{html:?}");
    let policy = html.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox") && !policy.contains("script-src"), "{policy}");
    for flags in [&[("--smtp-url", "")][..], &[("--demo", "true")]] {
        let app = App::start_with(flags).await;
        assert_eq!(app.browser().opens("/dev/mail").await.status, 404, "{flags:?}");
    }
}
