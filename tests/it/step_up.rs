//! Dangerous acts ask for a fresh proof, and are done with what was typed once it is there.

use crate::support::{App, Browser, PASSWORD, Page, Person};
use time::Duration;
use uuid::Uuid;

/// Gives somebody an authenticator app they have lost, and recovery codes for its place.
pub async fn with_codes(app: &App, person: &Person) -> Vec<String> {
    let codes: Vec<[u8; 15]> = (1..=10).map(|n| [n; 15]).collect();
    app.sql(&format!("update users set factors = '{{totp}}' where id = '{}'", person.id)).await;
    for code in &codes {
        sqlx::query("insert into recovery_codes (user_id, code_hash, created_at) values ($1, sha256($2), now())")
            .bind(person.id)
            .bind(&code[..])
            .execute(&app.owner)
            .await
            .unwrap();
    }
    codes.iter().map(|code| base32::encode(base32::Alphabet::Crockford, code)).collect()
}

/// Signs in by password and one of the recovery codes.
pub async fn signs_in_with(person: &Person, code: &str) -> Page {
    let page = person.signs_in_as(&person.email, PASSWORD).await;
    assert!(page.path.starts_with("/sign-in/mfa"), "{page:?}");
    page.submits("Sign in", &[("code", code)]).await
}

async fn northlight() -> (App, Person, Person) {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    let rita = app.person("rita@northlight.test").role_in("editor", "northlight").await;
    olga.signs_in().await;
    (app, olga, rita)
}

fn member(id: Uuid) -> String {
    format!("/publishers/northlight/members/{id}")
}

async fn role(app: &App, id: Uuid) -> String {
    app.one(&format!(
        "select r.key || '/' || m.reach || '/' || (select count(*) from user_departments d where d.user_id = m.user_id)
           from user_publishers m join roles r on r.id = m.role_id where m.user_id = '{id}'"
    ))
    .await
}

fn cookie(browser: &Browser) -> String {
    browser.cookies.lock().unwrap()["ledgerline"].clone()
}

#[tokio::test]
async fn a_role_is_changed_after_a_fresh_proof_with_all_that_was_typed() {
    let (app, olga, rita) = northlight().await;
    let (anr, copyright) = (app.department("northlight", "A&R").await, app.department("northlight", "Copyright").await);
    let typed = [
        ("role", "manager".to_owned()),
        ("reach", "departments".to_owned()),
        ("department", anr.to_string()),
        ("department", copyright.to_string()),
    ];
    let typed: Vec<(&str, &str)> = typed.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let form = olga.opens(&member(rita.id)).await;
    app.clock.forward(Duration::minutes(11));
    let before = cookie(&olga);
    let asked = form.submits("Save role", &typed).await;
    assert_eq!((asked.status, asked.heading().as_str()), (200, "Confirm that it is you"));
    assert_eq!(role(&app, rita.id).await, "editor/publisher/0", "nothing was done");
    assert_eq!(asked.link("Cancel"), Some(member(rita.id)));

    let wrong = asked.submits("Confirm", &[("proof_password", "not the right one")]).await;
    assert_eq!((wrong.status, wrong.errors("proof_password").as_deref()), (422, Some("This is not your password.")));
    assert_eq!(wrong.attributes("main input[name=department]", "value"), [anr.to_string(), copyright.to_string()]);
    assert_eq!(wrong.link("Cancel"), Some(member(rita.id)));
    assert!(!wrong.body.contains("not the right one"), "a password came back");
    assert_eq!(role(&app, rita.id).await, "editor/publisher/0", "nothing was done");

    let done = wrong.submits("Confirm", &[("proof_password", PASSWORD)]).await;
    assert_eq!((done.status, done.path.as_str()), (200, member(rita.id).as_str()));
    assert_eq!(done.flash().as_deref(), Some("Rita is now Manager in A&R, Copyright."));
    assert_eq!(role(&app, rita.id).await, "manager/departments/2");
    assert_eq!(app.one::<i64>("select count(*) from audit_entries where action = 'member.role_changed'").await, 1);
    assert_ne!(cookie(&olga), before, "a proof gives a new cookie");
    let old = app.browser();
    old.cookies.lock().unwrap().insert("ledgerline".into(), before);
    assert_eq!(old.gets("/publishers/northlight").await.status, 303, "and the old one opens nothing");

    // Fresh for ten minutes: the next act does not ask.
    app.clock.forward(Duration::minutes(9));
    let removed = olga.opens(&member(rita.id)).await.submits("Remove Rita", &[]).await;
    assert_eq!(removed.flash().as_deref(), Some("Rita is no longer a member. A new invitation brings them back."));
}

#[tokio::test]
async fn a_member_is_removed_once_after_a_fresh_proof() {
    let (app, olga, rita) = northlight().await;
    let form = olga.opens(&member(rita.id)).await;
    app.clock.forward(Duration::minutes(11));
    let asked = form.submits("Remove Rita", &[]).await;
    assert_eq!(asked.heading(), "Confirm that it is you");
    let done = asked.submits("Confirm", &[("proof_password", PASSWORD)]).await;
    assert_eq!(done.flash().as_deref(), Some("Rita is no longer a member. A new invitation brings them back."));
    assert_eq!(app.list::<String>("select action from audit_entries").await, ["member.removed"]);
}

