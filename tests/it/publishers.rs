//! Publishers as a whole: picking, switching, creating, and the visits of system admins.

use crate::support::{App, Person};
use time::Duration;

#[tokio::test]
async fn the_picker_offers_what_somebody_belongs_to() {
    let app = App::start().await;
    let olga = app.person("olga@x.test").admin_of("northlight").viewer_of("ember-oak").admin_of("old-house").removed().await;
    let picker = olga.signs_in().await;
    assert_eq!((picker.path.as_str(), picker.heading().as_str()), ("/publishers", "Your publishers"));
    assert_eq!(picker.all("a.tile b"), ["Ember Oak", "Northlight"]);
    let dashboard = olga.opens(&picker.attribute("a.tile", "href").unwrap()).await;
    assert_eq!(dashboard.path, "/publishers/ember-oak");
    app.flush().await;
    assert_eq!(olga.opens("/").await.path, "/publishers/ember-oak", "where they were last");

    let only = app.person("only@x.test").viewer_of("northlight").await;
    assert_eq!(only.signs_in().await.path, "/publishers/northlight", "nothing to pick from");
    let stranger = app.person("stranger@x.test").await;
    assert!(
        stranger
            .signs_in()
            .await
            .says("You do not belong to a publisher yet. Ask an admin to invite the address you signed in with, stranger@x.test.")
    );
    let out = app.person("out@x.test").viewer_of("northlight").suspended().await;
    let page = out.signs_in().await;
    assert!(page.path == "/publishers" && page.says("suspended"), "{page:?}");
}

#[tokio::test]
async fn switching_keeps_the_page_where_it_can() {
    let app = App::start().await;
    let olga = app.person("olga@x.test").admin_of("northlight").creator_of("songwell").viewer_of("ember-oak").await;
    olga.signs_in().await;
    for (from, to, arrives) in [
        ("/members", "Ember Oak", "/publishers/ember-oak/members"),
        ("/invitations?state=lapsed", "Ember Oak", "/publishers/ember-oak/invitations?state=lapsed"),
        ("", "Ember Oak", "/publishers/ember-oak"),
        // What a creator may not see there has its nearest place in the dashboard.
        ("/members", "Songwell", "/publishers/songwell"),
    ] {
        let here = olga.opens(&format!("/publishers/northlight{from}")).await;
        assert!(here.first(".side-top .menu-list a[aria-current]").unwrap().ends_with("Northlight"));
        let url = here
            .attribute(&format!(".side-top .menu-list a:not([aria-current])[href*='{}']", arrives.split('/').nth(2).unwrap()), "href")
            .unwrap();
        assert!(here.all(".side-top .menu-list a").iter().any(|label| label.ends_with(to)));
        assert_eq!(olga.opens(&url).await.path, arrives, "from {from} to {to}");
    }
    for odd in ["../../sign-in", "members/x", "https://evil.test", ""] {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("to", odd).finish();
        assert_eq!(olga.opens(&format!("/publishers/ember-oak/switch?{query}")).await.path, "/publishers/ember-oak", "{odd:?}");
    }
}

async fn robin(app: &App) -> Person {
    let robin = app.person("robin@ledgerline.test").system_admin().await;
    robin.signs_in().await;
    robin
}

#[tokio::test]
async fn a_system_admin_creates_a_publisher_and_finds_it() {
    let app = App::start().await;
    app.publisher("northlight").await;
    let robin = robin(&app).await;
    let form = robin.opens("/publishers/new").await;
    let refused = form.submits("Create publisher", &[("name", ""), ("slug", "")]).await;
    assert_eq!((refused.status, refused.errors("name").as_deref()), (422, Some("Enter the publisher's name.")));
    let refused = form.submits("Create publisher", &[("name", "Northlight Too"), ("slug", "northlight")]).await;
    assert_eq!(
        (refused.status, refused.errors("slug").as_deref()),
        (422, Some("Another publisher has this address. Choose a different one."))
    );
    assert_eq!(refused.value("name").as_deref(), Some("Northlight Too"));

    let done = form.submits("Create publisher", &[("name", "Ember & Øak"), ("slug", "")]).await;
    assert_eq!((done.path.as_str(), done.heading().as_str()), ("/publishers/ember-oak/visit", "Visit Ember & Øak"));
    assert!(done.flash().is_some());
    let found = robin.opens("/publishers?q=EMBER").await;
    assert!(found.row("Ember & Øak").is_some() && found.row("Northlight").is_none(), "{found:?}");
    assert_eq!(app.list::<String>("select action from audit_entries").await, ["publisher.created"]);
    assert!(robin.opens("/publishers?q=nothing-like-it").await.rows().is_empty());
    for odd in ["%25", "_", "'", "&after=x&id=y"] {
        assert_eq!(robin.opens(&format!("/publishers?q={odd}")).await.status, 200, "{odd}");
    }
    assert_eq!(robin.opens("/publishers?q=%00").await.status, 422);
}

