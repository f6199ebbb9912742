//! Inviting, sending again, revoking, and what the list says of it.

use super::*;

#[tokio::test]
async fn the_form_has_a_page_and_keeps_what_was_typed_there() {
    let (app, olga) = northlight().await;
    let page = olga.opens(INVITATIONS).await.follows("Invite").await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Invite somebody"));
    let refused = page.submits("Send invitation", &[("email", "nobody at all"), ("role", "editor"), ("message", "Welcome")]).await;
    assert_eq!((refused.status, refused.heading().as_str()), (422, "Invite somebody"));
    assert_eq!(refused.errors("email").as_deref(), Some("This is not an email address; it should look like name@example.com."));
    assert_eq!((refused.value("role").as_deref(), refused.value("message").as_deref()), (Some("editor"), Some("Welcome")));

    // The dialog asks for the form alone, and goes on as a whole page.
    let stamp = stamp(&app).await;
    let fields = [("stamp", stamp.as_str()), ("email", "new@x.test"), ("role", "editor")];
    let sent = olga.posts_part(INVITATIONS, &fields).await;
    assert_eq!((sent.status, sent.header("hx-redirect"), sent.location()), (204, Some(INVITATIONS), None));
    assert!(said(&olga.opens(INVITATIONS).await).contains("on its way to new@x.test"));
    let former = olga.opens(&format!("{INVITATIONS}/new?email=old@x.test")).await;
    assert_eq!(former.value("email").as_deref(), Some("old@x.test"));
}

