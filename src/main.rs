//! The commands of Ledgerline; `serve` is the default.

use ledgerline::{
    clock::Chance,
    commands,
    config::{Cli, Command},
};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let command = cli.command_or_serve();
    // Before the runtime: a watchdog only waits, and must not hold its threads.
    if let Command::PgWatchdog { root, linger_ms } = &command {
        return match ledgerline::db::cluster::watch(root, std::time::Duration::from_millis(*linger_ms)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => refuse(&error),
        };
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&error),
    };
    match runtime.block_on(commands::run(command, cli.settings, Chance::real())) {
        Ok(code) => code,
        Err(error) => refuse(&error),
    }
}

/// One line that says what is in the way.
fn refuse(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("ledgerline: {error}");
    ExitCode::FAILURE
}