#[tokio::test]
async fn the_directory_shows_every_publisher_once_over_its_pages() {
    let app = App::start().await;
    app.sql("insert into publishers (name, slug) select 'House ' || n % 7, 'house-' || n from generate_series(1, 120) n").await;
    let robin = robin(&app).await;
    let mut page = robin.opens("/publishers").await;
    let mut seen: Vec<String> = Vec::new();
    loop {
        let slugs: Vec<String> = app.list("select slug from publishers").await;
        seen.extend(slugs.into_iter().filter(|slug| page.has(&format!("tbody a[href='/publishers/{slug}']"))));
        if page.link("Next").is_none() {
            break;
        }
        page = page.follows("Next").await;
    }
    let rows = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((rows, seen.len()), (120, 120));
}

#[tokio::test]
async fn a_visit_needs_a_reason_and_is_seen_by_the_publisher() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    let robin = robin(&app).await;
    let door = robin.opens("/publishers/northlight/members").await;
    assert_eq!(
        (door.path.as_str(), door.heading().as_str()),
        ("/publishers/northlight/visit?next=%2Fpublishers%2Fnorthlight%2Fmembers", "Visit Northlight")
    );
    for reason in ["", "       ", "because"] {
        let refused = door.submits("Start visit", &[("reason", reason)]).await;
        assert_eq!(
            (refused.status, refused.errors("reason").as_deref()),
            (422, Some("Say why, in a few words. The publisher's admins will read it."))
        );
    }
    let inside = door.submits("Start visit", &[("reason", "Ticket 4127: import stands still")]).await;
    assert_eq!(inside.path, "/publishers/northlight/members");
    let banner = inside.first(".visit p").unwrap();
    assert!(banner.contains("You are visiting Northlight. Ticket 4127: import stands still") && banner.contains("read-only"), "{banner}");

    let trail: Vec<String> = app.list("select action || ' ' || actor_name || ' ' || object_name from audit_entries").await;
    assert_eq!(trail, ["visit.started Robin Ticket 4127: import stands still"]);
    let own: i64 = app.one("select count(*) from security_events where action = 'visit_started' and detail ->> 'reason' = 'Ticket 4127: import stands still'").await;
    assert_eq!(own, 1);
    olga.signs_in().await;
    assert!(olga.opens("/publishers/northlight").await.says("Robin"), "the publisher's people see it");
    assert_eq!(robin.opens("/publishers/ember-oak").await.status, 404, "one visit opens one publisher");
}

#[tokio::test]
async fn a_read_only_visit_changes_nothing_and_a_writing_one_says_whose_it_was() {
    let app = App::start().await;
    let stamp = app.publisher("northlight").await.to_string();
    let robin = robin(&app).await;
    let door = robin.opens("/publishers/northlight/visit").await;
    door.submits("Start visit", &[("reason", "to look round")]).await;
    let invitation = [("stamp", stamp.as_str()), ("email", "new@x.test"), ("role", "admin")];
    let refused = robin.posts("/publishers/northlight/invitations", &invitation).await;
    assert_eq!((refused.status, refused.heading().as_str()), (403, "This visit is read-only"));
    assert!(refused.says("You are visiting Northlight to look"), "{refused:?}");
    assert_eq!(refused.follows("Back to Northlight").await.path, "/publishers/northlight");
    assert!(
        !robin.opens("/publishers/northlight/invitations").await.has("form[action$='/invitations'][method=post]"),
        "what cannot be sent is not offered"
    );
    assert_eq!(app.one::<i64>("select count(*) from invitations").await, 0);

    door.submits("Start visit", &[("reason", "to invite their first admin"), ("may_write", "true")]).await;
    let page = robin
        .opens("/publishers/northlight/invitations")
        .await
        .submits("form[action$='/invitations'][method=post]", &[("email", "new@x.test"), ("role", "admin")])
        .await;
    assert_eq!(page.status, 200, "{page:?}");
    let visits: Vec<bool> =
        app.list("select visit_id = (select id from visits where may_write) from audit_entries where action = 'member.invited'").await;
    assert_eq!(visits, [true]);
    assert_eq!(app.one::<i64>("select count(*) from visits where ended_at is null").await, 1, "the second visit ended the first");
}

