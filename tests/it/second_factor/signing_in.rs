//! The second step of a sign-in.

use super::{at_second_step, events, is_in, olga, told};
use crate::support::{App, PASSWORD};
use time::Duration;

#[tokio::test]
async fn a_code_of_the_app_completes_the_sign_in() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (phone, _) = olga.enrols(&app).await;
    let machine = olga.elsewhere();
    let door = machine.opens("/publishers/northlight/members?q=olga").await;
    let step = door.submits("Sign in", &[("email", &olga.email), ("password", PASSWORD)]).await;
    assert_eq!(step.heading(), "One more step");
    assert!(step.says("Signing in as olga.berg@northlight.test."));
    let empty = step.submits("Sign in", &[("code", " ")]).await;
    assert_eq!((empty.status, empty.errors("code").as_deref()), (422, Some("Enter the code.")));
    let code = phone.code(app.clock.now());
    let page = empty.submits("Sign in", &[("code", &format!("{} {}", &code[..3], &code[3..]))]).await;
    assert_eq!((page.status, page.path.as_str()), (200, "/publishers/northlight/members?q=olga"));
    assert_eq!(app.list::<String>("select auth_level from user_sessions where revoked_at is null").await, ["mfa", "mfa"]);
    assert_eq!((events(&app, "factor_asked").await, events(&app, "factor_shown").await), (1, 1));
    assert_eq!(app.one::<i64>("select count(*) from pending_sign_ins").await, 0);
}

#[tokio::test]
async fn between_password_and_code_no_door_is_open() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.enrols(&app).await;
    let machine = olga.elsewhere();
    machine.signs_in_as(&olga.email, PASSWORD).await;
    for deep in ["/publishers/northlight", "/publishers/northlight/works", "/me", "/me/mfa/enrol", "/me/security", "/publishers"] {
        let page = machine.gets(deep).await;
        assert_eq!(page.status, 303, "{deep}");
        assert!(page.location().unwrap().starts_with("/sign-in?next="), "{page:?}");
    }
    for deep in ["/me", "/me/mfa/removal", "/me/mfa/recovery-codes"] {
        assert!(machine.posts(deep, &[]).await.location().unwrap().starts_with("/sign-in"), "{deep}");
    }
    assert_eq!(machine.gets("/sign-in/mfa").await.status, 200, "the step itself still waits");
    // Without the password there is no step.
    let nobody = app.browser().opens("/sign-in/mfa").await;
    assert_eq!((nobody.path.as_str(), nobody.flash().is_some()), ("/sign-in", true));
}

#[tokio::test]
async fn a_code_works_once_and_for_its_step_and_the_next() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (phone, _) = olga.enrols(&app).await;
    let now = || app.clock.now();
    let step = Duration::seconds(30);
    let tries = async |code: &str| {
        let page = at_second_step(&olga).await.submits("Sign in", &[("code", code)]).await;
        page.status == 200 && !page.path.starts_with("/sign-in")
    };
    app.clock.forward(step * 10);
    for (distance, good) in [(2, false), (1, false), (-2, false), (-3, false), (-1, true), (0, true), (0, false), (-1, false)] {
        assert_eq!(tries(&phone.code(now() + step * distance)).await, good, "the code of step {distance}");
    }
    app.clock.forward(step);
    assert!(!tries(&phone.code(now() - step)).await, "used a step ago");
    assert!(tries(&phone.code(now())).await);
    app.clock.forward(step * 2);
    assert!(tries(&phone.code(now())).await);
    assert!(!tries(&phone.code(now() - step)).await, "older than the newest that was used");
}

#[tokio::test]
async fn five_wrong_codes_end_the_sign_in_and_one_mail_tells_of_them() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (phone, _) = olga.enrols(&app).await;
    const SUBJECT: &str = "A wrong code at your sign-in";
    let wrong = || phone.wrong_code(app.clock.now());
    let mut step = at_second_step(&olga).await;
    for _ in 0..4 {
        step = step.submits("Sign in", &[("code", &wrong())]).await;
        assert_eq!(step.status, 422);
        assert!(step.errors("code").unwrap().starts_with("This code does not work."));
    }
    let over = step.submits("Sign in", &[("code", &wrong())]).await;
    assert_eq!((over.path.as_str(), over.flash().unwrap().starts_with("Please sign in again")), ("/sign-in", true));
    let late = step.submits("Sign in", &[("code", &phone.code(app.clock.now()))]).await;
    assert_eq!(late.path, "/sign-in", "a right code comes too late");
    assert_eq!(events(&app, "factor_failed").await, 5);
    assert_eq!(told(&app, &olga, SUBJECT).await, 1);
    assert!(is_in(&olga).await, "a session under way is left alone");

    app.clock.forward(Duration::minutes(14));
    at_second_step(&olga).await.submits("Sign in", &[("code", &wrong())]).await;
    assert_eq!(told(&app, &olga, SUBJECT).await, 1);
    app.clock.forward(Duration::minutes(2));
    at_second_step(&olga).await.submits("Sign in", &[("code", &wrong())]).await;
    assert_eq!(told(&app, &olga, SUBJECT).await, 2, "a new series, a new mail");
}

#[tokio::test]
async fn codes_are_held_back_apart_from_passwords() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (phone, _) = olga.enrols(&app).await;
    for _ in 0..2 {
        let mut step = at_second_step(&olga).await;
        for _ in 0..5 {
            step = step.submits("Sign in", &[("code", &phone.wrong_code(app.clock.now()))]).await;
        }
    }
    // The password is still taken; the code has to wait, and its try is not counted against the sign-in.
    let step = at_second_step(&olga).await;
    app.clock.forward(Duration::seconds(3));
    let held = step.submits("Sign in", &[("code", &phone.code(app.clock.now()))]).await;
    assert_eq!((held.status, held.summary().as_deref()), (429, Some("Too many attempts. Please try again in 1 minute.")));
    assert!(held.header("retry-after").unwrap().parse::<u32>().is_ok());
    assert_eq!(events(&app, "factor_throttled").await, 1);
    app.clock.forward(Duration::seconds(60));
    let page = held.submits("Sign in", &[("code", &phone.code(app.clock.now()))]).await;
    assert_eq!(page.path, "/publishers/northlight", "{page:?}");
}

#[tokio::test]
async fn the_step_waits_five_minutes() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (phone, _) = olga.enrols(&app).await;
    let step = at_second_step(&olga).await;
    app.clock.forward(Duration::seconds(290));
    assert_eq!(step.submits("Sign in", &[("code", "")]).await.status, 422);
    app.clock.forward(Duration::seconds(11));
    assert_eq!(step.submits("Sign in", &[("code", &phone.code(app.clock.now()))]).await.path, "/sign-in");
}
