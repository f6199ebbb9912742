//! Where somebody is signed in, and that what is ended is over on every instance at the next request.

use crate::{
    step_up::{signs_in_with, with_codes},
    support::{App, Browser, PASSWORD, Page, Person},
};
use time::Duration;

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0";

async fn northlight() -> (App, Person) {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    (app, olga)
}

/// The same cookie shown to another instance of the program.
fn copied(app: &App, browser: &Browser) -> Browser {
    let thief = app.browser();
    *thief.cookies.lock().unwrap() = browser.cookies.lock().unwrap().clone();
    thief
}

async fn opens_for(browser: &Browser) -> u16 {
    browser.gets("/publishers/northlight/works").await.status
}

async fn acts(app: &App, by: &Person, url: &str, fields: &[(&str, &str)]) -> Page {
    let stamp = app.publisher("northlight").await.to_string();
    by.posts(url, &[fields, &[("stamp", &stamp)]].concat()).await
}

#[tokio::test]
async fn the_page_lists_sessions_and_marks_this_one() {
    let (app, olga) = northlight().await;
    let elsewhere = olga.elsewhere();
    let origin = app.origin();
    let form = [("email", olga.email.as_str()), ("password", PASSWORD)];
    elsewhere.posts_with("/sign-in", &form, &[("origin", &origin), ("user-agent", FIREFOX)]).await;
    app.clock.forward(Duration::minutes(3));
    let page = olga.opens("/me/sessions").await;
    assert_eq!(page.rows().len(), 2);
    let row = page.row("This one").unwrap();
    assert_eq!((row[1].as_str(), row[2].as_str()), ("127.0.0.1", "Password"));
    let other = page.row("Firefox on Windows").unwrap();
    assert!(other[4].contains("3 min"), "{other:?}");
    assert_eq!(elsewhere.opens("/me/sessions").await.row("This one").unwrap()[0], "Firefox on Windows This one");
}

#[tokio::test]
async fn one_session_ends_and_the_others_stay() {
    let (_app, olga) = northlight().await;
    let (phone, laptop) = (olga.elsewhere(), olga.elsewhere());
    phone.signs_in().await;
    laptop.signs_in().await;
    let page = phone.opens("/me/sessions").await;
    let current = page.attributes("tr:has(.badge) form", "action");
    assert_eq!(current.len(), 1);
    // Ends the one of the phone from elsewhere.
    let ended = olga.posts(&current[0], &[]).await;
    assert_eq!((ended.status, ended.location()), (303, Some("/me/sessions")));
    assert_eq!([opens_for(&phone).await, opens_for(&laptop).await, opens_for(&olga).await], [303, 200, 200]);
    assert_eq!(olga.posts(&current[0], &[]).await.status, 404, "it is over");

    let done = olga.opens("/me/sessions").await.submits("End all others", &[]).await;
    assert_eq!(done.flash().as_deref(), Some("Your other sessions have ended."));
    assert_eq!([opens_for(&laptop).await, opens_for(&olga).await], [303, 200]);
    assert!(!done.has("form[action='/me/sessions/end']"), "there is no other");
    let out = done.submits("Sign out here", &[]).await;
    assert_eq!(out.path, "/sign-in");
    assert_eq!(opens_for(&olga).await, 303);
}

#[tokio::test]
async fn nobody_ends_a_session_of_somebody_else() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").admin_of("northlight").await;
    rita.signs_in().await;
    let theirs: String = app.one(&format!("select id::text from user_sessions where user_id = '{}'", rita.id)).await;
    assert_eq!(olga.posts(&format!("/me/sessions/{theirs}/end"), &[]).await.status, 404);
    assert_eq!(opens_for(&rita).await, 200);
}

#[tokio::test]
async fn ending_sessions_takes_a_fresh_proof() {
    let (app, olga) = northlight().await;
    olga.elsewhere().signs_in().await;
    let page = olga.opens("/me/sessions").await;
    app.clock.forward(Duration::minutes(11));
    let asked = page.submits("End all others", &[]).await;
    assert_eq!(asked.heading(), "Confirm that it is you");
    let done = asked.submits("Confirm", &[("proof_password", PASSWORD)]).await;
    assert_eq!(done.flash().as_deref(), Some("Your other sessions have ended."));
}

#[tokio::test]
async fn an_admin_ends_the_sessions_of_a_member_who_is_told() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").role_in("editor", "northlight").await;
    let nobody = olga.opens(&format!("/publishers/northlight/members/{}", rita.id)).await.submits("End their sessions", &[]).await;
    assert_eq!((nobody.status, nobody.summary().as_deref()), (409, Some("Rita is not signed in anywhere.")));
    rita.signs_in().await;
    let page = olga.opens(&format!("/publishers/northlight/members/{}", rita.id)).await;
    let done = page.submits("End their sessions", &[]).await;
    assert_eq!(done.flash().as_deref(), Some("Rita is signed out everywhere."));
    assert_eq!(opens_for(&rita).await, 303);
    assert_eq!(app.list::<String>("select action from audit_entries").await, ["member.sessions_ended"]);
    let told: Vec<String> =
        app.list(&format!("select action from security_events where user_id = '{}' and actor_id = '{}'", rita.id, olga.id)).await;
    assert_eq!(told, ["sessions_ended_by_admin"]);
    let mail = app.mail_to(&rita.email).await;
    assert!(mail.text.contains("Olga of Northlight ended all your sessions."), "{}", mail.text);

    // Not somebody of another publisher, and not by whoever may not change members.
    let stranger = app.person("sol@harbour.test").admin_of("harbour").await;
    stranger.signs_in().await;
    assert_eq!(acts(&app, &olga, &format!("/publishers/northlight/members/{}/sessions/end", stranger.id), &[]).await.status, 404);
    rita.signs_in().await;
    assert_eq!(acts(&app, &rita, &format!("/publishers/northlight/members/{}/sessions/end", olga.id), &[]).await.status, 403);
    assert_eq!([stranger.gets("/publishers/harbour").await.status, opens_for(&olga).await], [200, 200]);
}