#[tokio::test]
async fn a_visit_ends_by_its_button_or_after_an_hour() {
    let app = App::start().await;
    let stamp = app.publisher("northlight").await.to_string();
    let robin = robin(&app).await;
    let door = robin.opens("/publishers/northlight/visit").await;
    door.submits("Start visit", &[("reason", "to look round")]).await;
    let refused = robin.opens("/publishers/northlight/works/new").await;
    assert_eq!((refused.status, refused.heading().as_str()), (403, "This visit is read-only"));
    let out = refused.submits("End visit", &[]).await;
    assert_eq!((out.path.as_str(), out.flash().as_deref()), ("/publishers", Some("Your visit to Northlight has ended.")));
    let inside = door.submits("Start visit", &[("reason", "to look round")]).await;
    let out = inside.submits("End visit", &[]).await;
    assert_eq!((out.path.as_str(), out.flash().as_deref()), ("/publishers", Some("Your visit to Northlight has ended.")));
    assert!(robin.opens("/publishers/northlight").await.path.starts_with("/publishers/northlight/visit"));

    door.submits("Start visit", &[("reason", "to look round"), ("may_write", "true")]).await;
    for _ in 0..4 {
        app.clock.forward(Duration::minutes(14)); // a system admin's session ends after 15 idle ones
        assert_eq!(robin.opens("/publishers/northlight").await.path, "/publishers/northlight");
        app.flush().await;
    }
    app.clock.forward(Duration::minutes(5));
    assert!(robin.opens("/publishers/northlight").await.path.starts_with("/publishers/northlight/visit"));
    let late = robin.posts("/publishers/northlight/invitations", &[("stamp", &stamp), ("email", "new@x.test"), ("role", "admin")]).await;
    assert_eq!((late.status, late.heading().as_str()), (403, "Your visit has ended"));
    let trail: Vec<String> = app.list("select action from audit_entries order by id").await;
    assert_eq!(trail, ["visit.started", "visit.ended", "visit.started", "visit.ended", "visit.started"]);
}

#[tokio::test]
async fn a_visit_begins_on_a_page_of_the_publisher_visited() {
    let app = App::start().await;
    app.publisher("northlight").await;
    let robin = robin(&app).await;
    for (next, leads_to) in [
        ("/publishers/northlight/works?q=a%20b", "/publishers/northlight/works?q=a%20b"),
        ("/publishers/northlight", "/publishers/northlight"),
        ("", "/publishers/northlight"),
        ("https://evil.test/publishers/northlight", "/publishers/northlight"),
        ("//evil.test/publishers/northlight", "/publishers/northlight"),
        ("/\\evil.test", "/publishers/northlight"),
        ("javascript:alert(1)", "/publishers/northlight"),
        ("/publishers/northlight\r\nset-cookie: a=b", "/publishers/northlight"),
        ("/sign-in", "/publishers/northlight"),
        ("/publishers/northlight-too/works", "/publishers/northlight"),
        ("/publishers/northlight/../ember-oak", "/publishers/northlight"),
        ("/publishers/northlight/..", "/publishers/northlight"),
        // Browsers take these for dots too.
        ("/publishers/northlight/%2e%2e/ember-oak", "/publishers/northlight"),
        ("/publishers/northlight/.%2E", "/publishers/northlight"),
    ] {
        let page = robin.posts("/publishers/northlight/visit", &[("reason", "to look round"), ("next", next)]).await;
        assert_eq!((page.status, page.location()), (303, Some(leads_to)), "{next:?}");
    }
}

#[tokio::test]
async fn a_tab_left_open_changes_what_it_shows() {
    let app = App::start().await;
    let olga = app.person("olga@x.test").admin_of("northlight").admin_of("ember-oak").await;
    olga.signs_in().await;
    let tab = olga.opens("/publishers/northlight/invitations").await;
    olga.opens("/publishers/ember-oak/members").await;
    tab.submits("form[action$='/invitations'][method=post]", &[("email", "new@x.test"), ("role", "viewer")]).await;
    let invited: Vec<String> = app.list("select p.slug from invitations i join publishers p on p.id = i.publisher_id").await;
    assert_eq!(invited, ["northlight"]);
}

