//! Passkeys: enrolled, named, removed; alone at the door, after the password, and as a fresh proof.

use crate::support::{App, Authenticator, Browser, PASSWORD, Page, Person};
use serde_json::Value;
use time::Duration;

const ENROL: &str = "/me/passkeys/challenge";
const DOOR: &str = "/sign-in/passkey/challenge";
const SECOND: &str = "/sign-in/mfa/passkey/challenge";
const AGAIN: &str = "/sign-in/confirm/passkey/challenge";
const OLD: &str = "This took longer than five minutes, or was answered already. Please try again.";
const UNKNOWN: &str = "This passkey is not known here: it may have been removed from the account. Sign in another way.";
const WRONG: &str = "The answer of this passkey does not fit the question. Please try again.";

async fn olga(app: &App) -> Person {
    app.person("olga.berg@northlight.test").admin_of("northlight").await
}

/// What the page's script is told to ask.
async fn challenge(browser: &Browser, url: &str) -> Value {
    let page = browser.posts(url, &[("name", "Laptop")]).await;
    assert_eq!(page.status, 200, "{page:?}");
    serde_json::from_str(&page.body).unwrap()
}

/// What the page's script says instead.
async fn refusal(browser: &Browser, url: &str) -> String {
    let page = browser.posts(url, &[]).await;
    assert!(page.status >= 400, "{page:?}");
    serde_json::from_str::<Value>(&page.body).unwrap()["message"].as_str().unwrap().to_owned()
}

async fn adds(person: &Person, device: &mut Authenticator, name: &str) -> Page {
    let page = person.opens("/me/passkeys/new").await;
    let answer = device.makes(&challenge(person, ENROL).await);
    page.submits("Add passkey", &[("name", name), ("passkey", &answer)]).await
}

/// Signed in, with one passkey on a device.
async fn with_passkey(app: &App) -> (Person, Authenticator) {
    let (olga, mut device) = (olga(app).await, Authenticator::new(&app.origin()));
    olga.signs_in().await;
    let page = adds(&olga, &mut device, "Laptop").await;
    assert_eq!(page.status, 200, "{page:?}");
    (olga, device)
}

async fn shows(browser: &Browser, answer: &str) -> Page {
    browser.posts("/sign-in/passkey", &[("passkey", answer), ("next", "/publishers/northlight/members")]).await
}

/// Signs in by passkey alone.
async fn enters(browser: &Browser, device: &mut Authenticator) -> Page {
    let answer = device.answers(&challenge(browser, DOOR).await);
    shows(browser, &answer).await
}

async fn stops_at_the_second_step(browser: &Browser, email: &str) -> Page {
    let page = browser.signs_in_as(email, PASSWORD).await;
    assert_eq!(page.path, "/sign-in/mfa");
    page
}

/// The texts of the mails to somebody with this subject.
async fn mails(app: &App, to: &Person, subject: &str) -> Vec<String> {
    app.run_jobs().await;
    app.mailbox.to(&to.email).into_iter().filter(|mail| mail.subject == subject).map(|mail| mail.text).collect()
}

async fn level(app: &App) -> String {
    app.one("select auth_level from user_sessions where revoked_at is null order by created_at desc limit 1").await
}

async fn is_in(browser: &Browser) -> bool {
    browser.gets("/me").await.status == 200
}

#[tokio::test]
async fn the_first_passkey_brings_recovery_codes_and_ends_other_sessions() {
    let app = App::start().await;
    let (olga, mut device) = (olga(&app).await, Authenticator::new(&app.origin()));
    let elsewhere = olga.elsewhere();
    elsewhere.signs_in().await;
    olga.signs_in().await;
    let page = olga.opens("/me/passkeys").await;
    assert!(page.says("No passkeys yet"), "{page:?}");

    let page = adds(&olga, &mut device, "  Studio laptop ").await;
    let codes: Vec<String> = app.list("select encode(code_hash, 'hex') from recovery_codes").await;
    assert_eq!((page.status, codes.len()), (200, 10), "{page:?}");
    assert_eq!(level(&app).await, "passkey");
    assert_eq!(app.one::<Vec<String>>("select factors from users where email_norm = 'olga.berg@northlight.test'").await, ["passkey"]);
    assert!(is_in(&olga).await && !is_in(&elsewhere).await);
    let told = mails(&app, &olga, "A way to sign in was added").await;
    assert!(matches!(&told[..], [mail] if mail.contains("The passkey “Studio laptop” can now be used to sign in as you.")), "{told:?}");

    // The second one brings no others.
    let page = adds(&olga, &mut device, "Key on the ring").await;
    assert_eq!((page.path.as_str(), page.flash().as_deref()), ("/me/passkeys", Some("Your passkey is added.")));
    assert!(page.says("Studio laptop") && page.says("Key on the ring"), "{page:?}");
    assert_eq!(app.list::<String>("select encode(code_hash, 'hex') from recovery_codes").await, codes);
    let events: Vec<String> = app.list("select detail ->> 'what' from security_events where action = 'factor_added' order by id").await;
    assert_eq!(events, ["The passkey “Studio laptop”", "The passkey “Key on the ring”"]);
}

