//! A publisher's front page: its figures, what waits for somebody, and what a creator sees instead.

use crate::support::{App, Page};

async fn rows(app: &App, slug: &str) {
    let publisher = app.publisher(slug).await;
    for row in [
        "insert into works (publisher_id, title, credits) values
           ($p, 'In balance', '[{\"w\": \"00000000-0000-7000-8000-000000000001\", \"n\": \"Lind, Ada\", \"r\": \"CA\", \"s\": 10000, \"c\": true}]'),
           ($p, 'Off balance', '[{\"w\": \"00000000-0000-7000-8000-000000000001\", \"n\": \"Lind, Ada\", \"r\": \"CA\", \"s\": 9000, \"c\": true}]'),
           ($p, 'Without writers', '[]')",
        "insert into recordings (publisher_id, title) values ($p, 'In balance')",
        "update catalogue_totals set works = 1234, songwriters = 2, recordings = 1 where publisher_id = $p",
        "insert into usage_daily (publisher_id, meter, day, quantity) values ($p, 'api_calls', current_date, 4321)",
        "insert into audit_entries (publisher_id, id, at, actor_name, action, object_type, object_name) values ($p, gen_random_uuid(), now(), 'Ada <Lind>', 'work.created', 'work', 'Été & <b>')",
    ] {
        app.sql(&row.replace("$p", &format!("'{publisher}'"))).await;
    }
}

/// The card of one figure.
fn figure(page: &Page, label: &str) -> String {
    let card = page.all(".figures > *").into_iter().find(|card| card.starts_with(label));
    card.unwrap_or_else(|| panic!("no figure {label}: {page:?}"))
}

#[tokio::test]
async fn figures_and_changes_are_the_publishers_own() {
    let app = App::start().await;
    rows(&app, "northlight").await;
    rows(&app, "elsewhere").await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    app.person("finn@northlight.test").viewer_of("northlight").suspended().await;
    let page = olga.signs_in().await;
    assert!(figure(&page, "Works").contains("1,234"), "{page:?}");
    assert!(figure(&page, "Members").contains("1 of 100 seats"), "{page:?}");
    assert!(figure(&page, "API calls").contains("4,321"), "{page:?}");
    assert!(page.says("Ada <Lind> added Été & <b>"), "{page:?}");
    assert!(!page.body.contains("<Lind>"), "what people typed is text, not markup");
}

#[tokio::test]
async fn what_waits_leads_to_where_it_can_be_done_by_who_can_do_it() {
    let app = App::start().await;
    rows(&app, "northlight").await;
    app.sql("update accounts set seats_licensed = 2").await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    let finn = app.person("finn@northlight.test").viewer_of("northlight").await;
    app.sql(&format!(
        "insert into invitations (publisher_id, id, email, email_norm, role_id, token_hash, invited_by, created_at, sent_at, expires_at)
         select publisher_id, gen_random_uuid(), 'new@x.test', 'new@x.test', role_id, sha256('x'), user_id, now() - interval '9 days', now(), now() - interval '1 day'
           from user_publishers where user_id = '{}'",
        olga.id
    ))
    .await;
    let page = olga.signs_in().await;
    for need in ["Splits that do not add up to 100 %", "Every seat is taken", "Lapsed invitations"] {
        let led = page.follows(need).await;
        assert_eq!(led.status, 200, "{need} leads to {led:?}");
    }
    let page = finn.signs_in().await;
    assert!(page.link("Splits that do not add up to 100 %").is_none(), "a viewer cannot mend splits");
    assert!(page.link("Invite").is_none() && page.link("New work").is_none());
}

#[tokio::test]
async fn every_link_of_every_roles_dashboard_opens() {
    let app = App::start().await;
    rows(&app, "northlight").await;
    for role in ["viewer", "editor", "manager", "admin", "finance"] {
        let person = app.person(&format!("{role}@northlight.test")).role_in(role, "northlight").await;
        let page = person.signs_in().await;
        let links = page.attributes("nav a, main a", "href");
        assert!(links.len() > 4, "{page:?}");
        for link in links.iter().filter(|link| !link.starts_with('#')) {
            let led = person.opens(link).await;
            assert_eq!(led.status, 200, "{role} follows {link}");
        }
    }
}

#[tokio::test]
async fn a_creator_sees_own_works_and_nothing_of_the_house() {
    let app = App::start().await;
    rows(&app, "songwell").await;
    let ada = app.person("ada@songwell.test").creator_of("songwell").await;
    app.sql(
        "insert into work_writers (publisher_id, work_id, songwriter_id, share)
         select w.publisher_id, w.id, m.songwriter_id, 5000 from works w join user_publishers m on m.publisher_id = w.publisher_id where w.title = 'In balance'",
    )
    .await;
    app.sql("update work_writers set role = 'CA'").await;
    let page = ada.signs_in().await;
    assert!(page.says("In balanceComposer and author") && !page.says("Off balance"), "{page:?}");
    for foreign in ["1,234", "4,321", "seats", "Ada <Lind>"] {
        assert!(!page.says(foreign), "{foreign}: {page:?}");
    }
}

#[tokio::test]
async fn an_empty_publisher_says_how_to_begin() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    let page = olga.signs_in().await;
    assert!(
        page.says("Northlight has no works yet.") && page.says("Import your works") && page.says("Nothing is waiting for you."),
        "{page:?}"
    );
}

#[tokio::test]
async fn a_publisher_wears_its_own_colours() {
    let app = App::start().await;
    let publisher = app.publisher("northlight").await;
    app.sql(&format!("update publishers set branding = '{{\"accent_color\": \"#0a5c36\"}}' where id = '{publisher}'")).await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").viewer_of("ember-oak").await;
    olga.signs_in().await;
    let sheet = olga.opens("/publishers/northlight").await.attribute("link[href*='brand.css']", "href").unwrap();
    let sheet = olga.gets(&sheet).await;
    assert_eq!((sheet.status, sheet.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert!(sheet.body.contains("#0a5c36"), "{}", sheet.body);
    assert!(!olga.opens("/publishers/ember-oak").await.has("link[href*='brand.css']"));
    assert_eq!(olga.gets("/publishers/ember-oak/brand.css").await.status, 404);
}

#[tokio::test]
async fn works_added_lately_are_counted_within_ones_reach() {
    let app = App::start().await;
    let publisher = app.publisher("northlight").await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    let dara = app.person("dara@northlight.test").in_departments("department_admin", "northlight", &["Pop"]).await;
    let pop = app.department("northlight", "Pop").await;
    app.sql(&format!(
        "insert into works (publisher_id, title, department_id, created_at) values
           ('{publisher}', 'New', '{pop}', now()), ('{publisher}', 'Old', '{pop}', now() - interval '31 days'), ('{publisher}', 'Elsewhere', null, now());
         "
    ))
    .await;
    app.sql(&format!(
        "insert into usage_daily (publisher_id, meter, day, quantity) values ('{publisher}', 'works_created', current_date, 77)"
    ))
    .await;
    assert!(figure(&olga.signs_in().await, "Works").contains("77 added in 30 days"));
    let hers = figure(&dara.signs_in().await, "Works");
    assert!(hers.contains("2") && hers.contains("1 added in 30 days"), "{hers}");
    app.sql("delete from works where title = 'New'").await;
    let hers = figure(&dara.opens("/publishers/northlight").await, "Works");
    assert!(!hers.contains("added"), "{hers}");
}
