//! The ground that is measured on: a private cluster with the settings of production, and a database for each case.

use crate::program;
use anyhow::{Context, Result};
use ledgerline::{
    clock::{Chance, Clock},
    db::{
        self, Progress,
        cluster::{Cluster, Lease},
    },
    demo::{self, Bulk},
    secret::SecretKey,
};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use std::{
    fmt, fs,
    future::Future,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// How long the server outlives a bench that was killed.
const LINGER: Duration = Duration::from_secs(5);

/// So many publishers, and so many works in the one that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub publishers: usize,
    pub works: usize,
}

impl Case {
    fn database(self) -> String {
        format!("bench_{}_{}", self.publishers, self.works)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {}", self.publishers, self.works)
    }
}

pub struct Ground {
    pub key: SecretKey,
    pub dir: PathBuf,
    /// Where pgbench is.
    pub bin: PathBuf,
    postmaster: u32,
    superuser: PgConnectOptions,
    runtime: Runtime,
    lease: Option<Lease>,
}

impl Ground {
    /// On disk and with fsync, as in production. Made for this run, removed after it.
    pub fn open() -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("ledgerline-bench-{}", std::process::id()));
        let chance = Chance::real();
        let cluster = Cluster::in_data_dir(&dir, std::env::var_os("PG_BIN_DIR").map(PathBuf::from));
        let lease = cluster.watched_by(env!("CARGO_BIN_EXE_ledgerline").into(), LINGER).acquire(&chance, &progress())?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let superuser = lease.options.clone();
        let ask = |question: &'static str| {
            runtime.block_on(async {
                let mut connection = PgConnection::connect_with(&superuser).await?;
                sqlx::query_scalar::<_, String>(question).fetch_one(&mut connection).await
            })
        };
        let bin = ask("select setting from pg_config where name = 'BINDIR'")?.into();
        let postmaster = ask("select split_part(pg_read_file('postmaster.pid'), e'\\n', 1)")?.parse()?;
        Ok(Self { key: SecretKey::generate(&chance), dir, bin, postmaster, superuser, runtime, lease: Some(lease) })
    }

    /// Makes and fills the database of a case.
    pub fn fill(&self, case: Case, works_elsewhere: usize) -> Result<()> {
        let begun = Instant::now();
        self.run(async {
            let mut maintenance = PgConnection::connect_with(&self.superuser).await?;
            maintenance.execute(format!("create database {}", case.database()).as_str()).await?;
            let owner = self.superuser.clone().database(&case.database());
            db::prepare(&owner, &self.key, &progress()).await?;
            let mut owner = PgConnection::connect_with(&owner).await?;
            let bulk = Bulk { publishers: case.publishers, works: works_elsewhere, works_in_first: case.works };
            demo::many(&mut owner, &Clock::real(), &progress(), bulk).await?;
            owner.execute(sqlx::raw_sql(include_str!("fill.sql"))).await?;
            owner.execute("vacuum analyze").await?;
            owner.execute("checkpoint").await?;
            Ok(())
        })?;
        eprintln!("filled {case} in {:.0?}", begun.elapsed());
        Ok(())
    }

    pub fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(work)
    }

    /// CPU time of the whole server: every backend, and the helpers.
    pub fn cpu(&self) -> Result<Duration> {
        program::cpu_of_family(self.postmaster)
    }

    /// The server's socket.
    pub fn socket(&self) -> Result<PathBuf> {
        let dir = self.superuser.get_socket().context("the private cluster has a socket")?;
        Ok(dir.join(format!(".s.PGSQL.{}", self.superuser.get_port())))
    }

    /// A work of the publisher that is looked at, a word that many of its works have, and one that few have: mostly a number.
    pub fn examples(&self, case: Case) -> Result<(String, String, String)> {
        let question = "with words as materialized (
              select p.id, s.word, count(*) as works from publishers p join search_words s on s.publisher_id = p.id
               where p.slug = 'bulk-1' and s.kind = 'work' and length(s.word) > 3 and s.word ~ '^[a-z0-9]+$' group by 1, 2)
            select
              (select w.id::text from works w where w.publisher_id = (select id from words limit 1) order by w.title_key, w.id offset 7 limit 1),
              (select word from words order by works desc, word limit 1),
              (select word from words order by works, length(word) desc, word limit 1)";
        self.run(async {
            let mut owner = PgConnection::connect_with(&self.owner(case)).await?;
            Ok(sqlx::query_as(question).fetch_one(&mut owner).await?)
        })
    }

    pub fn owner(&self, case: Case) -> PgConnectOptions {
        self.superuser.clone().database(&case.database())
    }

    /// `DATABASE_URL` of a case's database, by way of the socket in `dir`.
    pub fn url(&self, case: Case, dir: &Path) -> Result<String> {
        let owner = self.owner(case).socket(dir).to_url_lossy();
        let mut url = Url::parse(owner.as_str())?;
        url.set_query(Some("sslmode=disable"));
        Ok(url.into())
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            let _ = lease.release();
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn progress() -> Progress {
    Arc::new(|words: &str| eprintln!("  {words}"))
}
