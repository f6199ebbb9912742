//! The doctor: configuration, database, roles, row security of every table, permissions, mail and clock.

use super::{check_permissions, serving};
use crate::{
    config::Settings,
    db::{self, Finding, Progress, Server, rules},
    mail::Mailer,
    moments::Moments,
};
use anyhow::Result;
use std::process::ExitCode;

/// More than this apart, sessions and links end at the wrong time.
const CLOCK_TOLERANCE: time::Duration = time::Duration::seconds(5);

/// Examines everything and says what it found; success only when all holds.
pub(super) async fn examine(settings: Settings, moments: Moments, progress: Progress) -> Result<ExitCode> {
    let mut report = Report::default();
    let key = settings.secret_key(&moments.chance)?;
    report.good("configuration", "is complete");
    let server = Server::reach(&settings, &moments.chance, &progress).await?;
    let mut owner = server.connect().await?;

    for check in db::check_server(&mut owner).await? {
        match check.finding {
            Finding::Good(words) => report.good(check.what, &words),
            Finding::Advice(words) => report.advice(check.what, &words),
            Finding::Fault(words) => report.fault(check.what, &words),
        }
    }
    let missing = db::missing_roles(&mut owner, server.owner(), &key).await?;
    if missing.is_empty() {
        report.good("roles", "all there, with the rights they need and no more");
    } else {
        report.fault("roles", "run as an administrator:");
        missing.iter().for_each(|line| println!("      {line}"));
    }
    let pending = db::status(server.owner()).await?.iter().filter(|step| !step.applied).count();
    if pending > 0 {
        report.fault("schema", &format!("{pending} migrations are pending; run `ledgerline migrate up`"));
    } else {
        report.good("schema", "is up to date");
        let broken = rules::broken(&mut owner).await?;
        if broken.is_empty() {
            report.good("row security", "every table and function keeps the rules R1 to R19");
        }
        broken.iter().for_each(|rule| report.fault("row security", &format!("{} {}", rule.name, rule.object)));
        match check_permissions(&mut owner).await {
            Ok(()) => report.good("permissions", "program and database agree"),
            Err(words) => report.fault("permissions", &words.to_string()),
        }
    }
    let theirs = sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(&mut owner).await?;
    let apart = (theirs - moments.now()).abs();
    if apart > CLOCK_TOLERANCE {
        report.fault("clock", &format!("this machine and the database are {} s apart", apart.whole_seconds()));
    } else {
        report.good("clock", "agrees with the database's");
    }
    drop(owner);
    let (public_url, guess) = serving::public_url(&settings)?;
    if let Some(words) = guess {
        report.advice("address", &format!("{}: {words}", public_url.origin()));
    } else if public_url.is_https() || public_url.is_loopback() {
        report.good("address", &public_url.origin());
    } else {
        let words =
            format!("{} is plain HTTP: everybody on the way reads passwords and cookies; set PUBLIC_URL to https://…", public_url.origin());
        report.advice("address", &words);
    }
    let mailer = Mailer::new(&settings, &public_url)?;
    match mailer.check().await {
        Ok(()) if mailer.is_local() => report.advice("mail", "stays in the local mailbox; set SMTP_URL to send it"),
        Ok(()) => report.good("mail", "the server answers"),
        Err(words) => report.fault("mail", &words),
    }
    server.release().await?;
    Ok(report.end())
}

#[derive(Default)]
struct Report {
    faults: usize,
}

impl Report {
    fn good(&self, what: &str, words: &str) {
        println!("  ok  {what}: {words}");
    }

    fn advice(&self, what: &str, words: &str) {
        println!("  --  {what}: {words}");
    }

    fn fault(&mut self, what: &str, words: &str) {
        self.faults += 1;
        println!("  !!  {what}: {words}");
    }

    fn end(self) -> ExitCode {
        if self.faults == 0 {
            println!("all is well");
            return ExitCode::SUCCESS;
        }
        println!("{} faults", self.faults);
        ExitCode::FAILURE
    }
}
