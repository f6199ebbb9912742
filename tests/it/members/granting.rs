//! Nobody hands out more than they hold, and who runs departments stays inside them.

use super::*;
use ledgerline::db;
use sqlx::Executor;

#[tokio::test]
async fn who_runs_a_department_invites_into_it_only() {
    let (app, _) = northlight().await;
    let (anr, copyright) =
        (app.department("northlight", "A&R").await.to_string(), app.department("northlight", "Copyright").await.to_string());
    let songwriter = app.songwriter("northlight", "Ada Lind").await.to_string();
    let head = app.person("head@northlight.test").in_departments("department_admin", "northlight", &["A&R"]).await;
    head.signs_in().await;

    let page = head.opens(INVITATIONS).await;
    let offered = page.all("#invite-role option");
    assert!(
        offered.iter().any(|role| role.starts_with("Editor"))
            && !offered.iter().any(|role| role.starts_with("Admin") || role.starts_with("Finance") || role.starts_with("Creator")),
        "{offered:?}"
    );
    assert_eq!(page.all("#invite-department option"), ["A&R"]);

    for (role, department, field) in [
        ("admin", anr.as_str(), "role"),
        ("finance", &anr, "role"),
        ("creator", "", "role"),
        ("viewer", "", "department"),
        ("viewer", &copyright, "department"),
    ] {
        let page = acts(
            &app,
            &head,
            INVITATIONS,
            &[("email", "new@x.test"), ("role", role), ("department", department), ("songwriter", &songwriter)],
        )
        .await;
        assert_eq!(page.status, 422, "{role} {department}");
        assert!(page.errors(field).is_some(), "{role} {department}: {page:?}");
    }
    let sent = page.submits("Send invitation", &[("email", "new@x.test"), ("role", "editor")]).await;
    assert!(sent.row("new@x.test").unwrap().join(" ").contains("A&R"), "{sent:?}");
    let mail = app.mail_to("new@x.test").await;
    assert!(mail.text.contains("as Editor in A&R"), "{}", mail.text);
    app.browser().opens(mail.link()).await.submits("Join", &[("full_name", "Noor"), ("password", CHOSEN)]).await;
    assert_eq!(membership(&app, "new@x.test").await, "editor/departments/active");
    assert_eq!(app.one::<i64>(&format!("select count(*) from user_departments d join users u on u.id = d.user_id where u.email_norm = 'new@x.test' and d.department_id = '{anr}'")).await, 1);
}

#[tokio::test]
async fn who_runs_a_department_leaves_other_invitations_alone() {
    let (app, olga) = northlight().await;
    let head = app.person("head@northlight.test").in_departments("department_admin", "northlight", &["A&R"]).await;
    let anr = app.department("northlight", "A&R").await.to_string();
    head.signs_in().await;
    link_for(&app, &olga, "boss@x.test", "admin").await;
    let id: Uuid = app.one("select id from invitations").await;
    let row = head.opens(INVITATIONS).await.row("boss@x.test").unwrap().join(" ");
    assert!(!row.contains("Revoke"), "{row}");
    for what in ["deliveries", "revocation"] {
        assert_eq!(acts(&app, &head, &format!("{INVITATIONS}/{id}/{what}"), &[]).await.status, 422);
    }
    let page = acts(&app, &head, INVITATIONS, &[("email", "boss@x.test"), ("role", "viewer"), ("department", &anr)]).await;
    assert!(page.status == 422 && page.errors("email").unwrap().contains("outside your departments"), "{page:?}");
    assert_eq!(app.one::<i64>("select count(*) from invitations where revoked_at is null and sent_count = 1").await, 1);
}

#[tokio::test]
async fn who_runs_a_department_touches_its_people_only() {
    let (app, olga) = northlight().await;
    let head = app.person("head@northlight.test").in_departments("department_admin", "northlight", &["A&R"]).await;
    let mine = app.person("mine@northlight.test").in_departments("editor", "northlight", &["A&R"]).await;
    let other = app.person("other@northlight.test").in_departments("editor", "northlight", &["Copyright"]).await;
    let both = app.person("both@northlight.test").in_departments("editor", "northlight", &["A&R", "Copyright"]).await;
    let whole = app.person("whole@northlight.test").viewer_of("northlight").await;
    let money = app.person("money@northlight.test").in_departments("finance", "northlight", &["A&R"]).await;
    let copyright = app.department("northlight", "Copyright").await.to_string();
    head.signs_in().await;
    for person in [&other, &both, &whole, &money, &olga] {
        for (what, fields) in [("role", [("role", "viewer")].as_slice()), ("suspension", &[]), ("restoration", &[]), ("removal", &[])] {
            let refused = acts(&app, &head, &format!("{}/{what}", member(person.id)), fields).await;
            assert_eq!(refused.status, 422, "{} {what}: {refused:?}", person.email);
        }
        let page = head.opens(&member(person.id)).await;
        assert!(!page.has("form[action$='/role']") && page.says("An admin can do this"), "{page:?}");
    }
    for (fields, field) in [
        ([("role", "admin"), ("reach", "publisher")], "role"),
        ([("role", "editor"), ("reach", "publisher")], "department"),
        ([("role", "editor"), ("department", copyright.as_str())], "department"),
    ] {
        let refused = acts(&app, &head, &format!("{}/role", member(mine.id)), &fields).await;
        assert!(refused.status == 422 && refused.errors(field).is_some(), "{fields:?} {refused:?}");
    }
    assert_eq!(membership(&app, &mine.email).await, "editor/departments/active");
    assert_eq!(acts(&app, &head, &format!("{}/role", member(mine.id)), &[("role", "viewer")]).await.status, 303);
    assert_eq!(membership(&app, &mine.email).await, "viewer/departments/active", "a role alone leaves the reach");
    assert_eq!(acts(&app, &head, &format!("{}/suspension", member(mine.id)), &[]).await.status, 303);
}

