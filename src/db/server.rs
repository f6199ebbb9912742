//! The server the program works on: named by `DATABASE_URL`, or the private cluster.

use std::{
    env,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::{sleep, timeout},
};

use super::{
    Pools, Progress, StartError,
    cluster::{Cluster, Lease, OLDEST},
    error::{code, in_one_line},
    migrate, roles,
};
use crate::{
    clock::Chance,
    config::{DatabaseUrl, SettingError, Settings},
    secret::SecretKey,
};

/// Name of our database in the private cluster.
const DATABASE: &str = "ledgerline";
/// How long the private server outlives a killed program.
const LINGER: Duration = Duration::from_millis(500);
/// A server that does not even refuse within this time is not there.
const PATIENCE: Duration = Duration::from_secs(10);
/// The driver would take these from the environment, and nothing can take them back.
const STRAY: [&str; 4] = ["PGOPTIONS", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY"];

/// How often the private server is looked after.
const ROUND: Duration = Duration::from_secs(1);

/// A reachable server and the way in of the role that owns the schema.
pub struct Server {
    owner: PgConnectOptions,
    private: Option<Keeper>,
}

/// Keeps the private server running for as long as the program uses it.
struct Keeper {
    lease: Arc<Mutex<Option<Lease>>>,
    /// One task, which ends when this is dropped.
    rounds: JoinSet<()>,
}

impl Server {
    /// Starts or joins the private cluster, or reaches the server of `DATABASE_URL`.
    pub async fn reach(settings: &Settings, chance: &Chance, progress: &Progress) -> Result<Self, StartError> {
        refuse_stray_environment()?;
        let server = match &settings.database_url {
            Some(url) => Self { owner: options(url)?, private: None },
            None => {
                settings.make_data_dir()?;
                let program = env::current_exe().unwrap_or_else(|_| PathBuf::from(env!("CARGO_PKG_NAME")));
                let cluster = Cluster::in_data_dir(&settings.data_dir, settings.pg_bin_dir.clone()).watched_by(program, LINGER);
                let (chance, progress) = (chance.clone(), progress.clone());
                let lease = spawn_blocking(move || cluster.acquire(&chance, &progress)).await;
                let lease = lease.map_err(|_| StartError::Cluster("interrupted".into()))??;
                Self::of_lease(lease).await?
            }
        };
        let mut connection = server.connect().await?;
        require_version(&mut connection).await?;
        connection.close().await?;
        Ok(server)
    }

    async fn of_lease(lease: Lease) -> Result<Self, StartError> {
        let mut maintenance = connect(&lease.options).await?;
        make_database(&mut maintenance).await?;
        maintenance.close().await?;
        Ok(Self { owner: lease.options.clone().database(DATABASE), private: Some(Keeper::new(lease)) })
    }

    /// How the owner of the schema connects; for migrations, checks and tests, never for requests.
    pub fn owner(&self) -> &PgConnectOptions {
        &self.owner
    }

    /// A connection of the owner.
    pub async fn connect(&self) -> Result<PgConnection, StartError> {
        connect(&self.owner).await
    }

    /// Roles, then migrations, then the pools.
    pub async fn open(&self, key: &SecretKey, connections: u32, progress: &Progress) -> Result<Pools, StartError> {
        self.prepare(key, progress).await?;
        Pools::open(&self.owner, key, connections).await
    }

    /// Makes the roles and applies the pending migrations; of several programs that start at once,
    /// one does it and the others find it done.
    pub async fn prepare(&self, key: &SecretKey, progress: &Progress) -> Result<(), StartError> {
        prepare(&self.owner, key, progress).await
    }

    /// Gives the private cluster up; true when it was stopped. Close the pools first.
    pub async fn release(self) -> Result<bool, StartError> {
        match self.private {
            Some(keeper) => keeper.release().await,
            None => Ok(false),
        }
    }
}

impl Keeper {
    fn new(lease: Lease) -> Self {
        let lease = Arc::new(Mutex::new(Some(lease)));
        let kept = lease.clone();
        let mut rounds = JoinSet::new();
        rounds.spawn(async move {
            loop {
                sleep(ROUND).await;
                let kept = kept.clone();
                let revived = spawn_blocking(move || locked(&kept).as_ref().map_or(Ok(false), Lease::revive)).await;
                match revived {
                    Ok(Ok(true)) => tracing::warn!("the private PostgreSQL had died and was started again"),
                    Ok(Err(error)) => tracing::error!("{error}"),
                    Ok(Ok(false)) | Err(_) => {}
                }
            }
        });
        Self { lease, rounds }
    }

    async fn release(self) -> Result<bool, StartError> {
        drop(self.rounds);
        let released = spawn_blocking(move || locked(&self.lease).take().map_or(Ok(false), Lease::release)).await;
        released.map_err(|_| StartError::Cluster("interrupted".into()))?
    }
}

/// A panic elsewhere must not keep the server from being stopped.
fn locked(lease: &Mutex<Option<Lease>>) -> MutexGuard<'_, Option<Lease>> {
    lease.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Roles and migrations, for a database whose owner connects by `owner`.
pub async fn prepare(owner: &PgConnectOptions, key: &SecretKey, progress: &Progress) -> Result<(), StartError> {
    roles::prepare(owner, key).await?;
    migrate::migrate(owner, progress).await
}

fn refuse_stray_environment() -> Result<(), StartError> {
    match STRAY.iter().find(|name| env::var_os(name).is_some()) {
        None => Ok(()),
        Some(name) => Err(StartError::Setting(SettingError {
            variable: (*name).to_owned(),
            reason: "unset it; Ledgerline takes the way to its database from DATABASE_URL alone".into(),
        })),
    }
}

/// Every field is set, because the driver fills those left out from `PG…` variables.
fn options(url: &DatabaseUrl) -> Result<PgConnectOptions, StartError> {
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(&url.host)
        .port(url.port)
        .username(&url.user)
        .password(&url.password)
        .database(&url.database)
        .ssl_mode(PgSslMode::Prefer);
    if url.host.starts_with('/') {
        options = options.socket(&url.host);
    }
    for (name, value) in &url.tls {
        options = match name.as_str() {
            "sslrootcert" => options.ssl_root_cert(value),
            "sslcert" => options.ssl_client_cert(value),
            "sslkey" => options.ssl_client_key(value),
            _ => options.ssl_mode(value.parse()?),
        };
    }
    Ok(options)
}

/// Connects, or says in a line why not.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StartError> {
    let options = options.clone().application_name("ledgerline owner").options([
        ("statement_timeout", "0"),
        ("lock_timeout", "2s"),
        ("search_path", "public"),
        ("client_min_messages", "warning"),
    ]);
    match timeout(PATIENCE, PgConnection::connect_with(&options)).await {
        Ok(connected) => connected.map_err(|error| explain(&error, &options)),
        Err(_) => {
            Err(StartError::Unreachable { place: place(&options), reason: format!("no answer within {} seconds", PATIENCE.as_secs()) })
        }
    }
}

