//! Which passwords are taken, how they are changed, and how they are kept.

use super::*;
use crate::support::PASSWORD;
use argon2::{Argon2, Params, PasswordHasher};

async fn changes(person: &Person, current: &str, password: &str, again: &str) -> Page {
    let form = person.opens("/me/password").await;
    form.submits("Change password", &[("current_password", current), ("password", password), ("password_confirmation", again)]).await
}

#[tokio::test]
async fn a_password_is_changed_with_the_present_one_and_everybody_else_is_out() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let elsewhere = olga.elsewhere();
    elsewhere.signs_in().await;
    olga.signs_in().await;
    let link = forgets(&app, &olga.email).await;
    let before = olga.cookies.lock().unwrap()[COOKIE].clone();
    for (current, password, again, field, words) in [
        ("", CHOSEN, CHOSEN, "current_password", "Enter your present password."),
        ("not the right one", CHOSEN, CHOSEN, "current_password", "This is not your password."),
        (PASSWORD, "", "", "password", "Choose a password."),
        (PASSWORD, "short", "short", "password", "Use at least 12 characters. A short sentence works well."),
        (PASSWORD, CHOSEN, "four small goats", "password_confirmation", "The two passwords differ."),
    ] {
        let page = changes(&olga, current, password, again).await;
        assert_eq!((page.status, page.errors(field).as_deref()), (422, Some(words)));
        assert!(!page.body.contains(CHOSEN) && !page.body.contains(PASSWORD), "a password came back");
    }
    assert!(is_signed_in(&elsewhere).await, "nothing has changed so far");
    let page = changes(&olga, PASSWORD, CHOSEN, CHOSEN).await;
    assert_eq!(
        (page.path.as_str(), page.flash().as_deref()),
        ("/me/security", Some("Your password is changed. Your other sessions have ended."))
    );
    assert!(is_signed_in(&olga).await && !is_signed_in(&elsewhere).await);
    let copy = app.browser();
    copy.cookies.lock().unwrap().insert(COOKIE.to_owned(), before);
    assert!(!is_signed_in(&copy).await, "a cookie copied before opens nothing");
    assert_eq!(app.browser().opens(&link).await.heading(), "This link no longer works", "a link asked for before is over");
    assert_eq!(tries(&app.browser(), &olga.email, PASSWORD).await.status, 422);
    assert_eq!(tries(&app.browser(), &olga.email, CHOSEN).await.status, 303);
    let told = app.mailbox.to(&olga.email);
    app.run_jobs().await;
    assert!(told.len() < app.mailbox.to(&olga.email).len());
    assert!(subjects(&app, &olga.email).await.contains(&"Your password was changed".to_owned()));
}

#[tokio::test]
async fn whoever_took_over_a_session_does_not_guess_the_password_in_it() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.signs_in().await;
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(changes(&olga, "not the right one", CHOSEN, CHOSEN).await.status);
    }
    assert_eq!((statuses[9], statuses[10]), (422, 429), "{statuses:?}");
    assert_eq!(changes(&olga, PASSWORD, CHOSEN, CHOSEN).await.status, 429);
    app.clock.forward(Duration::minutes(2));
    // Tries at the code are counted apart, and a right password gives none back.
    let id = olga.id;
    let counted =
        format!("sign_in_throttle where key = sha256(convert_to('factor', 'UTF8') || '\\x00'::bytea || convert_to('{id}', 'UTF8'))");
    app.sql(&format!("insert into sign_in_throttle (key, failures, window_start) select sha256(convert_to('factor', 'UTF8') || '\\x00'::bytea || convert_to('{id}', 'UTF8')), 9, now()")).await;
    assert_eq!(changes(&olga, PASSWORD, CHOSEN, CHOSEN).await.path, "/me/security");
    assert_eq!(app.one::<i32>(&format!("select failures from {counted}")).await, 9);
}

#[tokio::test]
async fn what_is_easy_to_guess_is_refused_wherever_a_password_is_chosen() {
    let app = App::start().await;
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight-music").await;
    olga.signs_in_as(&olga.email, PASSWORD).await;
    let link = forgets(&app, &olga.email).await;
    let reset = app.browser().opens(&link).await;
    let refused = Some("This is too easy to guess. Choose something only you would think of.");
    for password in [
        "123456789012",
        "sonyericsson",
        "SonyEricsson",
        "aaaaaaaaaaaaaaaaaaaa",
        "ledgerline2026",
        "northlightmusic",
        "Northlight-Music-2026",
        "olga.berg@northlight.test",
        "OlgaBerg-Northlight",
    ] {
        assert_eq!(changes(&olga, PASSWORD, password, password).await.errors("password").as_deref(), refused, "{password}");
        let page = reset.submits("Set password", &[("password", password), ("password_confirmation", password)]).await;
        assert_eq!(page.errors("password").as_deref(), refused, "{password}");
    }
}

#[tokio::test]
async fn a_password_of_any_signs_and_length_opens_as_it_was_typed() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let mut present = PASSWORD.to_owned();
    olga.signs_in().await;
    for chosen in ["  Zwölf  Boxkämpfer 🎻 李雷  ".to_owned(), "a long sentence about boats. ".repeat(5)] {
        assert_eq!(changes(&olga, &present, &chosen, &chosen).await.path, "/me/security");
        assert_eq!(tries(&app.browser(), &olga.email, chosen.trim()).await.status, 422, "another string");
        assert_eq!(
            tries(&app.browser(), &olga.email, &chosen.to_lowercase()).await.status,
            if chosen.to_lowercase() == chosen { 303 } else { 422 }
        );
        assert_eq!(tries(&app.browser(), &olga.email, &chosen).await.status, 303);
        present = chosen;
    }
    let long = "x".repeat(1025);
    assert_eq!(changes(&olga, &present, &long, &long).await.errors("password").as_deref(), Some("Use at most 1024 bytes."));
}

#[tokio::test]
async fn a_cheaper_hash_is_replaced_at_the_next_sign_in() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let cheap = Argon2::from(Params::new(8192, 1, 1, None).unwrap()).hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    app.sql(&format!("update users set password_hash = '{cheap}'")).await;
    assert_eq!(tries(&app.browser(), &olga.email, "not the right one").await.status, 422);
    assert_eq!(app.one::<String>("select password_hash from users").await, cheap, "only who knows it has it hashed again");
    assert_eq!(tries(&app.browser(), &olga.email, PASSWORD).await.status, 303);
    let now: String = app.one("select password_hash from users").await;
    assert!(now.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{now}");
    assert_eq!(tries(&app.browser(), &olga.email, PASSWORD).await.status, 303);
    assert_eq!(app.one::<String>("select password_hash from users").await, now, "and once is enough");
}

#[tokio::test]
async fn system_admins_need_three_characters_more() {
    let app = App::start_with(&[("--demo", "true")]).await;
    let robin = app.person("robin@ledgerline.test").system_admin().await;
    robin.signs_in_as(&robin.email, PASSWORD).await;
    let page = changes(&robin, PASSWORD, "four small boa", "four small boa").await;
    assert_eq!(page.errors("password").as_deref(), Some("Use at least 15 characters. A short sentence works well."));
    assert!(page.says("At least 15 characters."));
}
