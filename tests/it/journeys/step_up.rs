//! A dangerous act after a while: the proof is asked for in place of the content, and the act is done.

use super::{Chromium, signs_in};
use crate::support::{App, PASSWORD};
use time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_dangerous_act_by_htmx_asks_and_is_done() {
    journey(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dangerous_act_asks_and_is_done_without_javascript() {
    journey(false).await;
}

async fn journey(with_scripts: bool) {
    let Some(chromium) = Chromium::start("a fresh proof, with and without JavaScript") else { return };
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    app.person("rita@northlight.test").role_in("editor", "northlight").await;

    let admin = chromium.machine(with_scripts).await;
    signs_in(&admin, &app, &olga.email).await;
    admin.presses("Members").await;
    admin.sees("2 of 100 seats used").await;
    app.clock.forward(Duration::minutes(11));
    admin.presses("Suspend").await;
    admin.sees("Confirm that it is you").await;
    admin.sees("olga@northlight.test").await;
    assert_eq!(app.one::<i64>("select count(*) from user_publishers where status = 'suspended'").await, 0);
    admin.types("proof_password", "not the right one").await;
    admin.presses("Confirm").await;
    admin.sees("This is not your password.").await;
    admin.types("proof_password", PASSWORD).await;
    admin.presses("Confirm").await;
    admin.sees("Rita is suspended and can no longer come in.").await;
    assert_eq!(app.one::<i64>("select count(*) from audit_entries where action = 'member.suspended'").await, 1);
    // The whole page is there, with what stands around it.
    admin.presses("Members").await;
    admin.sees("1 of 100 seats used").await;
    admin.leaves().await;
}
