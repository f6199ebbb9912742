//! Links by mail: the same answer whoever has the address, one use, for a while, the newest only.

use super::*;
use crate::support::PASSWORD;
use tokio::task::JoinSet;

/// How often each race is run. More rounds find no more: every round is fifty at once.
const ROUNDS: usize = 10;
/// The same where each request hashes a password.
const HASHING_ROUNDS: usize = 3;
const AT_ONCE: usize = 50;

/// What somebody can compare: all but the times and numbers of the answer itself.
fn compared(page: &Page, email: &str) -> (u16, String, Vec<(String, String)>) {
    let headers = page.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    (page.status, page.body.replace(email, "EMAIL"), headers)
}

#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let app = App::start().await;
    let olga = olga(&app).await;
    app.person("gone.berg@northlight.test").admin_of("northlight").await;
    app.sql("update users set status = 'disabled' where email_norm = 'gone.berg@northlight.test'").await;
    let addresses = [olga.email.as_str(), "nemo.berg@northlight.test", "gone.berg@northlight.test"];
    for round in 0..4 {
        let mut answers = Vec::new();
        for email in addresses {
            let page = app.browser().posts("/password/forgot", &[("email", email)]).await;
            assert_eq!(page.status, if round < 3 { 200 } else { 429 }, "at most three an hour, whoever has it");
            answers.push(compared(&page, email));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:#?}");
        let waiting: i64 = app.one("select count(*) from jobs where kind = 'sign_in.password_link' and finished_at is null").await;
        assert_eq!(waiting, if round < 3 { 3 } else { 0 }, "the same work for everybody");
        app.run_jobs().await;
    }
    assert_eq!(app.mailbox.to(addresses[0]).len(), 3);
    assert!(app.mailbox.to(addresses[1]).is_empty() && app.mailbox.to(addresses[2]).is_empty());
    an_hour_later(&app);
    assert_eq!(app.browser().posts("/password/forgot", &[("email", addresses[0])]).await.status, 200);
}

#[tokio::test]
async fn one_source_asks_for_twenty_links_an_hour() {
    let app = App::start().await;
    for n in 0..20 {
        assert_eq!(app.browser().posts("/password/forgot", &[("email", &format!("p{n}@x.test"))]).await.status, 200);
        app.clock.forward(Duration::minutes(1));
    }
    let page = app.browser().posts("/password/forgot", &[("email", "p20@x.test")]).await;
    assert_eq!((page.status, page.header("retry-after")), (429, Some("3600")));
    assert_eq!(page.value("email").as_deref(), Some("p20@x.test"));
    an_hour_later(&app);
    assert_eq!(app.browser().posts("/password/forgot", &[("email", "p20@x.test")]).await.status, 200);
}

#[tokio::test]
async fn what_is_no_address_is_said_beside_the_field() {
    let app = App::start().await;
    let form = app.browser().opens("/sign-in").await.follows("Forgot your password?").await;
    for (typed, words) in [("", "Enter an email address."), ("olga", "This is not an email address; it should look like name@example.com.")]
    {
        let page = form.submits("Send the link", &[("email", typed)]).await;
        assert_eq!((page.status, page.errors("email").as_deref()), (422, Some(words)));
    }
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_and_nothing_else_happens() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.signs_in().await;
    // She has a second factor, and an invitation lies in the same mailbox.
    app.sql("update users set factors = '{totp}'").await;
    app.sql(&format!("insert into totp_factors (user_id, secret, created_at) values ('{}', 'sealed', now())", olga.id)).await;
    let other = app.publisher("elsewhere").await;
    app.sql(&format!(
        "insert into invitations (publisher_id, id, email, email_norm, role_id, token_hash, invited_by, created_at, sent_at, expires_at)
         select '{other}', gen_random_uuid(), '{0}', '{0}', id, sha256('x'), '{1}', now(), now(), now() + interval '7 days' from roles where key = 'viewer'",
        olga.email, olga.id
    ))
    .await;
    let link = forgets(&app, &olga.email).await;
    let stranger = app.browser();
    for _ in 0..3 {
        assert_eq!(stranger.opens(&link).await.heading(), "Set your password", "a look uses up nothing");
    }
    let form = stranger.opens(&link).await;
    let page = form.submits("Set password", &[("password", CHOSEN), ("password_confirmation", CHOSEN)]).await;
    assert_eq!(page.path, "/sign-in");
    assert!(!stranger.cookies.lock().unwrap().contains_key(COOKIE), "the link signs nobody in");
    assert!(!is_signed_in(&stranger).await && !is_signed_in(&olga).await);
    assert_eq!(tries(&stranger, &olga.email, CHOSEN).await.location(), Some("/sign-in/mfa"), "nor does it skip the second factor");
    assert!(!is_signed_in(&stranger).await);
    assert_eq!(app.one::<i64>("select count(*) from invitations where accepted_at is not null").await, 0);
    assert_eq!(app.one::<i64>("select count(*) from user_publishers").await, 1);
    assert!(subjects(&app, &olga.email).await.contains(&"Your password was changed".to_owned()));
    assert_eq!(tries(&app.browser(), &olga.email, PASSWORD).await.status, 422);
}

