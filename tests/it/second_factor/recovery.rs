//! Recovery codes.

use super::{at_second_step, events, is_in, olga, told};
use crate::support::{App, PASSWORD, Page, Person};
use time::Duration;

async fn recovers(person: &Person, code: &str) -> Page {
    let step = at_second_step(person).await.follows("Use a recovery code instead").await;
    assert!(step.link("Use a code from your app instead").is_some());
    step.submits("Sign in", &[("code", code)]).await
}

fn is_inside(page: &Page) -> bool {
    page.status == 200 && !page.path.starts_with("/sign-in")
}

#[tokio::test]
async fn each_code_works_once_however_it_is_typed() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (_, codes) = olga.enrols(&app).await;
    let page = recovers(&olga, &codes[0]).await;
    assert!(is_inside(&page) && page.flash().is_none(), "{page:?}");
    assert_eq!(told(&app, &olga, "A recovery code was used").await, 1);
    assert_eq!(events(&app, "recovery_code_used").await, 1);
    let again = recovers(&olga, &codes[0]).await;
    assert_eq!((again.status, again.link("Use a code from your app instead").is_some()), (422, true), "the same way is asked again");
    assert!(is_inside(&recovers(&olga, &codes[1].to_lowercase().replace('-', " ")).await));
    // In the field for the app's code too.
    assert!(is_inside(&at_second_step(&olga).await.submits("Sign in", &[("code", &codes[2])]).await));
    assert!(!is_inside(&recovers(&olga, "AAAAAA-AAAAAA-AAAAAA-AAAAAA").await));
    assert_eq!(olga.opens("/me/mfa/recovery-codes").await.first("main h2").as_deref(), Some("7 codes left"));
}

#[tokio::test]
async fn whoever_has_few_left_is_warned() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (_, codes) = olga.enrols(&app).await;
    for (used, code) in codes.iter().enumerate() {
        let page = recovers(&olga, code).await;
        let expected = match 9 - used {
            0 => Some("That was your last recovery code. Make a new set under Security, Recovery codes.".to_owned()),
            1 => Some("You have 1 recovery code left. Make a new set under Security, Recovery codes.".to_owned()),
            left @ 2..=3 => Some(format!("You have {left} recovery codes left. Make a new set under Security, Recovery codes.")),
            _ => None,
        };
        assert_eq!((page.path.as_str(), page.flash()), ("/publishers/northlight", expected));
        let notice = page.follows("Security").await.first(".stack .notice b");
        match 9 - used {
            0 => assert_eq!(notice.as_deref(), Some("You have no recovery codes")),
            1..=3 => assert_eq!(notice.as_deref(), Some("Few recovery codes are left")),
            _ => assert_eq!(notice, None),
        }
    }
}

#[tokio::test]
async fn a_new_set_voids_the_old_and_is_shown_once() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (phone, old) = olga.enrols(&app).await;
    let elsewhere = olga.elsewhere();
    let step = elsewhere.signs_in_as(&olga.email, PASSWORD).await;
    step.submits("Sign in", &[("code", &phone.code(app.clock.now()))]).await;
    assert!(is_in(&elsewhere).await);

    app.clock.forward(Duration::minutes(11));
    let page = olga.opens("/me/mfa/recovery-codes").await;
    let asked = page.submits("Make new codes", &[]).await;
    assert_eq!(asked.heading(), "Confirm that it is you", "it takes a fresh proof");
    let shown = asked.submits("Confirm", &[("proof_code", &phone.code(app.clock.now()))]).await;
    let new = shown.all(".codes code");
    assert_eq!((new.len(), new.iter().any(|code| old.contains(code))), (10, false));
    assert!(!is_in(&elsewhere).await, "other sessions end");
    assert_eq!((told(&app, &olga, "New recovery codes").await, events(&app, "recovery_codes_renewed").await), (1, 1));

    // Reloaded, the page would send its form again: that voids nothing and shows nothing.
    let again = page.submits("Make new codes", &[]).await;
    assert_eq!((again.status, again.has(".codes")), (409, false));
    assert!(again.summary().unwrap().starts_with("A new set was made in the meantime"));
    assert!(!olga.opens("/me/mfa/recovery-codes").await.body.contains(&new[0]));
    assert!(!is_inside(&recovers(&olga, &old[0]).await));
    assert!(is_inside(&recovers(&olga, &new[0]).await));
}

#[tokio::test]
async fn codes_are_taken_home_as_a_file_and_by_their_owner_only() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (_, codes) = olga.enrols(&app).await;
    let page = olga.opens("/me/mfa/recovery-codes").await.submits("Make new codes", &[]).await;
    let new = page.all(".codes code");
    let file = page.submits("Download", &[]).await;
    assert_eq!((file.status, file.path.as_str()), (200, "/me/mfa/recovery-codes/download"));
    assert_eq!(file.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"ledgerline-recovery-codes.txt\""));
    assert_eq!(file.header("cache-control"), Some("no-store"));
    assert!(file.body.contains("olga.berg@northlight.test"));
    assert_eq!(file.body.lines().filter(|line| new.iter().any(|code| code == line)).count(), 10);
    assert_eq!(page.attribute("[data-copy]", "data-copy"), Some(new.join("\n")));

    let bo = app.person("bo@northlight.test").viewer_of("northlight").await;
    bo.signs_in().await;
    let url = "/me/mfa/recovery-codes/download";
    assert_eq!(bo.posts(url, &[("codes", &new.join("\n"))]).await.status, 409, "another person's");
    for typed in [codes.join("\n"), String::new(), format!("{}\nand a line of one's own", new.join("\n"))] {
        assert_eq!(olga.posts(url, &[("codes", &typed)]).await.status, 409, "{typed}");
    }
}

#[tokio::test]
async fn without_a_factor_there_is_nothing_to_recover() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let page = olga.opens("/me/mfa/recovery-codes").await;
    assert!(page.says("Nothing to recover") && !page.has("form[action='/me/mfa/recovery-codes']"));
    assert_eq!(olga.posts("/me/mfa/recovery-codes", &[("replaces", "")]).await.status, 409);
    assert_eq!(app.one::<i64>("select count(*) from recovery_codes").await, 0);
}
