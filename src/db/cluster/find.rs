//! Which PostgreSQL is installed: where packages put it differs by system.

use std::{
    cmp::Reverse,
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::db::StartError;

/// The oldest major version Ledgerline runs on.
pub(in crate::db) const OLDEST: u32 = 15;

const NEEDED: [&str; 3] = ["postgres", "initdb", "pg_ctl"];

/// Parent, beginning of the name below it, and what follows: `/usr/lib/postgresql/15/bin`.
const PLACES: [(&str, &str, &str); 9] = [
    ("/usr/lib/postgresql", "", "bin"),                      // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                               // packages of the PostgreSQL project
    ("/usr/libexec", "postgresql", ""),                      // Alpine
    ("/usr/local/pgsql", "bin", ""),                         // built from source
    ("/opt/homebrew/opt", "postgresql", "bin"),              // Homebrew on ARM
    ("/usr/local/opt", "postgresql", "bin"),                 // Homebrew on Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"), // Homebrew on Linux
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ("/opt/local/lib", "postgresql", "bin"), // MacPorts
];

/// One installed PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Install {
    pub bin: PathBuf,
    pub major: u32,
}

/// The installed servers, newest first; with `PG_BIN_DIR` that one or none.
pub(super) fn installs(chosen: Option<&Path>) -> Result<Vec<Install>, StartError> {
    if let Some(bin) = chosen {
        return match Install::at(bin) {
            Some(install) => Ok(vec![install]),
            None => Err(StartError::NoPostgres(format!(
                "PG_BIN_DIR: {} does not hold postgres, initdb and pg_ctl of PostgreSQL {OLDEST} or later",
                bin.display()
            ))),
        };
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<Install> = Vec::new();
    for bin in on_path(&path).chain(PLACES.iter().flat_map(|place| below(*place))) {
        let Ok(bin) = bin.canonicalize() else { continue };
        if found.iter().all(|known| known.bin != bin) {
            found.extend(Install::at(&bin));
        }
    }
    found.sort_by_key(|install| Reverse(install.major));
    if found.is_empty() { Err(StartError::NoPostgres(ways_out())) } else { Ok(found) }
}

fn ways_out() -> String {
    format!(
        "no PostgreSQL {OLDEST} or later found on PATH, below /usr/lib/postgresql, /usr/pgsql-*, /usr/libexec, Homebrew, \
         MacPorts or Postgres.app: install it (Debian, Ubuntu: apt install postgresql; Fedora: dnf install \
         postgresql-server; macOS: brew install postgresql), or set PG_BIN_DIR to the directory that holds initdb, \
         or set DATABASE_URL to a running server"
    )
}

/// Follows links: Debian's `/usr/bin/pg_ctl` may point into the directory that has all three.
fn on_path(path: &OsStr) -> impl Iterator<Item = PathBuf> {
    env::split_paths(path).flat_map(|dir| {
        NEEDED.iter().filter_map(move |program| {
            let program = dir.join(program).canonicalize().ok()?;
            program.parent().map(Path::to_owned)
        })
    })
}

fn below((parent, beginning, rest): (&str, &str, &str)) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(beginning)).map(|entry| entry.path().join(rest)).collect()
}

impl Install {
    fn at(bin: &Path) -> Option<Self> {
        if !NEEDED.iter().all(|program| bin.join(program).is_file()) {
            return None;
        }
        let version = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
        let major = major(&String::from_utf8_lossy(&version.stdout))?;
        (major >= OLDEST).then(|| Self { bin: bin.to_owned(), major })
    }
}

/// From `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` or `… 19beta1`.
fn major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_postgres_prints() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major("something else"), None);
    }

    #[test]
    fn a_chosen_directory_without_postgres_is_an_error_not_a_reason_to_look_elsewhere() {
        let error = installs(Some(Path::new("/nowhere"))).unwrap_err().to_string();
        assert!(error.starts_with("PG_BIN_DIR: /nowhere does not hold postgres"), "{error}");
        assert!(!error.contains('\n'));
    }
}
