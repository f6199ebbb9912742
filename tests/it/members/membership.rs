//! What an administrator does to a membership, and what nobody can.

use super::*;

#[tokio::test]
async fn a_role_is_changed_with_its_reach_and_the_trail_says_from_what_to_what() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").role_in("editor", "northlight").await;
    let anr = app.department("northlight", "A&R").await.to_string();
    let page = olga.opens(&member(rita.id)).await;
    assert_eq!(page.value("role").as_deref(), Some("editor"));
    let changed = page.submits("Save role", &[("role", "manager"), ("reach", "departments"), ("department", &anr)]).await;
    assert_eq!(said(&changed), "Rita is now Manager in A&R.");
    assert!(changed.says("changed the role from Editor to Manager in A&R"), "{changed:?}");
    assert_eq!(membership(&app, &rita.email).await, "manager/departments/active");
    let same = changed.submits("Save role", &[]).await;
    assert_eq!(said(&same), "Nothing was changed.");
    let whole = same.submits("Save role", &[("role", "admin"), ("reach", "publisher")]).await;
    assert_eq!(said(&whole), "Rita is now Admin.");
    assert_eq!(app.one::<i64>("select count(*) from user_departments").await, 0);
    assert_eq!(trail(&app).await, ["member.role_changed Olga Rita", "member.role_changed Olga Rita"]);
}

#[tokio::test]
async fn a_role_that_does_not_fit_is_refused_at_its_field() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").role_in("editor", "northlight").await;
    let anr = app.department("northlight", "A&R").await.to_string();
    let url = format!("{}/role", member(rita.id));
    for (fields, field) in [
        (vec![], "role"),
        (vec![("role", "")], "role"),
        (vec![("role", "owner")], "role"),
        (vec![("role", "'; drop table users --")], "role"),
        (vec![("role", "creator")], "songwriter"),
        (vec![("role", "creator"), ("songwriter", "x")], "songwriter"),
    ] {
        let page = acts(&app, &olga, &url, &fields).await;
        assert_eq!(page.status, 422, "{fields:?}");
        app.songwriter("northlight", "Ada Lind").await;
        let page = acts(&app, &olga, &url, &fields).await;
        assert!(page.errors(field).is_some(), "{fields:?}: {page:?}");
    }
    for fields in [
        vec![("role", "admin"), ("department", anr.as_str())],
        vec![("role", "department_admin")],
        vec![("role", "editor"), ("reach", "departments")],
        vec![("role", "editor"), ("department", "x")],
    ] {
        let page = acts(&app, &olga, &url, &fields).await;
        assert_eq!(page.status, 422, "{fields:?}");
        assert!(page.errors("department").is_some(), "{fields:?}: {page:?}");
    }
    assert_eq!(membership(&app, &rita.email).await, "editor/publisher/active");
}

#[tokio::test]
async fn nobody_changes_their_own_membership() {
    let (app, olga) = northlight().await;
    app.person("otto@northlight.test").admin_of("northlight").await;
    let page = olga.opens(&member(olga.id)).await;
    assert!(!page.has("form[action*='/members/']") && page.says("You cannot change your own membership"), "{page:?}");
    for (what, fields) in [("role", [("role", "viewer")].as_slice()), ("suspension", &[]), ("restoration", &[]), ("removal", &[])] {
        let refused = acts(&app, &olga, &format!("{}/{what}", member(olga.id)), fields).await;
        assert_eq!(refused.status, 422, "{what}");
        assert_eq!(refused.summary().as_deref(), Some("You cannot change your own membership. Another admin can."), "{what}");
    }
    assert_eq!(membership(&app, &olga.email).await, "admin/publisher/active");
    assert!(trail(&app).await.is_empty());
}