#[tokio::test]
async fn an_invited_person_joins_by_the_link_in_the_mail() {
    let (app, olga) = northlight().await;
    let sent =
        invites(&olga, &[("email", " New@X.test "), ("role", "editor"), ("message", "Welcome <b>aboard</b> 🎻\nsee you Monday")]).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let row = sent.row("New@X.test").unwrap().join(" | ");
    assert!(row.contains("Editor") && row.contains("Pending") && row.contains("by Olga") && row.contains("On its way"), "{row}");

    let mail = app.mail_to("New@X.test").await;
    assert_eq!(mail.subject, "Olga invites you to Northlight");
    assert!(mail.link().starts_with(&format!("{}/invitations/accept?token=", app.origin())), "{}", mail.link());
    assert!(
        mail.text.contains("Welcome <b>aboard</b> 🎻") && mail.text.contains("\nsee you Monday") && !mail.html.contains("<b>aboard"),
        "{}",
        mail.html
    );
    let stored: i64 = app
        .one(&format!(
            "select count(*) from outbox, invitations where sealed is not null or encode(token_hash, 'escape') = '{}'",
            token(mail.link())
        ))
        .await;
    assert_eq!(stored, 0, "the link is kept nowhere once it went out");

    let newcomer = app.browser();
    let page = newcomer.opens(mail.link()).await;
    assert!(
        page.heading() == "Join Northlight" && page.says("Olga invites New@X.test to join as Editor") && page.says("see you Monday"),
        "{page:?}"
    );
    let joined = page.submits("Join", &[("full_name", "Noor Newman"), ("password", CHOSEN)]).await;
    assert_eq!((joined.status, joined.path.as_str()), (200, "/publishers/northlight"));
    assert_eq!(membership(&app, "new@x.test").await, "editor/publisher/active");
    assert_eq!(trail(&app).await, ["member.invited Olga New@X.test", "invitation.accepted Noor Newman Noor Newman"]);
    assert!(app.one::<bool>("select email_verified_at is not null from users where email_norm = 'new@x.test'").await);

    let after = olga.opens(INVITATIONS).await;
    assert!(after.row("New@X.test").unwrap().join(" ").contains("Accepted"), "{after:?}");
    let profile = after.follows("New@X.test").await;
    assert!(
        profile.heading().contains("Noor Newman") && profile.says("Invited by Olga") && profile.says("accepted the invitation as Editor"),
        "{profile:?}"
    );
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field_and_nothing_is_sent() {
    let (app, olga) = northlight().await;
    app.department("northlight", "A&R").await;
    let long = format!("{}@x.test", "a".repeat(300));
    for email in [
        "",
        "   ",
        "ada",
        "ada@",
        "@x.test",
        "ada@x",
        "a b@x.test",
        "ada@x.test\r\nBcc: b@x.test",
        "ada@x.test, b@x.test",
        "<ada@x.test>",
        "ada\u{0}@x.test",
        "\u{202e}ada@x.test",
        "🎻",
        &long,
    ] {
        let page = invites(&olga, &[("email", email), ("role", "editor")]).await;
        assert_eq!(page.status, 422, "{email:?}");
        assert!(page.errors("email").is_some(), "{email:?}: {page:?}");
    }
    let page = invites(&olga, &[("email", ""), ("role", ""), ("message", &"é".repeat(1001))]).await;
    assert_eq!(page.errors("email").as_deref(), Some("Enter an email address."));
    assert_eq!(page.errors("role").as_deref(), Some("Choose a role."));
    assert_eq!(page.errors("message").as_deref(), Some("Use at most 1000 characters; these are 1001."));
    assert_eq!(page.value("message").unwrap(), "é".repeat(1001));

    let stamp = stamp(&app).await;
    for (field, value) in [
        ("role", "owner"),
        ("role", "' or 1=1 --"),
        ("department", "A&R"),
        ("department", "00000000-0000-0000-0000-000000000000"),
        ("message", "a\u{0}b"),
        ("message", "a\u{202e}b"),
    ] {
        let mut fields = vec![("email", "ada@x.test"), ("role", "editor"), ("stamp", stamp.as_str())];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let page = olga.posts(INVITATIONS, &fields).await;
        assert_eq!(page.status, 422, "{field} {value:?}");
        assert!(page.errors(field).is_some(), "{field} {value:?}: {page:?}");
        assert_eq!(page.value("email").as_deref(), Some("ada@x.test"));
    }
    let markup = invites(&olga, &[("email", "\"><script>alert(1)</script>@x.test"), ("role", "editor")]).await;
    assert!(markup.status == 422 && !markup.body.contains("<script>alert"));
    assert_eq!(app.one::<i64>("select (select count(*) from invitations) + (select count(*) from outbox)").await, 0);
}

#[tokio::test]
async fn a_member_is_not_invited_again_however_the_address_is_written() {
    let (app, olga) = northlight().await;
    app.person("rita@northlight.test").role_in("editor", "northlight").await;
    app.person("sam@northlight.test").role_in("editor", "northlight").suspended().await;
    for email in ["rita@northlight.test", "  RITA@Northlight.Test  "] {
        let page = invites(&olga, &[("email", email), ("role", "viewer")]).await;
        assert_eq!(page.errors("email").as_deref(), Some("Rita is a member already (Editor)."));
    }
    let page = invites(&olga, &[("email", "sam@northlight.test"), ("role", "viewer")]).await;
    assert_eq!(page.errors("email").as_deref(), Some("Sam is a suspended member. Restore them instead."));
    let page = invites(&olga, &[("email", "olga@northlight.test"), ("role", "viewer")]).await;
    assert_eq!(page.status, 422);
    assert_eq!(app.one::<i64>("select count(*) from outbox").await, 0);
}

#[tokio::test]
async fn a_former_member_comes_back_to_the_same_row() {
    let (app, olga) = northlight().await;
    let rita = app.person("rita@northlight.test").in_departments("manager", "northlight", &["A&R"]).removed().await;
    let link = link_for(&app, &olga, "rita@northlight.test", "viewer").await;
    rita.signs_in_as(&rita.email, crate::support::PASSWORD).await;
    let joined = rita.opens(&link).await.submits("Accept and join", &[]).await;
    assert_eq!(joined.path, "/publishers/northlight");
    assert_eq!(membership(&app, "rita@northlight.test").await, "viewer/publisher/active");
    assert_eq!(app.one::<i64>(&format!("select count(*) from user_publishers where user_id = '{}'", rita.id)).await, 1);
    assert_eq!(app.one::<i64>("select count(*) from user_departments").await, 0, "the new reach replaces the old");
}

#[tokio::test]
async fn sending_again_makes_a_new_link_and_ends_the_old_one() {
    let (app, olga) = northlight().await;
    let first = link_for(&app, &olga, "new@x.test", "editor").await;
    let again = olga.opens(INVITATIONS).await.submits("form[action$='/deliveries']", &[]).await;
    assert_eq!(said(&again), "A new link is on its way to new@x.test. The earlier one no longer works.");
    app.run_jobs().await;
    let mails = app.mailbox.to("new@x.test");
    assert_eq!(mails.len(), 2);
    let row = olga.opens(INVITATIONS).await.row("new@x.test").unwrap().join(" ");
    assert!(row.contains("2 times") && row.contains("Sent"), "{row}");

    let old = app.browser().opens(&first).await;
    assert_eq!((old.status, old.heading().as_str()), (410, "A newer link was sent"));
    let refused = app.browser().posts("/invitations/accept", &[("token", token(&first)), ("full_name", "New"), ("password", CHOSEN)]).await;
    assert_eq!(refused.status, 410);
    assert_eq!(app.browser().opens(mails[1].link()).await.heading(), "Join Northlight");
    assert_eq!(trail(&app).await.last().unwrap(), "invitation.resent Olga new@x.test");
}

#[tokio::test]
async fn a_lapsed_link_says_so_and_is_brought_back_by_sending_again() {
    let (app, olga) = northlight().await;
    let first = link_for(&app, &olga, "new@x.test", "editor").await;
    app.clock.forward(time::Duration::days(7) - time::Duration::minutes(5));
    assert_eq!(app.browser().opens(&first).await.status, 200);
    app.clock.forward(time::Duration::minutes(6));
    let late = app.browser().opens(&first).await;
    assert_eq!((late.status, late.heading().as_str()), (410, "This invitation has lapsed"));
    assert!(late.says("Ask Olga to send it again"), "{late:?}");
    let refused = app.browser().posts("/invitations/accept", &[("token", token(&first)), ("full_name", "New"), ("password", CHOSEN)]).await;
    assert_eq!(refused.status, 410);
    assert_eq!(membership(&app, "new@x.test").await, "none");

    olga.signs_in().await;
    let list = olga.opens(&format!("{INVITATIONS}?state=lapsed")).await;
    assert!(list.row("new@x.test").unwrap().join(" ").contains("Lapsed"), "{list:?}");
    list.submits("Send again", &[]).await;
    let second = app.mail_to("new@x.test").await;
    assert_eq!(app.browser().opens(second.link()).await.status, 200);
}

#[tokio::test]
async fn inviting_an_open_address_again_takes_the_new_role_and_message() {
    let (app, olga) = northlight().await;
    let first = link_for(&app, &olga, "new@x.test", "manager").await;
    app.clock.forward(time::Duration::days(8));
    olga.signs_in().await;
    invites(&olga, &[("email", "NEW@x.test"), ("role", "viewer"), ("message", "The second try")]).await;
    let second = app.mail_to("NEW@x.test").await;
    assert!(second.text.contains("The second try"));
    assert_eq!(app.one::<i64>("select count(*) from invitations").await, 1);
    assert_eq!(app.browser().opens(&first).await.status, 410);
    app.browser().opens(second.link()).await.submits("Join", &[("full_name", "New"), ("password", CHOSEN)]).await;
    assert_eq!(membership(&app, "new@x.test").await, "viewer/publisher/active");
}

#[tokio::test]
async fn a_revoked_invitation_says_so_to_both_sides() {
    let (app, olga) = northlight().await;
    let link = link_for(&app, &olga, "new@x.test", "editor").await;
    let second_tab = olga.opens(INVITATIONS).await;
    let revoked = olga.opens(INVITATIONS).await.submits("form[action$='/revocation']", &[]).await;
    assert!(revoked.row("new@x.test").unwrap().join(" ").contains("Revoked"), "{revoked:?}");

    let dead = app.browser().opens(&link).await;
    assert_eq!((dead.status, dead.heading().as_str()), (410, "This invitation was revoked"));
    let late = second_tab.submits("form[action$='/deliveries']", &[]).await;
    assert_eq!(late.status, 409);
    assert!(late.says("The invitation of new@x.test has been revoked"), "{late:?}");
    app.run_jobs().await;
    assert_eq!(app.mailbox.to("new@x.test").len(), 1);

    let anew = link_for(&app, &olga, "new@x.test", "viewer").await;
    assert_eq!(app.browser().opens(&anew).await.status, 200);
    assert_eq!(app.one::<i64>("select count(*) from invitations").await, 2, "what was revoked stays in the list");
}

#[tokio::test]
async fn the_list_shows_a_row_changed_in_place_and_the_reason_when_it_cannot() {
    let (app, olga) = northlight().await;
    link_for(&app, &olga, "new@x.test", "editor").await;
    let id: Uuid = app.one("select id from invitations").await;
    let stamp = stamp(&app).await;
    let row = olga.posts_part(&format!("{INVITATIONS}/{id}/revocation"), &[("stamp", &stamp)]).await;
    assert_eq!(row.status, 200);
    assert!(row.body.contains("Revoked") && row.body.contains("hx-swap-oob") && !row.body.contains("<html"), "{}", row.body);
    let again = olga.posts_part(&format!("{INVITATIONS}/{id}/revocation"), &[("stamp", &stamp)]).await;
    assert_eq!(again.status, 409);
    assert!(again.body.contains("has been revoked") && again.body.contains(&format!("invitation-{id}")), "{}", again.body);
}

#[tokio::test]
async fn mail_that_cannot_be_delivered_shows_its_reason() {
    let (app, olga) = northlight().await;
    invites(&olga, &[("email", "reject@x.test"), ("role", "editor")]).await;
    app.run_jobs().await;
    let row = olga.opens(INVITATIONS).await.row("reject@x.test").unwrap().join(" ");
    assert!(row.contains("Not delivered") && row.contains("550"), "{row}");

    invites(&olga, &[("email", "defer@x.test"), ("role", "editor")]).await;
    app.run_jobs().await;
    let row = olga.opens(INVITATIONS).await.row("defer@x.test").unwrap().join(" ");
    assert!(row.contains("On its way") && row.contains("451"), "{row}");
    app.clock.forward(time::Duration::seconds(15));
    app.run_jobs().await;
    let row = olga.opens(INVITATIONS).await.row("defer@x.test").unwrap().join(" ");
    assert!(row.contains("Sent") && !row.contains("451"), "{row}");
}

#[tokio::test]
async fn states_and_addresses_narrow_the_list_and_pages_hold_each_once() {
    let (app, olga) = northlight().await;
    let publisher = app.publisher("northlight").await;
    app.sql(&format!(
        "insert into invitations (publisher_id, id, email, email_norm, role_id, token_hash, invited_by, created_at, sent_at, expires_at)
         select '{publisher}', gen_random_uuid(), 'p' || n || '@x.test', 'p' || n || '@x.test', (select id from roles where key = 'viewer'), sha256(n::text::bytea), '{}',
                now(), now(), now() + case when n % 2 = 0 then interval '1 day' else interval '-1 day' end from generate_series(1, 120) n",
        olga.id
    ))
    .await;
    let mut page = olga.opens(&format!("{INVITATIONS}?state=lapsed")).await;
    let mut seen: Vec<String> = page.rows().into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(seen.len(), 50);
    assert!(page.says("Showing 50 of 60"), "{page:?}");
    page = page.follows("Next").await;
    seen.extend(page.rows().into_iter().map(|row| row[0].clone()));
    assert!(page.link("Next").is_none());
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 60);
    assert_eq!(olga.opens(&format!("{INVITATIONS}?q=P12@x")).await.rows().len(), 1);
    assert!(olga.opens(&format!("{INVITATIONS}?q=%25&state=accepted")).await.says("Nothing matches"));
    for odd in ["?after=x", "?after=00000000-0000-0000-0000-000000000000", "?state=%00&q=%00'\"<", "?email=<script>"] {
        assert_eq!(olga.opens(&format!("{INVITATIONS}{odd}")).await.status, 200, "{odd}");
    }
}

