//! Seats: taken when somebody accepts or comes back, never beyond what the account has.

use super::*;

#[tokio::test]
async fn a_full_publisher_invites_with_a_warning_and_the_invited_person_hears_who_can_help() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").viewer_of("northlight").await;
    app.sql("update accounts set seats_licensed = 2").await;
    let form = olga.opens(INVITATIONS).await;
    assert!(form.body.contains("All 2 seats are taken") && form.body.contains("a seat is taken when the person accepts"));
    let sent = form.submits("Send invitation", &[("email", "new@x.test"), ("role", "viewer")]).await;
    assert!(said(&sent).contains("All 2 seats are taken, so it can be accepted once one is free"), "{}", said(&sent));
    let mail = app.mail_to("new@x.test").await;
    let full = app.browser().opens(mail.link()).await.submits("Join", &[("full_name", "Noor"), ("password", CHOSEN)]).await;
    assert_eq!(full.status, 409);
    let words = full.summary().unwrap();
    assert!(words.contains("Northlight is full: all 2 seats are taken. Ask Olga for a seat"), "{words}");
    assert_eq!(full.value("full_name").as_deref(), Some("Noor"));
    assert_eq!(app.one::<i64>("select count(*) from users where email_norm = 'new@x.test'").await, 0, "nothing is half done");
    assert_eq!(app.one::<i64>("select count(*) from invitations where accepted_at is null").await, 1);

    // Suspending somebody frees their seat; the link is still good.
    acts(&app, &olga, &format!("{}/suspension", member(rita.id)), &[]).await;
    let joined = full.submits("Join", &[("password", CHOSEN)]).await;
    assert_eq!(joined.path, "/publishers/northlight");
    let refused = acts(&app, &olga, &format!("{}/restoration", member(rita.id)), &[]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.summary().unwrap().contains("All 2 seats are taken, so Rita cannot come back yet"), "{refused:?}");
    assert_eq!(membership(&app, "rita@northlight.test").await, "viewer/publisher/suspended");
}

#[tokio::test]
async fn invitations_and_visitors_take_no_seat_but_every_active_member_does() {
    let (app, olga) = northlight().await;
    app.person("ada@northlight.test").creator_of("northlight").await;
    app.person("sam@northlight.test").viewer_of("northlight").suspended().await;
    app.person("gone@northlight.test").viewer_of("northlight").removed().await;
    let system = app.person("system@ledgerline.test").system_admin().await;
    visits(&app, &system).await;
    app.sql("update accounts set seats_licensed = 3").await;
    invites(&olga, &[("email", "new@x.test"), ("role", "viewer")]).await;
    assert!(olga.opens(MEMBERS).await.says("2 of 3 seats used"));
}

#[tokio::test]
async fn without_an_account_there_are_no_seats() {
    let (app, olga) = northlight().await;
    let link = link_for(&app, &olga, "new@x.test", "viewer").await;
    app.sql("delete from accounts").await;
    let full = app.browser().opens(&link).await.submits("Join", &[("full_name", "Noor"), ("password", CHOSEN)]).await;
    assert_eq!(full.status, 409);
    assert_eq!(membership(&app, "new@x.test").await, "none");
}
