//! Taking a songwriter out of the lists, and putting one back.
//!
//! An entry stays as long as something leans on it: every registration of a work names all its writers, and a creator sees
//! works through it. So a songwriter is archived only when no work of the catalogue has them, and a work that is restored
//! brings its writers back. Rows are never deleted: an own number is its party's for ever (CWR 2.2, SWR field 2).

use super::songwriter::{Songwriter, full_name};
use crate::{
    access::{Reach, Tenant},
    catalogue::tally,
    error::{Refusal, Result},
    web::figure,
};
use uuid::Uuid;

/// May somebody of this reach archive songwriters? They belong to all departments, and nobody archives what they do not
/// wholly see.
pub fn within(reach: &Reach) -> bool {
    matches!(reach, Reach::Publisher | Reach::Visit)
}

/// Takes a songwriter out of the lists, or puts one back. Answers false when it was so already.
///
/// # Errors
/// `whole_publisher` for somebody within departments; `works_left`, `creator_left` or `creator_invited` while something
/// leans on the entry.
pub async fn set_archived(at: &mut Tenant, songwriter: &Songwriter, archived: bool) -> Result<bool> {
    if !within(&at.reach) {
        let words = "Songwriters belong to every department. Ask somebody who sees the whole publisher to archive or restore one.";
        return Err(Refusal::rule("whole_publisher", words).into());
    }
    if archived {
        check_unneeded(at, songwriter).await?;
    }
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    let written = sqlx::query!(
        "update songwriters set archived_at = case when $3 then $5::timestamptz end, updated_by = $4, updated_at = $5, version = version + 1
          where publisher_id = $1 and id = $2 and (archived_at is null) = $3",
        publisher,
        songwriter.id,
        archived,
        by,
        now
    )
    .execute(at.db())
    .await?;
    if written.rows_affected() == 0 {
        return Ok(false);
    }
    tally::count(at, tally::Change { songwriters: if archived { -1 } else { 1 }, ..Default::default() }).await?;
    Ok(true)
}

async fn check_unneeded(at: &mut Tenant, songwriter: &Songwriter) -> Result<()> {
    let publisher = at.publisher.id;
    // Whoever is entering them in a work at this moment holds the row by its foreign key; what they wrote is then counted.
    sqlx::query!("select from songwriters where publisher_id = $1 and id = $2 for update", publisher, songwriter.id)
        .execute(at.db())
        .await?;
    let left = sqlx::query!(
        r#"select (select count(distinct w.id) from work_writers ww join works w on w.publisher_id = ww.publisher_id and w.id = ww.work_id
                    where ww.publisher_id = $1 and ww.songwriter_id = $2 and w.archived_at is null) as "works!",
             (select u.full_name from user_publishers m join users u on u.id = m.user_id
               where m.publisher_id = $1 and m.songwriter_id = $2 and m.reach = 'own' and m.status <> 'removed' limit 1) as creator,
             (select i.email from invitations i
               where i.publisher_id = $1 and i.songwriter_id = $2 and i.accepted_at is null and i.revoked_at is null limit 1) as invited"#,
        publisher,
        songwriter.id
    )
    .fetch_one(at.db())
    .await?;
    let name = songwriter.name();
    let refusal = match (left.works, left.creator, left.invited) {
        (0, None, None) => return Ok(()),
        (0, Some(member), _) => {
            Refusal::rule("creator_left", format!("{member} sees own works as {name}. Give this member another role or remove them first."))
        }
        (0, None, Some(email)) => Refusal::rule("creator_invited", format!("{email} is invited as {name}. Revoke the invitation first.")),
        (works, ..) => {
            let works = if works == 1 { "1 work".to_owned() } else { format!("{} works", figure(works)) };
            let words = format!(
                "{name} is a writer of {works} in the catalogue, and registrations name every writer. \
                 Archive the works first, or enter another songwriter in them."
            );
            Refusal::rule("works_left", words)
        }
    };
    Err(refusal.into())
}

/// Puts back the archived writers of a work that comes back itself. Answers who they are.
pub async fn restore_writers(at: &mut Tenant, work: Uuid) -> Result<Vec<(Uuid, String)>> {
    let (publisher, by, now) = (at.publisher.id, at.person.id, at.now());
    let rows = sqlx::query!(
        "update songwriters set archived_at = null, updated_by = $3, updated_at = $4, version = version + 1
          where publisher_id = $1 and archived_at is not null
            and id in (select songwriter_id from work_writers where publisher_id = $1 and work_id = $2)
         returning id, last_name, first_name, stage_name",
        publisher,
        work,
        by,
        now
    )
    .fetch_all(at.db())
    .await?;
    if !rows.is_empty() {
        let songwriters = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        tally::count(at, tally::Change { songwriters, ..Default::default() }).await?;
    }
    Ok(rows.iter().map(|row| (row.id, full_name(row.last_name.as_deref(), row.first_name.as_deref(), row.stage_name.as_deref()))).collect())
}