#[tokio::test]
async fn ids_of_another_publisher_lead_nowhere() {
    let (app, olga) = northlight().await;
    let elsewhere = app.person("eve@ember-oak.test").admin_of("ember-oak").await;
    let (department, songwriter) = (app.department("ember-oak", "A&R").await, app.songwriter("ember-oak", "Ada Lind").await);
    elsewhere.signs_in().await;
    elsewhere
        .opens("/publishers/ember-oak/invitations")
        .await
        .submits("Send invitation", &[("email", "new@x.test"), ("role", "editor")])
        .await;
    let theirs: Uuid = app.one("select id from invitations").await;
    for what in ["deliveries", "revocation"] {
        for id in [theirs.to_string(), app.new_id().to_string(), "x".to_owned(), "%00".to_owned()] {
            assert_eq!(acts(&app, &olga, &format!("{INVITATIONS}/{id}/{what}"), &[]).await.status, 404, "{id} {what}");
        }
    }
    let page = acts(&app, &olga, INVITATIONS, &[("email", "n@x.test"), ("role", "editor"), ("department", &department.to_string())]).await;
    assert!(page.status == 422 && page.errors("department").is_none_or(|words| words.contains("Choose one")), "{page:?}");
    let page = acts(&app, &olga, INVITATIONS, &[("email", "n@x.test"), ("role", "creator"), ("songwriter", &songwriter.to_string())]).await;
    assert_eq!(page.status, 422, "{page:?}");
    assert_eq!(app.one::<i64>("select count(*) from invitations where revoked_at is null and sent_count = 1").await, 1);
}

