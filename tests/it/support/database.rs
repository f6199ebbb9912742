//! One database for each test, copied from a template that has every migration.

use ledgerline::{
    clock::{Chance, Clock},
    db::{
        self,
        cluster::{Cluster, Lease},
    },
    secret::SecretKey,
};
use sqlx::{Connection, Executor, PgConnection, postgres::PgConnectOptions};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// Any key would do; it makes the passwords of the roles, which all tests share.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// One builder of the template at a time.
const TEMPLATE_LOCK: i64 = 8_150_021;
/// Databases of tests that were killed go after so many seconds.
const FORGOTTEN_AFTER: i64 = 900;

/// A database that goes with the test.
pub struct Database {
    name: String,
    /// The superuser's way in, whose sight row security does not narrow.
    pub owner: PgConnectOptions,
}

impl Database {
    /// The schema of this program, and not a row of anybody's.
    pub async fn new() -> Self {
        let template = template().await;
        let database = Self::create(&format!(" template {template} strategy file_copy")).await;
        // Rights on a database are not copied with it.
        let owner = database.connect().await;
        run(
            owner,
            &format!(
                "revoke all on database {0} from public; grant connect on database {0} to {1}, {2}, {3}",
                database.name,
                db::APP,
                db::AUTH,
                db::PLATFORM
            ),
        )
        .await;
        database
    }

    /// A database without a schema; the roles are there.
    pub async fn empty() -> Self {
        template().await;
        Self::create("").await
    }

    async fn create(how: &str) -> Self {
        let server = server().await;
        let (now, chance) = (Clock::real().now().unix_timestamp(), Chance::real());
        let name = format!("t{now:011}_{:016x}", u64::from_be_bytes(chance.bytes()));
        run(connect(server).await, &format!("create database {name}{how}")).await;
        sweep(now).await;
        Self { owner: server.clone().database(&name), name }
    }

    /// As `DATABASE_URL` names it to a program.
    pub fn url(&self) -> String {
        let socket = self.owner.get_socket().expect("the server listens on a socket").display().to_string();
        format!("postgres://postgres@localhost/{}?host={}", self.name, socket.replace('/', "%2F"))
    }

    pub async fn connect(&self) -> PgConnection {
        connect(&self.owner).await
    }

    /// A connection as one of the program's own roles, under row security.
    pub async fn connect_as(&self, role: &str) -> PgConnection {
        connect(&db::login(&self.owner, role, &key())).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (name, server) = (self.name.clone(), self.owner.clone().database("postgres"));
        // The test's runtime may be going down, and a drop cannot wait for it.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { run(connect(&server).await, &format!("drop database if exists {name} with (force)")).await });
        });
        let _ = dropping.join();
    }
}

pub fn key() -> SecretKey {
    KEY.parse().unwrap()
}

pub fn key_text() -> &'static str {
    KEY
}

pub fn silent() -> db::Progress {
    Arc::new(|_: &str| {})
}

/// The maintenance database of a server that all tests of this user share; the last one's watchdog deletes it.
async fn server() -> &'static PgConnectOptions {
    static LEASE: OnceLock<Lease> = OnceLock::new();
    let lease = tokio::task::spawn_blocking(|| {
        LEASE.get_or_init(|| {
            let cluster = Cluster::throwaway().watched_by(env!("CARGO_BIN_EXE_ledgerline").into(), Duration::from_secs(20));
            cluster.acquire(&Chance::real(), &silent()).unwrap_or_else(|error| panic!("no PostgreSQL for the tests: {error}"))
        })
    });
    &lease.await.unwrap().options
}

/// The name of the template for this state of the migrations, made by whichever test comes first.
async fn template() -> &'static str {
    static NAME: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    NAME.get_or_init(|| async {
        let server = server().await;
        let name = format!("tpl_{}", db::checksum());
        let mut connection = connect(server).await;
        connection.execute(format!("select pg_advisory_lock({TEMPLATE_LOCK})").as_str()).await.unwrap();
        let ready = sqlx::query_scalar::<_, bool>("select exists (select from pg_database where datname = $1 and datistemplate)");
        if !ready.bind(&name).fetch_one(&mut connection).await.unwrap() {
            for statement in [format!("drop database if exists {name} with (force)"), format!("create database {name}")] {
                connection.execute(statement.as_str()).await.unwrap();
            }
            db::prepare(&server.clone().database(&name), &key(), &silent()).await.unwrap();
            connection.execute(format!("alter database {name} with is_template true allow_connections false").as_str()).await.unwrap();
        }
        connection.close().await.unwrap();
        name
    })
    .await
}

async fn sweep(now: i64) {
    let mut connection = connect(server().await).await;
    let old: Vec<String> =
        sqlx::query_scalar(r"select datname::text from pg_database where datname ~ '^t\d{11}_' and datname < $1 limit 3")
            .bind(format!("t{:011}", now - FORGOTTEN_AFTER))
            .fetch_all(&mut connection)
            .await
            .unwrap();
    for name in old {
        // Another test may have been quicker.
        let _ = connection.execute(format!("drop database if exists {name} with (force)").as_str()).await;
    }
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(options).await.unwrap()
}

/// One statement at a time: databases cannot be made inside a transaction.
async fn run(mut connection: PgConnection, sql: &str) {
    for statement in sql.split("; ") {
        connection.execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    connection.close().await.unwrap();
}
