//! What a publisher asks of its members' sign-in, and resets of a member's second factor.

use crate::{
    step_up::{signs_in_with, with_codes},
    support::{App, PASSWORD, Page, Person},
};
use time::Duration;

const SETTINGS: &str = "/publishers/northlight/settings/security";

async fn northlight() -> (App, Person, Person) {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    let rita = app.person("rita@northlight.test").role_in("editor", "northlight").role_in("viewer", "harbour").await;
    olga.signs_in().await;
    rita.signs_in().await;
    (app, olga, rita)
}

async fn saves(olga: &Person, fields: &[(&str, &str)]) -> Page {
    olga.opens(SETTINGS).await.submits("Save", fields).await
}

#[tokio::test]
async fn a_member_without_a_factor_is_led_to_set_one_up_and_never_removed() {
    let (app, olga, rita) = northlight().await;
    let page = olga.opens(SETTINGS).await;
    assert!(page.says("2 of 2 members have no second factor") && page.says("You have none yourself"), "{page:?}");
    let codes = with_codes(&app, &olga).await;
    let olga = olga.elsewhere();
    signs_in_with(&olga, &codes[0]).await;
    assert!(olga.opens(SETTINGS).await.says("1 of 2 members have no second factor"));
    let saved = saves(&olga, &[("mfa_required", "true")]).await;
    assert_eq!(saved.flash().as_deref(), Some("The rules for signing in are saved."));
    assert_eq!(saved.attribute("[name=mfa_required]", "checked").as_deref(), Some(""));

    for url in ["/publishers/northlight", "/publishers/northlight/works"] {
        let led = rita.gets(url).await;
        let to = format!("/me/mfa/enrol?next={}", url.replace('/', "%2F"));
        assert_eq!((led.status, led.location()), (303, Some(to.as_str())));
    }
    assert_eq!(rita.gets("/publishers/harbour").await.status, 200, "the other publisher asks for nothing");
    assert_eq!(app.one::<i64>("select count(*) from user_publishers where status = 'active'").await, 3);
    // With the factor, but a session older than it: one proof and in.
    let theirs = with_codes(&app, &rita).await;
    let asked = rita.opens("/publishers/northlight/works").await;
    assert_eq!(asked.heading(), "Confirm that it is you");
    let page = asked.submits("Confirm", &[("proof_code", &theirs[0])]).await;
    assert_eq!((page.status, page.path.as_str()), (200, "/publishers/northlight/works"));
    let entry: String = app.one("select detail::text from audit_entries where action = 'publisher.security_changed'").await;
    assert!(entry.contains(r#""before": {"mfa_required": false"#) && entry.contains(r#""after": {"mfa_required": true"#), "{entry}");
}

#[tokio::test]
async fn a_stricter_limit_holds_at_once_for_whoever_is_in_and_the_strictest_counts() {
    let (app, olga, rita) = northlight().await;
    let lapsed = async |minutes: i64| {
        app.flush().await;
        app.clock.forward(Duration::minutes(minutes));
        rita.gets("/publishers/harbour").await.status == 303
    };
    assert!(!lapsed(11).await, "half an hour without a request");
    rita.gets("/publishers/harbour").await;
    app.flush().await;
    let olga = olga.elsewhere();
    olga.signs_in().await;
    saves(&olga, &[("session_idle", "10"), ("session_length", "1")]).await;
    assert!(lapsed(11).await, "ten minutes, in the other publisher too");
    rita.signs_in().await;
    assert!(!lapsed(9).await);
    for _ in 0..5 {
        assert!(!lapsed(9).await);
    }
    assert!(lapsed(9).await, "an hour in any case");
}

#[tokio::test]
async fn whoever_joins_a_stricter_publisher_obeys_it_at_once() {
    let (app, olga, _) = northlight().await;
    saves(&olga, &[("session_idle", "5")]).await;
    let sol = app.person("sol@harbour.test").admin_of("harbour").await;
    sol.signs_in().await;
    let invite = olga.opens("/publishers/northlight/invitations").await;
    invite.submits("Send invitation", &[("email", &sol.email), ("role", "viewer")]).await;
    let mail = app.mail_to(&sol.email).await;
    sol.opens(mail.link()).await.submits("Accept and join", &[]).await;
    assert_eq!(sol.gets("/publishers/northlight").await.status, 200);
    app.flush().await;
    app.clock.forward(Duration::minutes(6));
    assert_eq!(sol.gets("/publishers/harbour").await.status, 303);
}

#[tokio::test]
async fn a_policy_that_makes_no_sense_is_refused_at_its_field() {
    let (app, olga, rita) = northlight().await;
    let stamp = app.publisher("northlight").await.to_string();
    for (field, value) in [("session_idle", "1"), ("session_idle", "x"), ("session_length", "9999"), ("session_length", "-1")] {
        let page = olga.posts(SETTINGS, &[("stamp", &stamp), (field, value)]).await;
        assert_eq!((page.status, page.errors(field).as_deref()), (422, Some("Choose one of these.")), "{field} {value}");
    }
    assert_eq!(saves(&olga, &[]).await.flash().as_deref(), Some("Nothing was changed."));
    assert_eq!(rita.gets(SETTINGS).await.status, 403);
    assert_eq!(app.one::<i64>("select count(*) from audit_entries").await, 0);
    app.clock.forward(Duration::minutes(11));
    let asked = saves(&olga, &[("session_idle", "15")]).await;
    assert_eq!(asked.heading(), "Confirm that it is you");
    let saved = asked.submits("Confirm", &[("proof_password", PASSWORD)]).await;
    assert_eq!(saved.value("session_idle").as_deref(), Some("15"));
}

#[tokio::test]
async fn the_list_and_the_page_of_a_member_say_which_factor_they_have() {
    let (app, olga, rita) = northlight().await;
    app.sql(&format!("update users set factors = '{{totp,passkey}}' where id = '{}'", rita.id)).await;
    let list = olga.opens("/publishers/northlight/members").await;
    assert!(list.row("Rita").unwrap().contains(&"App and passkey".to_owned()));
    assert!(list.row("Olga").unwrap().contains(&"None".to_owned()));
    assert!(olga.opens(&format!("/publishers/northlight/members/{}", rita.id)).await.says("App and passkey"));
}

async fn open_resets(app: &App) -> i64 {
    app.one("select count(*) from factor_resets where done_at is null and withdrawn_at is null").await
}

#[tokio::test]
async fn a_members_factor_is_reset_at_once_and_they_are_told() {
    let (app, olga, _) = northlight().await;
    let ned = app.person("ned@northlight.test").role_in("editor", "northlight").await;
    let codes = with_codes(&app, &ned).await;
    signs_in_with(&ned, &codes[0]).await;
    let page = olga.opens(&format!("/publishers/northlight/members/{}", ned.id)).await;
    let done = page.submits("Reset for Ned", &[]).await;
    assert_eq!(done.flash().as_deref(), Some("Ned has no second factor any more and is signed out."));
    assert_eq!(ned.gets("/publishers/northlight").await.status, 303, "the sessions ended with the factor");
    assert_eq!(app.one::<i64>("select count(*) from recovery_codes").await, 0);
    assert_eq!(app.list::<String>("select action from audit_entries").await, ["member.factors_reset"]);
    app.run_jobs().await;
    let mail = app.mailbox.to(&ned.email).into_iter().find(|mail| mail.subject == "Your second factor was reset").expect("they are told");
    assert!(mail.text.contains("Olga of Northlight took your authenticator app, passkeys and recovery codes away"), "{}", mail.text);
    ned.signs_in().await;
    let again = olga.posts(&format!("{}/factor-reset", page.path), &[("stamp", &app.publisher("northlight").await.to_string())]).await;
    assert_eq!((again.status, again.summary().as_deref()), (409, Some("Ned has no second factor.")));
}

#[tokio::test]
async fn an_admin_and_a_member_of_two_publishers_have_a_day_to_stop_a_reset() {
    let (app, olga, rita) = northlight().await;
    let otto = app.person("otto@northlight.test").admin_of("northlight").await;
    for person in [&otto, &rita] {
        let codes = with_codes(&app, person).await;
        let page = olga.opens(&format!("/publishers/northlight/members/{}", person.id)).await;
        let asked = page.submits("form[action$='/factor-reset']", &[]).await;
        assert!(asked.flash().unwrap().contains("unless they stop it"), "{asked:?}");
        assert!(asked.says("is to be reset at"), "{asked:?}");
        assert_eq!(open_resets(&app).await, 1);
        let mail = app.mail_to(&person.email).await;
        assert_eq!(mail.link(), format!("{}/me/factor-reset", app.origin()));
        // A password alone does not get there; the factor does.
        let machine = person.elsewhere();
        signs_in_with(&machine, &codes[0]).await;
        let kept = machine.opens(mail.link()).await.submits("Keep my second factor", &[]).await;
        assert_eq!(kept.flash().as_deref(), Some("You keep your second factor."));
        assert_eq!(open_resets(&app).await, 0);
        app.sql("delete from recovery_codes").await;
    }
    app.clock.forward(Duration::hours(25));
    app.run_jobs().await;
    assert_eq!(app.one::<i64>("select count(*) from users where factors = '{totp}'").await, 2, "what was stopped is not done");
    assert_eq!(app.one::<i64>("select count(*) from jobs where last_error is not null").await, 0);
}

#[tokio::test]
async fn a_reset_nobody_stops_is_done_after_a_day_while_the_asker_may_still_ask() {
    let (app, olga, rita) = northlight().await;
    let otto = app.person("otto@northlight.test").admin_of("northlight").await;
    for person in [&otto, &rita] {
        with_codes(&app, person).await;
        let page = olga.opens(&format!("/publishers/northlight/members/{}", person.id)).await;
        page.submits("form[action$='/factor-reset']", &[]).await;
        app.sql("delete from recovery_codes").await;
        let again = olga.posts(&format!("{}/factor-reset", page.path), &[("stamp", &app.publisher("northlight").await.to_string())]).await;
        assert_eq!(again.status, 409, "one at a time");
        if person.id == otto.id {
            app.clock.forward(Duration::hours(23));
            app.run_jobs().await;
            assert_eq!(open_resets(&app).await, 1, "not before its time");
            app.clock.forward(Duration::hours(2));
            app.run_jobs().await;
            assert_eq!(app.one::<String>(&format!("select factors::text from users where id = '{}'", otto.id)).await, "{}");
            olga.signs_in().await;
        }
    }
    let mail = app.mailbox.to(&otto.email).pop().unwrap();
    assert_eq!(mail.subject, "Your second factor was reset");
    app.sql(&format!("update user_publishers set role_id = (select id from roles where key = 'viewer') where user_id = '{}'", olga.id))
        .await;
    app.clock.forward(Duration::hours(25));
    app.run_jobs().await;
    assert_eq!(app.one::<String>(&format!("select factors::text from users where id = '{}'", rita.id)).await, "{totp}");
    let trail: Vec<String> = app.list("select action from audit_entries order by id").await;
    assert_eq!(trail, ["member.factor_reset_asked", "member.factors_reset", "member.factor_reset_asked"]);
}

#[tokio::test]
async fn nobody_resets_their_own_factor_or_a_strangers_or_a_system_admins() {
    let (app, olga, rita) = northlight().await;
    let stamp = app.publisher("northlight").await.to_string();
    with_codes(&app, &olga).await;
    let robin = app.person("robin@ledgerline.test").system_admin().viewer_of("northlight").await;
    let sol = app.person("sol@harbour.test").admin_of("harbour").await;
    for person in [&robin, &sol] {
        app.sql(&format!("update users set factors = '{{totp}}' where id = '{}'", person.id)).await;
    }
    for (by, whom, status) in [(&olga, &olga, 422), (&olga, &robin, 409), (&olga, &sol, 404), (&rita, &olga, 403)] {
        let page = by.posts(&format!("/publishers/northlight/members/{}/factor-reset", whom.id), &[("stamp", &stamp)]).await;
        assert_eq!(page.status, status, "{} {}: {page:?}", by.email, whom.email);
    }
    assert_eq!(open_resets(&app).await, 0);
}

#[tokio::test]
async fn a_password_alone_stops_no_reset() {
    let (app, _, rita) = northlight().await;
    let sol = app.person("sol@harbour.test").admin_of("harbour").await;
    app.sql(&format!(
        "insert into factor_resets (id, user_id, asked_by, asked_in, asked_at, due_at)
        select gen_random_uuid(), '{}', '{}', id, now(), now() + interval '1 day' from publishers where slug = 'harbour'",
        rita.id, sol.id
    ))
    .await;
    app.sql(&format!("update users set factors = '{{totp}}' where id = '{}'", rita.id)).await;
    let page = rita.posts("/me/factor-reset", &[]).await;
    assert!(page.location().unwrap().starts_with("/sign-in/confirm"), "{page:?}");
    assert_eq!(open_resets(&app).await, 1);
}
