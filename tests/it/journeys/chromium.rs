//! Chromium, driven over WebDriver; each machine is a browser of its own with its own cookies.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};
use thirtyfour::{LoggingPrefsLogLevel, cdp::Cdp, prelude::*};

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
            left_out("chromium or chromedriver", journey);
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

/// A program that a journey needs beside the browser. None, said aloud, where it is not installed.
pub fn tool(name: &str, journey: &str) -> Option<PathBuf> {
    let found = on_path(name);
    if found.is_none() {
        left_out(name, journey);
    }
    found
}

fn left_out(what: &str, journey: &str) {
    assert!(env::var_os("REQUIRE_BROWSER").is_none_or(|value| value != "1"), "REQUIRE_BROWSER=1, and no {what} is installed");
    // Not `eprintln!`: the words of a test that passes are kept back.
    let _ = writeln!(std::io::stderr(), "left out, because {what} is not installed: {journey}");
}

fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// An authenticator of the browser's own, by the DevTools protocol.
pub struct Device {
    cdp: Cdp,
    id: String,
}

impl Device {
    /// Whether somebody touches it when it is asked.
    pub async fn is_touched(&self, touched: bool) {
        self.sets("WebAuthn.setAutomaticPresenceSimulation", serde_json::json!({ "enabled": touched })).await;
    }

    /// Whether it knows its user by their finger, face or PIN.
    pub async fn knows_its_user(&self, knows: bool) {
        self.sets("WebAuthn.setUserVerified", serde_json::json!({ "isUserVerified": knows })).await;
    }

    async fn sets(&self, method: &str, mut what: serde_json::Value) {
        what["authenticatorId"] = self.id.as_str().into();
        self.cdp.send_raw(method, what).await.unwrap();
    }
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
            if let Ok(text) = self.text("//body").await {
                if text.contains(words) {
                    return;
                }
                shown = text;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("{words:?} did not appear at {}:\n{shown}", self.path().await)
    }

    /// Says that a page which is there already does not show these words.
    pub async fn misses(&self, words: &str) {
        let shown = self.text("//body").await.unwrap();
        assert!(!shown.contains(words), "{words:?} at {}:\n{shown}", self.path().await);
    }

    /// Waits until the row of a table that shows `with` shows `words` too.
    pub async fn sees_in_row(&self, with: &str, words: &str) {
        let row = format!("//tbody/tr[contains(., {})]", quoted(with));
        let mut shown = String::new();
        for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
            shown = self.text(&row).await.unwrap_or_default();
            if shown.contains(words) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("{words:?} did not appear in the row of {with:?} at {}: {shown:?}", self.path().await)
    }

    /// What stands under the heading with these words.
    pub async fn under(&self, heading: &str) -> String {
        self.text(&format!("//main//h2[normalize-space(.)={}]/ancestor::section[1]", quoted(heading))).await.unwrap()
    }

