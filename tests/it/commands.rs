//! The commands as operators type them, on a database of their own.

use crate::{
    step_up::{signs_in_with, with_codes},
    support::{App, Database},
};
use ledgerline::demo;
use sqlx::Executor;
use std::process::{Command, Output};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The program with nothing but what is named in its environment.
pub fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ledgerline"));
    command
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("SECRET_KEY", KEY)
        .env("RUST_LOG", "error");
    command
}

/// Runs a command on the database to its end.
async fn runs(database: &Database, args: &[&str]) -> Output {
    let mut command = program(args);
    command.env("DATABASE_URL", database.url()).env("PUBLIC_URL", "https://ledgerline.test");
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8([output.stdout.as_slice(), &output.stderr].concat()).unwrap()
}

#[tokio::test]
async fn the_first_system_admin_gets_a_link_that_works_once() {
    let database = Database::new().await;
    let output = runs(&database, &["admin", "create", "--email", "Robin@Ledgerline.test", "--name", "Robin Ashdown"]).await;
    assert!(output.status.success(), "{}", words(&output));
    let said = words(&output);
    let link = said.lines().find_map(|line| line.strip_prefix("https://ledgerline.test")).unwrap_or_else(|| panic!("no link: {said}"));
    assert_eq!(said.lines().count(), 3, "{said}");

    let app = App::start_on_database(database).await;
    let robin = app.browser();
    let form = robin.opens(link).await;
    form.submits("Set password", &[("password", "fifteen letters at least"), ("password_confirmation", "fifteen letters at least")]).await;
    let page = robin.signs_in_as("robin@ledgerline.test", "fifteen letters at least").await;
    assert_eq!((page.status, page.path.as_str()), (200, "/me/mfa/enrol?next=%2Fpublishers"));
    assert!(page.body.contains("Robin Ashdown"));

    // A second time it promotes whoever has the address, and names them anew only when told.
    let output = runs(&app.database, &["admin", "create", "--email", "robin@ledgerline.test"]).await;
    assert!(output.status.success());
    assert_eq!(app.list::<String>("select full_name from users").await, ["Robin Ashdown"]);
    let output = runs(&app.database, &["admin", "create", "--email", "not an address"]).await;
    assert!(!output.status.success() && words(&output).starts_with("ledgerline: --email: "), "{}", words(&output));
}

#[tokio::test]
async fn the_break_glass_takes_a_second_factor_away_and_says_so_everywhere() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    let codes = with_codes(&app, &olga).await;
    signs_in_with(&olga, &codes[0]).await;
    let nobody = runs(&app.database, &["admin", "reset-mfa", "--email", "nobody@northlight.test"]).await;
    assert!(!nobody.status.success() && words(&nobody).contains("nobody has the address nobody@northlight.test"), "{}", words(&nobody));
    let output = runs(&app.database, &["admin", "reset-mfa", "--email", "OLGA@northlight.test"]).await;
    assert!(output.status.success() && words(&output).contains("olga@northlight.test has no second factor any more"), "{}", words(&output));
    assert_eq!(olga.gets("/publishers/northlight").await.status, 303);
    assert_eq!(app.one::<i64>("select count(*) from recovery_codes").await, 0);
    assert_eq!(
        app.list::<String>("select action || ' by ' || actor_name from audit_entries").await,
        ["member.factors_reset by The command line"]
    );
    let events: Vec<String> =
        app.list("select action || ' ' || (detail ->> 'by') from security_events where action = 'factors_reset'").await;
    assert_eq!(events, ["factors_reset command line"]);
    app.run_jobs().await;
    assert!(app.mailbox.to(&olga.email).iter().any(|mail| mail.subject == "Your second factor was reset"));
    let page = olga.signs_in().await;
    assert_eq!((page.status, page.path.as_str()), (200, "/publishers/northlight"));
}

/// What the doctor complains of, apart from what the tests' own server leaves out to be fast.
fn complaints(said: &str) -> Vec<&str> {
    let complaints = said.lines().filter_map(|line| line.trim().strip_prefix("!!  "));
    complaints.filter(|line| !line.starts_with("fsync: ") && !line.starts_with("synchronous_commit: ")).collect()
}

#[tokio::test]
async fn the_doctor_finds_what_is_wrong_and_only_then_complains() {
    let database = Database::new().await;
    let said = words(&runs(&database, &["doctor"]).await);
    assert_eq!(complaints(&said), Vec::<&str>::new());
    assert!(said.contains("ok  row security") && said.contains("ok  permissions"), "{said}");
    for (fault, word) in [
        ("alter table works no force row level security", "row security"),
        ("delete from role_permissions where permission = 'works:delete'", "permissions"),
        ("delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)", "schema"),
    ] {
        database.connect().await.execute(fault).await.unwrap();
        let output = runs(&database, &["doctor"]).await;
        let said = words(&output);
        assert!(!output.status.success() && complaints(&said).iter().any(|line| line.starts_with(word)), "{fault}: {said}");
    }
}

