//! The private cluster as its users meet it: processes that start, join, are killed and come back.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};

/// An installation in a directory of its own, which goes with the test.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("ledgerline-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        Self(dir)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ledgerline"));
        command.args(args).env_remove("DATABASE_URL").env("DATA_DIR", &self.0).env("LISTEN_ADDR", "127.0.0.1:0");
        command.env("DEMO", "false").env("RUST_LOG", "error").stdin(Stdio::null());
        command
    }

    fn serve(&self) -> Running {
        Running::start(self.command(&["serve"]))
    }

    fn postmaster(&self) -> Option<Pid> {
        let file = fs::read_to_string(self.0.join("postgres/pg15/data/postmaster.pid")).ok()?;
        Pid::from_raw(file.lines().next()?.trim().parse().ok()?)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        wait_until(|| self.postmaster().is_none());
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A program that serves.
struct Running {
    process: Child,
    /// Kept open: the program prints when it stops.
    _out: BufReader<ChildStdout>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let listens = out.by_ref().lines().map_while(Result::ok).any(|line| line.contains("listening on"));
        assert!(listens, "the program ended: {:?}", child.wait());
        Self { process: child, _out: out }
    }

    fn signal(mut self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
        let end = self.process.wait().unwrap();
        assert!(end.success() || signal == Signal::KILL, "{end}");
    }
}

/// Patience for a loaded machine; what never comes fails here.
fn wait_until(mut done: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("waited in vain");
}

fn is_gone(pid: Pid) -> bool {
    let cwd = format!("/proc/{}/cwd", pid.as_raw_nonzero());
    test_kill_process(pid).is_err() || fs::read_link(cwd).is_err()
}

/// What a start that must fail prints: one line.
fn refusal(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.ends_with('…')).collect();
    assert_eq!(lines.len(), 1, "{text}");
    lines[0].to_owned()
}

#[test]
fn a_second_program_joins_and_the_last_one_stops_the_server() {
    let home = Home::new("joins");
    let first = home.serve();
    let server = home.postmaster().unwrap();
    let second = home.serve();
    assert_eq!(home.postmaster(), Some(server));
    // Ctrl-C, and what service managers send.
    first.signal(Signal::INT);
    assert_eq!(home.postmaster(), Some(server));
    assert!(home.command(&["migrate", "status"]).output().unwrap().status.success());
    second.signal(Signal::TERM);
    assert_eq!(home.postmaster(), None);
}

#[test]
fn a_killed_program_does_not_leave_its_server_behind() {
    let home = Home::new("killed");
    let program = home.serve();
    let server = home.postmaster().unwrap();
    program.signal(Signal::KILL);
    wait_until(|| is_gone(server));
    home.serve().signal(Signal::TERM);
}

#[test]
fn a_killed_server_recovers_at_the_next_start() {
    let home = Home::new("recovers");
    let program = home.serve();
    let server = home.postmaster().unwrap();
    kill_process(server, Signal::KILL).unwrap();
    program.signal(Signal::KILL);
    wait_until(|| is_gone(server));
    // The stale postmaster.pid is still there.
    assert_eq!(home.postmaster(), Some(server));
    home.serve().signal(Signal::TERM);
}

#[test]
fn a_server_that_dies_under_the_program_is_started_again() {
    let home = Home::new("revived");
    let program = home.serve();
    let server = home.postmaster().unwrap();
    kill_process(server, Signal::KILL).unwrap();
    wait_until(|| home.postmaster().is_some_and(|now| now != server && !is_gone(now)));
    assert!(home.command(&["migrate", "status"]).output().unwrap().status.success());
    program.signal(Signal::TERM);
    assert_eq!(home.postmaster(), None);
}

