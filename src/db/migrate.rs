//! The schema, forward and back. The migrations are part of the program.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use sqlx::{
    Connection, PgConnection,
    migrate::{MigrateError, Migrator},
    postgres::PgConnectOptions,
};

use super::{Progress, StartError, error::code, roles, server::connect};

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");
/// A migration that cannot get a table lock within two seconds makes way for the work that holds
/// it, and tries again.
const ATTEMPTS: u32 = 5;

/// One migration of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub version: i64,
    pub what: String,
    pub applied: bool,
}

/// Tells one state of the migrations from another: the name of a test's template database.
pub fn checksum() -> String {
    let all = MIGRATOR.iter().fold(Sha256::new(), |hash, step| hash.chain_update(&step.checksum));
    all.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// All migrations known to program or database, in order.
pub async fn status(owner: &PgConnectOptions) -> Result<Vec<Step>, StartError> {
    let mut connection = connect(owner).await?;
    let applied = applied(&mut connection).await?;
    connection.close().await?;
    let mut steps: Vec<Step> = MIGRATOR
        .iter()
        .filter(|step| !step.migration_type.is_down_migration())
        .map(|step| Step { version: step.version, what: step.description.to_string(), applied: applied.contains_key(&step.version) })
        .collect();
    for (version, what) in applied {
        if !MIGRATOR.version_exists(version) {
            steps.push(Step { version, what, applied: true });
        }
    }
    steps.sort_by_key(|step| step.version);
    Ok(steps)
}

/// Applies every pending migration.
pub async fn migrate(owner: &PgConnectOptions, progress: &Progress) -> Result<(), StartError> {
    let mut connection = begin(owner).await?;
    let applied = applied(&mut connection).await?;
    let pending = MIGRATOR.iter().filter(|step| !step.migration_type.is_down_migration() && !applied.contains_key(&step.version)).count();
    if pending > 0 {
        progress(&format!("Applying {pending} {} …", if pending == 1 { "migration" } else { "migrations" }));
    }
    let mut attempt = 1;
    while let Err(error) = MIGRATOR.run(&mut connection).await {
        if attempt == ATTEMPTS || !is_lock_timeout(&error) {
            return Err(error.into());
        }
        attempt += 1;
    }
    connection.close().await?;
    Ok(())
}

/// Reverts every migration after `to`; returns the versions reverted, latest first.
pub async fn down(owner: &PgConnectOptions, to: i64) -> Result<Vec<i64>, StartError> {
    if to != 0 && !MIGRATOR.version_exists(to) {
        return Err(StartError::Migration(format!("there is no migration {to:04} to go back to")));
    }
    let mut connection = begin(owner).await?;
    let applied = applied(&mut connection).await?;
    let mut reverted: Vec<i64> = applied.into_keys().filter(|version| *version > to).collect();
    reverted.sort_unstable_by(|one, other| other.cmp(one));
    MIGRATOR.undo(&mut connection, to).await?;
    connection.close().await?;
    Ok(reverted)
}

/// A connection that holds the set-up lock, on a database this program may migrate.
async fn begin(owner: &PgConnectOptions) -> Result<PgConnection, StartError> {
    let mut connection = connect(owner).await?;
    roles::lock(&mut connection).await?;
    let database = applied(&mut connection).await?.into_keys().max().unwrap_or(0);
    let program = MIGRATOR.iter().map(|step| step.version).max().unwrap_or(0);
    if database > program {
        return Err(StartError::NewerSchema { database, program });
    }
    Ok(connection)
}

/// Version and description of what the database has; empty before the first migration.
async fn applied(connection: &mut PgConnection) -> Result<HashMap<i64, String>, StartError> {
    let begun = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null");
    if !begun.fetch_one(&mut *connection).await? {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query_as("select version, description from _sqlx_migrations where success");
    let rows: Vec<(i64, String)> = rows.fetch_all(connection).await?;
    Ok(rows.into_iter().collect())
}

fn is_lock_timeout(error: &MigrateError) -> bool {
    match error {
        MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => code(cause).as_deref() == Some("55P03"),
        _ => false,
    }
}
