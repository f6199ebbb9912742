//! What each command does, from the settings to the end of the process.

mod admin;
mod doctor;
mod http;
mod serve;
mod serving;

pub use serve::Running;

use crate::{
    access::permission,
    clock::{Chance, Clock},
    config::{Admin, Command, Demo, Migrate, Settings},
    db::{self, Progress, Server},
    demo,
    moments::Moments,
};
use anyhow::{Result, bail};
use std::{process::ExitCode, sync::Arc};

/// Runs one command to its end.
pub async fn run(command: Command, settings: Settings, chance: Chance) -> Result<ExitCode> {
    let progress: Progress = Arc::new(|words: &str| eprintln!("{words}"));
    let moments = Moments { clock: Clock::real(), chance };
    match command {
        Command::Serve => serve::serve(settings, moments, progress).await?,
        Command::Migrate(what) => migrate(what, settings, moments, progress).await?,
        Command::Admin(Admin::Create { email, name }) => admin::create(&email, name.as_deref(), settings, moments, progress).await?,
        Command::Admin(Admin::ResetMfa { email }) => admin::reset_mfa(&email, settings, moments, progress).await?,
        Command::Demo(Demo::Load) => load_demo(settings, moments, progress).await?,
        Command::Doctor => return doctor::examine(settings, moments, progress).await,
        Command::PgWatchdog { .. } => bail!("the watchdog runs without a runtime"),
    }
    Ok(ExitCode::SUCCESS)
}

async fn migrate(what: Migrate, settings: Settings, moments: Moments, progress: Progress) -> Result<()> {
    // Going back from nothing begins nothing.
    if matches!(what, Migrate::Down { .. }) && settings.is_embedded() && !settings.data_dir.join("secret_key").exists() {
        bail!("DATA_DIR: there is no database in {} yet", settings.data_dir.display());
    }
    let key = settings.secret_key(&moments.chance)?;
    let server = Server::reach(&settings, &moments.chance, &progress).await?;
    match what {
        Migrate::Up => server.prepare(&key, &progress).await?,
        Migrate::Down { to } => {
            for version in db::down(server.owner(), to).await? {
                println!("{version:04} reverted");
            }
        }
        Migrate::Status => {}
    }
    for step in db::status(server.owner()).await? {
        println!("{:04} {:<32} {}", step.version, step.what, if step.applied { "applied" } else { "pending" });
    }
    server.release().await?;
    Ok(())
}

async fn load_demo(settings: Settings, moments: Moments, progress: Progress) -> Result<()> {
    let key = settings.secret_key(&moments.chance)?;
    let server = Server::reach(&settings, &moments.chance, &progress).await?;
    server.prepare(&key, &progress).await?;
    let mut owner = server.connect().await?;
    demo::load(&mut owner, &moments.clock, &progress).await?;
    drop(owner);
    print_accounts();
    server.release().await?;
    Ok(())
}

fn print_accounts() {
    println!("demo accounts, all with the password {}:", demo::PASSWORD);
    for account in demo::ACCOUNTS {
        println!("  {:<28} {}", account.email, account.who);
    }
}

/// The permission table of the program and the rows of the database must say the same.
async fn check_permissions(owner: &mut sqlx::PgConnection) -> Result<()> {
    let differences = permission::differences(owner).await?;
    if let Some(first) = differences.first() {
        bail!("the permissions in the database differ from the program's ({} places): {first}", differences.len());
    }
    Ok(())
}
