//! What the program can be told to do.

use clap::Subcommand;
use std::path::PathBuf;

/// What to do; `serve` when nothing is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Start Ledgerline (the default)
    #[default]
    Serve,
    /// Bring the database schema forward, back, or list it
    #[command(subcommand)]
    Migrate(Migrate),
    /// System administrators
    #[command(subcommand)]
    Admin(Admin),
    /// Demo data
    #[command(subcommand)]
    Demo(Demo),
    /// Check configuration, database roles, row security, mail and clock
    Doctor,
    /// Stops the private PostgreSQL when its last user is gone
    #[command(hide = true)]
    PgWatchdog { root: PathBuf, linger_ms: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Migrate {
    /// Apply every migration that is pending
    Up,
    /// Revert the migrations after the one named
    Down {
        /// The last migration to keep; 0 reverts all, and with them all data
        #[arg(long, value_name = "N")]
        to: i64,
    },
    /// List the migrations, applied and pending
    Status,
}

#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Admin {
    /// Make or promote a system administrator; prints a link to set the password
    Create {
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: Option<String>,
    },
    /// Break-glass: take somebody's second factor away, when nobody else can
    ResetMfa {
        #[arg(long)]
        email: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Demo {
    /// Load the demo data into the configured database, which must be empty
    Load,
}
