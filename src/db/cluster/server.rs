//! The server of a private cluster: made, started, watched and stopped through its own tools.
//!
//! Whoever calls these holds the start lock.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    process::{Pid, Signal, kill_process, test_kill_process},
};
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::{account::Account, find::Install};
use crate::{clock::Chance, db::StartError, secret::Token};

/// Only the end of the socket's name: nothing listens on TCP.
const PORT: u16 = 5432;
pub(super) const SUPERUSER: &str = "postgres";
/// A socket's path holds 104 bytes on macOS and 108 on Linux, and its name takes 15.
const LONGEST_SOCKET_DIR: usize = 85;
const LARGEST_LOG: u64 = 10 << 20;
/// Half a second each.
const ORPHAN_ATTEMPTS: u32 = 20;

/// `ROOT/pg15`: all that belongs to one cluster.
pub(super) struct ServerDir {
    dir: PathBuf,
    account: Account,
    throwaway: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Down,
    /// Starting, recovering or stopping.
    Moving,
    Up,
}

impl ServerDir {
    pub fn new(dir: PathBuf, account: Account, throwaway: bool) -> Self {
        Self { dir, account, throwaway }
    }

    pub fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    pub fn exists(&self) -> bool {
        self.data().join("PG_VERSION").exists()
    }

    fn password_file(&self) -> PathBuf {
        self.dir.join("password")
    }

