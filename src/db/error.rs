//! Why the program cannot start on its database, in words for whoever starts it.

use std::{io, path::Path};

use sqlx::{error::DatabaseError, migrate::MigrateError};

use crate::config::SettingError;

/// Each message is one line, save the SQL for the administrator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("{0}")]
    NoPostgres(String),
    /// The private cluster could not be made, started or stopped.
    #[error("the private PostgreSQL: {0}")]
    Cluster(String),
    #[error("cannot reach {place}: {reason}")]
    Unreachable { place: String, reason: String },
    #[error("{place} does not let the role {role:?} in: {reason}")]
    LoginRefused { place: String, role: String, reason: String },
    #[error("{place} does not exist; make it with: CREATE DATABASE {name};")]
    NoDatabase { place: String, name: String },
    #[error("PostgreSQL {found} is too old: 15 or later is needed")]
    TooOld { found: String },
    #[error(
        "the role {role:?} of DATABASE_URL may not set up the roles of Ledgerline; \
         an administrator of the server has to run:\n{sql}"
    )]
    Roles { role: String, sql: String },
    #[error(
        "the database is at migration {database:04}; this program knows up to {program:04}: \
         run the newer program, or migrate down with it"
    )]
    NewerSchema { database: i64, program: i64 },
    #[error("{0}")]
    Migration(String),
    #[error("{0}")]
    Database(String),
}

impl StartError {
    pub(super) fn file(doing: &str, path: &Path, reason: &io::Error) -> Self {
        Self::Cluster(format!("cannot {doing} {}: {reason}", path.display()))
    }
}

impl From<sqlx::Error> for StartError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(in_one_line(&error))
    }
}

impl From<MigrateError> for StartError {
    fn from(error: MigrateError) -> Self {
        Self::Migration(match error {
            MigrateError::ExecuteMigration(cause, version) => {
                format!("migration {version:04} failed: {}", in_one_line(&cause))
            }
            MigrateError::VersionMismatch(version) => {
                format!("migration {version:04} differs from the one that was applied: run the program that applied it")
            }
            MigrateError::VersionMissing(version) => {
                format!("the database has migration {version:04}, which this program does not know")
            }
            MigrateError::Execute(cause) => format!("migrations: {}", in_one_line(&cause)),
            other => format!("migrations: {other}"),
        })
    }
}

/// What the server said, without the wrapping of the driver.
pub(super) fn in_one_line(error: &sqlx::Error) -> String {
    let text = match error {
        sqlx::Error::Database(cause) => cause.message().to_owned(),
        sqlx::Error::Io(cause) => cause.to_string(),
        other => other.to_string(),
    };
    text.lines().next().unwrap_or_default().to_owned()
}

/// The SQLSTATE of an error that came from the server.
pub(super) fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(DatabaseError::code).map(|code| code.into_owned())
}
