//! A person's own account: name, publishers, security at a glance.

use crate::support::App;

#[tokio::test]
async fn a_person_sees_their_account_and_changes_their_name() {
    let app = App::start().await;
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").viewer_of("elsewhere").await;
    app.person("rita@northlight.test").admin_of("northlight").await;
    let dashboard = olga.signs_in_as(&olga.email, crate::support::PASSWORD).await;
    let dashboard = if dashboard.path == "/publishers" { olga.opens("/publishers/northlight").await } else { dashboard };
    let page = dashboard.follows("Your profile").await;
    assert_eq!(
        (page.path.as_str(), page.heading().as_str(), page.value("full_name").as_deref()),
        ("/me", "Your profile", Some("Olga Berg"))
    );
    assert_eq!(page.all(".lines b"), ["Elsewhere", "Northlight"]);
    assert!(page.says("olga.berg@northlight.test Confirmed"), "{page:?}");
    assert_eq!(page.link("Change email address").as_deref(), Some("/me/email"));
    assert_eq!(page.all(".side-nav [aria-current=page]"), ["Profile"]);

    for (typed, words) in [
        ("  ", "Enter your full name."),
        (&"x".repeat(101), "Use at most 100 characters."),
        ("a\u{202e}b", "The name contains an invisible mark that turns the direction of the text (U+202E)."),
    ] {
        let refused = page.submits("Save name", &[("full_name", typed)]).await;
        assert_eq!(
            (refused.status, refused.errors("full_name").as_deref(), refused.value("full_name").as_deref()),
            (422, Some(words), Some(typed))
        );
    }
    let saved = page.submits("Save name", &[("full_name", " Olga  Østergård-Berg ")]).await;
    assert_eq!((saved.path.as_str(), saved.flash().as_deref()), ("/me", Some("Your name is saved.")));
    assert_eq!(saved.value("full_name").as_deref(), Some("Olga  Østergård-Berg"));
    assert!(olga.opens("/publishers/northlight/members").await.row("Østergård-Berg").is_some());
    let detail: serde_json::Value = app.one("select detail from security_events where action = 'name_changed'").await;
    assert_eq!(detail["before"], "Olga Berg");
    assert_eq!(app.one::<i64>("select count(*) from users where full_name like 'Olga  Ø%'").await, 1, "nobody else is renamed");
}

#[tokio::test]
async fn security_is_seen_at_a_glance_with_the_way_to_each_part() {
    let app = App::start().await;
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").await;
    app.next_step();
    olga.signs_in().await;
    let other = olga.elsewhere();
    other.signs_in().await;
    let page = olga.opens("/me/security").await;
    assert_eq!(page.first(".stack .notice b").as_deref(), Some("A password can be stolen"));
    assert!(page.says("2 open, this one among them") && page.says("Come with an authenticator app or a passkey"), "{page:?}");
    let links = page.attributes(".lines a", "href");
    assert_eq!(links, ["/me/password", "/me/passkeys", "/me/mfa/enrol", "/me/sessions", "/me/security/events"]);
    for link in links {
        assert_eq!(olga.opens(&link).await.status, 200, "{link}");
    }

    olga.enrols(&app).await;
    let page = olga.opens("/me/security").await;
    assert!(page.says("10 left") && page.says("Only this one") && page.says("Codes from an app, since"), "{page:?}");
    assert!(!page.has(".stack .notice"));
    assert_eq!(page.all(".side-nav [aria-current=page]"), ["Security"]);
}
