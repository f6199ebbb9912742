//! Many uses of one code at once.

use super::{COOKIE, events, olga};
use crate::support::{App, Browser, Person};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ledgerline::access::session::token_hash;
use time::Duration;
use tokio::task::JoinSet;
use tower_sessions::session::Id;

const AT_ONCE: u128 = 25;

/// Browsers of one person that each stand before the second step, put there without the password's slow hash.
async fn at_the_step(app: &App, person: &Person, round: u128) -> Vec<Browser> {
    let mut browsers = Vec::new();
    for place in 0..AT_ONCE {
        let id = i128::try_from(round * 1000 + place + 1).unwrap();
        sqlx::query(
            "insert into pending_sign_ins (token_hash, user_id, created_at, expires_at) values ($1, $2, $3, $3 + interval '5 minutes')",
        )
        .bind(&token_hash(Id(id))[..])
        .bind(person.id)
        .bind(app.clock.now())
        .execute(&app.owner)
        .await
        .unwrap();
        let browser = app.browser();
        browser.cookies.lock().unwrap().insert(COOKIE.to_owned(), URL_SAFE_NO_PAD.encode(id.to_le_bytes()));
        browsers.push(browser);
    }
    browsers
}

/// Sends the same code from all of them at once; answers how many got in.
async fn race(browsers: Vec<Browser>, code: &str) -> usize {
    let mut tries = JoinSet::new();
    for browser in browsers {
        let code = code.to_owned();
        tries.spawn(async move { browser.posts("/sign-in/mfa", &[("code", &code), ("next", "/me")]).await });
    }
    let answers = tries.join_all().await;
    assert!(answers.iter().all(|page| [303, 422].contains(&page.status)), "{answers:?}");
    answers.iter().filter(|page| page.location() == Some("/me")).count()
}

/// The throttle would stop most of them before the race.
async fn without_throttle(app: &App) {
    app.sql("create function forgets() returns trigger language plpgsql as 'begin new.failures := 0; new.blocked_until := null; return new; end'").await;
    app.sql("create trigger forgets before insert or update on sign_in_throttle for each row execute function forgets()").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_uses_of_one_step_one_succeeds() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (phone, _) = olga.enrols(&app).await;
    without_throttle(&app).await;
    for round in 1..=20 {
        app.clock.forward(Duration::seconds(30));
        let browsers = at_the_step(&app, &olga, round).await;
        assert_eq!(race(browsers, &phone.code(app.clock.now())).await, 1, "round {round}");
    }
    assert_eq!(events(&app, "factor_shown").await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_uses_of_one_recovery_code_one_succeeds() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (_, codes) = olga.enrols(&app).await;
    without_throttle(&app).await;
    for (round, code) in (1..).zip(&codes) {
        let browsers = at_the_step(&app, &olga, round).await;
        assert_eq!(race(browsers, code).await, 1, "round {round}");
        app.sql("delete from pending_sign_ins").await;
    }
    assert_eq!(events(&app, "recovery_code_used").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_step_waited_for_takes_one_of_many_codes() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (_, codes) = olga.enrols(&app).await;
    without_throttle(&app).await;
    let waiting = at_the_step(&app, &olga, 1).await.remove(0);
    let mut tries = JoinSet::new();
    for code in codes {
        let waiting = waiting.clone();
        tries.spawn(async move { waiting.posts("/sign-in/mfa", &[("code", &code), ("next", "/me")]).await });
    }
    let answers = tries.join_all().await;
    assert_eq!(answers.iter().filter(|page| page.location() == Some("/me")).count(), 1, "{answers:?}");
    assert_eq!(events(&app, "recovery_code_used").await, 1, "and only its code is spent");
}
