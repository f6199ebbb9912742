//! The program as it is delivered: a process of its own, so that what it costs can be told from what the database costs.

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

pub struct Program {
    child: Child,
    pub address: SocketAddr,
}

impl Program {
    /// Runs it with these settings and nothing else of our environment; returns once it listens.
    pub fn start(settings: &[(&str, &str)], log: &Path) -> Result<Self> {
        let mut program = Command::new(env!("CARGO_BIN_EXE_ledgerline"));
        program.arg("serve").env_clear().env("LISTEN_ADDR", "127.0.0.1:0").envs(settings.iter().copied());
        program.envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "PG_BIN_DIR"));
        let mut child = program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(log)?).spawn()?;
        let mut printed = BufReader::new(child.stdout.take().context("the program's output")?).lines();
        let address = printed.find_map(|line| line.ok()?.strip_prefix("listening on http://")?.parse().ok());
        // Whatever else it prints must not fill the pipe.
        thread::spawn(move || printed.for_each(drop));
        let Some(address) = address else {
            child.wait()?;
            bail!("the program did not start: {}", fs::read_to_string(log)?.trim());
        };
        Ok(Self { child, address })
    }

    pub fn cpu(&self) -> Result<Duration> {
        Ok(times(&fields(self.child.id())?).take(2).sum())
    }

    /// Resident memory in bytes: now, and at its highest.
    pub fn memory(&self) -> Result<(u64, u64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
        };
        field("VmRSS:").zip(field("VmHWM:")).context("memory of the program")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

/// CPU time of a process and of its children, those that have ended included.
pub fn cpu_of_family(parent: u32) -> Result<Duration> {
    let mut sum = times(&fields(parent)?).sum();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that has ended by now is with its parent the next time.
        let fields = fields(pid).unwrap_or_default();
        if fields.get(PARENT) == Some(&i64::from(parent)) {
            sum += times(&fields).take(2).sum::<Duration>();
        }
    }
    Ok(sum)
}

/// Places in `/proc/PID/stat`, behind the process's name and state.
const PARENT: usize = 0;
const USER_TIME: usize = 10;

/// In user and system mode; then the same of children that have ended.
fn times(fields: &[i64]) -> impl Iterator<Item = Duration> {
    // Linux shows a hundred ticks a second, whatever it counts in.
    fields.iter().skip(USER_TIME).take(4).map(|ticks| Duration::from_millis(u64::try_from(*ticks).unwrap_or(0) * 10))
}

fn fields(pid: u32) -> Result<Vec<i64>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in brackets may hold spaces.
    let (_, rest) = stat.rsplit_once(')').context("a process without a name")?;
    Ok(rest.split_whitespace().skip(1).map_while(|field| field.parse().ok()).collect())
}
