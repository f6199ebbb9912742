//! The three pools of the program, one for each role it logs in as.

use std::time::Duration;

use sqlx::{
    Connection, Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{
    StartError,
    roles::{APP, AUTH, PLATFORM, login},
    server::explain,
};
use crate::secret::SecretKey;

/// How long a request waits for a connection before it is told to come back later.
const PATIENCE: Duration = Duration::from_secs(2);
/// A connection unused for longer is tested before use: the server may have been restarted.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// What every connection starts with, and returns to after each use.
const SETTINGS: [(&str, &str); 8] = [
    ("search_path", "public"),
    ("statement_timeout", "5s"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("jit", "off"),
    ("row_security", "on"),
    // Every statement of a page is a range of an index within one publisher, whatever its values: planning it anew for
    // each request costs more than running it.
    ("plan_cache_mode", "force_generic_plan"),
    // The reset after each use would otherwise warn that there was no transaction to roll back.
    ("client_min_messages", "error"),
];

/// Clones share the pools.
#[derive(Clone, Debug)]
pub struct Pools {
    tenant: PgPool,
    identity: PgPool,
    platform: PgPool,
}

impl Pools {
    /// Opens the pools on the database of `owner`, whose roles and schema are in place.
    /// `connections` are shared out 5 : 2 : 1.
    pub async fn open(owner: &PgConnectOptions, key: &SecretKey, connections: u32) -> Result<Self, StartError> {
        let (tenant, identity, platform) = shares(connections);
        Ok(Self {
            tenant: open(login(owner, APP, key), tenant).await?,
            identity: open(login(owner, AUTH, key), identity).await?,
            platform: open(login(owner, PLATFORM, key), platform).await?,
        })
    }

    /// Work inside one publisher, under row security.
    pub(crate) fn tenant(&self) -> &PgPool {
        &self.tenant
    }

    /// People, credentials and sessions.
    pub(crate) fn identity(&self) -> &PgPool {
        &self.identity
    }

    /// The directory of publishers, and the job worker.
    pub(crate) fn platform(&self) -> &PgPool {
        &self.platform
    }

    /// Waits for the connections in use, then closes all.
    pub async fn close(&self) {
        for pool in [&self.tenant, &self.identity, &self.platform] {
            pool.close().await;
        }
    }
}

/// 16 connections are 10 for the tenant, 4 for identity and 2 for the platform pool; none has
/// fewer than two, or one transaction that waits for another would wait for ever.
fn shares(connections: u32) -> (u32, u32, u32) {
    let platform = (connections / 8).max(2);
    let identity = (connections / 4).max(2);
    (connections.saturating_sub(platform + identity).max(2), identity, platform)
}

async fn open(options: PgConnectOptions, size: u32) -> Result<PgPool, StartError> {
    let name = options.get_username().replace('_', " ");
    let options = options.application_name(&name).options(SETTINGS);
    let pool = PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        // A caller that hangs up while a transaction begins leaves it open on the connection; the
        // next user's work would then be lost with it (sqlx pull request 4394). `RESET ALL` goes
        // back to the settings above, which are the session's defaults.
        .after_release(|connection, _| {
            Box::pin(async move {
                connection.execute(sqlx::raw_sql("ROLLBACK; RESET ALL")).await?;
                Ok(true)
            })
        })
        .connect_with(options.clone());
    pool.await.map_err(|error| explain(&error, &options))
}

#[cfg(test)]
mod tests {
    use std::{env, fs, future::Future, sync::Arc, task::Context};

    use super::*;
    use crate::{
        clock::Chance,
        db::{cluster::Cluster, roles},
    };

    #[test]
    fn the_connections_are_shared_out() {
        assert_eq!(shares(16), (10, 4, 2));
        assert_eq!(shares(6), (2, 2, 2));
        assert_eq!(shares(100), (63, 25, 12));
        for connections in 6..200 {
            let (tenant, identity, platform) = shares(connections);
            assert_eq!(tenant + identity + platform, connections);
        }
    }

    /// Pools on a server of their own.
    async fn pools(name: &str) -> (Pools, impl Drop) {
        let root = env::temp_dir().join(format!("ledgerline-{name}-{}", std::process::id()));
        let data = root.clone();
        let lease =
            tokio::task::spawn_blocking(move || Cluster::in_data_dir(&data, None).acquire(&Chance::real(), &(Arc::new(|_: &str| {}) as _)));
        let lease = lease.await.unwrap().unwrap();
        let key = SecretKey::generate(&Chance::seeded(1));
        roles::prepare(&lease.options, &key).await.unwrap();
        let pools = Pools::open(&lease.options, &key, 6).await.unwrap();
        struct End(Option<crate::db::cluster::Lease>, std::path::PathBuf);
        impl Drop for End {
            fn drop(&mut self) {
                drop(self.0.take());
                fs::remove_dir_all(&self.1).unwrap();
            }
        }
        (pools, End(Some(lease), root))
    }

    async fn text(pool: &PgPool, query: &str) -> String {
        sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
    }

    #[tokio::test]
    async fn every_connection_comes_back_as_it_started() {
        let (pools, _end) = pools("pools").await;
        let pool = pools.tenant();
        assert_eq!(text(pool, "select current_user::text").await, APP);
        for _ in 0..3 {
            let mut connection = pool.acquire().await.unwrap();
            for (name, value) in SETTINGS.into_iter().chain([("TimeZone", "UTC")]) {
                let now: String = sqlx::query_scalar("select current_setting($1)").bind(name).fetch_one(&mut *connection).await.unwrap();
                assert_eq!(now, value, "{name}");
            }
            let left = "begin; set statement_timeout = 0; set search_path = nowhere; set my.publisher = 'x'";
            connection.execute(sqlx::raw_sql(left)).await.unwrap();
        }
        assert_eq!(text(pool, "select coalesce(current_setting('my.publisher', true), '')").await, "");

        // Transactions given up at every point of their beginning.
        let mut context = Context::from_waker(std::task::Waker::noop());
        for polls in 0..40 {
            let mut begin = Box::pin(pool.begin());
            for _ in 0..polls % 8 {
                if begin.as_mut().poll(&mut context).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        // Two statements share a transaction only when one was left open.
        for _ in 0..10 {
            let mut connection = pool.acquire().await.unwrap();
            let transaction = "select pg_current_xact_id()::text";
            let first: String = sqlx::query_scalar(transaction).fetch_one(&mut *connection).await.unwrap();
            let second: String = sqlx::query_scalar(transaction).fetch_one(&mut *connection).await.unwrap();
            assert_ne!(first, second);
        }
        pools.close().await;
    }
}
