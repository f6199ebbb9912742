//! Who is known at the door and who is not costs the same work, counted in hashes rather than timed.

use crate::support::{App, PASSWORD};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

/// Counts the events of the module that hashes passwords.
struct Hashes(Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for Hashes {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "ledgerline::sign_in::password" {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// On one thread, so that the server's events are this test's.
#[tokio::test(flavor = "current_thread")]
async fn every_attempt_to_sign_in_is_one_hash() {
    let app = App::start().await;
    for email in ["olga@northlight.test", "gone@northlight.test", "new@northlight.test"] {
        app.person(email).admin_of("northlight").await;
    }
    app.sql("update users set status = 'disabled' where email_norm = 'gone@northlight.test'").await;
    app.sql("update users set password_hash = null where email_norm = 'new@northlight.test'").await;
    let hashes = Arc::new(AtomicUsize::new(0));
    let _listening = tracing_subscriber::registry().with(Hashes(hashes.clone())).set_default();
    for (email, password) in [
        ("olga@northlight.test", PASSWORD),
        ("olga@northlight.test", "wrong"),
        ("nobody@northlight.test", PASSWORD),
        ("nobody", PASSWORD),
        ("gone@northlight.test", PASSWORD),
        ("new@northlight.test", PASSWORD),
    ] {
        hashes.store(0, Ordering::Relaxed);
        let page = app.browser().posts("/sign-in", &[("email", email), ("password", password)]).await;
        assert!([303, 422].contains(&page.status), "{page:?}");
        assert_eq!(hashes.load(Ordering::Relaxed), 1, "{email} with {password:?}");
    }
}
