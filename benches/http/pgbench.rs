//! The yardstick: PostgreSQL's own load generator with the statements of a page, and nothing around them.

use crate::ground::{Case, Ground};
use anyhow::{Context, Result, ensure};
use ledgerline::db;
use std::{
    fs,
    process::{Command, Output},
    time::Duration,
};

pub use crate::script::Script;

/// What came of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rate {
    pub transactions: u64,
    pub elapsed: Duration,
    /// CPU time of the server, without that of connecting.
    pub cpu: Duration,
}

impl Rate {
    pub fn join(&mut self, other: Rate) {
        self.transactions += other.transactions;
        self.elapsed += other.elapsed;
        self.cpu += other.cpu;
    }

    pub fn per_second(&self) -> f64 {
        self.transactions as f64 / self.elapsed.as_secs_f64()
    }
}

/// Runs the script as the role that serves pages, on prepared statements.
pub fn run(ground: &Ground, case: Case, script: &Script, clients: usize, length: Duration) -> Result<Rate> {
    let before = ground.cpu()?;
    pgbench(ground, case, script, clients, &["-t".to_owned(), "1".to_owned()])?;
    let connecting = ground.cpu()? - before;

    let before = ground.cpu()?;
    let done = pgbench(ground, case, script, clients, &["-T".to_owned(), length.as_secs().max(1).to_string()])?;
    let cpu = (ground.cpu()? - before).saturating_sub(connecting);

    let printed = String::from_utf8(done.stdout)?;
    let number = |name: &str| {
        let line = printed.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse::<f64>().ok()).with_context(|| printed.clone())
    };
    let transactions = number("number of transactions actually processed: ")?;
    // On a machine so busy that connecting took all the time, there is no rate.
    let elapsed = if transactions == 0.0 { length } else { Duration::from_secs_f64(transactions / number("tps = ")?) };
    Ok(Rate { transactions: transactions as u64, elapsed, cpu })
}

fn pgbench(ground: &Ground, case: Case, script: &Script, clients: usize, length: &[String]) -> Result<Output> {
    let login = db::login(&ground.owner(case), db::APP, &ground.key);
    let file = ground.dir.join("page.sql");
    fs::write(&file, &script.text)?;
    let mut pgbench = Command::new(ground.bin.join("pgbench"));
    pgbench.args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]).arg(format!("--client={clients}")).args(length);
    for (name, value) in &script.variables {
        pgbench.arg("-D").arg(format!("{name}={value}"));
    }
    pgbench.arg("-f").arg(file).arg("-h").arg(login.get_socket().context("a socket")?).arg("-p").arg(login.get_port().to_string());
    pgbench.args(["-U", login.get_username(), login.get_database().unwrap_or_default()]);
    pgbench.env("PGPASSWORD", ground.key.role_password(db::APP).as_str()).env("PGOPTIONS", &script.options).env("PGSSLMODE", "disable");
    let done = pgbench.output()?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success() && !said.contains("aborted"), "pgbench failed: {said}\n{}", script.text);
    Ok(done)
}
