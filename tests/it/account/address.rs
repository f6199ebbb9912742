//! The address of an account: confirmed at first use, and changed by whoever reads both mailboxes.

use super::*;
use crate::support::PASSWORD;

const NEW: &str = "olga@elsewhere.test";

/// Olga as she is before she has confirmed her address.
async fn unverified(app: &App) -> Person {
    let olga = olga(app).await;
    app.sql("update users set email_verified_at = null").await;
    olga
}

async fn asks_for(person: &Person, address: &str) -> Page {
    person.opens("/me/email").await.submits("Send the link", &[("email", address)]).await
}

async fn confirms(app: &App, address: &str) -> Page {
    let link = app.mail_to(address).await.link().to_owned();
    app.browser().opens(&link).await.submits("Confirm", &[]).await
}

async fn address(app: &App) -> String {
    app.one("select email from users order by id limit 1").await
}

#[tokio::test]
async fn nobody_gets_in_before_their_address_is_confirmed() {
    let app = App::start().await;
    let olga = unverified(&app).await;
    let page = olga.signs_in_as(&olga.email, PASSWORD).await;
    assert_eq!((page.path.as_str(), page.heading().as_str()), ("/verify-email", "Confirm your email address"));
    assert!(page.says(&olga.email), "it says where the mail went");
    let mail = app.mail_to(&olga.email).await;
    assert_eq!(mail.subject, "Confirm your email address");
    for _ in 0..3 {
        assert_eq!(app.browser().opens(mail.link()).await.heading(), "Confirm your address", "a mail scanner uses up nothing");
    }
    assert_eq!(olga.gets("/publishers/northlight").await.location(), Some("/verify-email"));
    // Another sign-in sends no second mail while the first still works.
    tries(&olga, &olga.email, PASSWORD).await;
    assert_eq!(subjects(&app, &olga.email).await.len(), 1);

    let done = olga.opens(mail.link()).await.submits("Confirm", &[]).await;
    assert_eq!((done.path.as_str(), done.flash().as_deref()), ("/publishers/northlight", Some("Your email address is confirmed.")));
    assert_eq!(app.browser().opens(mail.link()).await.heading(), "This link no longer works");
    assert_eq!(olga.opens("/verify-email").await.path, "/publishers/northlight");
}

#[tokio::test]
async fn the_mail_is_sent_again_three_times_an_hour() {
    let app = App::start().await;
    let olga = unverified(&app).await;
    let page = olga.signs_in_as(&olga.email, PASSWORD).await;
    let first = app.mail_to(&olga.email).await;
    for _ in 0..3 {
        assert_eq!(page.submits("Send the mail again", &[]).await.flash().as_deref(), Some("The mail is on its way."));
    }
    let much = page.submits("Send the mail again", &[]).await;
    assert_eq!(much.status, 429);
    assert!(much.summary().unwrap().starts_with("That was a lot of mail."), "{much:?}");
    assert_eq!(subjects(&app, &olga.email).await.len(), 4);
    assert_eq!(app.browser().opens(first.link()).await.heading(), "This link no longer works", "only the newest works");
    an_hour_later(&app);
    let page = olga.signs_in_as(&olga.email, PASSWORD).await;
    assert_eq!(page.submits("Send the mail again", &[]).await.status, 200);
    assert_eq!(confirms(&app, &olga.email).await.path, "/sign-in");
}

#[tokio::test]
async fn a_mistyped_address_is_put_right_before_it_is_confirmed() {
    let app = App::start().await;
    let olga = unverified(&app).await;
    let page = olga.signs_in_as(&olga.email, PASSWORD).await;
    let bad = page.submits("Send to this address", &[("email", "olga@")]).await;
    assert_eq!((bad.status, bad.value("email").as_deref()), (422, Some("olga@")));
    let page = page.submits("Send to this address", &[("email", NEW)]).await;
    assert!(page.says(&format!("We sent a link to {NEW}")), "{page:?}");
    assert_eq!(subjects(&app, NEW).await.len(), 1);
    page.submits("Send the mail again", &[]).await;
    assert_eq!(subjects(&app, NEW).await.len(), 2);
    assert_eq!(confirms(&app, NEW).await.flash().as_deref(), Some("Your email address is confirmed."));
    assert_eq!(address(&app).await, NEW);
    assert!(is_signed_in(&olga).await);
    assert!(!subjects(&app, &olga.email).await.contains(&"Your email address was changed".to_owned()), "it was never hers");
}

