//! `/me/security`: everything that proves a person, at a glance, with the way to each.

use crate::{
    access::{Level, Routes, SignedIn},
    error::Result,
    pages,
    sign_in::{recovery, reset},
    web::{self, Moment, Shell},
};
use askama::Template;
use axum::response::Response;
use time::OffsetDateTime;

pub const SECURITY: &str = "/me/security";

pub fn routes() -> Routes {
    Routes::new().get(SECURITY, show)
}

/// What the person has, as the tables of `sign_in` say.
struct Overview {
    password_set_at: Option<OffsetDateTime>,
    totp_since: Option<OffsetDateTime>,
    passkeys: i64,
    /// Recovery codes not used yet.
    codes: i64,
    /// Live sessions, this one among them.
    sessions: i64,
}

impl Overview {
    fn few_codes(&self) -> bool {
        self.codes <= recovery::FEW
    }
}

#[derive(Template)]
#[template(path = "profile/security.html", blocks = ["content"])]
struct SecurityPage {
    shell: Shell,
    has: Overview,
    factor: bool,
    /// This session was opened by a password alone, although there is a second factor.
    weak: bool,
    /// When an admin's reset of the second factor is due, if one was asked for.
    reset_due: Option<OffsetDateTime>,
}

pages!(SecurityPage);

async fn show(at: SignedIn) -> Result<Response> {
    let mut door = at.identity().await?;
    let now = door.now();
    let has = sqlx::query_as!(
        Overview,
        r#"select u.password_set_at,
                  (select t.created_at from totp_factors t where t.user_id = u.id) as totp_since,
                  (select count(*) from passkeys p where p.user_id = u.id) as "passkeys!",
                  (select count(*) from recovery_codes r where r.user_id = u.id and r.used_at is null) as "codes!",
                  (select count(*) from user_sessions s where s.user_id = u.id and s.revoked_at is null and s.idle_expires_at > $2 and s.absolute_expires_at > $2) as "sessions!"
             from users u where u.id = $1"#,
        at.person.id,
        now
    )
    .fetch_one(door.db())
    .await?;
    let reset_due = reset::due(&mut door, at.person.id).await?;
    let factor = has.totp_since.is_some() || has.passkeys > 0;
    web::page(&SecurityPage { shell: at.shell(), has, factor, weak: factor && at.person.level == Level::Password, reset_due })
}
