//! Setting an app up.

use super::{at_second_step, cookie, events, is_in, olga, told, with_cookie};
use crate::support::{App, PASSWORD, Phone, fingerprint};
use reqwest::Method;
use time::Duration;

#[tokio::test]
async fn an_app_counts_from_its_first_right_code_on() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let before = fingerprint(&app).await;
    let offer = olga.opens("/me/mfa/enrol").await;
    assert_eq!(offer.heading(), "Set up an authenticator app");
    assert!(offer.has("svg.qr path[d]"));
    let (phone, key) = (Phone::reads(&offer), offer.first("#key"));
    assert_eq!(phone.secret().len(), 20);
    assert_ne!(olga.opens("/me/mfa/enrol").await.first("#key"), key, "each look offers another");

    let wrong = offer.submits("Turn on", &[("code", &phone.wrong_code(app.clock.now()))]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.errors("code").unwrap().starts_with("This is not the code of this moment."));
    assert_eq!((wrong.first("#key"), wrong.value("code").as_deref()), (key, Some("")), "the same key, to be tried again");
    let empty = wrong.submits("Turn on", &[("code", " ")]).await;
    assert_eq!(empty.errors("code").as_deref(), Some("Enter the code that the app shows."));
    assert_eq!(fingerprint(&app).await, before, "nothing is kept of a half-way enrolment");
    // And nobody is asked for it.
    olga.elsewhere().signs_in().await;

    let done = wrong.submits("Turn on", &[("code", &format!(" {} ", phone.code(app.clock.now())))]).await;
    assert_eq!((done.status, done.heading().as_str()), (200, "Your recovery codes"));
    let codes = done.all(".codes code");
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 27), "{codes:?}");
    assert_eq!(app.one::<Vec<String>>("select factors from users").await, ["totp"]);
    assert_eq!(told(&app, &olga, "A way to sign in was added").await, 1);
    assert_eq!(events(&app, "factor_added").await, 1);
    at_second_step(&olga).await;

    // The same form again, as a page reloaded sends it.
    let again = wrong.submits("Turn on", &[("code", &phone.code(app.clock.now()))]).await;
    assert_eq!(
        (again.heading().as_str(), again.flash().as_deref()),
        ("Authenticator app", Some("Your authenticator app is set up already."))
    );
    assert!(!again.has(".codes"));
}

#[tokio::test]
async fn the_session_is_stronger_under_a_new_cookie_and_the_others_end() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let elsewhere = olga.elsewhere();
    elsewhere.signs_in().await;
    let before = cookie(&olga);
    olga.enrols(&app).await;
    assert_ne!(cookie(&olga), before);
    assert_eq!((is_in(&olga).await, is_in(&elsewhere).await, is_in(&with_cookie(&app, &before)).await), (true, false, false));
    assert_eq!(app.list::<String>("select auth_level from user_sessions where revoked_at is null").await, ["mfa"]);
}

#[tokio::test]
async fn a_key_is_offered_after_a_fresh_proof_and_for_a_while() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let offer = olga.opens("/me/mfa/enrol").await;
    let phone = Phone::reads(&offer);
    app.clock.forward(Duration::minutes(11));
    let asked = olga.opens("/me/mfa/enrol").await;
    assert_eq!((asked.heading().as_str(), asked.has("#key")), ("Confirm that it is you", false));
    // The form of before leads to the proof too, and on from there with what was typed.
    let asked = offer.submits("Turn on", &[("code", &phone.code(app.clock.now()))]).await;
    assert_eq!(asked.heading(), "Confirm that it is you");
    assert_eq!(events(&app, "factor_added").await, 0);
    let done = asked.submits("Confirm", &[("proof_password", PASSWORD)]).await;
    assert_eq!(done.heading(), "Your recovery codes");

    let bo = app.person("bo@northlight.test").viewer_of("northlight").await;
    bo.signs_in().await;
    let offer = bo.opens("/me/mfa/enrol").await;
    let (phone, sealed) = (Phone::reads(&offer), offer.value("offer").unwrap());
    // Another person's offer is none, and one that waited too long is another.
    let zoe = app.person("zoe@northlight.test").viewer_of("northlight").await;
    zoe.signs_in().await;
    let page = zoe.posts("/me/mfa/enrol", &[("offer", &sealed), ("code", &phone.code(app.clock.now()))]).await;
    assert_eq!(page.status, 409);
    for _ in 0..2 {
        app.clock.forward(Duration::minutes(9));
        bo.posts("/sign-in", &[("email", &bo.email), ("password", PASSWORD)]).await;
    }
    app.clock.forward(Duration::minutes(3));
    let late = bo.posts("/me/mfa/enrol", &[("offer", &sealed), ("code", &phone.code(app.clock.now()))]).await;
    assert_eq!(late.status, 409);
    assert!(late.summary().unwrap().starts_with("This page was open for too long."));
    assert_ne!(late.value("offer").unwrap(), sealed);
}

