//! Every command and every setting, read once from flags and environment variables.
//!
//! The declarations below are the only list: `--help`, the messages about malformed values and
//! the table in the README all come from them.

mod commands;
mod values;

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use clap::{
    Arg, Args, CommandFactory, FromArgMatches, Parser, ValueEnum,
    builder::{OsStr, Resettable},
    error::{ContextKind, ContextValue, ErrorKind},
};
use ipnet::IpNet;
use lettre::message::Mailbox;
use tracing_subscriber::EnvFilter;

use crate::{clock::Chance, secret::SecretKey};
pub use commands::{Admin, Command, Demo, Migrate};
pub use values::{DatabaseUrl, Hidden, ListenAddr, Malformed, PublicUrl};

/// Administration of music publishers: members, roles, accounts and catalogues of many publishers
/// in one place.
#[derive(Debug, Parser)]
#[command(name = "ledgerline", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    pub settings: Settings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// The settings as given; those that depend on others are asked for by method.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// PostgreSQL 15 or later, as the role that owns the schema and runs migrations [default: none; a private cluster in DATA_DIR]
    #[arg(long, env, global = true, hide_env_values = true, value_name = "URL")]
    pub database_url: Option<DatabaseUrl>,

    /// Where to listen; port 0 picks a free one, and the address really used is printed
    #[arg(long, env, global = true, hide_env_values = true, value_name = "HOST:PORT", default_value = "127.0.0.1:3000")]
    pub listen_addr: ListenAddr,

    /// The address people use; the only source of links in mails and redirects [default: http://localhost:PORT when listening on loopback, else required]
    #[arg(long, env, global = true, hide_env_values = true, value_name = "URL")]
    public_url: Option<PublicUrl>,

    /// Directory of the private cluster, the generated secret and uploaded files
    #[arg(long, env, global = true, hide_env_values = true, value_name = "DIR", default_value = ".ledgerline")]
    pub data_dir: PathBuf,

    /// 32 random bytes in base64; encrypts TOTP secrets, signs tokens, makes the passwords of the database roles [default: generated into DATA_DIR with the private cluster, else required]
    #[arg(long, env, global = true, hide_env_values = true, value_name = "BASE64")]
    secret_key: Option<SecretKey>,

    /// Mail server: smtp://host:port or smtps://user:password@host:port [default: none; mail stays in a local mailbox]
    #[arg(long, env, global = true, hide_env_values = true, value_name = "URL", value_parser = Hidden::smtp_url)]
    pub smtp_url: Option<Hidden>,

    /// Sender of all mail
    #[arg(long, env, global = true, hide_env_values = true, value_name = "MAILBOX", default_value = "Ledgerline <no-reply@localhost>", value_parser = mailbox)]
    pub mail_from: Mailbox,

    /// Demo data into an empty database, and the local mailbox page [default: true with the private cluster, else false]
    #[arg(long, env, global = true, hide_env_values = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = values::yes_or_no)]
    demo: Option<bool>,

    /// What to log: a level, or levels by module such as info,sqlx=warn
    #[arg(long = "rust-log", env = "RUST_LOG", global = true, hide_env_values = true, value_name = "FILTER", default_value = "info", value_parser = log_filter)]
    pub log_filter: String,

    /// text for people, json for machines
    #[arg(long, env, global = true, hide_env_values = true, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    pub log_format: LogFormat,

    /// Networks whose X-Forwarded-For is believed, separated by commas [default: none]
    #[arg(long, env, global = true, hide_env_values = true, value_name = "CIDR", value_delimiter = ',', value_parser = values::network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Connections to the database, shared out among three pools; at least 6
    #[arg(long, env, global = true, hide_env_values = true, value_name = "N", default_value = "16", value_parser = values::connections)]
    pub database_max_connections: u32,

    /// Directory with postgres, initdb and pg_ctl for the private cluster [default: found on PATH and where packages put it]
    #[arg(long, env, global = true, hide_env_values = true, value_name = "DIR")]
    pub pg_bin_dir: Option<PathBuf>,
}

/// A setting that stops the start: `VARIABLE: what is wrong`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{variable}: {reason}")]
pub struct SettingError {
    pub variable: String,
    pub reason: String,
}

fn wrong<T>(variable: &str, reason: impl ToString) -> Result<T, SettingError> {
    Err(SettingError { variable: variable.to_owned(), reason: reason.to_string() })
}

/// One row of the README's table of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub variable: String,
    pub default: String,
    pub meaning: String,
}

impl Cli {
    /// Reads the command line and the environment. Help, version and an unknown command or flag
    /// end the program with clap's own text; a malformed setting is an error of one line.
    pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Self, SettingError> {
        Self::read_by(Self::command().mut_args(unset_when_empty), args)
    }

    fn read_by(mut command: clap::Command, args: impl IntoIterator<Item = OsString>) -> Result<Self, SettingError> {
        let read = command.try_get_matches_from_mut(args).and_then(|matches| Self::from_arg_matches(&matches));
        read.map_err(|error| match error.kind() {
            ErrorKind::ValueValidation | ErrorKind::InvalidValue | ErrorKind::InvalidUtf8 => one_line(&error),
            _ => error.exit(),
        })
    }