#[tokio::test]
async fn what_is_asked_of_an_authenticator() {
    let app = App::start().await;
    let (olga, device) = with_passkey(&app).await;
    let asked = challenge(&olga, ENROL).await;
    assert_eq!(asked["publicKey"]["rp"], serde_json::json!({ "id": "localhost", "name": "Ledgerline" }));
    assert_eq!(asked["publicKey"]["user"]["name"], olga.email);
    assert_eq!(asked["publicKey"]["excludeCredentials"].as_array().unwrap().len(), 1, "the device has one already: {asked}");
    let asked = challenge(&olga.elsewhere(), DOOR).await;
    assert_eq!(asked["publicKey"]["allowCredentials"], serde_json::json!([]), "the door names nobody's passkeys");
    assert_eq!(asked["publicKey"]["userVerification"], "required");
    assert_eq!(device.passkeys[0].handle, olga.id.as_bytes());
}

#[tokio::test]
async fn a_passkey_alone_signs_in_and_leads_on() {
    let app = App::start().await;
    let (_, mut device) = with_passkey(&app).await;
    let browser = app.browser();
    let page = browser.opens("/sign-in?next=/publishers/northlight/members").await;
    let answer = device.answers(&challenge(&browser, DOOR).await);
    let page = page.submits("Sign in with a passkey", &[("passkey", &answer)]).await;
    assert_eq!((page.status, page.path.as_str()), (200, "/publishers/northlight/members"));
    assert_eq!(level(&app).await, "passkey");
    let used: (bool, i64) = sqlx::query_as("select last_used_at is not null, (credential -> 'cred' ->> 'counter')::bigint from passkeys")
        .fetch_one(&app.owner)
        .await
        .unwrap();
    assert_eq!(used, (true, 1));
}

#[tokio::test]
async fn a_passkey_is_a_second_factor() {
    let app = App::start().await;
    let (olga, mut device) = with_passkey(&app).await;
    let browser = app.browser();
    let page = stops_at_the_second_step(&browser, &olga.email).await;
    let asked = challenge(&browser, SECOND).await;
    assert_eq!(asked["publicKey"]["allowCredentials"].as_array().unwrap().len(), 1);
    let page = page.submits("Use a passkey", &[("passkey", &device.answers(&asked))]).await;
    assert_eq!((page.status, page.path.as_str()), (200, "/publishers/northlight"));
    assert_eq!(level(&app).await, "passkey");
    // Without the password there is no second step.
    assert!(refusal(&app.browser(), SECOND).await.starts_with("Please sign in again"));
}

#[tokio::test]
async fn a_passkey_is_a_fresh_proof() {
    let app = App::start().await;
    let (olga, mut device) = with_passkey(&app).await;
    app.clock.forward(Duration::minutes(11));
    let page = olga.opens("/me/passkeys/new").await;
    assert_eq!(page.heading(), "Confirm that it is you");
    let words = refusal(&olga, ENROL).await;
    assert!(words.contains("more than ten minutes"), "{words}");
    let answer = device.answers(&challenge(&olga, AGAIN).await);
    let page = page.submits("Use a passkey", &[("proof_passkey", &answer)]).await;
    assert_eq!((page.path.as_str(), page.heading().as_str()), ("/me/passkeys/new", "Add a passkey"));
}