#[tokio::test]
async fn what_shows_a_secret_is_neither_kept_nor_compressed() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let gzip = [("accept-encoding", "gzip, br")];
    let offer = olga.asks(Method::GET, "/me/mfa/enrol", &gzip).await;
    assert_eq!((offer.header("content-encoding"), offer.header("cache-control")), (None, Some("no-store")));
    assert!(olga.asks(Method::GET, "/me", &gzip).await.header("content-encoding").is_some(), "as others are");
    let (_, codes) = olga.enrols(&app).await;
    let origin = app.origin();
    let headers = [("accept-encoding", "gzip, br"), ("origin", origin.as_str())];
    let renewed = olga.opens("/me/mfa/recovery-codes").await;
    let replaces = renewed.value("replaces").unwrap();
    let shown = olga.posts_with("/me/mfa/recovery-codes", &[("replaces", &replaces)], &headers).await;
    assert_eq!((shown.status, shown.header("content-encoding"), shown.header("cache-control")), (200, None, Some("no-store")));
    assert_ne!(shown.all(".codes code"), codes);
}

#[tokio::test]
async fn reading_the_tables_gives_nobody_a_code() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (phone, codes) = olga.enrols(&app).await;
    let stored: Vec<u8> = app.one("select secret from totp_factors").await;
    assert!(stored.len() > 40 && !stored.windows(20).any(|window| window == phone.secret()));
    let everything: String = app.one("select string_agg(t::text, ' ') from (select totp_factors::text from totp_factors union all select recovery_codes::text from recovery_codes union all select o::text from outbox o union all select e::text from security_events e) t(t)").await;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(!everything.contains(&hex(phone.secret())));
    for code in codes {
        let bytes = base32::decode(base32::Alphabet::Crockford, &code.replace('-', "")).unwrap();
        assert!(!everything.contains(&hex(&bytes)) && !everything.contains(&code));
    }

    // A secret put into another person's row is not theirs.
    let bo = app.person("bo@northlight.test").viewer_of("northlight").await;
    bo.signs_in().await;
    bo.enrols(&app).await;
    app.sql(&format!(
        "update totp_factors set secret = (select secret from totp_factors where user_id = '{}') where user_id = '{}'",
        olga.id, bo.id
    ))
    .await;
    let page = at_second_step(&bo).await.submits("Sign in", &[("code", &phone.code(app.clock.now()))]).await;
    assert_eq!(page.status, 500, "a sealed value of another row is a fault, not a factor");
}

#[tokio::test]
async fn whoever_a_publisher_sends_here_goes_back_when_done() {
    let app = App::start().await;
    let olga = olga(&app).await;
    app.sql("update publishers set mfa_required = true").await;
    let offer = olga.opens("/publishers/northlight/works?q=sea").await;
    assert_eq!(offer.heading(), "Set up an authenticator app");
    assert!(offer.says("A second factor is needed here"));
    let phone = Phone::reads(&offer);
    let codes = offer.submits("Turn on", &[("code", &phone.code(app.clock.now()))]).await;
    let there = codes.follows("I have kept them").await;
    assert_eq!((there.status, there.path.as_str()), (200, "/publishers/northlight/works?q=sea"));
    // Only to pages of our own.
    let offer = app.person("bo@northlight.test").viewer_of("northlight").await;
    offer.signs_in().await;
    let offer = offer.opens("/me/mfa/enrol?next=//evil.test").await;
    let codes = offer.submits("Turn on", &[("code", &Phone::reads(&offer).code(app.clock.now()))]).await;
    assert_eq!(codes.link("I have kept them").as_deref(), Some("/me/security"));
}

#[tokio::test]
async fn a_new_phone_takes_the_place_of_the_old() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (old, codes) = olga.enrols(&app).await;
    app.sql("update publishers set mfa_required = true").await;
    let offer = olga.opens("/me/mfa/enrol").await.follows("Move to a new phone").await;
    assert!(offer.says("The app you use now stops working"));
    let new = Phone::reads(&offer);
    let wrong = offer.submits("Turn on", &[("code", &old.code(app.clock.now()))]).await;
    assert_eq!((wrong.status, wrong.errors("code").is_some()), (422, true), "the old phone's code confirms nothing");
    let done = wrong.submits("Turn on", &[("code", &new.code(app.clock.now()))]).await;
    assert_eq!((done.path.as_str(), done.flash().is_some()), ("/me/security", true), "{done:?}");
    app.next_step();
    let refused = at_second_step(&olga).await.submits("Sign in", &[("code", &old.code(app.clock.now()))]).await;
    assert_eq!(refused.status, 422);
    let inside = refused.submits("Sign in", &[("code", &new.code(app.clock.now()))]).await;
    assert_eq!(inside.path, "/publishers/northlight");
    let inside = at_second_step(&olga).await.submits("Sign in", &[("code", &codes[0])]).await;
    assert_eq!(inside.path, "/publishers/northlight", "the recovery codes stay");
}
