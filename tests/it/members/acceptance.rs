//! Who may use a link, and what it never does.

use super::*;
use reqwest::Method;

#[tokio::test]
async fn opening_a_link_accepts_nothing() {
    let (app, olga) = northlight().await;
    let link = link_for(&app, &olga, "new@x.test", "editor").await;
    for method in [Method::GET, Method::HEAD, Method::GET] {
        assert_eq!(app.browser().asks(method, &link, &[]).await.status, 200);
    }
    assert_eq!(app.one::<i64>("select count(*) from invitations where accepted_at is null").await, 1);
    assert_eq!(membership(&app, "new@x.test").await, "none");
}

#[tokio::test]
async fn links_that_never_were_are_not_found() {
    let (app, olga) = northlight().await;
    let link = link_for(&app, &olga, "new@x.test", "editor").await;
    let cut = &link[..link.len() - 1];
    let other = format!("{}A", cut);
    let odd =
        [format!("{}/invitations/accept", app.origin()), "/invitations/accept?token=".into(), "/invitations/accept?token=%00%27--".into()];
    for url in [cut, other.as_str()].into_iter().chain(odd.iter().map(String::as_str)).filter(|url| *url != link) {
        let page = app.browser().opens(url).await;
        assert_eq!((page.status, page.heading().as_str()), (404, "No invitation has this link"), "{url}");
    }
    let page = app.browser().posts("/invitations/accept", &[("token", token(cut)), ("full_name", "New"), ("password", CHOSEN)]).await;
    assert_eq!(page.status, 404);
    assert_eq!(app.browser().posts("/invitations/accept", &[]).await.status, 404);
}

#[tokio::test]
async fn a_new_person_hears_what_is_wrong_with_name_and_password() {
    let (app, olga) = northlight().await;
    let link = link_for(&app, &olga, "new@x.test", "editor").await;
    let page = app.browser().opens(&link).await.submits("Join", &[]).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.errors("full_name").as_deref(), Some("Enter your full name."));
    assert_eq!(page.errors("password").as_deref(), Some("Choose a password."));
    for (name, password, field) in [
        ("a\u{202e}b", CHOSEN, "full_name"),
        ("a\u{0}b", CHOSEN, "full_name"),
        (&*"x".repeat(101), CHOSEN, "full_name"),
        ("Noor", "short", "password"),
        ("Noor", "new@X.test", "password"),
        ("Noor", &*"p".repeat(2000), "password"),
    ] {
        let page = page.submits("Join", &[("full_name", name), ("password", password)]).await;
        assert_eq!(page.status, 422);
        assert!(page.errors(field).is_some(), "{name:?} {password:?}: {page:?}");
        assert_eq!(page.value("password").unwrap_or_default(), "", "a password never comes back");
    }
    let page = page.submits("Join", &[("full_name", "<b>Noor</b>"), ("password", "x")]).await;
    assert_eq!(page.value("full_name").as_deref(), Some("<b>Noor</b>"));
    let joined = page.submits("Join", &[("full_name", "  <b>Noor</b> 🎻 "), ("password", "🎵🎹🎻🥁🎺🎷🪕🪗🎸🎼🎤🎧")]).await;
    assert_eq!(joined.path, "/publishers/northlight");
    assert_eq!(app.one::<String>("select full_name from users where email_norm = 'new@x.test'").await, "<b>Noor</b> 🎻");
    assert!(olga.opens(MEMBERS).await.row("<b>Noor</b> 🎻").is_some());
}

#[tokio::test]
async fn somebody_with_an_account_signs_in_first_and_then_says_yes() {
    let (app, olga) = northlight().await;
    let eve = app.person("eve@ember-oak.test").viewer_of("ember-oak").await;
    let before: String = app.one(&format!("select password_hash from users where id = '{}'", eve.id)).await;
    let link = link_for(&app, &olga, "Eve@Ember-Oak.test", "manager").await;

    let page = eve.opens(&link).await;
    assert!(page.says("This address has an account already") && !page.has("[name=password]"), "{page:?}");
    let stranger =
        app.browser().posts("/invitations/accept", &[("token", token(&link)), ("full_name", "Mallory"), ("password", CHOSEN)]).await;
    assert_eq!(stranger.status, 409, "nobody sets the password of an account that exists");
    assert_eq!(app.one::<String>(&format!("select password_hash from users where id = '{}'", eve.id)).await, before);
    assert_eq!(membership(&app, "eve@ember-oak.test").await, "none");

    let sign_in = page.follows("Sign in as Eve@Ember-Oak.test").await;
    assert_eq!(sign_in.value("email").as_deref(), Some("Eve@Ember-Oak.test"), "the invitation knows whose account is meant");
    let confirm = sign_in.submits("Sign in", &[("password", crate::support::PASSWORD)]).await;
    assert!(confirm.path.starts_with("/invitations/accept?token="), "{}", confirm.path);
    let joined = confirm.submits("Accept and join", &[]).await;
    assert_eq!((joined.status, joined.path.as_str()), (200, "/publishers/northlight"));
    assert_eq!(membership(&app, "eve@ember-oak.test").await, "manager/publisher/active");
    assert!(
        app.list::<String>(&format!("select action from security_events where user_id = '{}'", eve.id))
            .await
            .contains(&"invitation_accepted".to_owned())
    );

    let used = eve.opens(&link).await;
    assert_eq!((used.status, used.heading().as_str()), (410, "You have accepted this invitation"));
    assert_eq!(used.follows("Open the dashboard").await.path, "/publishers/northlight");
}

