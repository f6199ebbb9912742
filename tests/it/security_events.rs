//! What a person and an admin can read about what happened.

use crate::support::{App, PASSWORD, Person};

async fn northlight() -> (App, Person) {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    (app, olga)
}

#[tokio::test]
async fn a_person_reads_what_happened_to_their_account_page_by_page() {
    let (app, olga) = northlight().await;
    olga.elsewhere().signs_in_as(&olga.email, "wrong").await;
    let rita = app.person("rita@northlight.test").role_in("editor", "northlight").await;
    rita.signs_in().await;
    let page = olga.opens("/me/security/events").await;
    let what: Vec<String> = page.rows().into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(what, ["Sign-in failed", "Signed in"], "own events only");
    assert_eq!(page.rows()[0][2], "127.0.0.1");
    app.sql(&format!("insert into security_events (id, at, user_id, action) select gen_random_uuid(), now(), '{}', 'signed_in' from generate_series(1, 100)", olga.id)).await;
    let first = olga.opens("/me/security/events").await;
    let second = first.follows("Next").await;
    let third = second.follows("Next").await;
    assert_eq!([first.rows().len(), second.rows().len(), third.rows().len()], [50, 50, 2]);
    assert_eq!(olga.opens("/me/security/events?after=nonsense").await.rows().len(), 50);
}

#[tokio::test]
async fn an_admin_reads_what_concerns_this_publisher_and_nothing_else() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").role_in("viewer", "northlight").admin_of("harbour").await;
    let sol = app.person("sol@harbour.test").role_in("viewer", "harbour").await;
    rita.signs_in_as(&rita.email, "wrong").await;
    rita.signs_in().await;
    sol.signs_in_as(&sol.email, "wrong").await;
    sol.signs_in().await;
    assert_eq!(rita.gets("/publishers/northlight/imports").await.status, 403);
    assert_eq!(sol.gets("/publishers/harbour/imports").await.status, 403);
    assert_eq!(sol.gets("/publishers/northlight/works").await.status, 404);
    assert_eq!(sol.gets("/publishers/nowhere/works").await.status, 404);

    let page = olga.opens("/publishers/northlight/security").await;
    assert_eq!(page.status, 200, "{page:?}");
    let rows: Vec<(String, String)> = page.rows().into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let expected = [("Refused: not a member", "Not a member"), ("Refused: lacks imports:run", "Rita"), ("Sign-in failed", "Rita")];
    assert_eq!(rows, expected.map(|(what, who)| (what.to_owned(), who.to_owned())));
    assert!(!page.body.contains("harbour") && !page.body.contains("Sol"), "nothing of another publisher or its people");
    let theirs = rita.opens("/publishers/harbour/security").await;
    assert!(theirs.says("lacks imports:run") && !theirs.says("not a member"), "{theirs:?}");

    let url = format!("/publishers/northlight/members/{}", rita.id);
    olga.opens(&url).await.submits("Save role", &[("role", "editor")]).await;
    assert_eq!(olga.opens("/publishers/northlight/security").await.rows()[0][..2], ["Changed the role of Rita", "Olga"]);
    assert_eq!(rita.gets("/publishers/northlight/security").await.status, 403);
}

#[tokio::test]
async fn what_happened_before_somebody_joined_is_not_this_publishers_to_read() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").admin_of("harbour").await;
    rita.signs_in_as(&rita.email, "wrong").await;
    app.clock.forward(time::Duration::minutes(1));
    app.sql(&format!("insert into user_publishers (publisher_id, user_id, role_id, reach, status, joined_at, updated_at)
        select p.id, '{}', r.id, 'publisher', 'active', now() + interval '30 seconds', now() from publishers p, roles r where p.slug = 'northlight' and r.key = 'viewer'", rita.id)).await;
    assert!(!olga.opens("/publishers/northlight/security").await.says("Sign-in failed"));
    rita.signs_in_as(&rita.email, "wrong").await;
    assert!(olga.opens("/publishers/northlight/security").await.says("Sign-in failed"));
    assert_eq!(rita.signs_in_as(&rita.email, PASSWORD).await.status, 200);
}
