//! The door: password, throttle, sessions, sign-out, and links that set a password.

use crate::support::{App, Browser, PASSWORD, Page, Person};
use ledgerline::{access::session::MOST, clock::Chance, secret::Token, sign_in::link};
use sqlx::Row;
use time::Duration;

const COOKIE: &str = "ledgerline";

async fn tries(browser: &Browser, email: &str, password: &str) -> Page {
    browser.posts("/sign-in", &[("email", email), ("password", password), ("next", "")]).await
}

async fn is_signed_in(browser: &Browser) -> bool {
    let page = browser.gets("/publishers/northlight").await;
    assert!(page.status == 200 || page.location().is_some_and(|to| to.starts_with("/sign-in?next=")), "{page:?}");
    page.status == 200
}

fn cookie(browser: &Browser) -> String {
    browser.cookies.lock().unwrap()[COOKIE].clone()
}

/// A browser that presents a cookie it was given.
fn with_cookie(app: &App, cookie: &str) -> Browser {
    let browser = app.browser();
    browser.cookies.lock().unwrap().insert(COOKIE.to_owned(), cookie.to_owned());
    browser
}

async fn olga(app: &App) -> Person {
    app.person("olga.berg@northlight.test").admin_of("northlight").await
}

#[tokio::test]
async fn somebody_signs_in_and_arrives_where_they_wanted_to_go() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let page = olga.signs_in().await;
    assert_eq!((page.path.as_str(), page.heading().as_str()), ("/publishers/northlight", "Dashboard"));
    assert!(page.body.contains("Olga Berg"));
    let again = olga.opens("/sign-in").await;
    assert_eq!(again.path, "/publishers/northlight", "whoever is in needs no door");

    let elsewhere = olga.elsewhere();
    let door = elsewhere.opens("/publishers/northlight/members?q=olga").await;
    assert!(door.path.starts_with("/sign-in?next="), "{door:?}");
    // The address is compared without regard to case and spaces.
    let page = door.submits("Sign in", &[("email", "  Olga.BERG@northlight.test "), ("password", PASSWORD)]).await;
    assert_eq!(page.path, "/publishers/northlight/members?q=olga");
    let events: Vec<String> = app.list("select action from security_events order by id").await;
    assert_eq!(events, ["signed_in", "new_device", "signed_in"]);
}

#[tokio::test]
async fn whoever_does_not_get_in_learns_nothing_about_why() {
    let app = App::start().await;
    olga(&app).await;
    app.person("gone@northlight.test").admin_of("northlight").await;
    app.sql("update users set status = 'disabled' where email_norm = 'gone@northlight.test'").await;
    app.person("new@northlight.test").admin_of("northlight").await;
    app.sql("update users set password_hash = null where email_norm = 'new@northlight.test'").await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("olga.berg@northlight.test", "not the right one"),
        ("olga.berg@northlight.test", &PASSWORD.to_uppercase()),
        ("olga.berg@northlight.test", &format!("{PASSWORD} ")),
        ("olga.berg@northlight.test", &"x".repeat(5000)),
        ("nobody@northlight.test", PASSWORD),
        ("nobody", PASSWORD),
        ("gone@northlight.test", PASSWORD),
        ("new@northlight.test", PASSWORD),
        (&"x".repeat(5000), PASSWORD),
    ] {
        let page = tries(&app.browser(), email, password).await;
        assert!(!page.body.contains(PASSWORD), "a password came back");
        answers.push((page.status, page.summary(), page.body.replace(email, "EMAIL"), page.headers.keys().cloned().collect::<Vec<_>>()));
    }
    assert_eq!(answers[0].1.as_deref(), Some("This email address and password do not belong together."));
    assert_eq!(answers[0].0, 422);
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
}

#[tokio::test]
async fn what_is_left_empty_is_named_beside_its_field() {
    let app = App::start().await;
    let page = tries(&app.browser(), "  ", "").await;
    assert_eq!(page.status, 422);
    assert_eq!(page.errors("email").as_deref(), Some("Enter your email address."));
    assert_eq!(page.errors("password").as_deref(), Some("Enter your password."));
    let page = tries(&app.browser(), "olga@x.test", "").await;
    assert_eq!((page.errors("email"), page.value("email").as_deref()), (None, Some("olga@x.test")));
    for fields in [&[][..], &[("email", "a@x.test")], &[("nonsense", "1")]] {
        assert_eq!(app.browser().posts("/sign-in", fields).await.status, 422, "{fields:?}");
    }
    let page = app.browser().posts("/sign-in", &[("email", "a@x.test"), ("email", "b@x.test"), ("password", "x")]).await;
    assert_eq!(page.status, 400, "two values for one field");
}

