//! What only whoever runs the machine may do to an account: make the first system administrator, and break the glass.

use super::serving;
use crate::{
    audit::{self, By, Entry},
    config::Settings,
    db::{Progress, Server},
    mail,
    moments::Moments,
    secret::Token,
    sign_in::{
        address::EmailAddress,
        link,
        notice::{self, Notice},
    },
    web::Moment,
};
use anyhow::{Context, Result, anyhow, bail};
use uuid::Uuid;

/// Makes or promotes a system administrator and prints a link to set the password.
pub(super) async fn create(email: &str, name: Option<&str>, settings: Settings, moments: Moments, progress: Progress) -> Result<()> {
    let address = EmailAddress::parse("email", email).map_err(|refusal| anyhow!("--email: {}", refusal.message()))?;
    let key = settings.secret_key(&moments.chance)?;
    let server = Server::reach(&settings, &moments.chance, &progress).await?;
    server.prepare(&key, &progress).await?;
    let mut owner = server.connect().await?;
    let now = moments.now();
    sqlx::raw_sql("begin").execute(&mut owner).await?;
    let user: Uuid = sqlx::query_scalar!(
        "insert into users (id, email, email_norm, full_name, is_system_admin, created_at, updated_at) values ($1, $2, $3, $4, true, $5, $5)
         on conflict (email_norm) do update set is_system_admin = true, full_name = coalesce($6, users.full_name), updated_at = $5
         returning id",
        moments.new_id(),
        address.typed,
        address.norm,
        name.unwrap_or(&address.typed),
        now,
        name
    )
    .fetch_one(&mut owner)
    .await?;
    let token = Token::new(&moments.chance);
    link::issue(&mut owner, user, link::Purpose::Password, &token, &serde_json::json!({}), now).await?;
    sqlx::query!("insert into security_events (id, at, user_id, action, detail) values ($1, $2, $3, 'system_admin_made', '{\"by\": \"command line\"}')", moments.new_id(), now, user)
        .execute(&mut owner)
        .await?;
    sqlx::raw_sql("commit").execute(&mut owner).await.context("the administrator could not be made")?;
    let Ok((public_url, guess)) = serving::public_url(&settings) else {
        bail!("PUBLIC_URL: needed for the link");
    };
    println!("{} is a system administrator.", address.typed);
    println!("Set the password within 30 minutes at:");
    println!("{}", public_url.link(&format!("/password/reset?token={}", token.reveal())));
    if let Some(words) = guess {
        println!("{words}");
    }
    drop(owner);
    server.release().await?;
    Ok(())
}

/// Takes a person's second factor away and ends their sessions. It is written into their events and into the trail of each
/// of their publishers, and the person is told: nobody loses a factor silently.
pub(super) async fn reset_mfa(email: &str, settings: Settings, moments: Moments, progress: Progress) -> Result<()> {
    const WHO: &str = "The command line";
    let address = EmailAddress::parse("email", email).map_err(|refusal| anyhow!("--email: {}", refusal.message()))?;
    let key = settings.secret_key(&moments.chance)?;
    let Ok(public_url) = settings.public_url(settings.listen_addr.port) else {
        bail!("PUBLIC_URL: needed for the link in the mail");
    };
    let server = Server::reach(&settings, &moments.chance, &progress).await?;
    server.prepare(&key, &progress).await?;
    let mut owner = server.connect().await?;
    let now = moments.now();
    sqlx::raw_sql("begin").execute(&mut owner).await?;
    let found = sqlx::query!("select id, email, full_name from users where email_norm = $1 for update", address.norm)
        .fetch_optional(&mut owner)
        .await?;
    let Some(person) = found else { bail!("nobody has the address {}", address.typed) };
    // One statement, so that no factor is left when the program dies on the way.
    sqlx::query!(
        "with codes as (delete from recovery_codes where user_id = $1), keys as (delete from passkeys where user_id = $1),
              asked as (delete from passkey_ceremonies where user_id = $1), half_in as (delete from pending_sign_ins where user_id = $1),
              app as (delete from totp_factors where user_id = $1),
              signed_in as (update user_sessions set revoked_at = $2 where user_id = $1 and revoked_at is null),
              stopped as (update factor_resets set withdrawn_at = $2 where user_id = $1 and done_at is null and withdrawn_at is null),
              noted as (insert into security_events (id, at, user_id, action, detail) values ($3, $2, $1, 'factors_reset', '{\"by\": \"command line\"}'))
         update users set factors = '{}', updated_at = $2 where id = $1",
        person.id,
        now,
        moments.new_id()
    )
    .execute(&mut owner)
    .await?;
    let publishers = sqlx::query_scalar!("select publisher_id from user_publishers where user_id = $1 and status <> 'removed'", person.id);
    let by = By { id: None, name: WHO.to_owned(), visit: None, address: None };
    for publisher in publishers.fetch_all(&mut owner).await? {
        audit::write(&mut owner, &moments, publisher, &by, &Entry::FactorsReset { member: person.id, name: person.full_name.clone() })
            .await?;
    }
    let notice = Notice::FactorsReset { by: "Ledgerline's support".to_owned() };
    let letter = notice::letter(&public_url, &person.email, &notice, &format!("{}.", Moment(now))).map_err(|error| anyhow!("{error:?}"))?;
    mail::post(&mut owner, &moments, &key, None, &letter).await.map_err(|error| anyhow!("{error:?}"))?;
    sqlx::raw_sql("commit").execute(&mut owner).await.context("the second factor could not be taken away")?;
    println!("{} has no second factor any more and is signed out everywhere. They are told by mail.", person.email);
    drop(owner);
    server.release().await?;
    Ok(())
}