    pub fn command_or_serve(&self) -> Command {
        self.command.clone().unwrap_or_default()
    }
}

impl Settings {
    /// Makes the data directory. Others may pass through it, because the private cluster below runs
    /// as another user when Ledgerline runs as root; each thing in it guards itself.
    pub fn make_data_dir(&self) -> Result<(), SettingError> {
        let made = DirBuilder::new().recursive(true).mode(0o711).create(&self.data_dir);
        made.or_else(|reason| wrong("DATA_DIR", format!("cannot make {}: {reason}", self.data_dir.display())))
    }

    /// Whether the program brings its own PostgreSQL.
    pub fn is_embedded(&self) -> bool {
        self.database_url.is_none()
    }

    pub fn demo(&self) -> bool {
        self.demo.unwrap_or(self.is_embedded())
    }

    pub fn has_public_url(&self) -> bool {
        self.public_url.is_some()
    }

    /// The public address, once the port really listened on is known.
    pub fn public_url(&self, port: u16) -> Result<PublicUrl, SettingError> {
        match &self.public_url {
            Some(url) => Ok(url.clone()),
            None if self.listen_addr.is_loopback() => PublicUrl::localhost(port).or_else(|error| wrong("PUBLIC_URL", error)),
            None => wrong("PUBLIC_URL", "required when LISTEN_ADDR is not loopback, such as https://ledgerline.example"),
        }
    }

    /// `SECRET_KEY`, or with the private cluster the one kept in the data directory.
    pub fn secret_key(&self, chance: &Chance) -> Result<SecretKey, SettingError> {
        match &self.secret_key {
            Some(key) => Ok(key.clone()),
            None if self.is_embedded() => {
                self.make_data_dir()?;
                kept_key(&self.data_dir, chance)
            }
            None => wrong("SECRET_KEY", "required with DATABASE_URL: 32 random bytes in base64, such as `openssl rand -base64 32` prints"),
        }
    }

    /// All settings in the order of their declaration.
    pub fn table() -> Vec<Setting> {
        Cli::command().get_arguments().filter_map(Setting::of).collect()
    }
}

impl Setting {
    fn of(arg: &Arg) -> Option<Self> {
        let variable = arg.get_env()?.to_string_lossy().into_owned();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        // A default that depends on other settings stands in the text, in clap's own notation.
        let (meaning, default) = match help.split_once(" [default: ") {
            Some((meaning, default)) => (meaning.to_owned(), default.trim_end_matches(']').to_owned()),
            None => {
                let values = arg.get_default_values().iter().map(|value| value.to_string_lossy());
                (help.clone(), values.collect::<Vec<_>>().join(","))
            }
        };
        Some(Self { variable, default, meaning })
    }
}

/// `SMTP_URL=` in a compose file means "not set", as everywhere else.
fn unset_when_empty(arg: Arg) -> Arg {
    let empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    if empty { arg.env(Resettable::<OsStr>::Reset) } else { arg }
}

/// Names the variable and the reason, never the value: it may be a secret.
fn one_line(error: &clap::Error) -> SettingError {
    let named = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(usage)) => usage.split([' ', '=', '[']).next().unwrap_or_default(),
        _ => "",
    };
    let command = Cli::command();
    let arg = command.get_arguments().find(|arg| arg.get_long().is_some_and(|long| named.strip_prefix("--") == Some(long)));
    let variable = arg.and_then(Arg::get_env).map_or(named.to_owned(), |name| name.to_string_lossy().into_owned());
    let reason = match (std::error::Error::source(error), error.get(ContextKind::ValidValue)) {
        (Some(reason), _) => reason.to_string(),
        (None, Some(ContextValue::Strings(valid))) if !valid.is_empty() => {
            format!("must be one of {}", valid.join(", "))
        }
        _ => "is not a value of the right kind".to_owned(),
    };
    SettingError { variable, reason: reason.lines().next().unwrap_or_default().to_owned() }
}

fn mailbox(text: &str) -> Result<Mailbox, Malformed> {
    text.parse().map_err(|_| Malformed("must be a mailbox such as Ledgerline <no-reply@ledgerline.example>".into()))
}

fn log_filter(text: &str) -> Result<String, Malformed> {
    let wrong = |_| Malformed("must be levels such as info or info,sqlx=warn".into());
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(wrong)
}

/// The key generated at the first start, readable by its owner alone.
fn kept_key(data_dir: &Path, chance: &Chance) -> Result<SecretKey, SettingError> {
    let file = data_dir.join("secret_key");
    match fs::read_to_string(&file) {
        Ok(text) => text.parse().or_else(|error| wrong("SECRET_KEY", format!("{} {error}", file.display()))),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => keep_new_key(data_dir, &file, chance)
            .or_else(|reason| wrong("DATA_DIR", format!("cannot keep the secret key in {}: {reason}", data_dir.display()))),
        Err(reason) => wrong("DATA_DIR", format!("cannot read {}: {reason}", file.display())),
    }
}