#[tokio::test]
async fn a_megabyte_of_password_is_refused_before_it_is_read() {
    let app = App::start().await;
    let page = tries(&app.browser(), "olga@x.test", &"x".repeat(1 << 20)).await;
    assert_eq!((page.status, page.heading().as_str()), (413, "That is too large"));
}

#[tokio::test]
async fn ten_failures_cost_time_and_time_heals_them() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let inside = olga.elsewhere();
    inside.signs_in().await;
    let unknown = "nobody@northlight.test".to_owned();
    for email in [&olga.email, &unknown] {
        for _ in 0..10 {
            assert_eq!(tries(&olga, email, "wrong").await.status, 422);
        }
        let held = tries(&olga, email, PASSWORD).await;
        assert_eq!(held.status, 429);
        assert!(held.summary().unwrap().starts_with("Too many attempts. Please try again in 1 minute."), "{held:?}");
        assert!(held.header("retry-after").unwrap().parse::<u32>().is_ok());
        app.clock.forward(Duration::minutes(2));
    }
    assert!(is_signed_in(&inside).await, "a session under way is left alone");
    assert_eq!(tries(&olga, &olga.email, PASSWORD).await.status, 303, "and the door was never locked for good");
    // The right password wiped the slate.
    for _ in 0..9 {
        assert_eq!(tries(&olga.elsewhere(), &olga.email, "wrong").await.status, 422);
    }
    assert_eq!(tries(&olga.elsewhere(), &olga.email, PASSWORD).await.status, 303);
}

#[tokio::test]
async fn one_source_may_not_try_every_account() {
    let app = App::start().await;
    olga(&app).await;
    let mut statuses = Vec::new();
    for account in 0..31 {
        statuses.push(tries(&app.browser(), &format!("person{account}@x.test"), "wrong").await.status);
    }
    assert_eq!((statuses.iter().filter(|status| **status == 422).count(), statuses[30]), (30, 429));
    assert_eq!(tries(&app.browser(), "olga.berg@northlight.test", PASSWORD).await.status, 429);
    app.clock.forward(Duration::seconds(61));
    assert_eq!(tries(&app.browser(), "olga.berg@northlight.test", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn the_cookie_is_for_the_program_alone_and_new_at_every_sign_in() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.cookies.lock().unwrap().insert(COOKIE.to_owned(), "AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    let answer = tries(&olga, &olga.email, PASSWORD).await;
    let set = answer.header("set-cookie").unwrap();
    assert!(set.starts_with("ledgerline=") && set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Path=/"), "{set}");
    let first = cookie(&olga);
    assert_ne!(first, "AAAAAAAAAAAAAAAAAAAAAA", "a planted cookie was taken over");
    tries(&olga, &olga.email, PASSWORD).await;
    assert_ne!(cookie(&olga), first);
    assert!(is_signed_in(&olga).await);
    assert!(!is_signed_in(&with_cookie(&app, &first)).await, "the cookie of before still opens");

    // Reading the tables opens nothing either.
    let stored: Vec<String> = app.list("select id from tower_sessions.session").await;
    assert_eq!(stored.len(), 1);
    assert!(!stored.contains(&cookie(&olga)));
    assert!(!is_signed_in(&with_cookie(&app, &stored[0])).await);
}

#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_the_host() {
    let app = App::start_with(&[("--public-url", "https://ledgerline.test")]).await;
    let olga = olga(&app).await;
    let answer = tries(&olga, &olga.email, PASSWORD).await;
    let set = answer.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-ledgerline=") && set.contains("Secure") && !set.contains("Domain"), "{set}");
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=63072000; includeSubDomains"));
}

#[tokio::test]
async fn signing_out_ends_the_session_for_every_copy_of_the_cookie() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.signs_in().await;
    let copied = with_cookie(&app, &cookie(&olga));
    assert!(is_signed_in(&copied).await);
    let row = sqlx::query("select id, data, expiry_date from tower_sessions.session").fetch_one(&app.owner).await.unwrap();

    let page = olga.opens("/publishers/northlight").await.submits("Sign out", &[]).await;
    assert_eq!((page.path.as_str(), page.flash().as_deref()), ("/sign-in", Some("You are signed out.")));
    assert!(!olga.cookies.lock().unwrap().contains_key(COOKIE));
    assert!(!is_signed_in(&copied).await);

    // A slow request that ended after sign-out would save the cookie's row again.
    let revived = sqlx::query("insert into tower_sessions.session values ($1, $2, $3) on conflict (id) do nothing");
    let revived = revived.bind(row.get::<String, _>(0)).bind(row.get::<Vec<u8>, _>(1)).bind(row.get::<time::OffsetDateTime, _>(2));
    revived.execute(&app.owner).await.unwrap();
    assert!(!is_signed_in(&copied).await, "a row of the cookie store opened a door");
}

#[tokio::test]
async fn the_eleventh_session_ends_the_oldest() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let mut machines = Vec::new();
    for _ in 0..=MOST {
        let machine = olga.elsewhere();
        machine.signs_in().await;
        machines.push(machine);
    }
    let mut live = Vec::new();
    for machine in &machines {
        live.push(is_signed_in(machine).await);
    }
    assert_eq!(live, [vec![false], vec![true; 10]].concat());
}

#[tokio::test]
async fn a_session_ends_after_half_an_hour_of_silence() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.signs_in().await;
    for _ in 0..3 {
        app.clock.forward(Duration::minutes(29));
        assert!(is_signed_in(&olga).await, "work keeps it alive");
        app.flush().await;
    }
    app.clock.forward(Duration::minutes(31));
    assert!(!is_signed_in(&olga).await);
    app.flush().await;
    assert!(!is_signed_in(&olga).await);
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_of_work() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.signs_in().await;
    for hour in 0..24 {
        assert!(is_signed_in(&olga).await, "after {hour} half hours");
        app.flush().await;
        app.clock.forward(Duration::minutes(29));
    }
    app.clock.forward(Duration::minutes(25));
    assert!(!is_signed_in(&olga).await);
}