#[tokio::test]
async fn an_invitation_its_inviter_may_no_longer_send_is_listed_as_lapsed_and_mended_by_sending_again() {
    for undone in [
        "update user_publishers set role_id = (select id from roles where key = 'manager') where user_id = '$mara'",
        "update user_publishers set status = 'removed' where user_id = '$mara'",
    ] {
        let (app, olga) = northlight().await;
        let mara = app.person("mara@northlight.test").admin_of("northlight").await;
        mara.signs_in().await;
        let first = link_for(&app, &mara, "friend@x.test", "editor").await;
        assert!(olga.opens(&format!("{INVITATIONS}?state=pending")).await.row("friend@x.test").is_some());
        app.sql(&undone.replace("$mara", &mara.id.to_string())).await;

        assert!(olga.opens(&format!("{INVITATIONS}?state=pending")).await.row("friend@x.test").is_none(), "{undone}");
        let list = olga.opens(&format!("{INVITATIONS}?state=lapsed")).await;
        let row = list.row("friend@x.test").unwrap().join(" ");
        assert!(row.contains("Lapsed Mara may no longer grant this. Send it again to make a link that works."), "{row}");
        let home = olga.opens("/publishers/northlight").await;
        assert!(home.says("No open invitation") && home.says("Lapsed invitations"), "{home:?}");
        let dead = app.browser().opens(&first).await;
        assert_eq!((dead.status, dead.heading().as_str()), (410, "This invitation has lapsed"));
        assert!(dead.says("Ask an admin of Northlight to send it again."), "{dead:?}");

        list.submits("Send again to friend@x.test", &[]).await;
        let row = olga.opens(&format!("{INVITATIONS}?state=pending")).await.row("friend@x.test").unwrap().join(" ");
        assert!(row.contains("by Olga") && row.contains("Pending"), "{row}");
        let second = app.mail_to("friend@x.test").await;
        assert_eq!(app.browser().opens(second.link()).await.heading(), "Join Northlight");
    }
}

#[tokio::test]
async fn an_invitation_into_a_department_its_inviter_has_left_is_dead() {
    let (app, _) = northlight().await;
    let head = app.person("head@northlight.test").in_departments("department_admin", "northlight", &["A&R"]).await;
    head.signs_in().await;
    let link = link_for(&app, &head, "friend@x.test", "editor").await;
    assert_eq!(app.browser().opens(&link).await.status, 200);
    let copyright = app.department("northlight", "Copyright").await;
    app.sql(&format!("update user_departments set department_id = '{copyright}' where user_id = '{}'", head.id)).await;
    assert_eq!(app.browser().opens(&link).await.status, 410);
    let refused = app.browser().posts("/invitations/accept", &[("token", token(&link)), ("full_name", "New"), ("password", CHOSEN)]).await;
    assert_eq!((refused.status, membership(&app, "friend@x.test").await.as_str()), (410, "none"));
    let row = head.opens(INVITATIONS).await.row("friend@x.test").unwrap().join(" ");
    assert!(row.contains("Lapsed Head may no longer grant this.") && !row.contains("Send"), "{row}");
}
