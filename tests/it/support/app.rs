//! The program, serving on a database and a mail server of the test's own.

use super::{Browser, Database, Mail, database, mailbox::Mailbox};
use ledgerline::{
    access::State,
    app,
    clock::{Chance, Clock},
    config::Cli,
    db,
    jobs::{Wake, Worker},
    mail::Mailer,
    moments::Moments,
};
use sqlx::{
    PgConnection, PgPool, Postgres,
    postgres::{PgPoolOptions, PgRow},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{net::TcpListener, task::JoinHandle};
use uuid::Uuid;

pub struct App {
    /// The program's clock; `forward` moves it.
    pub clock: Clock,
    /// Connections of the superuser, who sees everything.
    pub owner: PgPool,
    pub state: State,
    pub database: Arc<Database>,
    pub mailbox: Mailbox,
    address: SocketAddr,
    moments: Moments,
    worker: Worker<State>,
    server: JoinHandle<()>,
}

/// Two programs of one process must not draw the same tokens.
static SEED: AtomicU64 = AtomicU64::new(1);

impl App {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With flags of the command line, such as `("--demo", "true")`. An empty value leaves a flag out.
    pub async fn start_with(flags: &[(&str, &str)]) -> Self {
        Self::start_on(Arc::new(Database::new().await), Mailbox::open().await, Clock::real(), flags).await
    }

    /// On a database made by the test.
    pub async fn start_on_database(database: Database) -> Self {
        Self::start_on(Arc::new(database), Mailbox::open().await, Clock::real(), &[]).await
    }

    /// A second instance on the same database and clock.
    pub async fn another(&self) -> Self {
        Self::start_on(self.database.clone(), self.mailbox.clone(), self.clock.clone(), &[]).await
    }

    async fn start_on(database: Arc<Database>, mailbox: Mailbox, clock: Clock, flags: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // Each is named, because the environment of whoever runs the tests may name it otherwise.
        let mut given = vec![
            ("--database-url", "postgres://nobody@localhost/nowhere".to_owned()),
            ("--secret-key", database::key_text().to_owned()),
            ("--public-url", format!("http://localhost:{}", address.port())),
            ("--smtp-url", format!("smtp://{}", mailbox.address)),
            ("--demo", "false".to_owned()),
        ];
        for (flag, value) in flags {
            given.retain(|(name, _)| name != flag);
            given.push((flag, (*value).to_owned()));
        }
        let given = given.into_iter().filter(|(_, value)| !value.is_empty()).map(|(flag, value)| format!("{flag}={value}"));
        let settings = Cli::read(["ledgerline".to_owned()].into_iter().chain(given).map(Into::into)).unwrap().settings;

        let moments = Moments { clock: clock.clone(), chance: Chance::seeded(SEED.fetch_add(1, Ordering::Relaxed)) };
        let pools = db::Pools::open(&database.owner, &database::key(), 6).await.unwrap();
        let public_url = settings.public_url(address.port()).unwrap();
        let mailer = Mailer::new(&settings, &public_url).unwrap();
        let wake = Wake::default();
        let state = State::new(pools.clone(), moments.clone(), Arc::new(settings), database::key(), public_url, mailer, wake.clone());
        let worker = Worker::new(pools, moments.clone(), app::jobs(), state.clone(), wake);
        let service = app::router(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        let owner = PgPoolOptions::new().max_connections(3).connect_with(database.owner.clone()).await.unwrap();
        Self { clock, owner, state, database, mailbox, address, moments, worker, server }
    }

    /// Somebody's browser, not signed in. It speaks plain HTTP, whatever the public address is.
    pub fn browser(&self) -> Browser {
        Browser::new(&format!("http://localhost:{}", self.address.port()), self.address)
    }

    /// `http://localhost:PORT`, as links in mails begin.
    pub fn origin(&self) -> String {
        self.state.public_url().origin()
    }

    pub fn new_id(&self) -> Uuid {
        self.moments.new_id()
    }

    /// Does every job that is due, and what those make due; answers how many. Nothing does them otherwise.
    pub async fn run_jobs(&self) -> usize {
        self.worker.run_due().await.unwrap()
    }

    /// Writes when people were last seen, which the program does every few seconds.
    pub async fn flush(&self) {
        self.state.sessions().flush().await.unwrap();
    }

    /// The newest mail to an address, once all that is due went out.
    pub async fn mail_to(&self, address: &str) -> Mail {
        self.run_jobs().await;
        self.mailbox.to(address).pop().unwrap_or_else(|| panic!("no mail to {address}"))
    }

    /// Runs one statement as the superuser; answers how many rows it touched.
    pub async fn sql(&self, statement: &str) -> u64 {
        sqlx::query(statement).execute(&self.owner).await.unwrap_or_else(|error| panic!("{statement}: {error}")).rows_affected()
    }

    /// The first column of the first row.
    pub async fn one<T>(&self, question: &str) -> T
    where
        T: for<'r> sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres> + Send + Unpin,
        (T,): for<'r> sqlx::FromRow<'r, PgRow>,
    {
        sqlx::query_scalar(question).fetch_one(&self.owner).await.unwrap_or_else(|error| panic!("{question}: {error}"))
    }

    /// The first column of every row.
    pub async fn list<T>(&self, question: &str) -> Vec<T>
    where
        T: for<'r> sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres> + Send + Unpin,
        (T,): for<'r> sqlx::FromRow<'r, PgRow>,
    {
        sqlx::query_scalar(question).fetch_all(&self.owner).await.unwrap_or_else(|error| panic!("{question}: {error}"))
    }

    /// A connection as one of the program's roles ([`db::APP`] …), under row security.
    pub async fn as_role(&self, role: &str) -> PgConnection {
        self.database.connect_as(role).await
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.server.abort();
    }
}
