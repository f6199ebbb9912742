//! A private PostgreSQL cluster, so that `cargo run` and `cargo test` need no set-up.
//!
//! ```text
//! ROOT/                     start.lock     exclusive: looking, making, starting, stopping
//!   *.lock                  users.lock     shared by every process that uses the cluster
//!   pg15/   0700            watchdog.lock  exclusive: the one watchdog
//!     data/  s/ (socket)  server.log  password (0600)
//! ```
//!
//! The kernel drops the locks of a killed process, so the number of users is always true. The last
//! user stops the server; for users that were killed the watchdog does.

mod account;
mod find;
mod server;
mod watchdog;

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use sqlx::postgres::PgConnectOptions;

use self::{account::Account, find::Install, server::ServerDir};
use super::{Progress, StartError};
use crate::clock::Chance;
pub(super) use find::OLDEST;
pub use watchdog::watch;

/// Marks the root of a cluster whose data the watchdog deletes.
const THROWAWAY: &str = "throwaway";
/// What a throw-away cluster needs in shared memory: 46 MB, and some 10 MB for each live database.
const ROOM: u64 = 1 << 30;

/// Which cluster, and how it is kept.
#[derive(Clone, Debug)]
pub struct Cluster {
    root: PathBuf,
    bin_dir: Option<PathBuf>,
    /// Without fsync and passwords, deleted after use.
    throwaway: bool,
    /// The program whose hidden command `pg-watchdog` stops the server after killed users, and how
    /// long the server outlives its last user then.
    watchdog: Option<(PathBuf, Duration)>,
}

/// How a process came to its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    Made,
    Started,
    Joined,
}

/// Keeps the server running; the last one to be released stops it.
pub struct Lease {
    server: ServerDir,
    install: Install,
    root: PathBuf,
    /// Holds `users.lock` shared.
    users: Option<File>,
    keep_warm: bool,
    pub arrival: Arrival,
    /// How the superuser of the cluster connects to its maintenance database.
    pub options: PgConnectOptions,
}

impl Cluster {
    /// The cluster of an installation, below its data directory.
    pub fn in_data_dir(data_dir: &Path, bin_dir: Option<PathBuf>) -> Self {
        Self { root: data_dir.join("postgres"), bin_dir, throwaway: false, watchdog: None }
    }

    /// One for tests: in shared memory when there is room, shared by all test processes of a user,
    /// and deleted some seconds after the last.
    pub fn throwaway() -> Self {
        let room = rustix::fs::statvfs("/dev/shm").map_or(0, |disk| disk.f_bavail * disk.f_frsize);
        let parent = if room >= ROOM { "/dev/shm" } else { "/var/tmp" };
        Self::throwaway_at(format!("{parent}/ledgerline-test-{}", rustix::process::geteuid()).into())
    }

    pub fn throwaway_at(root: PathBuf) -> Self {
        let bin_dir = std::env::var_os("PG_BIN_DIR").map(PathBuf::from);
        Self { root, bin_dir, throwaway: true, watchdog: None }
    }

    /// Lets `program pg-watchdog` stop the server `linger` after the last user, however it ended.
    pub fn watched_by(mut self, program: PathBuf, linger: Duration) -> Self {
        self.watchdog = Some((program, linger));
        self
    }

    /// Finds, makes, starts or joins the server. Blocks: call it off the async threads.
    pub fn acquire(&self, chance: &Chance, progress: &Progress) -> Result<Lease, StartError> {
        let root = self.make_root()?;
        let waiting = "Waiting for another Ledgerline that starts or stops the private PostgreSQL …";
        let start = lock_file(&root, "start.lock")?;
        let locked = when_slow(progress, waiting.to_owned(), || start.lock());
        locked.map_err(|reason| StartError::file("lock", &root, &reason))?;
        let users = lock_file(&root, "users.lock")?;
        users.lock_shared().map_err(|reason| StartError::file("lock", &root, &reason))?;

        let existing = existing_major(&root);
        let install = self.install(&root, existing)?;
        let dir = root.join(format!("pg{}", install.major));
        let account = Account::choose(Some(&dir))?;
        account.private_dir(&dir)?;
        let server = ServerDir::new(dir.clone(), account, self.throwaway);
        // Before the server, so that there is no moment at which a killed program leaves it behind.
        if let Some((program, linger)) = &self.watchdog {
            watchdog::spawn(program, &root, *linger)?;
        }
        let made_or_started = self.bring_up(&server, &install, &root, chance, progress);
        let arrival = made_or_started.map_err(|error| match account.barrier(&dir) {
            Some(closed) => StartError::Cluster(format!(
                "it runs as user {}, who cannot enter {}: choose another DATA_DIR, or open the way with chmod o+x",
                account.uid,
                closed.display()
            )),
            None => error,
        })?;
        let options = server.options()?;
        Ok(Lease { server, install, root, users: Some(users), keep_warm: self.throwaway, arrival, options })
    }

