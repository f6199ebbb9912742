//! Inviting, roles, new publishers and visits.

use super::{Known, Sheet, tries_oddities};
use crate::{members::INVITATIONS, support::App};

#[tokio::test]
async fn in_an_invitation() {
    let app = App::start().await;
    app.department("northlight", "A&R").await;
    app.songwriter("northlight", "Ada Lind").await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    let known = Known { unshown: &["message", "songwriter"], ..Known::default() };
    let count = std::cell::Cell::new(0);
    tries_oddities(&app, &known, async || {
        count.set(count.get() + 1);
        let page = olga.opens(INVITATIONS).await;
        Sheet::of(page, "Send invitation", &[("email", &format!("new{}@x.test", count.get())), ("role", "viewer")], &olga)
    })
    .await;
    let kept: Vec<String> = app.list("select message from invitations where message is not null").await;
    assert!(kept.iter().any(|message| message == "\"'><script>alert(1)</script>"), "{kept:?}");
    app.run_jobs().await;
    let mails = (1..=count.get()).flat_map(|n| app.mailbox.to(&format!("new{n}@x.test")));
    let html: Vec<String> = mails.map(|mail| mail.html).filter(|html| html.contains("alert(1)")).collect();
    assert!(html.len() == 1 && !html[0].contains("<script>"), "{html:?}");
}

#[tokio::test]
async fn in_a_role() {
    let app = App::start().await;
    let anr = app.department("northlight", "A&R").await.to_string();
    app.songwriter("northlight", "Ada Lind").await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    let rita = app.person("rita@northlight.test").viewer_of("northlight").await;
    olga.signs_in().await;
    // Only a creator has a songwriter; for other roles the field says nothing.
    let known = Known { unshown: &["songwriter"], ..Known::default() };
    tries_oddities(&app, &known, async || {
        let page = olga.opens(&format!("/publishers/northlight/members/{}", rita.id)).await;
        Sheet::of(page, "Save role", &[("role", "editor"), ("reach", "departments"), ("department", &anr)], &olga)
    })
    .await;
}

#[tokio::test]
async fn in_a_new_publisher() {
    let app = App::start().await;
    let robin = app.person("robin@ledgerline.test").system_admin().await;
    robin.signs_in().await;
    let known = Known { unshown: &["slug"], ..Known::default() };
    let count = std::cell::Cell::new(0);
    tries_oddities(&app, &known, async || {
        count.set(count.get() + 1);
        let address = format!("house-{}", count.get());
        Sheet::of(robin.opens("/publishers/new").await, "Create publisher", &[("name", "Ember Oak"), ("slug", &address)], &robin)
    })
    .await;
}

#[tokio::test]
async fn in_the_reason_of_a_visit() {
    let app = App::start().await;
    app.publisher("northlight").await;
    let robin = app.person("robin@ledgerline.test").system_admin().await;
    robin.signs_in().await;
    // The banner with the reason stands above what the page says.
    let known = Known { unshown: &["reason"], ..Known::default() };
    tries_oddities(&app, &known, async || {
        let page = robin.opens("/publishers/northlight/visit").await;
        Sheet::of(page, "Start visit", &[("reason", "Ticket 4127: import stands still"), ("may_write", "true")], &robin)
    })
    .await;
    let kept: Vec<String> = app.list("select reason from visits").await;
    for whole in ["\"'><script>alert(1)</script>", "'; drop table works; --"] {
        assert!(kept.iter().any(|reason| reason == whole), "{whole} was cut: {kept:?}");
    }
}
