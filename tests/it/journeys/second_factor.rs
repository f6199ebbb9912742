//! Somebody sets up an authenticator app, signs in with it, and once with a recovery code. The picture is read by another's
//! reader (zbar), the codes are made by another's generator (oathtool).

use super::{Chromium, Machine, chromium::tool, signs_in, signs_out};
use crate::support::App;
use std::{
    env, fs,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

#[tokio::test(flavor = "multi_thread")]
async fn from_a_picture_to_a_recovery_code() {
    journey(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_picture_to_a_recovery_code_without_javascript() {
    journey(false).await;
}

struct Tools {
    zbarimg: PathBuf,
    oathtool: PathBuf,
}

impl Tools {
    /// The `otpauth` address in what the browser shows.
    fn reads(&self, picture: &[u8]) -> String {
        static PICTURES: AtomicUsize = AtomicUsize::new(0);
        let file = env::temp_dir().join(format!("ledgerline-qr-{}-{}.png", std::process::id(), PICTURES.fetch_add(1, Ordering::Relaxed)));
        fs::write(&file, picture).unwrap();
        let read = Command::new(&self.zbarimg).args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"]).arg(&file).output().unwrap();
        fs::remove_file(&file).unwrap();
        let text = String::from_utf8(read.stdout).unwrap();
        text.lines().find(|line| line.starts_with("otpauth://")).expect("zbar reads the picture").to_owned()
    }

    fn code(&self, app: &App, secret: &str) -> String {
        let now = format!("@{}", app.clock.now().unix_timestamp());
        let made = Command::new(&self.oathtool).args(["--totp", "--base32", "--now", &now, secret]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    }
}

async fn journey(with_scripts: bool) {
    let name = "setting up an authenticator app, with and without JavaScript";
    let Some(chromium) = Chromium::start(name) else { return };
    let (Some(zbarimg), Some(oathtool)) = (tool("zbarimg", name), tool("oathtool", name)) else { return };
    let tools = Tools { zbarimg, oathtool };
    let app = App::start().await;
    let olga = app.person("olga.berg@northlight.test").admin_of("northlight").await;
    let browser = chromium.machine(with_scripts).await;
    signs_in(&browser, &app, &olga.email).await;
    browser.sees("Dashboard").await;

    browser.presses("Olga Berg").await;
    browser.presses("Security").await;
    browser.sees("A password can be stolen").await;
    browser.presses("Set up an app").await;
    browser.sees("1. Scan this with the app").await;
    let uri = tools.reads(&browser.picture().await);
    if with_scripts {
        browser.presses("Olga Berg").await;
        browser.presses("Dark").await;
        assert_eq!(tools.reads(&browser.picture().await), uri, "read in the dark too");
    }
    let secret = uri.split("secret=").nth(1).unwrap().split('&').next().unwrap();
    assert!(
        uri.starts_with("otpauth://totp/Ledgerline:olga.berg%40northlight.test?secret=") && uri.ends_with("&issuer=Ledgerline"),
        "{uri}"
    );
    assert_eq!(browser.shows("#key").await[0].replace(' ', ""), secret, "the picture and the words say the same");
    app.next_step();
    browser.types("code", &tools.code(&app, secret)).await;
    browser.presses("Turn on").await;
    browser.sees("Keep them now").await;
    let codes = browser.shows(".codes code").await;
    assert_eq!(codes.len(), 10);
    browser.presses("I have kept them").await;
    browser.sees("10 left").await;

    leaves_and_comes_back(&browser, &app, &olga.email).await;
    app.next_step();
    browser.types("code", &tools.code(&app, secret)).await;
    browser.presses("Sign in").await;
    browser.sees("Dashboard").await;

    leaves_and_comes_back(&browser, &app, &olga.email).await;
    browser.presses("Use a recovery code instead").await;
    browser.types("code", &codes[0]).await;
    browser.presses("Sign in").await;
    browser.sees("Dashboard").await;
    browser.opens(&app.state.public_url().link("/me/mfa/recovery-codes")).await;
    browser.sees("9 codes left").await;
    browser.leaves().await;
}

async fn leaves_and_comes_back(browser: &Machine, app: &App, email: &str) {
    signs_out(browser, "Olga Berg").await;
    signs_in(browser, app, email).await;
    browser.sees("One more step").await;
}