fn place(options: &PgConnectOptions) -> String {
    let port = options.get_port();
    match options.get_socket() {
        Some(dir) => format!("the PostgreSQL server at {}", dir.join(format!(".s.PGSQL.{port}")).display()),
        None => format!("the PostgreSQL server at {}:{port}", options.get_host()),
    }
}

/// Says which of the usual reasons kept a connection from being made.
pub(super) fn explain(error: &sqlx::Error, options: &PgConnectOptions) -> StartError {
    let (place, reason) = (place(options), in_one_line(error));
    match code(error).as_deref() {
        Some("28P01" | "28000") => StartError::LoginRefused { place, role: options.get_username().to_owned(), reason },
        Some("3D000") => {
            let name = options.get_database().unwrap_or_default().to_owned();
            StartError::NoDatabase { place: format!("the database {name:?}"), name }
        }
        Some(_) => StartError::Database(format!("{place}: {reason}")),
        None => StartError::Unreachable { place, reason },
    }
}

async fn require_version(connection: &mut PgConnection) -> Result<(), StartError> {
    let number: String = sqlx::query_scalar("show server_version_num").fetch_one(&mut *connection).await?;
    if number.parse().is_ok_and(|number: u32| number / 10_000 >= OLDEST) {
        return Ok(());
    }
    let found: String = sqlx::query_scalar("show server_version").fetch_one(connection).await?;
    Err(StartError::TooOld { found })
}

async fn make_database(maintenance: &mut PgConnection) -> Result<(), StartError> {
    roles::lock(maintenance).await?;
    let exists = sqlx::query_scalar("select exists (select from pg_database where datname = $1)");
    if !exists.bind(DATABASE).fetch_one(&mut *maintenance).await? {
        sqlx::raw_sql(&format!("create database {DATABASE}")).execute(maintenance).await?;
    }
    Ok(())
}