#[tokio::test]
async fn the_doctor_advises_against_an_address_that_everybody_on_the_way_can_read() {
    let database = Database::new().await;
    for (url, is_advised) in [
        ("http://ledgerline.test", true),
        ("http://192.0.2.7:3000", true),
        ("https://ledgerline.test", false),
        ("http://localhost:3000", false),
    ] {
        let mut command = program(&["doctor"]);
        command.env("DATABASE_URL", database.url()).env("PUBLIC_URL", url);
        let said = words(&tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap());
        assert_eq!(said.contains("  --  address: "), is_advised, "{url}: {said}");
        assert_eq!(complaints(&said), Vec::<&str>::new(), "{url}");
    }
}

#[tokio::test]
async fn demo_data_goes_into_an_empty_database_only() {
    let database = Database::new().await;
    let output = runs(&database, &["demo", "load"]).await;
    let said = words(&output);
    assert!(output.status.success(), "{said}");
    for account in demo::ACCOUNTS {
        assert!(said.contains(account.email), "{said}");
    }
    let output = runs(&database, &["demo", "load"]).await;
    assert!(!output.status.success() && words(&output).contains("demo data goes into an empty one only"), "{}", words(&output));
    assert_eq!(complaints(&words(&runs(&database, &["doctor"]).await)), Vec::<&str>::new());

    let app = App::start_on_database(database).await;
    let counts: Vec<String> = app
        .list("select slug || ' ' || (select count(*) from works w where w.publisher_id = p.id) / 50 * 50 from publishers p order by slug")
        .await;
    assert_eq!(counts.len(), 4);
    assert!(
        counts.iter().all(|count| !count.ends_with(" 0"))
            && counts.iter().any(|count| count == "northlight 2000" || count > &"northlight 2000".to_owned()),
        "{counts:?}"
    );
    for account in demo::ACCOUNTS {
        let page = app.browser().signs_in_as(account.email, demo::PASSWORD).await;
        assert!(page.status == 200 && !page.path.starts_with("/sign-in"), "{}: {page:?}", account.email);
        // Thirteen sign-ins from one address are many, and none of them failed.
    }
}

#[tokio::test]
async fn migrate_lists_goes_back_and_forward() {
    let database = Database::new().await;
    let status = words(&runs(&database, &["migrate", "status"]).await);
    assert!(status.lines().count() >= 10 && status.lines().all(|line| line.ends_with("applied")), "{status}");
    let down = words(&runs(&database, &["migrate", "down", "--to", "2"]).await);
    assert!(down.contains("0003 reverted") && down.lines().filter(|line| line.ends_with("pending")).count() >= 8, "{down}");
    let output = runs(&database, &["doctor"]).await;
    assert!(!output.status.success() && words(&output).contains("migrations are pending"), "{}", words(&output));
    let up = runs(&database, &["migrate", "up"]).await;
    assert!(up.status.success(), "{}", words(&up));
    let again = words(&runs(&database, &["migrate", "status"]).await);
    assert_eq!(again, status);
}

#[tokio::test]
async fn a_setting_that_makes_no_sense_stops_the_start_with_one_line_that_names_it() {
    for (variable, value) in [
        ("DATABASE_URL", "mysql://localhost/x"),
        ("LISTEN_ADDR", "nowhere"),
        ("LISTEN_ADDR", "127.0.0.1:99999"),
        ("PUBLIC_URL", "ledgerline.example"),
        ("SECRET_KEY", "short"),
        ("SMTP_URL", "ftp://mail"),
        ("MAIL_FROM", "not a mailbox"),
        ("DEMO", "perhaps"),
        ("LOG_FORMAT", "xml"),
        ("RUST_LOG", "info,=="),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("DATABASE_MAX_CONNECTIONS", "2"),
        ("PG_BIN_DIR", "/nonexistent"),
    ] {
        let mut command = program(&["migrate", "status"]);
        let data = std::env::temp_dir().join(format!("ledgerline-settings-{}", std::process::id()));
        command.env("DATA_DIR", &data).env(variable, value);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let said = words(&output);
        assert!(!output.status.success() && said.lines().count() == 1, "{variable}={value}: {said}");
        assert!(said.starts_with(&format!("ledgerline: {variable}: ")), "{variable}={value}: {said}");
        assert!(variable != "SECRET_KEY" || !said.contains(value), "a secret is not repeated: {said}");
        let _ = std::fs::remove_dir_all(data);
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let database = Database::new().await;
    let mut command = program(&["serve"]);
    command.env("DATABASE_URL", database.url()).env("LISTEN_ADDR", format!("127.0.0.1:{port}"));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert_eq!(words(&output).trim(), format!("ledgerline: LISTEN_ADDR: port {port} on 127.0.0.1 is taken; another program listens there"));
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_left_to_it() {
    let database = Database::new().await;
    database.connect().await.execute("insert into _sqlx_migrations values (9999, 'later', now(), true, '', 0)").await.unwrap();
    for args in [["serve"].as_slice(), &["migrate", "up"]] {
        let mut command = program(args);
        command.env("DATABASE_URL", database.url()).env("LISTEN_ADDR", "127.0.0.1:0");
        let said = words(&tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap());
        assert!(said.starts_with("ledgerline: the database is at migration 9999; this program knows up to "), "{args:?}: {said}");
        assert!(said.lines().count() == 1 && said.contains("run the newer program"), "{args:?}: {said}");
    }
}
