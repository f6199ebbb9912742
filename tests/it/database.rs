//! A server of one's own, and what stops a start on it. The server is a throw-away cluster.

use std::{fs, path::PathBuf, process::Command, sync::Arc, time::Duration};

use ledgerline::{
    clock::Chance,
    db::cluster::{Cluster, Lease},
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A server of its own for each test, because roles belong to the whole server.
struct Server {
    lease: Option<Lease>,
    options: PgConnectOptions,
    root: PathBuf,
}

impl Server {
    async fn new(name: &str) -> Self {
        let root = PathBuf::from(format!("/dev/shm/ledgerline-{name}-{}", std::process::id()));
        let cluster = Cluster::throwaway_at(root.clone()).watched_by(env!("CARGO_BIN_EXE_ledgerline").into(), Duration::ZERO);
        let acquire = move || cluster.acquire(&Chance::real(), &(Arc::new(|_: &str| {}) as _)).unwrap();
        let lease = tokio::task::spawn_blocking(acquire).await.unwrap();
        Self { options: lease.options.clone(), lease: Some(lease), root }
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        self.options.clone().database(database)
    }

    async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect_with(&self.options(database)).await.unwrap()
    }

    async fn run(&self, database: &str, sql: &str) {
        for statement in sql.split_inclusive(';') {
            sqlx::raw_sql(statement).execute(&mut self.connect(database).await).await.unwrap();
        }
    }

    /// Runs the program with `DATABASE_URL`, and gives success and what it printed.
    async fn program(&self, user: &str, database: &str, args: &'static [&str]) -> (bool, String) {
        let socket = self.options.get_socket().unwrap().display().to_string();
        let url = format!("postgres://{user}@localhost/{database}?host={socket}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_ledgerline"));
        command.args(args).env("DATABASE_URL", url).env("SECRET_KEY", KEY).env("RUST_LOG", "warn");
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        (output.status.success(), String::from_utf8([output.stderr, output.stdout].concat()).unwrap())
    }
}

impl Drop for Server {
    /// The watchdog deletes the data, and leaves the locks.
    fn drop(&mut self) {
        drop(self.lease.take());
        let has_data = || fs::read_dir(&self.root).into_iter().flatten().flatten().any(|entry| entry.path().is_dir());
        for _ in 0..500 {
            if !has_data() {
                let _ = fs::remove_dir_all(&self.root);
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[tokio::test]
async fn an_owner_that_may_not_make_roles_is_told_the_sql() {
    let server = Server::new("roles").await;
    server.run("postgres", "create role plain login; create role plain2 login superuser; create database ours owner plain").await;
    let (ok, text) = server.program("plain", "ours", &["migrate", "up"]).await;
    assert!(!ok);
    assert!(text.contains("the role \"plain\" of DATABASE_URL may not set up the roles of Ledgerline"), "{text}");
    let sql: Vec<&str> = text.lines().filter(|line| line.ends_with(';')).collect();
    assert_eq!(sql.len(), 6, "{text}");
    assert!(sql.contains(&"GRANT ledgerline_gate TO plain;") && sql.contains(&"ALTER ROLE plain BYPASSRLS;"));
    server.run("postgres", &sql.join("\n")).await;
    let (ok, text) = server.program("plain", "ours", &["migrate", "up"]).await;
    assert!(ok, "{text}");
    let (_, text) = server.program("plain", "ours", &["doctor"]).await;
    assert!(text.contains("ok  roles: all there"), "{text}");

    // A role that gained power is put right again.
    server.run("postgres", "alter role ledgerline_app createdb bypassrls").await;
    assert!(server.program("plain2", "ours", &["migrate", "up"]).await.0);
    let mut connection = server.connect("postgres").await;
    let powers = "select rolcreatedb or rolbypassrls from pg_roles where rolname = 'ledgerline_app'";
    assert!(!sqlx::query_scalar::<_, bool>(powers).fetch_one(&mut connection).await.unwrap());
}

#[tokio::test]
async fn a_missing_database_and_a_missing_server_are_named() {
    let server = Server::new("missing").await;
    let (ok, text) = server.program("postgres", "nowhere", &["migrate", "up"]).await;
    assert!(!ok);
    assert_eq!(text.trim(), "ledgerline: the database \"nowhere\" does not exist; make it with: CREATE DATABASE nowhere;");

    let mut command = Command::new(env!("CARGO_BIN_EXE_ledgerline"));
    command.args(["migrate", "up"]).env("DATABASE_URL", "postgres://me@127.0.0.1:1/x").env("SECRET_KEY", KEY);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("ledgerline: cannot reach the PostgreSQL server at 127.0.0.1:1: Connection refused"), "{text}");
    assert_eq!(text.lines().count(), 1);
}
