//! Chromium, driven over WebDriver; each machine is a browser of its own with its own cookies.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};
use thirtyfour::{LoggingPrefsLogLevel, prelude::*};

const FLAGS: [&str; 9] = [
    "--headless=new",
    "--window-size=1280,900",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];
/// Patience for a loaded machine; what never comes fails then.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(50);

/// A chromedriver of the test's own.
pub struct Chromium {
    driver: Child,
    url: String,
    binary: PathBuf,
}

impl Chromium {
    /// None, said aloud, where there is no browser to drive.
    pub fn start(journey: &str) -> Option<Self> {
        let (Some(driver), Some(binary)) =
            (on_path("chromedriver"), ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path))
        else {
            assert!(
                env::var_os("REQUIRE_BROWSER").is_none_or(|value| value != "1"),
                "REQUIRE_BROWSER=1, and no chromium or chromedriver is installed"
            );
            // Not `eprintln!`: the words of a test that passes are kept back.
            let _ = writeln!(std::io::stderr(), "left out, because chromium or chromedriver is not installed: {journey}");
            return None;
        };
        let mut driver = Command::new(driver).arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port =
            said.find_map(|line| line.split_once("started successfully on port ").map(|(_, port)| port.trim_end_matches('.').to_owned()));
        Some(Self { driver, url: format!("http://127.0.0.1:{}", port.expect("chromedriver says its port")), binary })
    }

    /// A browser that has never been anywhere.
    pub async fn machine(&self, with_scripts: bool) -> Machine {
        let mut wanted = DesiredCapabilities::chrome();
        wanted.set_binary(self.binary.to_str().unwrap()).unwrap();
        FLAGS.iter().for_each(|flag| wanted.add_arg(flag).unwrap());
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
        if !with_scripts {
            let refused = serde_json::json!({ "profile.managed_default_content_settings.javascript": 2 });
            wanted.add_experimental_option("prefs", refused).unwrap();
        }
        Machine { driver: WebDriver::new(&self.url, wanted).await.unwrap() }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|file| file.is_file())
}

pub struct Machine {
    driver: WebDriver,
}

impl Machine {
    pub async fn opens(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// Waits until the page shows these words.
    pub async fn sees(&self, words: &str) {
        let mut shown = String::new();
        for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
            // The page may be going away under the look.
            if let Ok(body) = self.driver.find(By::Css("body")).await
                && let Ok(text) = body.text().await
            {
                if text.contains(words) {
                    return;
                }
                shown = text;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("{words:?} did not appear at {}:\n{shown}", self.path().await)
    }

    pub async fn types(&self, field: &str, text: &str) {
        let field = self.shown(&format!("[name='{field}']")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub async fn chooses(&self, field: &str, option: &str) {
        self.shown(&format!("select[name='{field}'] option[value='{option}']")).await.click().await.unwrap();
    }

    /// Clicks the button or link with these words.
    pub async fn presses(&self, words: &str) {
        let target = format!("//*[self::button or self::a][normalize-space(.)='{words}']");
        let found = self.driver.query(By::XPath(target)).and_displayed().and_enabled().wait(PATIENCE, LOOK).first().await;
        let Ok(target) = found else { panic!("no button or link {words:?} at {}", self.path().await) };
        target.click().await.unwrap_or_else(|error| panic!("{words:?} cannot be clicked: {error}"));
    }

    pub async fn path(&self) -> String {
        self.driver.current_url().await.unwrap().path().to_owned()
    }

    /// What the browser complained of, violations of the content policy among it. Ends the browser.
    pub async fn complaints(self) -> Vec<String> {
        let log = self.driver.browser_log().await.unwrap();
        self.driver.quit().await.unwrap();
        log.into_iter().map(|entry| format!("{entry:?}")).collect()
    }

    async fn shown(&self, selector: &str) -> WebElement {
        let found = self.driver.query(By::Css(selector)).and_displayed().wait(PATIENCE, LOOK).first().await;
        found.unwrap_or_else(|error| panic!("{selector}: {error}"))
    }
}