    fn log(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    /// Beside the data, or where the path is too long for a socket in the system's directory for
    /// temporary files; not in `TMPDIR`, which differs between the programs that share the server.
    fn socket_dir(&self) -> PathBuf {
        let beside = self.dir.join("s");
        if beside.as_os_str().len() <= LONGEST_SOCKET_DIR {
            return beside;
        }
        let hash = Sha256::digest(self.dir.as_os_str().as_encoded_bytes());
        let hash: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        PathBuf::from(format!("/tmp/.ledgerline-{}-{hash}", self.account.uid))
    }

    /// How the owner of the cluster connects.
    pub fn options(&self) -> Result<PgConnectOptions, StartError> {
        let password = if self.throwaway {
            String::new()
        } else {
            let file = self.password_file();
            fs::read_to_string(&file).map_err(|reason| StartError::file("read", &file, &reason))?
        };
        Ok(PgConnectOptions::new_without_pgpass()
            .socket(self.socket_dir())
            .port(PORT)
            .username(SUPERUSER)
            .password(password.trim())
            .database(SUPERUSER)
            .ssl_mode(PgSslMode::Disable))
    }

    /// `initdb` into a directory that is renamed when it is whole: one cut short never looks like
    /// a cluster.
    pub fn make(&self, install: &Install, chance: &Chance) -> Result<(), StartError> {
        let draft = self.dir.join("data.new");
        if draft.exists() {
            fs::remove_dir_all(&draft).map_err(|reason| StartError::file("remove", &draft, &reason))?;
        }
        let file = self.password_file();
        self.replace(&file, Token::new(chance).reveal()).map_err(|reason| StartError::file("write", &file, &reason))?;

        let mut initdb = self.account.command(&install.bin.join("initdb"), &self.dir);
        initdb.args(["-D", "data.new", "-U", SUPERUSER, "-E", "UTF8", "--no-instructions", "--pwfile=password"]);
        initdb.arg(if has_c_utf8() { "--locale=C.UTF-8" } else { "--no-locale" });
        initdb.args(if self.throwaway { ["--auth=trust", "--no-sync"] } else { ["--auth=scram-sha-256", "--data-checksums"] });
        // initdb leaves nothing running, so a pipe for what it prints is safe here.
        let done = initdb.output().map_err(|reason| StartError::file("run initdb in", &self.dir, &reason))?;
        if !done.status.success() {
            let printed = String::from_utf8_lossy(&done.stderr);
            return Err(StartError::Cluster(format!("initdb failed: {}", last_complaint(&printed))));
        }
        fs::rename(&draft, self.data()).map_err(|reason| StartError::file("rename", &draft, &reason))
    }

    /// Made anew rather than overwritten: as root we would follow a link planted by the account.
    fn replace(&self, file: &Path, text: &str) -> io::Result<()> {
        remove_if_there(file)?;
        let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        new.write_all(text.as_bytes())?;
        self.account.own(&new)
    }

    /// Whether there is a server process at all.
    pub fn is_running(&self) -> bool {
        self.pid().is_some()
    }

    /// Whether the server already answers; waits while it starts or stops.
    pub fn is_up(&self) -> Result<bool, StartError> {
        match self.settled(Duration::from_secs(600)) {
            State::Moving => Err(StartError::Cluster(format!("it neither starts nor stops; see {}", self.log().display()))),
            state => Ok(state == State::Up),
        }
    }

    /// Starts the server and waits until it answers, however long recovery takes.
    pub fn start(&self, install: &Install, root: &Path) -> Result<(), StartError> {
        self.account.private_dir(&self.socket_dir())?;
        self.forget_strange_pid().map_err(|reason| StartError::file("clear", &self.dir, &reason))?;
        for _ in 0..ORPHAN_ATTEMPTS {
            match self.try_start(install, root)? {
                None => return Ok(()),
                // Orphans of a killed server still finish their last query.
                Some(complaint) if complaint.contains("shared memory block") => thread::sleep(Duration::from_millis(500)),
                Some(complaint) => return Err(self.did_not_start(install, &complaint)),
            }
        }
        Err(self.did_not_start(install, "processes of a killed server are still running"))
    }

    fn did_not_start(&self, install: &Install, complaint: &str) -> StartError {
        let (major, log) = (install.major, self.log());
        StartError::Cluster(format!("PostgreSQL {major} did not start: {complaint} (more in {})", log.display()))
    }

    /// What PostgreSQL complained about; `None` when it is up.
    fn try_start(&self, install: &Install, root: &Path) -> Result<Option<String>, StartError> {
        let mut logged = fs::symlink_metadata(self.log()).map_or(0, |log| log.len());
        if logged > LARGEST_LOG {
            remove_if_there(&self.log()).map_err(|reason| StartError::file("remove", &self.log(), &reason))?;
            logged = 0;
        }
        // Never a pipe: the server inherits it, and reading would end only with the server.
        let printed = root.join("pg_ctl.out");
        let out = File::create(&printed).map_err(|reason| StartError::file("write", &printed, &reason))?;
        let err = out.try_clone().map_err(|reason| StartError::file("write", &printed, &reason))?;

        let mut pg_ctl = self.account.command(&install.bin.join("pg_ctl"), &self.dir);
        pg_ctl.args(["start", "--wait", "--silent", "--timeout=600", "-D", "data", "-l", "server.log"]);
        pg_ctl.arg("-o").arg(self.server_options()).stdout(out).stderr(err);
        let done = pg_ctl.status().map_err(|reason| StartError::file("run pg_ctl in", &self.dir, &reason))?;
        if done.success() {
            return Ok(None);
        }
        let log = fs::read(self.log()).unwrap_or_default();
        let new = log.get(usize::try_from(logged).unwrap_or(0)..).filter(|new| !new.is_empty());
        let said = new.map_or_else(|| fs::read(&printed).unwrap_or_default(), <[u8]>::to_vec);
        Ok(Some(last_complaint(&String::from_utf8_lossy(&said)).to_owned()))
    }

    /// Relative to the data directory, where the server runs; so no path needs quoting for the
    /// shell through which `pg_ctl` starts it.
    fn server_options(&self) -> String {
        let socket_dir = self.socket_dir();
        let socket_dir = if socket_dir.starts_with(&self.dir) { Path::new("../s") } else { &socket_dir };
        let mut options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c port={PORT} -c unix_socket_permissions=0700 \
             -c max_connections=200 -c log_min_messages=warning",
            socket_dir.display()
        );
        if self.throwaway {
            options.push_str(
                " -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off \
                 -c wal_level=minimal -c max_wal_senders=0 -c checkpoint_timeout=1h -c max_wal_size=1GB",
            );
        }
        options
    }