#[tokio::test]
async fn a_shut_door_leads_on_to_the_picker_and_out() {
    let app = App::start().await;
    let mara = app.person("mara@x.test").admin_of("northlight").await;
    assert_eq!(mara.signs_in().await.path, "/publishers/northlight");
    app.flush().await;
    let someone = format!("update user_publishers set status = 'suspended' where user_id = '{}'", mara.id);
    for (statement, why) in [
        (someone.as_str(), "Your access is suspended."),
        ("update publishers set status = 'suspended'", "This publisher is suspended."),
        ("update publishers set status = 'archived'", "This publisher is archived."),
        ("update user_publishers set role_id = (select id from roles where key = 'api_user')", "Your role is for programs"),
    ] {
        app.sql("update publishers set status = 'active'").await;
        app.sql("update user_publishers set status = 'active'").await;
        app.sql(statement).await;
        let door = mara.opens("/publishers/northlight").await;
        assert_eq!(door.status, 403, "{why}");
        let picker = door.follows("Choose a publisher").await;
        assert!(picker.path == "/publishers" && picker.says(why) && !picker.has("a.tile"), "{why}: {picker:?}");
        assert_eq!(mara.opens("/").await.path, "/publishers", "{why}");
        assert!(door.has("form[action='/sign-out']"), "{why}");
    }
    let out = mara.opens("/publishers/northlight").await.submits("Sign out", &[]).await;
    assert_eq!(out.path, "/sign-in");
}

#[tokio::test]
async fn an_error_inside_a_publisher_keeps_the_publisher() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    let missing = olga.opens("/publishers/northlight/works/00000000-0000-7000-8000-000000000000").await;
    assert_eq!((missing.status, missing.heading().as_str()), (404, "This page does not exist"));
    assert!(missing.has(".side-nav a[href='/publishers/northlight/works']"), "{missing:?}");
    assert_eq!(missing.follows("Back to Northlight").await.path, "/publishers/northlight");
    assert_eq!(missing.follows("Choose a publisher").await.status, 200);
    let unstamped = olga.posts("/publishers/northlight/invitations", &[("email", "new@x.test"), ("role", "viewer")]).await;
    assert!(unstamped.status == 409 && unstamped.says("This form does not say which publisher it was opened for."), "{unstamped:?}");
    assert!(unstamped.has(".side-nav"));
    let nowhere = olga.opens("/nowhere").await;
    assert!(nowhere.status == 404 && nowhere.has("form[action='/sign-out']") && nowhere.link("Choose a publisher").is_some());
    assert!(!app.browser().opens("/nowhere").await.has("form[action='/sign-out']"), "who is not signed in is not asked to leave");
}

#[tokio::test]
async fn switching_keeps_filters_that_mean_the_same_there() {
    let app = App::start().await;
    let olga = app.person("olga@x.test").admin_of("northlight").admin_of("ember-oak").await;
    olga.signs_in().await;
    let id = app.new_id();
    let here = olga.opens(&format!("/publishers/northlight/members?q=a%26b&role=editor&after={id}&department={id}")).await;
    let url = here.attribute(".side-top .menu-list a[href*='/ember-oak/switch']", "href").unwrap();
    assert_eq!(olga.opens(&url).await.path, "/publishers/ember-oak/members?q=a%26b&role=editor");
}

#[tokio::test]
async fn a_visitor_goes_on_to_another_publisher_and_keeps_the_page() {
    let app = App::start().await;
    app.publisher("northlight").await;
    app.publisher("ember-oak").await;
    let robin = robin(&app).await;
    let door = robin.opens("/publishers/northlight/works").await;
    let inside = door.submits("Start visit", &[("reason", "to look round")]).await;
    let directory = inside.follows("All publishers").await;
    let door = directory.follows("Ember Oak").await;
    assert_eq!(door.heading(), "Visit Ember Oak");
    assert_eq!(door.submits("Start visit", &[("reason", "to look round")]).await.path, "/publishers/ember-oak/works");
    assert_eq!(directory.follows("Northlight").await.path, "/publishers/northlight/works", "the visit there goes on");
    let found = directory.submits("form.filters", &[("q", "ember")]).await;
    assert!(found.has("a[href='/publishers/ember-oak/switch?to=works']"), "{found:?}");
}

#[tokio::test]
async fn a_new_visit_ends_the_one_before_in_the_trail_too() {
    let app = App::start().await;
    app.publisher("northlight").await;
    let robin = robin(&app).await;
    let door = robin.opens("/publishers/northlight/visit").await;
    door.submits("Start visit", &[("reason", "to look round")]).await;
    door.submits("Start visit", &[("reason", "to look again")]).await;
    let trail: Vec<String> = app.list("select action from audit_entries order by id").await;
    assert_eq!(trail, ["visit.started", "visit.ended", "visit.started"]);
}