#[tokio::test]
async fn an_answer_works_once() {
    let app = App::start().await;
    let (_, mut device) = with_passkey(&app).await;
    let browser = app.browser();
    let asked = challenge(&browser, DOOR).await;
    let answer = device.answers(&asked);
    assert_eq!(shows(&browser, &answer).await.status, 303);
    let again = shows(&app.browser(), &answer).await;
    assert_eq!((again.status, again.summary().as_deref()), (422, Some(OLD)));
    // The old answer under a new question.
    let other = challenge(&app.browser(), DOOR).await;
    let moved = answer.replace(asked["ceremony"].as_str().unwrap(), other["ceremony"].as_str().unwrap());
    let again = shows(&app.browser(), &moved).await;
    assert_eq!((again.status, again.summary().as_deref()), (422, Some(WRONG)));
    // A wrong answer has used the question up.
    let asked = challenge(&app.browser(), DOOR).await;
    device.verifies = false;
    assert_eq!(shows(&app.browser(), &device.answers(&asked)).await.status, 422);
    device.verifies = true;
    assert_eq!(shows(&app.browser(), &device.answers(&asked)).await.summary().as_deref(), Some(OLD));
}

#[tokio::test]
async fn of_many_at_once_one_answer_signs_in() {
    let app = App::start().await;
    let (_, mut device) = with_passkey(&app).await;
    let answer = device.answers(&challenge(&app.browser(), DOOR).await);
    let tries = (0..20).map(|_| {
        let (browser, answer) = (app.browser(), answer.clone());
        tokio::spawn(async move { shows(&browser, &answer).await.status })
    });
    let mut statuses = Vec::new();
    for attempt in tries.collect::<Vec<_>>() {
        statuses.push(attempt.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn a_question_is_answered_by_whom_and_for_what_it_was_asked() {
    let app = App::start().await;
    let (olga, mut device) = with_passkey(&app).await;
    let (browser, elsewhere) = (app.browser(), app.browser());
    stops_at_the_second_step(&browser, &olga.email).await;
    stops_at_the_second_step(&elsewhere, &olga.email).await;
    // Asked in one browser, answered in another.
    let answer = device.answers(&challenge(&browser, SECOND).await);
    let page = elsewhere.posts("/sign-in/mfa/passkey", &[("passkey", &answer)]).await;
    assert_eq!((page.status, page.summary().as_deref()), (422, Some(OLD)));
    // Asked for a fresh proof, answered as a second factor and at the door; and the other way round.
    let answer = device.answers(&challenge(&olga, AGAIN).await);
    assert_eq!(browser.posts("/sign-in/mfa/passkey", &[("passkey", &answer)]).await.summary().as_deref(), Some(OLD));
    assert_eq!(shows(&app.browser(), &answer).await.summary().as_deref(), Some(OLD));
    app.clock.forward(Duration::minutes(11));
    let answer = device.answers(&challenge(&olga, DOOR).await);
    let page = olga.posts("/sign-in/confirm?next=/me", &[("proof_passkey", &answer)]).await;
    assert_eq!((page.status, page.summary().as_deref()), (422, Some(OLD)));

    // Somebody else's passkey is no proof, whoever asks.
    let nils = app.person("nils@northlight.test").viewer_of("northlight").await;
    let mut other = Authenticator::new(&app.origin());
    nils.signs_in().await;
    adds(&nils, &mut other, "Nils").await;
    let mut asked = challenge(&olga, AGAIN).await;
    asked["publicKey"]["allowCredentials"] = serde_json::json!([]);
    let page = olga.posts("/sign-in/confirm?next=/me", &[("proof_passkey", &other.answers(&asked))]).await;
    assert_eq!((page.status, page.summary().as_deref()), (422, Some(UNKNOWN)));
}

#[tokio::test]
async fn a_question_is_open_for_five_minutes() {
    let app = App::start().await;
    let (_, mut device) = with_passkey(&app).await;
    let asked = challenge(&app.browser(), DOOR).await;
    app.clock.forward(Duration::seconds(301));
    let page = shows(&app.browser(), &device.answers(&asked)).await;
    assert_eq!((page.status, page.summary().as_deref()), (422, Some(OLD)));
    // The next question clears it away.
    challenge(&app.browser(), DOOR).await;
    assert_eq!(app.one::<i64>("select count(*) from passkey_ceremonies").await, 1);
}

#[tokio::test]
async fn a_device_that_does_not_check_its_user_is_refused() {
    let app = App::start().await;
    let (olga, mut device) = with_passkey(&app).await;
    device.verifies = false;
    let words = "This device did not check that it is you. Use a passkey that asks for your fingerprint, your face or a PIN.";
    assert_eq!(enters(&app.browser(), &mut device).await.summary().as_deref(), Some(words));
    let page = adds(&olga, &mut device, "Old key").await;
    assert_eq!((page.status, page.summary().as_deref(), page.value("name").as_deref()), (422, Some(words), Some("Old key")));
    assert_eq!(app.one::<i64>("select count(*) from passkeys").await, 1);
}

#[tokio::test]
async fn a_count_that_goes_back_is_refused_and_told() {
    let app = App::start().await;
    let (olga, mut device) = with_passkey(&app).await;
    let mut copy = device.clone();
    assert_eq!(enters(&app.browser(), &mut device).await.status, 303);
    assert_eq!(enters(&app.browser(), &mut device).await.status, 303);
    let page = enters(&app.browser(), &mut copy).await;
    assert_eq!(page.status, 422);
    assert!(page.summary().unwrap().contains("the count has gone back"), "{page:?}");
    assert_eq!(mails(&app, &olga, "A passkey was refused").await.len(), 1);
    assert_eq!(app.list::<String>("select detail ->> 'name' from security_events where action = 'passkey_refused'").await, ["Laptop"]);
    assert_eq!(enters(&app.browser(), &mut device).await.status, 303, "the passkey itself goes on");
}

#[tokio::test]
async fn whoever_is_not_known_or_not_let_in_learns_nothing_else() {
    let app = App::start().await;
    let (_, mut device) = with_passkey(&app).await;
    let mut strange = device.clone();
    strange.passkeys[0].id = vec![0; 32];
    let mut lying = device.clone();
    lying.passkeys[0].handle = app.new_id().as_bytes().to_vec();
    for mut device in [strange, lying] {
        assert_eq!(enters(&app.browser(), &mut device).await.summary().as_deref(), Some(UNKNOWN));
    }
    let mut misled = device.clone();
    misled.origin = "https://ledgerline.evil.test".to_owned();
    assert_eq!(enters(&app.browser(), &mut misled).await.summary().as_deref(), Some(WRONG));
    app.sql("update users set status = 'disabled'").await;
    assert_eq!(enters(&app.browser(), &mut device).await.summary().as_deref(), Some(UNKNOWN));
    for nonsense in ["", "{}", "null", "[1]", r#"{"ceremony":"x","credential":{}}"#] {
        let page = shows(&app.browser(), nonsense).await;
        assert_eq!(page.summary().as_deref(), Some("The answer of this passkey could not be read. Please try again."), "{nonsense}");
    }
    assert_eq!(app.one::<i64>("select count(*) from security_events where action = 'sign_in_failed'").await, 4);
}

#[tokio::test]
async fn one_source_may_not_try_passkeys_without_end() {
    let app = App::start().await;
    let (_, mut device) = with_passkey(&app).await;
    let mut strange = device.clone();
    strange.passkeys[0].id = vec![0; 32];
    let mut last = 0;
    for _ in 0..31 {
        last = enters(&app.browser(), &mut strange).await.status;
    }
    let held = enters(&app.browser(), &mut device).await;
    assert_eq!((last, held.status), (429, 429));
    assert!(held.header("retry-after").is_some());
    app.clock.forward(Duration::seconds(61));
    assert_eq!(enters(&app.browser(), &mut device).await.status, 303);
}

#[tokio::test]
async fn a_passkey_has_a_name_of_its_owners_choice() {
    let app = App::start().await;
    let (olga, _) = with_passkey(&app).await;
    for (name, words) in [
        ("  ", "Give the passkey a name, such as that of the device."),
        (&"x".repeat(101), "Use at most 100 characters."),
        ("a\u{202e}b", "The name contains a control character."),
    ] {
        // Before the authenticator makes anything.
        let page = olga.posts(ENROL, &[("name", name)]).await;
        assert_eq!(page.status, 422);
        let page = olga.opens("/me/passkeys").await.follows("Manage Laptop").await.submits("Save name", &[("name", name)]).await;
        assert_eq!(page.status, 422);
        if !name.contains('\u{202e}') {
            assert_eq!(page.errors("name").as_deref(), Some(words));
        }
    }
    let page = olga.opens("/me/passkeys").await.follows("Manage Laptop").await;
    let page = page.submits("Save name", &[("name", "<b>Olga’s</b> “key”")]).await;
    assert_eq!((page.path.as_str(), page.flash().as_deref()), ("/me/passkeys", Some("The name is saved.")));
    assert!(page.says("<b>Olga’s</b> “key”"), "{page:?}");
    let event: Value = app.one("select detail from security_events where action = 'passkey_renamed'").await;
    assert_eq!((&event["before"], &event["name"]), (&Value::from("Laptop"), &Value::from("<b>Olga’s</b> “key”")));
}

#[tokio::test]
async fn removing_one_leaves_the_other() {
    let app = App::start().await;
    let (olga, mut device) = with_passkey(&app).await;
    adds(&olga, &mut device, "Key on the ring").await;
    let elsewhere = app.browser();
    assert_eq!(enters(&elsewhere, &mut device).await.status, 303);

    app.clock.forward(Duration::minutes(11));
    let page = olga.opens("/me/passkeys").await.follows("Manage Key on the ring").await.submits("Remove passkey", &[]).await;
    assert_eq!(page.heading(), "Confirm that it is you", "it asks for a fresh proof");
    let answer = device.answers(&challenge(&olga, AGAIN).await);
    let page = page.submits("Use a passkey", &[("proof_passkey", &answer)]).await;
    assert_eq!(page.flash().as_deref(), Some("“Key on the ring” no longer signs you in. Delete it on the device, too."));
    assert!(!is_in(&elsewhere).await && is_in(&olga).await);
    assert_eq!(mails(&app, &olga, "A way to sign in was removed").await.len(), 1);
    assert_eq!(enters(&app.browser(), &mut device).await.summary().as_deref(), Some(UNKNOWN));
    device.passkeys.pop();
    assert_eq!(enters(&app.browser(), &mut device).await.status, 303);
    assert_eq!(app.one::<i64>("select count(*) from recovery_codes").await, 10);

    // With the last one go the codes, and the password is enough again.
    let page = olga.opens("/me/passkeys").await.follows("Manage Laptop").await.submits("Remove passkey", &[]).await;
    assert!(page.says("No passkeys yet"), "{page:?}");
    assert_eq!(app.one::<i64>("select count(*) from recovery_codes").await, 0);
    assert_eq!(
        app.one::<Vec<String>>("select factors from users where email_norm = 'olga.berg@northlight.test'").await,
        Vec::<String>::new()
    );
    olga.elsewhere().signs_in().await;
}

#[tokio::test]
async fn the_last_factor_stays_while_somebody_demands_one() {
    let app = App::start().await;
    let (olga, mut device) = with_passkey(&app).await;
    adds(&olga, &mut device, "Key on the ring").await;
    app.sql("update publishers set mfa_required = true").await;
    let page = olga.opens("/me/passkeys").await.follows("Manage Laptop").await.submits("Remove passkey", &[]).await;
    assert_eq!(page.status, 200);
    let page = olga.opens("/me/passkeys").await.follows("Manage Key on the ring").await.submits("Remove passkey", &[]).await;
    assert_eq!(page.status, 409);
    assert!(page.summary().unwrap().contains("Northlight"), "{page:?}");
    assert_eq!(app.one::<i64>("select count(*) from passkeys").await, 1);
    assert_eq!(enters(&app.browser(), &mut device).await.status, 303);
}

#[tokio::test]
async fn nobody_touches_anothers_passkey() {
    let app = App::start().await;
    with_passkey(&app).await;
    let id: uuid::Uuid = app.one("select id from passkeys").await;
    let nils = app.person("nils@northlight.test").admin_of("northlight").await;
    nils.signs_in().await;
    for id in [id, app.new_id()] {
        assert_eq!(nils.gets(&format!("/me/passkeys/{id}")).await.status, 404);
        assert_eq!(nils.posts(&format!("/me/passkeys/{id}"), &[("name", "Mine")]).await.status, 404);
        assert_eq!(nils.posts(&format!("/me/passkeys/{id}/remove"), &[]).await.status, 404);
    }
    assert_eq!(app.list::<String>("select name from passkeys").await, ["Laptop"]);
}

#[tokio::test]
async fn where_browsers_make_no_passkeys_the_pages_say_so() {
    for address in ["http://127.0.0.1:3000", "http://ledgerline.test"] {
        let app = App::start_with(&[("--public-url", address)]).await;
        let olga = olga(&app).await;
        let page = olga.opens("/sign-in").await;
        assert!(!page.has("[data-passkey]"), "{address}");
        olga.signs_in().await;
        for path in ["/me/passkeys", "/me/passkeys/new"] {
            let page = olga.opens(path).await;
            assert!(page.says("Passkeys are off here") && !page.has("[data-passkey]"), "{page:?}");
        }
        assert!(refusal(&app.browser(), DOOR).await.starts_with("Passkeys work only where"));
    }
}
