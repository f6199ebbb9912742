//! Browsers that are known, and an account whose wait its owner ends.

use super::*;
use crate::support::PASSWORD;

const DEVICE: &str = "ledgerline-device";
const LOCKED: &str = "Too many wrong passwords";
const NEW_DEVICE: &str = "A sign-in from a new device";

async fn fails(browser: &Browser, email: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(tries(browser, email, "not the right one").await.status, 422);
    }
}

#[tokio::test]
async fn a_new_device_is_told_and_a_known_one_is_not() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let answer = tries(&olga, &olga.email, PASSWORD).await;
    let cookies: Vec<&str> = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let device = cookies.iter().find(|cookie| cookie.starts_with("ledgerline-device=")).unwrap();
    assert!(
        device.contains("HttpOnly") && device.contains("SameSite=Lax") && device.contains("Path=/") && device.contains("Max-Age=34560000"),
        "{device}"
    );
    assert!(subjects(&app, &olga.email).await.is_empty(), "the first sign-in is no news");
    tries(&olga, &olga.email, PASSWORD).await;
    assert!(subjects(&app, &olga.email).await.is_empty(), "nor is the same browser");

    let elsewhere = olga.elsewhere();
    elsewhere.signs_in().await;
    assert_eq!(subjects(&app, &olga.email).await, [NEW_DEVICE]);
    let mail = app.mailbox.to(&olga.email).pop().unwrap();
    assert!(mail.text.contains("from 127.0.0.1") && mail.text.contains("UTC"), "{}", mail.text);
    tries(&elsewhere, &olga.email, PASSWORD).await;
    assert_eq!(subjects(&app, &olga.email).await.len(), 1);

    // The database knows the cookie by its hash only, and a session by its device.
    let value = olga.cookies.lock().unwrap()[DEVICE].clone();
    assert_eq!(app.one::<i64>(&format!("select count(*) from known_devices where device_hash = sha256('{value}')")).await, 1);
    assert_eq!(app.one::<i64>("select count(*) from user_sessions s join known_devices d using (user_id, device_hash)").await, 4);
    assert!(
        !is_signed_in(&{
            let browser = app.browser();
            browser.cookies.lock().unwrap().insert(DEVICE.into(), value);
            browser
        })
        .await,
        "the cookie opens nothing"
    );
}

#[tokio::test]
async fn over_tls_the_device_is_bound_to_the_host() {
    let app = App::start_with(&[("--public-url", "https://ledgerline.test")]).await;
    let olga = olga(&app).await;
    let answer = tries(&olga, &olga.email, PASSWORD).await;
    let cookies: Vec<&str> = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let device = cookies.iter().find(|cookie| cookie.starts_with("__Host-ledgerline-device=")).unwrap();
    assert!(device.contains("Secure") && device.contains("Path=/") && !device.contains("Domain"), "{device}");
}

#[tokio::test]
async fn strangers_failures_do_not_keep_the_owner_out() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let inside = olga.elsewhere();
    inside.signs_in().await;
    olga.signs_in().await;
    let stranger = app.browser();
    fails(&stranger, &olga.email, 10).await;
    let held = tries(&stranger, &olga.email, PASSWORD).await;
    assert_eq!(held.status, 429);
    let words = held.summary().unwrap();
    assert_eq!(
        words,
        "Too many attempts. Please try again in 1 minute. If this is your account, the link that we have mailed you ends the wait."
    );
    assert_eq!(tries(&olga.elsewhere(), &olga.email, PASSWORD).await.status, 429, "a new device waits");
    assert_eq!(tries(&olga, &olga.email, PASSWORD).await.status, 303, "a known one does not");
    assert_eq!(tries(&stranger, &olga.email, PASSWORD).await.status, 429, "and that lets no stranger try again");
    assert!(is_signed_in(&inside).await, "a session under way is left alone");
}

#[tokio::test]
async fn a_known_device_has_ten_tries_of_its_own() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.signs_in().await;
    fails(&olga, &olga.email, 10).await;
    let held = tries(&olga, &olga.email, PASSWORD).await;
    assert_eq!((held.status, held.summary().as_deref()), (429, Some("Too many attempts. Please try again in 1 minute.")));
    assert_eq!(tries(&olga.elsewhere(), &olga.email, PASSWORD).await.status, 303, "the account as a whole is not held");
    assert!(!subjects(&app, &olga.email).await.contains(&LOCKED.to_owned()));

    // Whoever is known for one account is not known for another.
    let eve = app.person("eve@northlight.test").viewer_of("northlight").await;
    app.clock.forward(Duration::minutes(16));
    eve.signs_in().await;
    fails(&eve, &olga.email, 10).await;
    assert_eq!(tries(&app.browser(), &olga.email, PASSWORD).await.status, 429);
}

#[tokio::test]
async fn the_owner_of_a_held_account_is_told_once_and_ends_the_wait() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let unknown = "nemo.berg@northlight.test";
    let mut answers = Vec::new();
    for email in [olga.email.as_str(), unknown] {
        fails(&app.browser(), email, 10).await;
        let held = tries(&app.browser(), email, PASSWORD).await;
        answers.push((held.status, held.body.replace(email, "EMAIL")));
        app.clock.forward(Duration::seconds(61));
        assert_eq!(tries(&app.browser(), email, "not the right one").await.status, 422);
    }
    assert_eq!(tries(&app.browser(), &olga.email, "not the right one").await.status, 422);
    answers.dedup();
    assert_eq!(answers.len(), 1, "an unknown account waits like a known one");
    assert_eq!(subjects(&app, &olga.email).await, [LOCKED], "once, although it is held again and again");
    assert!(app.mailbox.to(unknown).is_empty());
    assert_eq!(app.one::<i64>("select count(*) from security_events where action = 'account_locked' and user_id is not null").await, 1);

    let link = app.mailbox.to(&olga.email)[0].link().to_owned();
    let page = app.browser().opens(&link).await;
    assert_eq!(page.heading(), "Sign in without waiting");
    assert_eq!(tries(&app.browser(), &olga.email, PASSWORD).await.status, 429, "a look ends nothing");
    let done = page.submits("End the wait", &[]).await;
    assert_eq!((done.path.as_str(), done.flash().as_deref()), ("/sign-in", Some("The wait is over. You can sign in now.")));
    assert_eq!(tries(&app.browser(), &olga.email, PASSWORD).await.status, 303);
    assert_eq!(app.browser().opens(&link).await.heading(), "This link no longer works");
    let again = page.submits("End the wait", &[]).await;
    assert_eq!(again.flash().as_deref(), Some("This link has been used or is too old. Ask for a new one."));
}