#[tokio::test]
async fn only_the_newest_link_works_and_for_half_an_hour() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (first, second) = (forgets(&app, &olga.email).await, forgets(&app, &olga.email).await);
    assert_eq!(app.browser().opens(&first).await.heading(), "This link no longer works");
    app.clock.forward(Duration::minutes(29));
    assert_eq!(app.browser().opens(&second).await.heading(), "Set your password");
    app.clock.forward(Duration::minutes(2));
    assert_eq!(app.browser().opens(&second).await.heading(), "This link no longer works");
    let stored: Vec<Vec<u8>> = app.list("select token_hash from links").await;
    let token = second.split("token=").nth(1).unwrap();
    assert!(stored.iter().all(|hash| hash.len() == 32 && !token.as_bytes().windows(32).any(|part| part == hash)), "kept as a hash");
}

/// Posts the same form from fifty browsers at once, and answers the statuses.
async fn fifty(app: &App, url: &'static str, fields: &[(&'static str, String)]) -> Vec<(u16, Option<String>)> {
    let mut tasks = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (browser, fields) = (app.browser(), fields.to_vec());
        tasks.spawn(async move {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let page = browser.posts(url, &fields).await;
            (page.status, page.header("set-cookie").map(str::to_owned))
        });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_use_a_reset_link_at_once_one_sets_the_password() {
    let app = App::start().await;
    let olga = olga(&app).await;
    for round in 0..HASHING_ROUNDS {
        let link = forgets(&app, &olga.email).await;
        let token = link.split("token=").nth(1).unwrap().to_owned();
        let answers =
            fifty(&app, "/password/reset", &[("token", token), ("password", CHOSEN.into()), ("password_confirmation", CHOSEN.into())])
                .await;
        assert_eq!(answers.iter().filter(|(status, _)| *status == 303).count(), 1, "round {round}: {answers:?}");
        assert!(answers.iter().all(|(status, _)| [303, 409, 503].contains(status)), "round {round}: {answers:?}");
        assert_eq!(app.one::<i64>("select count(*) from security_events where action = 'password_set'").await, round as i64 + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_use_a_link_at_once_one_confirms_the_address() {
    let app = App::start().await;
    let olga = olga(&app).await;
    for round in 0..ROUNDS {
        app.sql("update users set email_verified_at = null").await;
        app.sql("delete from links").await;
        olga.elsewhere().signs_in_as(&olga.email, PASSWORD).await;
        let mail = loop {
            app.run_jobs().await;
            if let Some(mail) = app.mailbox.to(&olga.email).into_iter().rfind(|mail| mail.subject == "Confirm your email address") {
                break mail;
            }
        };
        let token = mail.link().split("token=").nth(1).unwrap().to_owned();
        let answers = fifty(&app, "/verify-email", &[("token", token)]).await;
        assert_eq!(answers.iter().filter(|(status, _)| *status == 303).count(), 1, "round {round}: {answers:?}");
        assert_eq!(app.one::<i64>("select count(*) from security_events where action = 'address_verified'").await, round as i64 + 1);
        app.sql("delete from sign_in_throttle").await;
    }
}