#[tokio::test]
async fn without_the_permission_there_is_no_form_and_no_way() {
    let (app, olga) = northlight().await;
    for (email, role) in [("view@northlight.test", "viewer"), ("manage@northlight.test", "manager"), ("money@northlight.test", "finance")] {
        let person = app.person(email).role_in(role, "northlight").await;
        person.signs_in().await;
        assert!(!person.opens(MEMBERS).await.has("form[action$='/invitations']"));
        assert!(!person.opens(INVITATIONS).await.has("form[method=post][action*='/invitations']"));
        assert!(!person.opens(&member(olga.id)).await.has("form[action*='/members/']"));
        assert_eq!(acts(&app, &person, INVITATIONS, &[("email", "new@x.test"), ("role", "viewer")]).await.status, 403);
        assert_eq!(acts(&app, &person, &format!("{}/role", member(person.id)), &[("role", "admin")]).await.status, 403);
    }
    let creator = app.person("ada@northlight.test").creator_of("northlight").await;
    creator.signs_in().await;
    assert_eq!(creator.opens(MEMBERS).await.status, 403);
    assert_eq!(app.one::<i64>("select count(*) from invitations").await, 0);
}

#[tokio::test]
async fn a_creator_is_invited_for_a_songwriter() {
    let (app, olga) = northlight().await;
    let songwriter = app.songwriter("northlight", "Ada Lind").await;
    let page = invites(&olga, &[("email", "ada@x.test"), ("role", "creator")]).await;
    assert_eq!(page.errors("songwriter").as_deref(), Some("Choose the songwriter whose works a creator sees."));
    page.submits("Send invitation", &[("songwriter", &songwriter.to_string())]).await;
    let mail = app.mail_to("ada@x.test").await;
    let joined = app.browser().opens(mail.link()).await.submits("Join", &[("full_name", "Ada Lind"), ("password", CHOSEN)]).await;
    assert_eq!((joined.status, joined.path.as_str()), (200, "/publishers/northlight"));
    assert_eq!(membership(&app, "ada@x.test").await, "creator/own/active");
    assert_eq!(app.one::<Uuid>("select songwriter_id from user_publishers where reach = 'own'").await, songwriter);
}

#[tokio::test]
async fn the_database_keeps_departments_and_own_memberships_apart_by_itself() {
    let (app, olga) = northlight().await;
    let head = app.person("head@northlight.test").in_departments("department_admin", "northlight", &["A&R"]).await;
    let mine = app.person("mine@northlight.test").in_departments("editor", "northlight", &["A&R"]).await;
    let other = app.person("other@northlight.test").in_departments("editor", "northlight", &["Copyright"]).await;
    let mut db = app.as_role(db::APP).await;
    db.execute(format!("begin; select ctx.enter('northlight', '{}', 'members:update', true, now())", head.id).as_str()).await.unwrap();
    for (person, rows) in [(&mine, 1), (&other, 0), (&olga, 0), (&head, 0)] {
        let touched =
            db.execute(format!("update user_publishers set status = 'suspended' where user_id = '{}'", person.id).as_str()).await.unwrap();
        assert_eq!(touched.rows_affected(), rows, "{}", person.email);
    }
    let widened = db.execute(format!("update user_publishers set reach = 'publisher' where user_id = '{}'", mine.id).as_str()).await;
    assert!(widened.unwrap_err().to_string().contains("row-level security"));
}