#[tokio::test]
async fn a_new_address_is_confirmed_and_the_old_one_told() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.signs_in().await;
    let page = asks_for(&olga, &format!(" {NEW} ")).await;
    assert_eq!(page.path, "/me/email");
    assert!(
        page.says(&format!("Open the link that was sent to {NEW}")) && page.says(&format!("Your address is {}", olga.email)),
        "{page:?}"
    );
    assert_eq!(address(&app).await, olga.email, "nothing changes before it is confirmed");
    assert!(subjects(&app, &olga.email).await.is_empty());
    let forgotten = forgets(&app, &olga.email).await;
    assert_eq!(confirms(&app, NEW).await.flash().as_deref(), Some("Your email address is confirmed."));
    assert_eq!(address(&app).await, NEW);
    assert!(is_signed_in(&olga).await);
    assert_eq!(tries(&app.browser(), &olga.email, PASSWORD).await.status, 422);
    assert_eq!(tries(&app.browser(), NEW, PASSWORD).await.status, 303);
    assert_eq!(app.browser().opens(&forgotten).await.heading(), "This link no longer works", "what lies in the old mailbox is over");

    let told = app.mail_to(&olga.email).await;
    assert_eq!(told.subject, "Your email address was changed");
    assert!(told.text.contains(NEW), "{}", told.text);
    let changed: String = app.one("select detail::text from security_events where action = 'address_changed'").await;
    assert!(changed.contains(NEW) && changed.contains(&olga.email), "{changed}");
}

#[tokio::test]
async fn an_address_is_changed_with_a_fresh_proof_only() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.signs_in().await;
    app.clock.forward(Duration::minutes(11));
    let page = olga.posts("/me/email", &[("email", NEW)]).await;
    assert_eq!(page.status, 307);
    assert!(page.location().unwrap().starts_with("/sign-in/confirm?then=%2Fme%2Femail"), "{page:?}");
    assert!(subjects(&app, NEW).await.is_empty());
    assert_eq!(app.one::<i64>("select count(*) from links").await, 0);
}

#[tokio::test]
async fn the_old_address_takes_the_change_back() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let thief = olga.elsewhere();
    olga.signs_in().await;
    app.clock.forward(Duration::minutes(1));
    thief.signs_in().await;
    asks_for(&thief, NEW).await;
    confirms(&app, NEW).await;
    let undo = app.mail_to(&olga.email).await.link().to_owned();
    app.clock.forward(Duration::hours(71));
    thief.signs_in_as(NEW, PASSWORD).await;
    // Whoever changed it once changes it again, and keeps a way in.
    asks_for(&thief, "olga@third.test").await;
    confirms(&app, "olga@third.test").await;
    let thiefs_undo = app.mail_to(NEW).await.link().to_owned();
    app.sql(&format!("insert into passkeys (id, user_id, credential_id, credential, name, created_at) values (gen_random_uuid(), '{}', 'x', '{{}}', 'Laptop', now() + interval '71 hours')", olga.id)).await;
    app.sql("update users set factors = '{passkey}'").await;

    let page = app.browser().opens(&undo).await;
    assert_eq!(page.heading(), "Put your address back");
    assert_eq!(address(&app).await, "olga@third.test", "a look changes nothing");
    let done = page.submits("Put it back", &[]).await;
    assert_eq!(done.flash().as_deref(), Some("Your address is back. We have mailed you a link to choose a new password."));
    assert_eq!(address(&app).await, olga.email);
    assert!(!is_signed_in(&thief).await && !is_signed_in(&olga).await);
    for email in [olga.email.as_str(), NEW, "olga@third.test"] {
        assert_eq!(tries(&app.browser(), email, PASSWORD).await.status, 422, "{email}");
    }
    assert_eq!(app.one::<i64>("select count(*) from passkeys").await, 0);
    assert_eq!(app.browser().opens(&thiefs_undo).await.heading(), "This link no longer works");

    let mail = app.mail_to(&olga.email).await;
    assert_eq!(mail.subject, "Your email address is back");
    let form = app.browser().opens(mail.link()).await;
    form.submits("Set password", &[("password", CHOSEN), ("password_confirmation", CHOSEN)]).await;
    assert_eq!(tries(&app.browser(), &olga.email, CHOSEN).await.status, 303);
    assert_eq!(app.browser().opens(&undo).await.heading(), "This link no longer works");
}