/// Writes beside and links into place: of two programs that start at once, both use the first key.
fn keep_new_key(data_dir: &Path, file: &Path, chance: &Chance) -> io::Result<SecretKey> {
    let draft = data_dir.join(format!("secret_key.{}", std::process::id()));
    let key = SecretKey::generate(chance);
    let mut new = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    new.write_all(key.to_base64().as_bytes())?;
    new.sync_all()?;
    let linked = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    match linked {
        Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => fs::read_to_string(file)?.parse().map_err(io::Error::other),
        other => other.map(|()| key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Cli, SettingError> {
        // The environment is the machine's, not the test's.
        let command = Cli::command().mut_args(|arg| arg.env(Resettable::<OsStr>::Reset));
        Cli::read_by(command, ["ledgerline"].iter().chain(args).map(OsString::from))
    }

    fn refused(args: &[&str]) -> String {
        read(args).unwrap_err().to_string()
    }

    #[test]
    fn a_malformed_setting_is_one_line_that_names_the_variable_and_not_the_value() {
        for (flag, line) in [
            ("--secret-key=hunter2", "SECRET_KEY: must be 32 bytes in base64"),
            ("--log-format=xml", "LOG_FORMAT: must be one of text, json"),
            ("--database-max-connections=5", "DATABASE_MAX_CONNECTIONS: must be a number from 6 to 1000"),
            ("--demo=perhaps", "DEMO: must be true or false"),
            ("--rust-log=a=b=c", "RUST_LOG: must be levels such as info or info,sqlx=warn"),
            ("--trusted-proxies=10.0.0.0/8,x", "TRUSTED_PROXIES: must be networks such as 10.0.0.0/8, separated by commas"),
            ("--mail-from=nobody", "MAIL_FROM: must be a mailbox such as Ledgerline <no-reply@ledgerline.example>"),
        ] {
            assert_eq!(refused(&[flag]), line);
        }
    }

    #[test]
    fn flags_stand_before_or_after_the_command() {
        for args in [["--listen-addr=0.0.0.0:80", "doctor"], ["doctor", "--listen-addr=0.0.0.0:80"]] {
            let cli = read(&args).unwrap();
            assert_eq!(cli.command_or_serve(), Command::Doctor);
            assert_eq!(cli.settings.listen_addr.to_string(), "0.0.0.0:80");
        }
        assert_eq!(read(&[]).unwrap().command_or_serve(), Command::Serve);
        assert_eq!(read(&["migrate", "down", "--to", "3"]).unwrap().command_or_serve(), Command::Migrate(Migrate::Down { to: 3 }));
    }

    #[test]
    fn a_database_of_ones_own_asks_for_more() {
        let own = read(&["--database-url=postgres://me@db/ledger"]).unwrap().settings;
        assert!(!own.is_embedded() && !own.demo());
        let missing = own.secret_key(&Chance::real()).unwrap_err();
        assert!(missing.to_string().starts_with("SECRET_KEY: required with DATABASE_URL"));
        assert!(read(&["--database-url=postgres://me@db/ledger", "--demo"]).unwrap().settings.demo());
    }

    #[test]
    fn the_public_address_is_required_beyond_loopback() {
        let local = read(&["--listen-addr=127.0.0.1:0"]).unwrap().settings;
        assert_eq!(local.public_url(4321).unwrap().origin(), "http://localhost:4321");
        let open = read(&["--listen-addr=0.0.0.0:80"]).unwrap().settings;
        assert!(open.public_url(80).unwrap_err().to_string().starts_with("PUBLIC_URL: required"));
        let named = read(&["--listen-addr=0.0.0.0:80", "--public-url=https://a.example"]).unwrap().settings;
        assert_eq!(named.public_url(80).unwrap().origin(), "https://a.example");
    }

    #[test]
    fn the_generated_key_is_kept_and_private() {
        let dir = std::env::temp_dir().join(format!("ledgerline-key-{}", std::process::id()));
        let settings = read(&["--data-dir", dir.to_str().unwrap()]).unwrap().settings;
        let key = settings.secret_key(&Chance::seeded(1)).unwrap();
        let again = settings.secret_key(&Chance::seeded(2)).unwrap();
        assert_eq!(*key.to_base64(), *again.to_base64());
        fs::write(dir.join("secret_key"), "damaged").unwrap();
        assert!(settings.secret_key(&Chance::seeded(3)).unwrap_err().to_string().starts_with("SECRET_KEY: "));
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn the_table_has_every_setting_with_default_and_meaning() {
        let table = Settings::table();
        let row = |name: &str| table.iter().find(|row| row.variable == name).unwrap();
        assert_eq!(row("LISTEN_ADDR").default, "127.0.0.1:3000");
        assert_eq!(row("SECRET_KEY").default, "generated into DATA_DIR with the private cluster, else required");
        assert_eq!(row("DATA_DIR").meaning, "Directory of the private cluster, the generated secret and uploaded files");
        assert!(table.iter().all(|row| !row.default.is_empty() && !row.meaning.is_empty()));
        Cli::command().debug_assert();
    }
}