#[test]
fn a_pid_that_now_belongs_to_another_process_does_not_stop_the_start() {
    let home = Home::new("strange");
    home.serve().signal(Signal::TERM);
    assert_eq!(home.postmaster(), None);
    let data = home.0.join("postgres/pg15/data");
    let owner = fs::metadata(&data).unwrap();
    let mut stranger = Command::new("sleep");
    {
        use std::os::unix::{fs::MetadataExt, process::CommandExt};
        if geteuid().is_root() {
            stranger.uid(owner.uid()).gid(owner.gid());
        }
        let mut stranger = stranger.arg("60").spawn().unwrap();
        let pid_file = data.join("postmaster.pid");
        let lines = format!("{}\n{}\n1\n5432\n../s\n\n\nready\n", stranger.id(), data.display());
        fs::write(&pid_file, lines).unwrap();
        chown(&pid_file, Some(owner.uid()), Some(owner.gid())).unwrap();
        fs::set_permissions(&pid_file, fs::Permissions::from_mode(0o600)).unwrap();
        home.serve().signal(Signal::TERM);
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }
}

#[test]
fn six_programs_at_once_end_up_on_one_server() {
    let home = Home::new("six");
    let running: Vec<Running> = thread::scope(|scope| {
        let starts: Vec<_> = (0..6).map(|_| scope.spawn(|| home.serve())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let server = home.postmaster().unwrap();
    assert!(!is_gone(server));
    for program in running {
        program.signal(Signal::TERM);
    }
    wait_until(|| is_gone(server));
}

#[test]
fn a_long_path_with_odd_characters_serves() {
    let mut home = Home::new("long");
    let top = home.0.clone();
    home.0 = top.join(format!("{} it's a $HOME \"x\"", "d".repeat(120)));
    home.serve().signal(Signal::TERM);
    wait_until(|| home.postmaster().is_none());
    fs::remove_dir_all(top).unwrap();
}

#[test]
fn without_postgresql_one_line_says_what_to_do() {
    let home = Home::new("nothing");
    let empty = home.0.join("empty");
    fs::create_dir_all(&empty).unwrap();
    let mut command = home.command(&["serve"]);
    command.env("PG_BIN_DIR", &empty).env("PATH", "");
    assert!(refusal(command).starts_with(&format!("ledgerline: PG_BIN_DIR: {} does not hold", empty.display())));
}

#[test]
fn a_wrong_password_is_told_in_one_line_that_does_not_repeat_it() {
    let home = Home::new("password");
    let program = home.serve();
    let socket = home.0.join("postgres/pg15/s");
    for args in [["serve"].as_slice(), &["migrate", "up"], &["doctor"]] {
        let mut command = home.command(args);
        let url = format!("postgres://postgres:a-lantern-in-the-attic@localhost/ledgerline?host={}", socket.display());
        command.env("DATABASE_URL", url).env("SECRET_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        let line = refusal(command);
        let beginning = format!("ledgerline: the PostgreSQL server at {}/", socket.display());
        assert!(
            line.starts_with(&beginning) && line.contains("does not let the role \"postgres\" in: password authentication failed"),
            "{line}"
        );
        assert!(!line.contains("lantern"), "{line}");
    }
    program.signal(Signal::TERM);
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let home = Home::new("unwritable");
    fs::create_dir_all(&home.0).unwrap();
    fs::write(home.0.join("file"), "").unwrap();
    let mut command = home.command(&["serve"]);
    command.env("DATA_DIR", home.0.join("file/below"));
    let line = refusal(command);
    assert!(line.starts_with("ledgerline: DATA_DIR: cannot make"), "{line}");
}

#[test]
fn a_closed_directory_on_the_way_is_named_when_root_lends_an_account() {
    if !geteuid().is_root() {
        return;
    }
    let home = Home::new("closed");
    fs::create_dir_all(&home.0).unwrap();
    fs::set_permissions(&home.0, fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = home.command(&["serve"]);
    command.env("DATA_DIR", home.0.join("below"));
    let line = refusal(command);
    assert!(line.contains(&format!("cannot enter {}:", home.0.display())), "{line}");
}

#[test]
fn an_installation_keeps_its_secret_to_itself() {
    let home = Home::new("secret");
    home.serve().signal(Signal::TERM);
    let mode = |path: &str| fs::metadata(home.0.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("secret_key"), 0o600);
    assert_eq!(mode("postgres/pg15"), 0o700);
    assert_eq!(mode("postgres/pg15/password"), 0o600);
    assert!(Path::new(&home.0).join("postgres/pg15/data").is_dir());
}
