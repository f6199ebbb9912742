//! The list of members: who is found, in which order, on which page.

use super::*;

async fn crowd(app: &App, size: usize) {
    let publisher = app.publisher("northlight").await;
    app.sql(&format!(
        "insert into users (id, email, email_norm, full_name) select gen_random_uuid(), 'p' || n || '@x.test', 'p' || n || '@x.test', 'Person ' || (n % 7) from generate_series(1, {size}) n"
    ))
    .await;
    app.sql(&format!(
        "insert into user_publishers (publisher_id, user_id, role_id) select '{publisher}', u.id, r.id from users u, roles r where u.email_norm like 'p%@x.test' and r.key = 'viewer'"
    ))
    .await;
}

#[tokio::test]
async fn pages_hold_everybody_once_in_the_order_of_names() {
    let (app, olga) = northlight().await;
    crowd(&app, 130).await;
    let mut page = olga.opens(MEMBERS).await;
    assert!(page.says("Showing 50 of 131"), "{page:?}");
    let mut seen = Vec::new();
    loop {
        seen.extend(page.rows().into_iter().map(|row| row[0].clone()));
        let Some(next) = page.link("Next") else { break };
        page = olga.opens(&next).await;
    }
    assert_eq!(seen.len(), 131);
    assert!(seen[0].contains("Olga") && seen[1].contains("Person 0"));
    assert!(page.link("First page").is_some());
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 131);
}

#[tokio::test]
async fn names_addresses_roles_and_statuses_narrow_the_list() {
    let (app, olga) = northlight().await;
    app.person("rita.berg@northlight.test").role_in("editor", "northlight").await;
    app.person("zoe@elsewhere.test").in_departments("editor", "northlight", &["A&R", "Copyright"]).await;
    app.person("sam@northlight.test").viewer_of("northlight").suspended().await;
    app.person("gone@northlight.test").viewer_of("northlight").removed().await;
    app.person("stranger@ember-oak.test").admin_of("ember-oak").await;
    let names = async |query: &str| {
        let page = olga.opens(&format!("{MEMBERS}{query}")).await;
        assert_eq!(page.status, 200, "{query}");
        page.rows().into_iter().map(|row| row[0].split(' ').rev().nth(1).unwrap_or(&row[0]).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(olga.opens(MEMBERS).await.rows().len(), 4);
    assert_eq!(names("?q=RITA%20b").await.len(), 1);
    assert_eq!(names("?q=ELSEWHERE").await.len(), 1);
    assert_eq!(names("?role=editor").await.len(), 2);
    assert_eq!(names("?role=editor&q=rita").await.len(), 1);
    assert_eq!(names("?status=suspended").await.len(), 1);
    assert_eq!(names("?status=removed").await.len(), 1);
    for odd in ["?q=%25", "?q=_", "?q=%00%27%22", "?role=owner", "?q=<script>", "?after=x"] {
        let page = olga.opens(&format!("{MEMBERS}{odd}")).await;
        assert!(page.status == 200 && !page.body.contains("<script>x"), "{odd}");
    }
    assert_eq!(olga.opens(&format!("{MEMBERS}?status=nonsense&after=x")).await.rows().len(), 4);
    let zoe = olga.opens(&format!("{MEMBERS}?q=zoe")).await.row("Zoe").unwrap().join(" | ");
    assert!(zoe.contains("Editor") && zoe.contains("A&R, Copyright") && zoe.contains("Active") && zoe.contains("Never"), "{zoe}");
    let nobody = olga.opens(&format!("{MEMBERS}?q=nobody&role=editor")).await;
    assert!(nobody.says("Nobody matches"));
    assert_eq!(nobody.follows("Clear filters").await.rows().len(), 4);
}

#[tokio::test]
async fn a_part_of_the_page_comes_without_its_frame() {
    let (_app, olga) = northlight().await;
    let part = olga.gets_part(&format!("{MEMBERS}?q=olga")).await;
    assert_eq!(part.status, 200);
    assert!(part.body.contains("id=\"list\"") && !part.body.contains("<html"), "{}", part.body);
    assert_eq!(part.header("vary").map(|vary| vary.contains("hx-request")), Some(true));
}

#[tokio::test]
async fn whoever_reads_sees_who_was_seen_when() {
    let (app, olga) = northlight().await;
    app.clock.forward(time::Duration::hours(1));
    olga.signs_in().await;
    olga.opens("/publishers/northlight").await;
    app.state.sessions().flush().await.unwrap();
    let row = olga.opens(MEMBERS).await.row("Olga").unwrap().join(" ");
    assert!(row.contains("just now") && row.contains("(you)"), "{row}");
}

#[tokio::test]
async fn a_membership_held_by_a_long_change_keeps_no_other_from_being_seen() {
    let (app, olga) = northlight().await;
    let otto = app.person("otto@northlight.test").admin_of("northlight").await;
    otto.signs_in().await;
    for person in [&olga, &otto] {
        person.opens("/publishers/northlight").await;
    }
    let seen = async || -> Vec<String> {
        app.list("select split_part(email, '@', 1) from users join user_publishers m on m.user_id = id where m.last_accessed_at is not null order by 1").await
    };
    let mut import = app.owner.begin().await.unwrap();
    sqlx::query("select from user_publishers where user_id = $1 for share").bind(olga.id).execute(&mut *import).await.unwrap();
    app.flush().await;
    assert_eq!(seen().await, ["otto"], "Olga's is held");
    import.rollback().await.unwrap();
    app.flush().await;
    assert_eq!(seen().await.len(), 2, "it was kept");
}

#[tokio::test]
async fn last_seen_times_that_cannot_be_written_are_written_later() {
    let (app, olga) = northlight().await;
    let before: Vec<String> = app.list("select last_seen_at::text from user_sessions").await;
    app.clock.forward(time::Duration::minutes(5));
    olga.opens("/publishers/northlight").await;
    let mut lock = app.owner.begin().await.unwrap();
    sqlx::query("lock table user_sessions, user_publishers in exclusive mode").execute(&mut *lock).await.unwrap();
    assert!(app.state.sessions().flush().await.is_err());
    lock.rollback().await.unwrap();
    app.flush().await;
    assert_ne!(app.list::<String>("select last_seen_at::text from user_sessions").await, before);
    assert_eq!(app.one::<i64>("select count(*) from user_publishers where last_accessed_at is not null").await, 1);
}