    /// Fast shutdown: connections are ended, everything is written. A server that does not manage
    /// within a minute is stopped hard and recovers at its next start.
    pub fn stop(&self) -> Result<(), StartError> {
        for (signal, patience) in [(Signal::INT, 60), (Signal::QUIT, 10)] {
            let Some(pid) = self.pid() else { return Ok(()) };
            match kill_process(pid, signal) {
                Ok(()) | Err(Errno::SRCH) => {}
                Err(reason) => return Err(StartError::Cluster(format!("cannot be stopped: {reason}"))),
            }
            let begun = Instant::now();
            while self.pid() == Some(pid) {
                if begun.elapsed() > Duration::from_secs(patience) {
                    break;
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
        match self.pid() {
            None => Ok(()),
            Some(_) => Err(StartError::Cluster(format!("does not stop; see {}", self.log().display()))),
        }
    }

    fn settled(&self, patience: Duration) -> State {
        let begun = Instant::now();
        loop {
            let state = self.state();
            if state != State::Moving || begun.elapsed() > patience {
                return state;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// `postmaster.pid` has the state in its eighth line.
    fn state(&self) -> State {
        if self.pid().is_none() {
            return State::Down;
        }
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        match file.lines().nth(7).map(str::trim) {
            Some("ready") => State::Up,
            _ => State::Moving,
        }
    }

    fn written_pid(&self) -> Option<Pid> {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        Pid::from_raw(file.lines().next()?.trim().parse().ok()?)
    }

    /// The running server: the number may belong to another process by now (containers start
    /// counting at 1 again), so where `/proc` tells, it must work in this data directory.
    fn pid(&self) -> Option<Pid> {
        let pid = self.written_pid()?;
        match test_kill_process(pid) {
            Ok(()) | Err(Errno::PERM) => {}
            Err(_) => return None,
        }
        if !Path::new("/proc/self").exists() {
            return Some(pid);
        }
        let works_in = fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())).ok()?;
        (works_in == self.data()).then_some(pid)
    }

    /// Stale lock files are PostgreSQL's own to clear, because it also looks for orphans that still
    /// hold the shared memory. Only a number that now belongs to another process of the same user,
    /// or to a dead one that nobody has reaped, would stop it: then a number that no process can
    /// have takes its place, and the rest stands.
    fn forget_strange_pid(&self) -> io::Result<()> {
        let Some(pid) = self.written_pid() else { return Ok(()) };
        let process = fs::metadata(format!("/proc/{}", pid.as_raw_nonzero()));
        if !process.is_ok_and(|process| process.uid() == self.account.uid) || self.pid().is_some() {
            return Ok(());
        }
        let file = self.data().join("postmaster.pid");
        let text = fs::read_to_string(&file)?;
        let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
        self.replace(&file, &format!("{}\n{rest}", i32::MAX))?;
        remove_if_there(&self.socket_dir().join(format!(".s.PGSQL.{PORT}.lock")))
    }
}

fn remove_if_there(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn has_c_utf8() -> bool {
    let known = Command::new("locale").arg("-a").output();
    known.is_ok_and(|known| {
        let known = String::from_utf8_lossy(&known.stdout).to_lowercase();
        known.lines().any(|name| name == "c.utf8" || name == "c.utf-8")
    })
}

/// The line that explains a failure: the last one PostgreSQL marked as such, else the last.
fn last_complaint(printed: &str) -> &str {
    let lines = || printed.lines().map(str::trim).filter(|line| !line.is_empty()).rev();
    let marked =
        lines().find_map(|line| ["FATAL:", "PANIC:", "error:"].iter().find_map(|mark| line.split_once(mark)).map(|(_, said)| said.trim()));
    marked.or_else(|| lines().next()).unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(dir: &str) -> ServerDir {
        ServerDir::new(PathBuf::from(dir), Account::choose(Some(Path::new("/"))).unwrap(), false)
    }

    #[test]
    fn a_long_path_moves_the_socket_to_a_short_one_of_its_own() {
        assert_eq!(below("/srv/pg15").socket_dir(), Path::new("/srv/pg15/s"));
        let (one, two) = (format!("/{}/pg15", "a".repeat(120)), format!("/{}/pg15", "b".repeat(120)));
        let socket_dir = below(&one).socket_dir();
        assert!(socket_dir.as_os_str().len() <= LONGEST_SOCKET_DIR);
        assert_eq!(socket_dir, below(&one).socket_dir());
        assert_ne!(socket_dir, below(&two).socket_dir());
    }

    #[test]
    fn the_reason_of_a_failure_is_one_line() {
        let log = "LOG:  starting\n2026-01-01 UTC [7] FATAL:  could not create lock file\nLOG:  bye\n";
        assert_eq!(last_complaint(log), "could not create lock file");
        assert_eq!(last_complaint("initdb: error: no space left\n"), "no space left");
        assert_eq!(last_complaint("\n odd \n"), "odd");
        assert_eq!(last_complaint(""), "no reason given");
    }
}
