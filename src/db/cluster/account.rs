//! The user PostgreSQL runs as: it refuses to run as root, so root lends it another account.

use std::{
    env,
    fs::{self, DirBuilder, File},
    io,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, fchown, lchown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::db::StartError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub uid: u32,
    gid: u32,
    /// Whether we are root and lend it.
    lent: bool,
}

impl Account {
    /// Our own account; as root the owner of the cluster that is there, or for a new one the user
    /// behind `sudo`, else `postgres`, else `nobody`.
    pub fn choose(cluster: Option<&Path>) -> Result<Self, StartError> {
        let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
        if !uid.is_root() {
            return Ok(Self { uid: uid.as_raw(), gid: gid.as_raw(), lent: false });
        }
        let owner = cluster.and_then(|dir| fs::symlink_metadata(dir).ok()).filter(|dir| dir.uid() != 0);
        if let Some(dir) = owner {
            return Ok(Self { uid: dir.uid(), gid: dir.gid(), lent: true });
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let sudo = env::var("SUDO_UID").ok().and_then(|uid| uid.parse().ok());
        let chosen = lendable(&users, sudo);
        chosen.ok_or_else(|| {
            StartError::Cluster("running as root, and /etc/passwd has neither postgres nor nobody for the server to run as".into())
        })
    }

    /// Makes a directory only this account can enter, or checks that it is one.
    pub fn private_dir(&self, dir: &Path) -> Result<(), StartError> {
        let made = match DirBuilder::new().mode(0o700).create(dir) {
            Err(there) if there.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        };
        let checked = made.and_then(|()| fs::symlink_metadata(dir)).and_then(|found| {
            if self.lent && found.is_dir() && found.uid() == 0 {
                lchown(dir, Some(self.uid), Some(self.gid))?;
            }
            fs::symlink_metadata(dir)
        });
        let found = checked.map_err(|reason| StartError::file("make", dir, &reason))?;
        if found.is_dir() && found.uid() == self.uid && found.mode() & 0o077 == 0 {
            return Ok(());
        }
        Err(StartError::Cluster(format!(
            "{} must be a directory of user {} that nobody else can enter (chmod 700)",
            dir.display(),
            self.uid
        )))
    }

    /// Hands over a file we made.
    pub fn own(&self, file: &File) -> io::Result<()> {
        if self.lent { fchown(file, Some(self.uid), Some(self.gid)) } else { Ok(()) }
    }

    /// A command under this account in `dir`, with nothing of our environment. The standard library
    /// gives up root's supplementary groups by itself.
    pub fn command(&self, program: &Path, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
        command.current_dir(dir).stdin(Stdio::null());
        if self.lent {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// The first directory on the way to `dir` that this account cannot pass; by mode bits alone,
    /// so it is asked only after an attempt has failed.
    pub fn barrier(&self, dir: &Path) -> Option<PathBuf> {
        let mut way: Vec<&Path> = dir.ancestors().collect();
        way.reverse();
        let closed = way.into_iter().find(|step| {
            fs::metadata(step).is_ok_and(|found| {
                let pass = match (found.uid() == self.uid, found.gid() == self.gid) {
                    (true, _) => 0o100,
                    (false, true) => 0o010,
                    (false, false) => 0o001,
                };
                found.mode() & pass == 0
            })
        });
        closed.map(Path::to_owned)
    }
}

/// `initdb` looks its own account up, so a number without an entry would not do.
fn lendable(users: &str, sudo: Option<u32>) -> Option<Account> {
    let entry = |wanted: &dyn Fn(&str, u32) -> bool| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let (name, uid, gid) = (fields.next()?, fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
            (uid != 0 && wanted(name, uid)).then_some(Account { uid, gid, lent: true })
        })
    };
    entry(&|_, uid| Some(uid) == sudo).or_else(|| entry(&|name, _| name == "postgres")).or_else(|| entry(&|name, _| name == "nobody"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0::/root:/bin/bash\nnobody:x:65534:65534::/:/\n\
                         postgres:x:101:104::/:/\nada:x:1000:1001::/home/ada:/bin/bash\n";

    #[test]
    fn root_lends_the_account_behind_sudo_else_postgres_else_nobody() {
        let uid = |users: &str, sudo| lendable(users, sudo).map(|account| account.uid);
        assert_eq!(uid(USERS, Some(1000)), Some(1000));
        assert_eq!(uid(USERS, Some(4242)), Some(101));
        assert_eq!(uid(USERS, Some(0)), Some(101));
        assert_eq!(uid(USERS, None), Some(101));
        assert_eq!(uid("nobody:x:65534:65534::/:/\n", None), Some(65534));
        assert_eq!(uid("root:x:0:0::/root:/bin/bash\n", None), None);
    }

    #[test]
    fn a_closed_directory_on_the_way_is_named() {
        let dir = env::temp_dir().join(format!("ledgerline-barrier-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&dir).unwrap();
        let below = dir.join("below");
        fs::create_dir(&below).unwrap();
        let stranger = Account { uid: 4_000_000, gid: 4_000_000, lent: true };
        assert_eq!(stranger.barrier(&below), Some(dir.clone()));
        fs::remove_dir_all(&dir).unwrap();
    }
}