    pub async fn types(&self, field: &str, text: &str) {
        let field = self.shown(&format!("[name='{field}']")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Types into a field and sends its form by the Enter key.
    pub async fn enters(&self, field: &str, text: &str) {
        self.types(field, text).await;
        self.shown(&format!("[name='{field}']")).await.send_keys(Key::Enter).await.unwrap();
    }

    /// What stands in a field.
    pub async fn typed(&self, field: &str) -> String {
        self.shown(&format!("[name='{field}']")).await.value().await.unwrap().unwrap_or_default()
    }

    pub async fn chooses(&self, field: &str, option: &str) {
        self.shown(&format!("select[name='{field}'] option[value='{option}']")).await.click().await.unwrap();
    }

    pub async fn ticks(&self, field: &str) {
        self.shown(&format!("[name='{field}'][type='checkbox']")).await.click().await.unwrap();
    }

    /// Clicks the button, link or menu with these words, or of which these words are a part of their own.
    pub async fn presses(&self, words: &str) {
        let said = quoted(words);
        let target = format!(
            "//*[self::button or self::a or self::summary][normalize-space(.)={said} or @aria-label={said} or .//*[normalize-space(.)={said}]]"
        );
        let found = self.driver.query(By::XPath(target)).and_displayed().and_enabled().wait(PATIENCE, LOOK).first().await;
        let Ok(target) = found else { panic!("no button or link {words:?} at {}", self.path().await) };
        target.click().await.unwrap_or_else(|error| panic!("{words:?} cannot be clicked: {error}"));
    }

    /// The words of everything a selector finds.
    pub async fn shows(&self, selector: &str) -> Vec<String> {
        let mut words = Vec::new();
        for element in self.driver.find_all(By::Css(selector)).await.unwrap() {
            words.push(element.text().await.unwrap());
        }
        words
    }

    /// What is seen, as a PNG.
    pub async fn picture(&self) -> Vec<u8> {
        self.driver.screenshot_as_png().await.unwrap()
    }

    /// The browser's own way back.
    pub async fn goes_back(&self) {
        self.driver.back().await.unwrap();
    }

    /// A second tab of the same browser, in front from now on.
    pub async fn opens_tab(&self, url: &str) {
        let tab = self.driver.new_tab().await.unwrap();
        self.driver.switch_to_window(tab).await.unwrap();
        self.opens(url).await;
    }

    /// Closes the tab in front; the one before it comes back.
    pub async fn closes_tab(&self) {
        self.driver.close_window().await.unwrap();
        let left = self.driver.windows().await.unwrap().pop().unwrap();
        self.driver.switch_to_window(left).await.unwrap();
    }

    /// Plugs in an authenticator that can keep passkeys and checks its user: `internal` or `usb`.
    pub async fn plugs_in(&self, transport: &str) -> Device {
        let cdp = self.driver.cdp();
        cdp.send_raw("WebAuthn.enable", serde_json::json!({})).await.unwrap();
        let wanted = serde_json::json!({
            "protocol": "ctap2", "transport": transport, "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "automaticPresenceSimulation": true,
        });
        let added = cdp.send_raw("WebAuthn.addVirtualAuthenticator", serde_json::json!({ "options": wanted })).await.unwrap();
        Device { cdp, id: added["authenticatorId"].as_str().unwrap().to_owned() }
    }

    /// From here on the browser offers no passkey by itself, as some do not.
    pub async fn makes_no_offers(&self) {
        let source = "if (window.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = async () => false";
        let script = serde_json::json!({ "source": source });
        self.driver.cdp().send_raw("Page.addScriptToEvaluateOnNewDocument", script).await.unwrap();
    }

    /// Somebody else sits down: the cookies go.
    pub async fn forgets(&self) {
        self.driver.delete_all_cookies().await.unwrap();
    }

    pub async fn path(&self) -> String {
        self.driver.current_url().await.unwrap().path().to_owned()
    }

    /// Says that the browser had nothing to complain of but the answers that refuse something: no error of a script, no
    /// violation of the content policy. Ends the browser.
    pub async fn leaves(self) {
        let log = self.driver.browser_log().await.unwrap();
        self.driver.quit().await.unwrap();
        let log = log.into_iter().filter(|entry| entry.level != "INFO").map(|entry| format!("{entry:?}"));
        let complaints: Vec<String> = log.filter(|entry| !entry.contains("the server responded with a status of 4")).collect();
        assert_eq!(complaints, Vec::<String>::new());
    }

    async fn text(&self, xpath: &str) -> WebDriverResult<String> {
        self.driver.find(By::XPath(xpath)).await?.text().await
    }

    async fn shown(&self, selector: &str) -> WebElement {
        let found = self.driver.query(By::Css(selector)).and_displayed().wait(PATIENCE, LOOK).first().await;
        found.unwrap_or_else(|error| panic!("{selector}: {error}"))
    }
}

/// Words as a literal of XPath, which knows no escapes.
fn quoted(words: &str) -> String {
    assert!(!words.contains('"'), "{words}");
    format!("\"{words}\"")
}