#[tokio::test]
async fn an_invitation_beyond_ones_own_rights_is_left_alone() {
    let (app, olga) = northlight().await;
    let head = app.person("head@northlight.test").in_departments("department_admin", "northlight", &["A&R"]).await;
    let [anr, copyright] =
        [app.department("northlight", "A&R").await, app.department("northlight", "Copyright").await].map(|id| id.to_string());
    head.signs_in().await;
    // Finance holds the account, which the head of a department does not.
    for (email, role, department, why) in [
        ("money@x.test", "finance", &anr, "as Finance, which allows more than your own role"),
        ("other@x.test", "viewer", &copyright, "outside your departments"),
    ] {
        invites(&olga, &[("email", email), ("role", role), ("department", department)]).await;
        let link = app.mail_to(email).await.link().to_owned();
        let id: Uuid = app.one(&format!("select id from invitations where email = '{email}'")).await;
        let row = head.opens(INVITATIONS).await.row(email).unwrap().join(" ");
        assert!(!row.contains("Revoke") && !row.contains("Send again"), "{row}");
        for what in ["deliveries", "revocation"] {
            let refused = acts(&app, &head, &format!("{INVITATIONS}/{id}/{what}"), &[]).await;
            assert_eq!(refused.status, 422, "{what} {refused:?}");
            assert!(refused.says(&format!("{email} has been invited {why}. An admin can change this invitation.")), "{refused:?}");
        }
        let page = acts(&app, &head, INVITATIONS, &[("email", email), ("role", "viewer"), ("department", &anr)]).await;
        assert_eq!(page.status, 422);
        let words = format!("This address has been invited already, {why}. An admin can change that invitation.");
        assert_eq!(page.errors("email"), Some(words));
        assert_eq!(app.browser().opens(&link).await.status, 200, "the admin's link works as before");
    }
    assert_eq!(app.one::<i64>("select count(*) from invitations where revoked_at is null and sent_count = 1").await, 2);
}

#[tokio::test]
async fn a_creator_is_found_among_any_number_of_songwriters() {
    let (app, olga) = northlight().await;
    let publisher = app.publisher("northlight").await;
    app.sql(&format!(
        "insert into songwriters (publisher_id, last_name, first_name, name_key) select '{publisher}', 'Aaron', 'No ' || n, 'aaron no ' || n from generate_series(1, 600) n"
    ))
    .await;
    let zoe = app.songwriter("northlight", "Zoë Zimmer").await;
    app.sql(&format!("update songwriters set ipi = '00045620792', name_key = 'zimmer zoe' where id = '{zoe}'")).await;
    let page = olga.opens(&format!("{INVITATIONS}/new")).await;
    assert!(page.all("option").len() < 30, "no list of everybody");
    for (n, typed) in ["Zimmer, Zoë", "Zoe Zimmer", "zimmer zoe", "45620792", "00045620792"].into_iter().enumerate() {
        let email = format!("zoe{n}@x.test");
        let sent = page.submits("Send invitation", &[("email", &email), ("role", "creator"), ("songwriter", typed)]).await;
        assert_eq!((sent.status, sent.path.as_str()), (200, INVITATIONS), "{typed}: {sent:?}");
    }
    assert_eq!(app.one::<i64>(&format!("select count(*) from invitations where songwriter_id = '{zoe}'")).await, 5);
    let unknown = page.submits("Send invitation", &[("email", "x@x.test"), ("role", "creator"), ("songwriter", "Nobody, Ann")]).await;
    assert_eq!((unknown.status, unknown.value("songwriter").as_deref()), (422, Some("Nobody, Ann")));
    assert!(unknown.errors("songwriter").unwrap().starts_with("No songwriter of the catalogue is called this."), "{unknown:?}");

    let link = olga.opens(&format!("/publishers/northlight/songwriters/{zoe}")).await.follows("Invite as creator").await;
    assert_eq!((link.value("role").as_deref(), link.value("songwriter").as_deref()), (Some("creator"), Some("Zimmer, Zoë")));
    let sent = link.submits("Send invitation", &[("email", "last@x.test")]).await;
    assert_eq!(sent.path, INVITATIONS, "{sent:?}");
}

#[tokio::test]
async fn namesakes_are_told_apart_by_the_number_or_the_choice() {
    let (app, olga) = northlight().await;
    let one = app.songwriter("northlight", "Ada Lind").await;
    let other = app.songwriter("northlight", "Ada Lind").await;
    let refused = invites(&olga, &[("email", "ada@x.test"), ("role", "creator"), ("songwriter", "Lind, Ada")]).await;
    assert!(refused.errors("songwriter").unwrap().starts_with("2 songwriters are called this."), "{refused:?}");
    let fields = [("email", "ada@x.test"), ("role", "creator"), ("songwriter", "Lind, Ada"), ("songwriter_id", &*other.to_string())];
    assert_eq!(acts(&app, &olga, INVITATIONS, &fields).await.status, 303);
    assert_eq!(app.one::<Uuid>("select songwriter_id from invitations").await, other);
    // A name typed over the choice counts, not the choice.
    let page = acts(
        &app,
        &olga,
        INVITATIONS,
        &[("email", "b@x.test"), ("role", "creator"), ("songwriter", "Nobody, Ann"), ("songwriter_id", &one.to_string())],
    )
    .await;
    assert!(page.errors("songwriter").is_some(), "{page:?}");
}

#[tokio::test]
async fn who_runs_departments_is_not_asked_for_a_songwriter() {
    let (app, olga) = northlight().await;
    app.songwriter("northlight", "Ada Lind").await;
    let head = app.person("head@northlight.test").in_departments("department_admin", "northlight", &["A&R"]).await;
    head.signs_in().await;
    assert!(!head.opens(&format!("{INVITATIONS}/new")).await.has("[name=songwriter]"));
    assert!(olga.opens(&format!("{INVITATIONS}/new")).await.has("[name=songwriter]"));
}