#[tokio::test]
async fn a_disabled_account_is_out_at_the_next_request() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.signs_in().await;
    app.sql("update users set status = 'disabled'").await;
    assert!(!is_signed_in(&olga).await);
}

#[tokio::test]
async fn the_door_leads_to_pages_of_our_own_only() {
    let app = App::start().await;
    let olga = olga(&app).await;
    for (next, leads_to) in [
        ("/publishers/northlight/members?q=a&b=c", "/publishers/northlight/members?q=a&b=c"),
        ("/publishers/northlight/members?q=Zoë Ö", "/publishers/northlight/members?q=Zo%C3%AB%20%C3%96"),
        ("", "/"),
        ("https://evil.test/", "/"),
        ("//evil.test/", "/"),
        ("/\\evil.test", "/"),
        ("\t//evil.test", "/"),
        ("javascript:alert(1)", "/"),
        ("/sign-in?next=/sign-in", "/"),
        ("/x\r\nset-cookie: a=b", "/"),
    ] {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let page = olga.elsewhere().opens(&format!("/sign-in?{query}")).await;
        let kept = page.value("next").unwrap();
        let answer = olga.elsewhere().posts("/sign-in", &[("email", &olga.email), ("password", PASSWORD), ("next", &kept)]).await;
        assert_eq!((answer.status, answer.location()), (303, Some(leads_to)), "{next:?}");
    }
}

/// A link as the program sends it.
async fn link_for(app: &App, person: &Person) -> String {
    let token = Token::new(&Chance::real());
    let mut owner = app.database.connect().await;
    link::issue(&mut owner, person.id, link::Purpose::Password, &token, &serde_json::json!({}), app.clock.now()).await.unwrap();
    format!("/password/reset?token={}", token.reveal())
}

