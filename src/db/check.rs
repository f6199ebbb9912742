//! What `ledgerline doctor` says about the database server.

use sqlx::PgConnection;

use super::{StartError, cluster::OLDEST};

/// The first 15 in which an upsert no longer reads rows that row security hides.
const ADVISED_15: u32 = 150_020;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at, such as `fsync`.
    pub what: &'static str,
    pub finding: Finding,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    Good(String),
    /// Works, and could be better.
    Advice(String),
    Fault(String),
}

/// Version, durability and time zone of the server.
pub async fn check_server(connection: &mut PgConnection) -> Result<Vec<Check>, StartError> {
    let setting = async |connection: &mut PgConnection, name: &str| {
        let value = sqlx::query_scalar("select current_setting($1)").bind(name);
        value.fetch_one(connection).await as sqlx::Result<String>
    };
    let version = setting(connection, "server_version").await?;
    let number = setting(connection, "server_version_num").await?.parse().unwrap_or(0);
    let fsync = setting(connection, "fsync").await?;
    let commit = setting(connection, "synchronous_commit").await?;
    let zone = setting(connection, "TimeZone").await?;
    Ok(vec![
        Check { what: "PostgreSQL version", finding: judge_version(number, version) },
        Check { what: "fsync", finding: judge(&fsync, fsync != "off", "a crash of the machine can destroy the database") },
        Check { what: "synchronous_commit", finding: judge(&commit, commit != "off", "a crash can lose what was confirmed") },
        Check { what: "time zone", finding: judge(&zone, zone == "UTC", "Ledgerline keeps time in UTC") },
    ])
}

fn judge(value: &str, good: bool, why: &str) -> Finding {
    if good { Finding::Good(value.to_owned()) } else { Finding::Fault(format!("{value}: {why}")) }
}

fn judge_version(number: u32, version: String) -> Finding {
    match number {
        number if number < OLDEST * 10_000 => Finding::Fault(format!("{version}: {OLDEST} or later is needed")),
        number if number < ADVISED_15 => {
            Finding::Advice(format!("{version}: update to 15.20 or later, where an upsert can no longer read rows that row security hides"))
        }
        _ => Finding::Good(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_too_old_or_advised_against_or_good() {
        assert!(matches!(judge_version(140_012, "14.12".into()), Finding::Fault(_)));
        assert!(matches!(judge_version(150_018, "15.18".into()), Finding::Advice(_)));
        assert!(matches!(judge_version(150_020, "15.20".into()), Finding::Good(_)));
        assert!(matches!(judge_version(170_002, "17.2".into()), Finding::Good(_)));
    }
}