#[tokio::test]
async fn the_last_admin_stays() {
    let (app, olga) = northlight().await;
    let system = app.person("system@ledgerline.test").system_admin().await;
    let otto = app.person("otto@northlight.test").admin_of("northlight").await;
    system.signs_in().await;
    visits(&app, &system).await;
    let ottos = member(otto.id);
    assert_eq!(acts(&app, &system, &format!("{ottos}/suspension"), &[]).await.status, 303);
    for (what, fields) in [("role", [("role", "manager")].as_slice()), ("suspension", &[]), ("removal", &[])] {
        let refused = acts(&app, &system, &format!("{}/{what}", member(olga.id)), fields).await;
        assert_eq!(refused.status, 422, "{what}");
        assert_eq!(
            refused.summary().as_deref(),
            Some("Olga is the last admin of Northlight. Make somebody else an admin first."),
            "{what}"
        );
    }
    // A suspended admin is none, a disabled person neither; restored, there are two again.
    assert_eq!(acts(&app, &system, &format!("{ottos}/restoration"), &[]).await.status, 303);
    app.sql(&format!("update users set status = 'disabled' where id = '{}'", otto.id)).await;
    assert_eq!(acts(&app, &system, &format!("{}/removal", member(olga.id)), &[]).await.status, 422);
    app.sql(&format!("update users set status = 'active' where id = '{}'", otto.id)).await;
    assert_eq!(acts(&app, &system, &format!("{}/removal", member(olga.id)), &[]).await.status, 303);
    assert_eq!(acts(&app, &system, &format!("{ottos}/role"), &[("role", "viewer")]).await.status, 422);
}

#[tokio::test]
async fn a_suspended_member_is_out_at_the_next_request_and_back_when_restored() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").role_in("editor", "northlight").await;
    rita.signs_in().await;
    assert_eq!(rita.opens("/publishers/northlight").await.status, 200);
    let suspended = olga.opens(&member(rita.id)).await.submits("Suspend", &[]).await;
    assert!(suspended.heading().contains("Suspended") && said(&suspended).contains("Rita is suspended"), "{suspended:?}");
    let shut = rita.opens("/publishers/northlight").await;
    assert!(shut.status == 403 && shut.says("Your membership of Northlight is suspended"), "{shut:?}");
    assert_eq!(acts(&app, &olga, &format!("{}/suspension", member(rita.id)), &[]).await.status, 409);
    let restored = suspended.submits("Restore", &[]).await;
    assert_eq!(said(&restored), "Rita is back.");
    assert_eq!(rita.opens("/publishers/northlight").await.status, 200);
    assert_eq!(acts(&app, &olga, &format!("{}/restoration", member(rita.id)), &[]).await.status, 409);
    assert_eq!(trail(&app).await, ["member.suspended Olga Rita", "member.restored Olga Rita"]);
}

#[tokio::test]
async fn a_removed_member_keeps_a_name_in_the_history_and_nothing_else() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").role_in("editor", "northlight").await;
    rita.signs_in().await;
    let list = olga.opens(&member(rita.id)).await.submits("Remove Rita", &[]).await;
    assert_eq!(list.path, MEMBERS);
    assert!(list.row("rita@northlight.test").is_none());
    assert_eq!(rita.opens("/publishers/northlight").await.status, 404, "as for a publisher one never belonged to");

    let former = olga.opens(&format!("{MEMBERS}?status=removed")).await;
    assert!(former.row("Rita").unwrap().join(" ").contains("Former"));
    let page = former.follows("Rita").await;
    assert!(page.says("removed Rita") && !page.has("form[action*='/members/']"), "{page:?}");
    for (what, fields) in [("role", [("role", "viewer")].as_slice()), ("suspension", &[]), ("restoration", &[]), ("removal", &[])] {
        assert_eq!(acts(&app, &olga, &format!("{}/{what}", member(rita.id)), fields).await.status, 409, "{what}");
    }
    let form = page.follows("Invite again").await;
    assert_eq!(form.value("email").as_deref(), Some("rita@northlight.test"));
}

#[tokio::test]
async fn members_of_another_publisher_do_not_exist_here() {
    let (app, olga) = northlight().await;
    let eve = app.person("eve@ember-oak.test").role_in("editor", "ember-oak").await;
    for id in [eve.id.to_string(), app.new_id().to_string(), "x".into(), "%00".into(), "..%2f".into()] {
        let page = olga.opens(&format!("{MEMBERS}/{id}")).await;
        assert_eq!((page.status, page.heading().as_str()), (404, "This page does not exist"), "{id}");
        for what in ["role", "suspension", "restoration", "removal"] {
            assert_eq!(acts(&app, &olga, &format!("{MEMBERS}/{id}/{what}"), &[("role", "viewer")]).await.status, 404, "{id} {what}");
        }
    }
    let wrong_stamp = app.publisher("ember-oak").await.to_string();
    let rita = app.person("rita@northlight.test").viewer_of("northlight").await;
    assert_eq!(olga.posts(&format!("{}/removal", member(rita.id)), &[("stamp", &wrong_stamp)]).await.status, 409);
    assert_eq!(olga.posts(&format!("{}/removal", member(rita.id)), &[]).await.status, 409);
    assert_eq!(membership(&app, &rita.email).await, "viewer/publisher/active");
}