#[tokio::test]
async fn a_link_sets_the_password_once_and_ends_every_session() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.signs_in().await;
    let link = link_for(&app, &olga).await;
    let newcomer = app.browser();
    let form = newcomer.opens(&link).await;
    assert_eq!(form.heading(), "Set your password");
    for (password, again, field, words) in [
        ("", "", "password", "Choose a password."),
        ("short", "short", "password", "Use at least 12 characters. A short sentence works well."),
        (
            "OLGA.berg@northlight.test",
            "OLGA.berg@northlight.test",
            "password",
            "This is too easy to guess. Choose something only you would think of.",
        ),
        ("four small boats", "four small goats", "password_confirmation", "The two passwords differ."),
    ] {
        let page = form.submits("Set password", &[("password", password), ("password_confirmation", again)]).await;
        assert_eq!((page.status, page.errors(field).as_deref()), (422, Some(words)));
        assert_eq!((page.value("password").as_deref(), page.value("password_confirmation").as_deref()), (Some(""), Some("")));
    }
    let done = form.submits("Set password", &[("password", "four small boats"), ("password_confirmation", "four small boats")]).await;
    assert_eq!((done.path.as_str(), done.flash().as_deref()), ("/sign-in", Some("Your password is set. Sign in with it.")));
    assert!(!is_signed_in(&olga).await, "whoever was in by the old password is out");
    assert_eq!(tries(&newcomer, &olga.email, PASSWORD).await.status, 422);
    assert_eq!(tries(&newcomer, &olga.email, "four small boats").await.status, 303);

    assert_eq!(newcomer.opens(&link).await.heading(), "This link no longer works");
    let again = form.submits("Set password", &[("password", "five small boats"), ("password_confirmation", "five small boats")]).await;
    assert_eq!((again.status, again.heading().as_str()), (409, "This link no longer works"));
    assert_eq!(tries(&newcomer, &olga.email, "five small boats").await.status, 422);
}

#[tokio::test]
async fn a_link_ends_after_half_an_hour_and_with_the_next_one() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let first = link_for(&app, &olga).await;
    let second = link_for(&app, &olga).await;
    assert_eq!(app.browser().opens(&first).await.heading(), "This link no longer works");
    app.clock.forward(Duration::minutes(29));
    assert_eq!(app.browser().opens(&second).await.heading(), "Set your password");
    app.clock.forward(Duration::minutes(2));
    for link in [second.as_str(), "/password/reset", "/password/reset?token=", "/password/reset?token=abc", "/password/reset?token=%00%ff"]
    {
        assert_eq!(app.browser().opens(link).await.heading(), "This link no longer works", "{link}");
    }
}

#[tokio::test]
async fn system_admins_need_a_longer_password() {
    let app = App::start().await;
    let robin = app.person("robin@ledgerline.test").system_admin().await;
    let form = app.browser().opens(&link_for(&app, &robin).await).await;
    let page = form.submits("Set password", &[("password", "four small boa"), ("password_confirmation", "four small boa")]).await;
    assert_eq!(page.errors("password").as_deref(), Some("Use at least 15 characters. A short sentence works well."));
}

#[tokio::test]
async fn many_guesses_at_once_are_no_more_than_the_budget() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..25 {
        let (browser, email) = (olga.elsewhere(), olga.email.clone());
        guesses.spawn(async move { tries(&browser, &email, "wrong").await.status });
    }
    let answers = guesses.join_all().await;
    let compared = answers.iter().filter(|status| **status == 422 || **status == 503).count();
    assert!(compared <= 10, "{answers:?}");
    assert!(answers.contains(&429), "{answers:?}");
}

#[tokio::test]
async fn an_api_user_opens_no_pages() {
    let app = App::start().await;
    let robot = app.person("robot@northlight.test").role_in("api_user", "northlight").await;
    assert_eq!(tries(&robot, &robot.email, PASSWORD).await.status, 303);
    for url in ["/publishers/northlight", "/publishers/northlight/works", "/publishers/northlight/works/new"] {
        let page = robot.opens(url).await;
        assert_eq!((page.status, page.heading().as_str()), (403, "Your role is for programs"), "{url}");
    }
}

#[tokio::test]
async fn a_source_that_is_held_costs_no_account_its_budget() {
    let app = App::start().await;
    let olga = olga(&app).await;
    for n in 0..30 {
        tries(&app.browser(), &format!("somebody{n}@northlight.test"), "wrong").await;
    }
    // Ten guesses would hold the account for 30 s, one more for a minute beyond.
    for _ in 0..10 {
        assert_eq!(tries(&app.browser(), &olga.email, "wrong").await.status, 429);
    }
    app.clock.forward(Duration::seconds(31));
    assert_eq!(tries(&app.browser(), &olga.email, "wrong").await.status, 429);
    app.clock.forward(Duration::seconds(30));
    assert_eq!(tries(&olga, &olga.email, PASSWORD).await.status, 303, "nobody guessed at this account, so its owner does not wait");
}
