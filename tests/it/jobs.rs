//! The queue: done once, tried again, given up, taken over.

use crate::support::App;
use ledgerline::{
    access::State,
    clock::Chance,
    error::Refusal,
    jobs::{self, ATTEMPTS, NewJob, Outcome, Registry, Wake, Worker},
    moments::Moments,
};
use serde_json::json;
use std::sync::{Arc, Mutex};
use time::Duration;
use uuid::Uuid;

/// What the handlers of a test were called with.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<(String, i32)>>>);

impl Calls {
    fn add(&self, what: &str, attempt: i32) {
        self.0.lock().unwrap().push((what.to_owned(), attempt));
    }
    fn all(&self) -> Vec<(String, i32)> {
        self.0.lock().unwrap().clone()
    }
}

fn moments(app: &App, seed: u64) -> Moments {
    Moments { clock: app.clock.clone(), chance: Chance::seeded(seed) }
}

/// A worker whose jobs do what their payload says.
fn worker(app: &App, calls: &Calls) -> Worker<State> {
    let (mut registry, calls, told) = (Registry::default(), calls.clone(), calls.clone());
    registry.on("test", move |_: State, job| {
        let calls = calls.clone();
        async move {
            let what: String = job.read()?;
            calls.add(&what, job.attempt);
            match what.as_str() {
                "fails once" if job.attempt == 1 => Ok(Outcome::Retry { reason: "not\nyet".into() }),
                "never works" => Ok(Outcome::Retry { reason: "the other side is away".into() }),
                "is hopeless" => Ok(Outcome::GiveUp { reason: "no such thing".into() }),
                "breaks" if job.attempt == 1 => Err(Refusal::rule("odd", "Odd.").into()),
                "panics" if job.attempt == 1 => panic!("as asked"),
                _ => Ok(Outcome::Done),
            }
        }
    });
    registry.given_up("test", move |_: State, job, own_words| {
        let told = told.clone();
        async move {
            told.add(&format!("given up: {}", own_words.as_deref().unwrap_or("no words of its own")), job.attempt);
            Ok(())
        }
    });
    Worker::new(app.state.pools().clone(), moments(app, 1000), registry, app.state.clone(), Wake::default())
}

async fn enqueue(app: &App, seed: u64, what: &str) -> Uuid {
    let job = NewJob { kind: "test", for_publisher: None, for_user: None, payload: json!(what), run_at: app.clock.now() };
    jobs::enqueue(&mut app.database.connect().await, &moments(app, seed), job).await.unwrap()
}

async fn ended(app: &App, id: Uuid) -> String {
    app.one(&format!(
        "select coalesce(outcome, 'open') || ' after ' || attempts || coalesce(': ' || last_error, '') from jobs where id = '{id}'"
    ))
    .await
}

#[tokio::test]
async fn a_job_is_done_once() {
    let (app, calls) = (App::start().await, Calls::default());
    let worker = worker(&app, &calls);
    let id = enqueue(&app, 1, "works").await;
    worker.run_due().await.unwrap();
    worker.run_due().await.unwrap();
    assert_eq!(calls.all(), [("works".to_owned(), 1)]);
    assert_eq!(ended(&app, id).await, "done after 1");
}

#[tokio::test]
async fn what_fails_comes_again_after_a_pause() {
    let (app, calls) = (App::start().await, Calls::default());
    let worker = worker(&app, &calls);
    for what in ["fails once", "breaks", "panics"] {
        let id = enqueue(&app, 1, what).await;
        worker.run_due().await.unwrap();
        assert!(ended(&app, id).await.starts_with("open after 1: "), "{what}");
        worker.run_due().await.unwrap();
        assert!(ended(&app, id).await.starts_with("open after 1: "), "{what} came back without a pause");
        app.clock.forward(Duration::seconds(11));
        worker.run_due().await.unwrap();
        assert!(ended(&app, id).await.starts_with("done after 2"), "{what}");
        assert_eq!(calls.all().iter().filter(|(called, _)| called == what).count(), 2);
    }
    let reasons: Vec<String> = app.list("select last_error from jobs where kind = 'test' order by id").await;
    assert!(reasons.contains(&"not yet".to_owned()) && reasons.contains(&"Odd.".to_owned()), "{reasons:?}");
}

