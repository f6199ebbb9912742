//! The local mailbox: where mail lands when no mail server is configured, to be read on a page of its own.

use super::{Mail, MailContext};
use crate::{db::Pools, error::Result, jobs, moments::Moments};
use time::OffsetDateTime;
use uuid::Uuid;

/// Messages shown at once.
const SHOWN: i64 = 100;

/// A message as it would have arrived.
#[derive(Debug, Clone)]
pub struct LocalMessage {
    /// That of its row in the outbox.
    pub id: Uuid,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub arrived_at: OffsetDateTime,
}

/// The newest messages, newest first.
pub async fn local_messages(context: &impl MailContext) -> Result<Vec<LocalMessage>> {
    let mut work = jobs::begin(context.pools()).await?;
    let messages = sqlx::query_as!(
        LocalMessage,
        r#"select id, to_address as "to", subject, text_body as text, html_body as html, arrived_at
           from local_mailbox order by arrived_at desc, id desc limit $1"#,
        SHOWN,
    )
    .fetch_all(&mut *work)
    .await?;
    Ok(messages)
}

pub async fn local_message(context: &impl MailContext, id: Uuid) -> Result<Option<LocalMessage>> {
    let mut work = jobs::begin(context.pools()).await?;
    let message = sqlx::query_as!(
        LocalMessage,
        r#"select id, to_address as "to", subject, text_body as text, html_body as html, arrived_at from local_mailbox where id = $1"#,
        id,
    )
    .fetch_optional(&mut *work)
    .await?;
    Ok(message)
}

pub(super) async fn put(pools: &Pools, at: &Moments, id: Uuid, mail: &Mail) -> Result<()> {
    let mut work = jobs::begin(pools).await?;
    sqlx::query!(
        "insert into local_mailbox (id, to_address, subject, text_body, html_body, arrived_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do nothing",
        id,
        mail.to,
        mail.subject,
        mail.text,
        mail.html,
        at.now(),
    )
    .execute(&mut *work)
    .await?;
    Ok(work.commit().await?)
}