#[tokio::test]
async fn a_copied_cookie_is_worthless_on_every_instance_after_sign_out() {
    let (app, olga) = northlight().await;
    let other = app.another().await;
    let thieves = [copied(&app, &olga), copied(&other, &olga)];
    for thief in &thieves {
        assert_eq!(opens_for(thief).await, 200);
    }
    olga.posts("/sign-out", &[]).await;
    for thief in &thieves {
        assert_eq!(opens_for(thief).await, 303);
    }
}

#[tokio::test]
async fn a_copied_cookie_is_worthless_on_every_instance_after_a_new_proof_of_the_person() {
    let (app, olga) = northlight().await;
    let other = app.another().await;
    app.clock.forward(Duration::minutes(11));
    let thieves = [copied(&app, &olga), copied(&other, &olga)];
    olga.opens("/sign-in/confirm?next=/publishers").await.submits("Confirm", &[("proof_password", PASSWORD)]).await;
    for thief in &thieves {
        assert_eq!(opens_for(thief).await, 303);
    }
    assert_eq!(opens_for(&olga).await, 200);
    assert_eq!(opens_for(&copied(&other, &olga)).await, 200, "the new one opens on both");
}

#[tokio::test]
async fn a_copied_cookie_is_worthless_on_every_instance_after_a_password_is_set() {
    let (app, olga) = northlight().await;
    let other = app.another().await;
    let thief = copied(&other, &olga);
    let form = olga.opens("/me/password").await;
    let done = form
        .submits(
            "Change password",
            &[
                ("current_password", PASSWORD),
                ("password", "seven herons over Leith"),
                ("password_confirmation", "seven herons over Leith"),
            ],
        )
        .await;
    assert!(done.status == 200 && done.errors("password").is_none(), "{done:?}");
    assert_eq!(opens_for(&thief).await, 303);
}

#[tokio::test]
async fn a_copied_cookie_is_weaker_on_every_instance_after_removal_and_a_change_of_role() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").role_in("manager", "northlight").await;
    rita.signs_in().await;
    let other = app.another().await;
    let thief = copied(&other, &rita);
    let publisher = app.publisher("northlight").await.to_string();
    assert_eq!(thief.gets("/publishers/northlight/imports").await.status, 200);
    let url = format!("/publishers/northlight/members/{}", rita.id);
    assert_eq!(acts(&app, &olga, &format!("{url}/role"), &[("role", "viewer"), ("reach", "publisher")]).await.status, 303);
    assert_eq!(thief.gets("/publishers/northlight/imports").await.status, 403);
    assert_eq!(opens_for(&thief).await, 200);
    assert_eq!(acts(&app, &olga, &format!("{url}/removal"), &[]).await.status, 303);
    assert_eq!(opens_for(&thief).await, 404);
    assert_eq!(thief.posts("/publishers/northlight/works", &[("stamp", &publisher)]).await.status, 404);
}

#[tokio::test]
async fn a_session_of_two_factors_keeps_no_more_than_the_proof_it_has() {
    let (app, olga) = northlight().await;
    let codes = with_codes(&app, &olga).await;
    let elsewhere = olga.elsewhere();
    signs_in_with(&elsewhere, &codes[0]).await;
    assert_eq!(elsewhere.opens("/me/sessions").await.row("This one").unwrap()[2], "Password and code");
}

#[tokio::test]
async fn a_page_that_loses_its_session_says_so_and_comes_back() {
    let (app, olga) = northlight().await;
    app.sql("update user_sessions set revoked_at = now()").await;
    let part = olga
        .asks(
            reqwest::Method::GET,
            "/publishers/northlight/members?q=ri",
            &[("hx-request", "true"), ("referer", &format!("{}/publishers/northlight/members?status=active", app.origin()))],
        )
        .await;
    assert_eq!((part.status, part.body.as_str()), (401, ""));
    let door = part.header("hx-redirect").unwrap().to_owned();
    let shown = olga.opens(&door).await;
    assert_eq!(shown.flash().as_deref(), Some("Your session has ended. Sign in to come back to where you were."));
    let back = shown.submits("Sign in", &[("email", &olga.email), ("password", PASSWORD)]).await;
    assert_eq!(back.path, "/publishers/northlight/members?status=active");

    let stranger = app.browser();
    assert_eq!(stranger.opens("/publishers/northlight").await.flash(), None, "whoever never was in lost nothing");
}

#[tokio::test]
async fn signing_out_is_offered_wherever_somebody_is_signed_in() {
    let (app, olga) = northlight().await;
    for url in [
        "/publishers/northlight",
        "/publishers/northlight/settings/security",
        "/me",
        "/me/sessions",
        "/me/security/events",
        "/me/factor-reset",
    ] {
        let page = olga.opens(url).await;
        assert!(page.status == 200 && page.has("form[action='/sign-out'] button"), "{page:?}");
    }
    app.clock.forward(Duration::minutes(11));
    let asked = olga.opens("/sign-in/confirm?next=/me").await;
    assert_eq!(asked.submits("Sign out", &[]).await.path, "/sign-in");
}
