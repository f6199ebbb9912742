//! The first system administrator, made from the command line.

use super::serving;
use crate::{
    config::Settings,
    db::{Progress, Server},
    moments::Moments,
    secret::Token,
    sign_in::{address::EmailAddress, link},
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
    link::issue(&mut owner, user, &token, now).await?;
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