#[tokio::test]
async fn a_later_change_does_not_end_the_right_to_take_back_an_earlier_one() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.signs_in().await;
    asks_for(&olga, NEW).await;
    confirms(&app, NEW).await;
    let first = app.mail_to(&olga.email).await.link().to_owned();
    app.clock.forward(Duration::minutes(1));
    asks_for(&olga, "olga@third.test").await;
    confirms(&app, "olga@third.test").await;
    let second = app.mail_to(NEW).await.link().to_owned();
    app.browser().opens(&second).await.submits("Put it back", &[]).await;
    assert_eq!(address(&app).await, NEW);
    app.browser().opens(&first).await.submits("Put it back", &[]).await;
    assert_eq!(address(&app).await, olga.email, "the second link ended the first");
}

#[tokio::test]
async fn after_three_days_a_change_stays() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.signs_in().await;
    asks_for(&olga, NEW).await;
    confirms(&app, NEW).await;
    let undo = app.mail_to(&olga.email).await.link().to_owned();
    app.clock.forward(Duration::hours(73));
    assert_eq!(app.browser().opens(&undo).await.heading(), "This link no longer works");
    let token = undo.split("token=").nth(1).unwrap();
    assert_eq!(app.browser().posts("/verify-email/undo", &[("token", token)]).await.status, 409);
    assert_eq!(address(&app).await, NEW);
}

#[tokio::test]
async fn an_address_that_somebody_has_tells_nobody_so() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let eve = app.person("eve@elsewhere.test").viewer_of("elsewhere").await;
    olga.signs_in().await;
    let own = asks_for(&olga, "OLGA.BERG@northlight.test").await;
    assert_eq!(own.errors("email").as_deref(), Some("This is the address your account has."));
    let mut answers = Vec::new();
    for address in [eve.email.as_str(), "nemo@elsewhere.test"] {
        let answer = olga.posts("/me/email", &[("email", address)]).await;
        let page = olga.opens("/me/email").await;
        answers.push((answer.status, answer.location().map(str::to_owned), page.body.replace(address, "ADDRESS")));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    let mail = app.mail_to(&eve.email).await;
    assert_eq!(mail.subject, "Your email address was entered");
    assert!(!mail.html.contains("token="), "no link that would take it away");
    assert_eq!(app.one::<i64>("select count(*) from users where email_norm = 'eve@elsewhere.test'").await, 1);
}

#[tokio::test]
async fn an_address_taken_while_the_link_was_under_way_is_not_had_twice() {
    let app = App::start().await;
    let olga = olga(&app).await;
    olga.signs_in().await;
    asks_for(&olga, NEW).await;
    let link = app.mail_to(NEW).await.link().to_owned();
    app.person(NEW).viewer_of("elsewhere").await;
    let page = app.browser().opens(&link).await.submits("Confirm", &[]).await;
    assert_eq!(page.status, 409);
    assert_eq!(page.summary().as_deref(), Some("This address has an account of its own by now, so this account cannot have it."));
    assert_eq!(address(&app).await, olga.email);
}
