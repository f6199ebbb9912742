//! Two people edit one thing: the later is told who was first, and loses nothing of what they typed.
//!
//! Works, songwriters and recordings count their changes in `version`. A form carries the version it was made from; one
//! that has passed since is answered with the same form at 409, as typed, which saved once more goes over it.

use crate::{
    access::Tenant,
    error::{Refusal, Result},
    web::Moment,
};
use axum::http::StatusCode;
use time::OffsetDateTime;
use uuid::Uuid;

/// How a thing stood when an edit was looked at.
#[derive(Debug, Clone, Copy)]
pub struct Version {
    pub number: i64,
    /// Whoever changed it last; nobody for rows of the older service.
    pub by: Option<Uuid>,
    pub at: OffsetDateTime,
}

/// Refuses an edit made from another version than the present one. `what` is "work", "songwriter" or "recording".
///
/// # Errors
/// `stale` (409), with who changed it and when.
pub async fn check(at: &mut Tenant, what: &str, made_from: &str, present: Version) -> Result<()> {
    if made_from.parse() == Ok(present.number) {
        return Ok(());
    }
    let (who, when) = (name(at, present.by).await?, Moment(present.at).before(&at.now()));
    let words = format!(
        "{who} changed this {what} {when}, while you had it open. What you typed is all below and nothing is saved yet. \
         Open the {what} in another tab to see it as it is now; saving again puts yours over it."
    );
    Err(Refusal::conflict("stale", words).into())
}

/// Somebody was faster between the look and the write.
pub fn overtaken(what: &str) -> Refusal {
    Refusal::conflict("stale", format!("Somebody changed this {what} at the same moment. Save again to put yours over it."))
}

/// The version a refused form goes back with: after a conflict the present one, so that saving again goes over it.
pub fn sent_back(refusal: &Refusal, made_from: String, present: Version) -> String {
    if refusal.status == StatusCode::CONFLICT { present.number.to_string() } else { made_from }
}

/// The person by name. Who cannot be seen here is a system admin after a visit.
async fn name(at: &mut Tenant, person: Option<Uuid>) -> Result<String> {
    let Some(person) = person else { return Ok("Somebody else".to_owned()) };
    if person == at.person.id {
        return Ok("You yourself".to_owned());
    }
    let name = sqlx::query_scalar!("select full_name from users where id = $1", person).fetch_optional(at.db()).await?;
    Ok(name.unwrap_or_else(|| "Ledgerline support".to_owned()))
}