#[tokio::test]
async fn somebody_else_is_told_both_addresses_and_may_switch() {
    let (app, olga) = northlight().await;
    let link = link_for(&app, &olga, "new@x.test", "editor").await;
    let page = olga.opens(&link).await;
    assert!(page.says("Northlight invited new@x.test, but you are signed in as olga@northlight.test."), "{page:?}");
    let refused = olga.posts("/invitations/accept", &[("token", token(&link)), ("full_name", "Olga"), ("password", CHOSEN)]).await;
    assert_eq!(refused.status, 409);
    assert_eq!(membership(&app, "new@x.test").await, "none");
    assert_eq!(membership(&app, "olga@northlight.test").await, "admin/publisher/active");

    let switched = page.submits("Sign out and continue", &[]).await;
    assert_eq!(switched.heading(), "Join Northlight");
    assert!(switched.has("[name=password]"));
    assert!(olga.opens(MEMBERS).await.path.starts_with("/sign-in"), "the old session is over");
}

#[tokio::test]
async fn a_used_link_says_so() {
    let (app, olga) = northlight().await;
    let link = link_for(&app, &olga, "new@x.test", "editor").await;
    let second_tab = app.browser().opens(&link).await;
    app.browser().opens(&link).await.submits("Join", &[("full_name", "Noor"), ("password", CHOSEN)]).await;
    let late = second_tab.submits("Join", &[("full_name", "Mallory"), ("password", "another long password")]).await;
    assert_eq!((late.status, late.heading().as_str()), (410, "This invitation has already been accepted"));
    assert_eq!(late.link("Sign in").as_deref(), Some("/sign-in"));
    assert_eq!(app.list::<String>("select full_name from users where email_norm = 'new@x.test'").await, ["Noor"]);
}

#[tokio::test]
async fn an_invitation_changes_nobody_who_is_a_member_already() {
    let (app, olga) = northlight().await;
    for (email, status) in [("act@x.test", "active"), ("sus@x.test", "suspended")] {
        let link = link_for(&app, &olga, email, "manager").await;
        let person = app.person(email).await;
        person.signs_in_as(email, crate::support::PASSWORD).await;
        // Came in by another way while the link lay in the mailbox.
        app.sql(&format!(
            "insert into user_publishers (publisher_id, user_id, role_id, status) select p.id, '{}', r.id, '{status}' from publishers p, roles r where p.slug = 'northlight' and r.key = 'viewer'",
            person.id
        ))
        .await;
        let refused = person.opens(&link).await.submits("Accept and join", &[]).await;
        assert_eq!(refused.status, 409);
        assert!(refused.says("You are a member here already"), "{refused:?}");
        assert_eq!(membership(&app, email).await, format!("viewer/publisher/{status}"));
    }
}

#[tokio::test]
async fn a_disabled_account_and_a_closed_publisher_are_not_joined() {
    let (app, olga) = northlight().await;
    let eve = app.person("eve@x.test").await;
    let link = link_for(&app, &olga, "eve@x.test", "viewer").await;
    eve.signs_in_as("eve@x.test", crate::support::PASSWORD).await;
    app.sql("update users set status = 'disabled' where email_norm = 'eve@x.test'").await;
    assert_eq!(eve.posts("/invitations/accept", &[("token", token(&link))]).await.status, 409);
    app.sql("update users set status = 'active' where email_norm = 'eve@x.test'").await;
    app.sql("update publishers set status = 'suspended' where slug = 'northlight'").await;
    let closed = eve.opens(&link).await;
    assert_eq!((closed.status, closed.heading().as_str()), (410, "This publisher is closed"));
    assert_eq!(eve.posts("/invitations/accept", &[("token", token(&link))]).await.status, 410);
    assert_eq!(membership(&app, "eve@x.test").await, "none");
}

#[tokio::test]
async fn signing_in_starts_afresh_for_a_new_person() {
    let (app, olga) = northlight().await;
    let link = link_for(&app, &olga, "new@x.test", "viewer").await;
    let newcomer = app.browser();
    newcomer.opens(&link).await.submits("Join", &[("full_name", "Noor"), ("password", CHOSEN)]).await;
    let row = newcomer.opens(MEMBERS).await.row("Noor").unwrap().join(" ");
    assert!(row.contains("just now") && !row.contains("Never"), "{row}");
    let elsewhere = app.browser();
    assert_eq!(elsewhere.signs_in_as("NEW@x.test", CHOSEN).await.path, "/publishers/northlight");
}

#[tokio::test]
async fn a_link_grants_no_more_than_its_inviter_may_still_grant() {
    for undone in ["role_id = (select id from roles where key = 'manager')", "status = 'suspended'", "status = 'removed'"] {
        let (app, _) = northlight().await;
        let mara = app.person("mara@northlight.test").admin_of("northlight").await;
        mara.signs_in().await;
        let link = link_for(&app, &mara, "friend@x.test", "admin").await;
        app.sql(&format!("update user_publishers set {undone} where user_id = '{}'", mara.id)).await;
        assert_eq!(app.browser().opens(&link).await.status, 410, "{undone}");
        let accepted =
            app.browser().posts("/invitations/accept", &[("token", token(&link)), ("full_name", "Friend"), ("password", CHOSEN)]).await;
        assert_eq!(accepted.status, 410, "{undone}");
        assert_eq!(membership(&app, "friend@x.test").await, "none");
    }
}