#[tokio::test]
async fn the_list_changes_a_row_in_place_with_the_way_back() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").role_in("editor", "northlight").await;
    let stamp = stamp(&app).await;
    let row = olga.posts_part(&format!("{}/suspension", member(rita.id)), &[("stamp", &stamp)]).await;
    assert_eq!(row.status, 200);
    assert!(
        row.body.contains(&format!("id=\"member-{}\"", rita.id)) && row.body.contains("Suspended") && row.body.contains("/restoration"),
        "{}",
        row.body
    );
    assert!(!row.body.contains("<html"));
    app.sql("update accounts set seats_licensed = 1").await;
    let refused = olga.posts_part(&format!("{}/restoration", member(rita.id)), &[("stamp", &stamp)]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("All 1 seats are taken") && refused.body.contains("Suspended"), "{}", refused.body);
}

#[tokio::test]
async fn a_role_changed_in_the_meantime_is_not_undone_unseen() {
    let (app, olga) = northlight().await;
    let otto = app.person("otto@northlight.test").admin_of("northlight").await;
    let rita = app.person("rita@northlight.test").role_in("editor", "northlight").await;
    otto.signs_in().await;
    let stale = olga.opens(&member(rita.id)).await;
    otto.opens(&member(rita.id)).await.submits("Save role", &[("role", "viewer")]).await;
    let told = stale.submits("Save role", &[("role", "manager")]).await;
    assert_eq!((told.status, told.value("role").as_deref()), (409, Some("manager")));
    let summary = told.summary().unwrap();
    assert!(summary.starts_with("Otto changed this role") && summary.contains("Rita is Viewer now"), "{summary}");
    assert_eq!(membership(&app, &rita.email).await, "viewer/publisher/active");
    assert_eq!(said(&told.submits("Save role", &[]).await), "Rita is now Manager.");
}

#[tokio::test]
async fn an_unknown_reach_is_refused() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").role_in("editor", "northlight").await;
    for reach in ["own", "visit", "x"] {
        let page = acts(&app, &olga, &format!("{}/role", member(rita.id)), &[("role", "viewer"), ("reach", reach)]).await;
        assert_eq!(page.status, 422, "{reach}");
    }
    assert_eq!(membership(&app, &rita.email).await, "editor/publisher/active");
}

#[tokio::test]
async fn a_role_for_programs_is_given_to_nobody_and_taken_from_whoever_has_it() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").role_in("editor", "northlight").await;
    let robot = app.person("robot@northlight.test").role_in("api_user", "northlight").await;
    for form in [olga.opens(&member(rita.id)).await, olga.opens(INVITATIONS).await, olga.opens(&member(robot.id)).await] {
        assert!(form.has("option[value=viewer]") && !form.has("form option[value=api_user]"), "{form:?}");
    }
    let refused = acts(&app, &olga, &format!("{}/role", member(rita.id)), &[("role", "api_user")]).await;
    assert!(refused.status == 422 && refused.errors("role").unwrap().starts_with("API user is a role for programs"), "{refused:?}");
    let refused = invites(&olga, &[("email", "new@x.test")]).await;
    assert_eq!(refused.status, 422);
    let refused = acts(&app, &olga, INVITATIONS, &[("email", "new@x.test"), ("role", "api_user")]).await;
    assert!(refused.status == 422 && refused.errors("role").is_some(), "{refused:?}");
    let form = olga.opens(&member(robot.id)).await;
    assert_eq!(form.submits("Save role", &[]).await.status, 422, "nothing is chosen for them");
    assert_eq!(said(&form.submits("Save role", &[("role", "viewer")]).await), "Robot is now Viewer.");
}
