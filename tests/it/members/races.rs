//! Many at once: one winner, clear words for the others, and no rule broken in between.

use super::*;
use crate::support::Browser;

/// Whose browser, where to, which fields.
type Request = (Browser, String, Vec<(&'static str, String)>);

/// Sends all at once and answers the statuses.
async fn at_once(requests: Vec<Request>) -> Vec<u16> {
    let tasks = requests.into_iter().map(|(browser, url, fields)| {
        tokio::spawn(async move {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.posts(&url, &fields).await.status
        })
    });
    let mut statuses = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        statuses.push(task.await.unwrap());
    }
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_seat_is_taken_once() {
    let (app, olga) = northlight().await;
    app.sql("update accounts set seats_licensed = 2").await;
    let mut requests = Vec::new();
    for n in 0..20 {
        let email = format!("p{n}@x.test");
        let person = app.person(&email).await;
        person.signs_in_as(&email, crate::support::PASSWORD).await;
        let link = link_for(&app, &olga, &email, "viewer").await;
        requests.push(((*person).clone(), "/invitations/accept".to_owned(), vec![("token", token(&link).to_owned())]));
    }
    let statuses = at_once(requests).await;
    assert_eq!(statuses, [vec![303], vec![409; 19]].concat());
    assert_eq!(app.one::<i64>("select count(*) from user_publishers where status = 'active'").await, 2);
    assert_eq!(app.one::<i64>("select count(*) from invitations where accepted_at is not null").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_link_makes_one_person() {
    let (app, olga) = northlight().await;
    let link = link_for(&app, &olga, "new@x.test", "viewer").await;
    let fields = || vec![("token", token(&link).to_owned()), ("full_name", "Noor".into()), ("password", CHOSEN.into())];
    let statuses = at_once((0..8).map(|_| (app.browser(), "/invitations/accept".to_owned(), fields())).collect()).await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [303, 409, 410].contains(status)), "{statuses:?}");
    assert_eq!(app.one::<i64>("select count(*) from users where email_norm = 'new@x.test'").await, 1);
    assert_eq!(app.one::<i64>("select count(*) from user_publishers").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admins_who_demote_each_other_leave_one() {
    let (app, olga) = northlight().await;
    let otto = app.person("otto@northlight.test").admin_of("northlight").await;
    otto.signs_in().await;
    let stamp = stamp(&app).await;
    for round in 0..25 {
        let (what, fields) = match round % 3 {
            0 => ("role", vec![("stamp", stamp.clone()), ("role", "viewer".to_owned())]),
            1 => ("suspension", vec![("stamp", stamp.clone())]),
            _ => ("removal", vec![("stamp", stamp.clone())]),
        };
        let each = |by: &Person, whom: &Person| ((**by).clone(), format!("{}/{what}", member(whom.id)), fields.clone());
        let statuses = at_once(vec![each(&olga, &otto), each(&otto, &olga)]).await;
        assert_eq!(statuses[0], 303, "{statuses:?}");
        assert!([403, 404].contains(&statuses[1]), "the other is out by then: {statuses:?}");
        let admins: i64 = app
            .one("select count(*) from user_publishers m join roles r on r.id = m.role_id where r.key = 'admin' and m.status = 'active'")
            .await;
        assert_eq!(admins, 1, "round {round}");
        app.sql("update user_publishers set role_id = (select id from roles where key = 'admin'), status = 'active'").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_invite_the_same_address_make_one_invitation() {
    let (app, olga) = northlight().await;
    let stamp = stamp(&app).await;
    let fields = |role: &str| vec![("stamp", stamp.clone()), ("email", "new@x.test".into()), ("role", role.to_owned())];
    let statuses =
        at_once((0..6).map(|n| ((*olga).clone(), INVITATIONS.to_owned(), fields(if n % 2 == 0 { "viewer" } else { "editor" }))).collect())
            .await;
    assert!(statuses[0] == 303 && statuses.iter().all(|status| [303, 409].contains(status)), "{statuses:?}");
    assert_eq!(app.one::<i64>("select count(*) from invitations").await, 1);
    let sent: i64 = app.one("select sent_count::bigint from invitations").await;
    assert_eq!(app.one::<i64>("select count(*) from outbox").await, sent, "who was refused sent no mail");
    app.run_jobs().await;
    let working = app.mailbox.to("new@x.test");
    let mut good = 0;
    for mail in &working {
        good += usize::from(app.browser().opens(mail.link()).await.status == 200);
    }
    assert_eq!(good, 1, "only the newest link works");
}

#[tokio::test(flavor = "multi_thread")]
async fn coming_back_and_joining_reach_for_the_same_seat() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").viewer_of("northlight").suspended().await;
    let eve = app.person("eve@x.test").await;
    eve.signs_in_as("eve@x.test", crate::support::PASSWORD).await;
    let stamp = stamp(&app).await;
    for _ in 0..10 {
        app.sql("update accounts set seats_licensed = 2").await;
        let link = link_for(&app, &olga, "eve@x.test", "viewer").await;
        let statuses = at_once(vec![
            ((*olga).clone(), format!("{}/restoration", member(rita.id)), vec![("stamp", stamp.clone())]),
            ((*eve).clone(), "/invitations/accept".to_owned(), vec![("token", token(&link).to_owned())]),
        ])
        .await;
        assert_eq!(statuses, [303, 409]);
        assert_eq!(app.one::<i64>("select count(*) from user_publishers where status = 'active'").await, 2);
        app.sql(&format!("delete from user_publishers where user_id = '{}'", eve.id)).await;
        app.sql(&format!("update user_publishers set status = 'suspended' where user_id = '{}'", rita.id)).await;
        app.sql("delete from invitations").await;
    }
}