#[tokio::test]
async fn whoever_has_a_factor_proves_with_a_factor() {
    let (app, olga, rita) = northlight().await;
    let codes = with_codes(&app, &olga).await;
    let olga = olga.elsewhere();
    signs_in_with(&olga, &codes[0]).await;
    let form = olga.opens(&member(rita.id)).await;
    app.clock.forward(Duration::minutes(11));
    let asked = form.submits("Remove Rita", &[]).await;
    assert!(!asked.has("input[type=password]"), "{asked:?}");
    let action = asked.attribute("form[action^='/sign-in/confirm']", "action").unwrap();
    let stamp = asked.value("stamp").unwrap();
    for (proof, status) in [
        (("proof_password", PASSWORD), 422),
        (("proof_code", codes[0].as_str()), 422),
        (("proof_code", ""), 422),
        (("proof_recovery", "x"), 422),
    ] {
        let page = olga.posts(&action, &[("stamp", &stamp), proof]).await;
        assert_eq!(page.status, status, "{proof:?}");
        assert_eq!(olga.posts(&format!("{}/removal", member(rita.id)), &[("stamp", &stamp)]).await.status, 307, "still asked");
    }
    let wrong = asked.submits("Confirm", &[("proof_recovery", &codes[0])]).await;
    assert!(wrong.errors("proof_recovery").is_some() && wrong.has("details[open]"), "a used code: {wrong:?}");
    let done = wrong.submits("Confirm", &[("proof_recovery", &codes[1])]).await;
    assert_eq!(done.flash().as_deref(), Some("Rita is no longer a member. A new invitation brings them back."));
    assert_eq!(
        app.one::<String>("select auth_level from user_sessions where revoked_at is null and auth_level <> 'password'").await,
        "mfa"
    );
    app.mail_to(&olga.email).await;
    let mails: Vec<String> = app.mailbox.to(&olga.email).into_iter().map(|mail| mail.text).collect();
    assert!(mails.iter().any(|text| text.contains("8 left")), "{mails:?}");
}

#[tokio::test]
async fn guesses_at_the_proof_are_counted_and_held() {
    let (app, olga, rita) = northlight().await;
    let form = olga.opens(&member(rita.id)).await;
    app.clock.forward(Duration::minutes(11));
    let asked = form.submits("Remove Rita", &[]).await;
    for _ in 0..10 {
        assert_eq!(asked.submits("Confirm", &[("proof_password", "wrong")]).await.status, 422);
    }
    let held = asked.submits("Confirm", &[("proof_password", PASSWORD)]).await;
    assert_eq!((held.status, held.header("retry-after").is_some()), (429, true));
    assert!(held.summary().unwrap().starts_with("Too many attempts."), "{held:?}");
    app.clock.forward(Duration::minutes(2));
    let done = held.submits("Confirm", &[("proof_password", PASSWORD)]).await;
    assert_eq!(done.flash().as_deref(), Some("Rita is no longer a member. A new invitation brings them back."));
}

#[tokio::test]
async fn the_question_takes_the_place_of_the_content_not_of_a_row() {
    let (app, olga, rita) = northlight().await;
    let stamp = app.publisher("northlight").await.to_string();
    app.clock.forward(Duration::minutes(11));
    let sent = olga.posts_part(&format!("{}/suspension", member(rita.id)), &[("stamp", &stamp)]).await;
    assert_eq!(sent.status, 307);
    let asked = olga.posts_part(sent.location().unwrap(), &[("stamp", &stamp)]).await;
    let headers = ["hx-retarget", "hx-reswap", "hx-reselect"].map(|name| asked.header(name).unwrap_or_default().to_owned());
    assert_eq!(headers, ["#content", "innerHTML", "#proof"]);
    assert!(!asked.body.contains("<html") && asked.has("#proof.bare-card"), "{}", asked.body);
    let done = asked.submits("Confirm", &[("proof_password", PASSWORD)]).await;
    assert!(done.body.contains("<html"), "a whole page, because the form is a plain one");
    assert_eq!(done.path, member(rita.id));
    assert!(done.says("Suspended"), "{done:?}");
}

#[tokio::test]
async fn the_question_leads_to_places_of_our_own_only() {
    let (app, olga, _) = northlight().await;
    app.clock.forward(Duration::minutes(11));
    for elsewhere in ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "/sign-in/confirm"] {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("then", elsewhere).finish();
        let asked = olga.posts(&format!("/sign-in/confirm?{query}"), &[]).await;
        assert_eq!(
            asked.attribute("form[action^='/sign-in/confirm']", "action").as_deref(),
            Some("/sign-in/confirm?next=%2F"),
            "{elsewhere}"
        );
    }
    let asked = olga.opens("/sign-in/confirm?next=/publishers/northlight/members").await;
    let page = asked.submits("Confirm", &[("proof_password", PASSWORD)]).await;
    assert_eq!(page.path, "/publishers/northlight/members");
    assert_eq!(olga.opens("/sign-in/confirm?next=/publishers/northlight/works").await.path, "/publishers/northlight/works");
}

#[tokio::test]
async fn nobody_proves_anything_without_a_session() {
    let (app, olga, _) = northlight().await;
    app.clock.forward(Duration::minutes(11));
    let asked = olga.opens("/sign-in/confirm?next=/publishers").await;
    app.sql("update user_sessions set revoked_at = now()").await;
    let page = asked.submits("Confirm", &[("proof_password", PASSWORD)]).await;
    assert!(page.path.starts_with("/sign-in"), "{page:?}");
    assert_eq!(app.one::<i64>("select count(*) from user_sessions where revoked_at is null").await, 0);
}