    fn make_root(&self) -> Result<PathBuf, StartError> {
        let fail = |reason| StartError::file("make", &self.root, &reason);
        DirBuilder::new().recursive(true).mode(0o711).create(&self.root).map_err(fail)?;
        let root = self.root.canonicalize().map_err(fail)?;
        let owner = fs::metadata(&root).map_err(fail)?.uid();
        let me = rustix::process::geteuid().as_raw();
        // Root may work in anybody's directory, but not in one that anybody can have put there.
        if owner != me && (me != 0 || self.throwaway) {
            return Err(StartError::Cluster(format!(
                "{} belongs to user {owner}: start Ledgerline as that user, or choose another DATA_DIR",
                root.display()
            )));
        }
        if self.throwaway {
            lock_file(&root, THROWAWAY)?;
        }
        Ok(root)
    }

    /// The newest; but data made by one major version asks for that one, and its absence is an
    /// error, never a reason to begin with an empty cluster beside it.
    fn install(&self, root: &Path, existing: Option<u32>) -> Result<Install, StartError> {
        let installs = find::installs(self.bin_dir.as_deref())?;
        let found: Vec<String> = installs.iter().map(|install| install.major.to_string()).collect();
        let fitting = installs.into_iter().find(|install| existing.is_none_or(|major| install.major == major));
        fitting.ok_or_else(|| {
            StartError::NoPostgres(format!(
                "the data in {} needs PostgreSQL {}, and only {} is installed: install it, or set PG_BIN_DIR or DATABASE_URL",
                root.display(),
                existing.unwrap_or_default(),
                found.join(", ")
            ))
        })
    }

    fn bring_up(
        &self,
        server: &ServerDir,
        install: &Install,
        root: &Path,
        chance: &Chance,
        progress: &Progress,
    ) -> Result<Arrival, StartError> {
        let mut arrival = Arrival::Started;
        if !server.exists() {
            progress(&format!("Setting up a private PostgreSQL {} in {} …", install.major, root.display()));
            server.make(install, chance)?;
            arrival = Arrival::Made;
        }
        let starting = format!("Starting the private PostgreSQL {} …", install.major);
        when_slow(progress, starting, || {
            if server.is_up()? {
                return Ok(Arrival::Joined);
            }
            server.start(install, root).map(|()| arrival)
        })
    }
}

impl Lease {
    /// Starts the server again when it has died under its users; true when it had. Blocks.
    pub fn revive(&self) -> Result<bool, StartError> {
        if self.server.is_running() {
            return Ok(false);
        }
        let start = lock_file(&self.root, "start.lock")?;
        start.lock().map_err(|reason| StartError::file("lock", &self.root, &reason))?;
        if self.server.is_up()? {
            return Ok(false);
        }
        self.server.start(&self.install, &self.root).map(|()| true)
    }

    /// Gives the server up; true when this was its last user and it was stopped. A throw-away
    /// server is left to the watchdog, so that the next test process finds it warm. Blocks.
    pub fn release(mut self) -> Result<bool, StartError> {
        self.give_up()
    }

    fn give_up(&mut self) -> Result<bool, StartError> {
        let Some(users) = self.users.take() else { return Ok(false) };
        if self.keep_warm {
            return Ok(false);
        }
        let fail = |reason| StartError::file("lock", &self.root, &reason);
        let start = lock_file(&self.root, "start.lock")?;
        start.lock().map_err(fail)?;
        users.unlock().map_err(fail)?;
        let mut last = users.try_lock().is_ok();
        if !last {
            // The watchdog waits for the same lock and may have woken first. It lets go at once, and
            // does not come back while we hold the start lock.
            users.lock_shared().map_err(fail)?;
            last = users.try_lock().is_ok();
        }
        if last { self.server.stop().map(|()| true) } else { Ok(false) }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Err(error) = self.give_up() {
            tracing::error!("{error}");
        }
    }
}

fn lock_file(root: &Path, name: &str) -> Result<File, StartError> {
    let file = root.join(name);
    let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&file);
    opened.map_err(|reason| StartError::file("open", &file, &reason))
}

/// The same, never made anew: `None` when the directory was deleted.
fn existing_lock_file(root: &Path, name: &str) -> Result<Option<File>, StartError> {
    let file = root.join(name);
    match OpenOptions::new().read(true).write(true).open(&file) {
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some).map_err(|reason| StartError::file("open", &file, &reason)),
    }
}

fn clusters(root: &Path) -> impl Iterator<Item = (u32, PathBuf)> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let major = entry.file_name().to_str()?.strip_prefix("pg")?.parse().ok()?;
        Some((major, entry.path()))
    })
}

fn existing_major(root: &Path) -> Option<u32> {
    let whole = clusters(root).filter(|(_, dir)| dir.join("data").exists());
    whole.map(|(major, _)| major).max()
}

/// Says `text` when `work` has not ended after a second.
fn when_slow<T>(progress: &Progress, text: String, work: impl FnOnce() -> T) -> T {
    let (ended, end) = mpsc::channel::<()>();
    let progress = progress.clone();
    let notice = thread::spawn(move || {
        if end.recv_timeout(Duration::from_secs(1)) == Err(mpsc::RecvTimeoutError::Timeout) {
            progress(&text);
        }
    });
    let result = work();
    drop(ended);
    // It can only fail by a panic in the caller's own callback.
    let _ = notice.join();
    result
}
