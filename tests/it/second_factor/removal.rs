//! Taking an app away.

use super::{at_second_step, events, is_in, olga, told};
use crate::support::{App, PASSWORD, Person};
use time::Duration;

async fn factors(app: &App, person: &Person) -> Vec<String> {
    app.one(&format!("select factors from users where id = '{}'", person.id)).await
}

async fn gains_a_passkey(app: &App, person: &Person) {
    let (id, user) = (app.new_id(), person.id);
    app.sql(&format!("insert into passkeys values ('{id}', '{user}', '\\x01', '{{}}', 'Key', now(), null)")).await;
    app.sql(&format!("update users set factors = '{{totp,passkey}}' where id = '{user}'")).await;
}

#[tokio::test]
async fn with_the_app_go_its_codes_and_the_other_sessions() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (phone, codes) = olga.enrols(&app).await;
    let elsewhere = olga.elsewhere();
    elsewhere.signs_in_as(&olga.email, PASSWORD).await.submits("Sign in", &[("code", &phone.code(app.clock.now()))]).await;
    let waiting = at_second_step(&olga).await;

    app.clock.forward(Duration::minutes(11));
    let page = olga.opens("/me/mfa/enrol").await;
    assert_eq!((page.heading().as_str(), page.has("#key")), ("Authenticator app", false), "its key is never shown again");
    let asked = page.submits("Remove authenticator app", &[]).await;
    assert_eq!(asked.heading(), "Confirm that it is you");
    assert_eq!(factors(&app, &olga).await, ["totp"]);
    let done = asked.submits("Confirm", &[("proof_code", &phone.code(app.clock.now()))]).await;
    assert_eq!((done.path.as_str(), done.status), ("/me/security", 200));
    assert!(done.flash().unwrap().starts_with("Your authenticator app is removed."));
    assert_eq!(factors(&app, &olga).await, Vec::<String>::new());
    assert_eq!((is_in(&olga).await, is_in(&elsewhere).await), (true, false));
    assert_eq!(app.list::<String>("select auth_level from user_sessions where revoked_at is null").await, ["password"]);
    assert_eq!((told(&app, &olga, "A way to sign in was removed").await, events(&app, "factor_removed").await), (1, 1));
    assert_eq!(app.one::<i64>("select count(*) from recovery_codes").await + app.one::<i64>("select count(*) from totp_factors").await, 0);
    assert_eq!(waiting.submits("Sign in", &[("code", &codes[0])]).await.path, "/sign-in", "who was half in begins again");
    olga.elsewhere().signs_in().await;
    assert_eq!(olga.posts("/me/mfa/removal", &[]).await.status, 404, "there is none to remove");
}

#[tokio::test]
async fn a_factor_that_is_demanded_stays_while_it_is_the_only_one() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").viewer_of("elsewhere").await;
    app.next_step();
    olga.signs_in().await;
    olga.enrols(&app).await;
    app.sql("update publishers set mfa_required = true where slug = 'elsewhere'").await;
    let refused = olga.opens("/me/mfa/enrol").await.submits("Remove authenticator app", &[]).await;
    assert_eq!(
        (refused.status, refused.summary().as_deref()),
        (409, Some("Elsewhere asks its members for a second factor. Add another factor first."))
    );
    assert_eq!((factors(&app, &olga).await, app.one::<i64>("select count(*) from recovery_codes").await), (vec!["totp".to_owned()], 10));
    assert_eq!(app.one::<i64>("select count(*) from totp_factors").await, 1);

    gains_a_passkey(&app, &olga).await;
    let done = olga.opens("/me/mfa/enrol").await.submits("Remove authenticator app", &[]).await;
    assert_eq!(done.path, "/me/security");
    assert_eq!(factors(&app, &olga).await, ["passkey"]);
    assert_eq!(app.one::<i64>("select count(*) from recovery_codes").await, 10, "the codes stand in for the passkey now");
    assert_eq!(app.list::<String>("select auth_level from user_sessions where revoked_at is null").await, ["mfa"]);
}

#[tokio::test]
async fn a_former_membership_demands_nothing() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").viewer_of("northlight").admin_of("elsewhere").removed().await;
    app.next_step();
    olga.signs_in().await;
    olga.enrols(&app).await;
    app.sql("update publishers set mfa_required = true where slug = 'elsewhere'").await;
    assert_eq!(olga.opens("/me/mfa/enrol").await.submits("Remove authenticator app", &[]).await.path, "/me/security");
}

#[tokio::test]
async fn system_admins_keep_a_factor_except_in_the_demo() {
    for (demo, status) in [("false", 409), ("true", 200)] {
        let app = App::start_with(&[("--demo", demo)]).await;
        let robin = app.person("robin@ledgerline.test").system_admin().await;
        app.next_step();
        robin.signs_in_as(&robin.email, PASSWORD).await;
        robin.enrols(&app).await;
        let page = robin.opens("/me/mfa/enrol").await.submits("Remove authenticator app", &[]).await;
        assert_eq!(page.status, status, "demo {demo}: {page:?}");
    }
}