#[tokio::test]
async fn what_never_works_is_given_up_and_kept_for_whoever_asks() {
    let (app, calls) = (App::start().await, Calls::default());
    let worker = worker(&app, &calls);
    let (never, hopeless) = (enqueue(&app, 1, "never works").await, enqueue(&app, 2, "is hopeless").await);
    for _ in 0..ATTEMPTS + 3 {
        worker.run_due().await.unwrap();
        app.clock.forward(Duration::minutes(61));
    }
    assert_eq!(ended(&app, never).await, format!("gave_up after {ATTEMPTS}: the other side is away"));
    assert_eq!(ended(&app, hopeless).await, "gave_up after 1: no such thing");
    let told: Vec<(String, i32)> = calls.all().into_iter().filter(|(what, _)| what.starts_with("given up")).collect();
    assert_eq!(told, [("given up: no such thing".to_owned(), 1), ("given up: no words of its own".to_owned(), ATTEMPTS)]);
    assert_eq!(calls.all().len(), ATTEMPTS as usize + 1 + told.len());
}

#[tokio::test]
async fn a_job_whose_worker_died_is_taken_over_when_its_lease_is_over() {
    let (app, calls) = (App::start().await, Calls::default());
    let worker = worker(&app, &calls);
    let id = enqueue(&app, 1, "works").await;
    let now = app.clock.now();
    sqlx::query("update jobs set attempts = 1, locked_until = $2 where id = $1")
        .bind(id)
        .bind(now + Duration::seconds(60))
        .execute(&app.owner)
        .await
        .unwrap();
    worker.run_due().await.unwrap();
    assert_eq!(calls.all(), [], "the lease is the other's");
    app.clock.forward(Duration::seconds(61));
    worker.run_due().await.unwrap();
    assert_eq!(calls.all(), [("works".to_owned(), 2)]);
    assert_eq!(ended(&app, id).await, "done after 2");
    // One that dies each time is given up too.
    let id = enqueue(&app, 2, "works").await;
    app.sql(&format!("update jobs set attempts = {ATTEMPTS} where id = '{id}'")).await;
    worker.run_due().await.unwrap();
    assert_eq!(ended(&app, id).await, format!("gave_up after {}: each attempt ended with the worker", ATTEMPTS + 1));
    assert_eq!(calls.all().last(), Some(&("given up: no words of its own".to_owned(), ATTEMPTS + 1)));
}

#[tokio::test]
async fn two_workers_share_the_queue_and_no_job() {
    let (app, calls) = (App::start().await, Calls::default());
    let (one, other) = (worker(&app, &calls), worker(&app, &calls));
    for n in 0..60 {
        enqueue(&app, n, &format!("job {n}")).await;
    }
    let (first, second) = tokio::join!(one.run_due(), other.run_due());
    assert!(first.unwrap() + second.unwrap() >= 60);
    let mut done: Vec<String> = calls.all().into_iter().map(|(what, _)| what).collect();
    done.sort();
    done.dedup();
    assert_eq!((calls.all().len(), done.len()), (60, 60));
}

#[tokio::test]
async fn what_comes_round_comes_once_a_turn_however_many_instances_there_are() {
    let app = App::start().await;
    let other = app.another().await;
    for _ in 0..3 {
        app.run_jobs().await;
        other.run_jobs().await;
        app.clock.forward(Duration::days(1));
    }
    let sweeps: Vec<i64> = app.list("select count(*) from jobs where kind = 'jobs.sweep' group by run_at").await;
    assert_eq!(sweeps, [1, 1, 1]);
    app.clock.forward(Duration::days(20));
    app.run_jobs().await;
    assert_eq!(app.one::<i64>("select count(*) from jobs where finished_at < now()").await, 0, "what ended long ago is forgotten");
}

#[tokio::test]
async fn a_job_is_enqueued_with_its_cause_or_not_at_all() {
    let (app, calls) = (App::start().await, Calls::default());
    let worker = worker(&app, &calls);
    let mut work = app.owner.begin().await.unwrap();
    let job = NewJob { kind: "test", for_publisher: None, for_user: None, payload: json!("works"), run_at: app.clock.now() };
    jobs::enqueue(&mut work, &moments(&app, 1), job).await.unwrap();
    work.rollback().await.unwrap();
    worker.run_due().await.unwrap();
    assert_eq!(calls.all(), []);
}
