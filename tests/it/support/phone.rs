//! An authenticator app, told its key as people type it in.

use super::{App, Page, Person};
use base32::Alphabet;
use time::{Duration, OffsetDateTime};
use totp_rs::Builder;

pub struct Phone {
    secret: Vec<u8>,
}

impl Phone {
    /// Takes the key from the page that offers it.
    pub fn reads(page: &Page) -> Self {
        let key = page.first("#key").unwrap_or_else(|| panic!("no key: {page:?}")).replace(' ', "");
        Self { secret: base32::decode(Alphabet::Rfc4648 { padding: false }, &key).unwrap() }
    }

    pub fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// What the app shows at a moment.
    pub fn code(&self, at: OffsetDateTime) -> String {
        let totp = Builder::new().with_secret(self.secret.clone()).build().unwrap();
        totp.generate(u64::try_from(at.unix_timestamp()).unwrap()).to_string()
    }

    /// Some other code than those of the minutes around a moment.
    pub fn wrong_code(&self, at: OffsetDateTime) -> String {
        let right: Vec<String> = (-4..=4).map(|step| self.code(at + Duration::seconds(30) * step)).collect();
        (0..).map(|number| format!("{number:06}")).find(|code| !right.contains(code)).unwrap()
    }
}

impl Person {
    /// Signed in, sets up an app; answers it and the recovery codes.
    pub async fn enrols(&self, app: &App) -> (Phone, Vec<String>) {
        let offer = self.opens("/me/mfa/enrol").await;
        let phone = Phone::reads(&offer);
        let codes = offer.submits("Turn on", &[("code", &phone.code(app.clock.now()))]).await;
        assert_eq!((codes.status, codes.heading().as_str()), (200, "Your recovery codes"), "{codes:?}");
        // Its step is used up.
        app.next_step();
        (phone, codes.all(".codes code"))
    }
}

impl App {
    /// Goes to the beginning of the next step of 30 seconds, so that none ends in the middle of a test.
    pub fn next_step(&self) {
        self.clock.forward(Duration::seconds(31 - self.clock.now().unix_timestamp().rem_euclid(30)));
    }
}
