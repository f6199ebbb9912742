//! The numbers of the front page, in three statements.

use crate::{
    access::{Reach, Tenant},
    audit,
    error::Result,
    standards::roles::WriterRole,
};
use time::{Date, Duration, OffsetDateTime};

/// What the cards and the list "Needs you" are made from.
pub struct Figures {
    pub works: i64,
    pub works_added: i64,
    pub works_off_balance: i64,
    pub songwriters: i64,
    pub recordings: i64,
    pub seats_used: i64,
    pub seats_licensed: i64,
    pub calls_limit: i64,
    pub trial_ends_at: Option<OffsetDateTime>,
    pub invitations_open: i64,
    pub invitations_lapsed: i64,
    pub mail_failed: i64,
}

/// How far the statement below counts works whose splits need attention; beyond it the page says "100 or more". The number stands
/// in the SQL too: a limit that is bound makes PostgreSQL plan anew at each request.
pub const COUNTED: i64 = 100;

pub async fn figures(at: &mut Tenant) -> Result<Figures> {
    let (publisher, now) = (at.publisher.id, at.now());
    let today = now.date();
    // Totals are kept for the whole publisher; within departments row security counts.
    let whole = !matches!(at.reach, Reach::Departments(_));
    let figures = sqlx::query_as!(
        Figures,
        r#"select case when $4 then coalesce(t.works, 0)
               else (select count(*) from (select from works where publisher_id = $1 and archived_at is null limit 10001) w) end as "works!",
             coalesce(t.songwriters, 0) as "songwriters!",
             case when $4 then coalesce(t.recordings, 0)
               else (select count(*) from (select from recordings where publisher_id = $1 and archived_at is null limit 10001) r) end as "recordings!",
             case when $4 then coalesce((select sum(quantity) from usage_daily where publisher_id = $1 and meter = 'works_created' and day > $3), 0)::bigint
               else (select count(*) from (select from works where publisher_id = $1 and created_at >= ($3::date + 1)::timestamp at time zone 'UTC' limit 10001) n) end as "works_added!",
             (select count(*) from (select from works w where w.publisher_id = $1 and w.archived_at is null
                and w.shares_total > 0 and w.shares_total not between 9994 and 10006 limit 100) s) as "works_off_balance!",
             (select count(*) from user_publishers where publisher_id = $1 and status = 'active' and (ends_at is null or ends_at > $2)) as "seats_used!",
             a.seats_licensed::bigint as "seats_licensed!", a.api_calls_limit as "calls_limit!", a.trial_ends_at,
             o.pending as "invitations_open!", o.lapsed as "invitations_lapsed!",
             (select count(*) from invitations i join outbox o on o.id = i.outbox_id where i.publisher_id = $1 and i.accepted_at is null and i.revoked_at is null and o.state = 'failed') as "mail_failed!"
           from accounts a left join catalogue_totals t on t.publisher_id = a.publisher_id
           cross join (select count(*) filter (where i.stands) as pending, count(*) filter (where not i.stands) as lapsed
                         from (select expires_at > $2 and id in (select ctx.backed_invitations($2)) as stands from invitations
                                where publisher_id = $1 and accepted_at is null and revoked_at is null) i) o
          where a.publisher_id = $1"#,
        publisher,
        now,
        today - Duration::days(30),
        whole
    )
    .fetch_one(at.db())
    .await?;
    Ok(figures)
}

/// API calls by day from the first of last month to today.
pub async fn calls_by_day(at: &mut Tenant) -> Result<Vec<(Date, i64)>> {
    let publisher = at.publisher.id;
    let first = first_of_last_month(at.now().date());
    let rows = sqlx::query!(
        "select day, quantity from usage_daily where publisher_id = $1 and meter = 'api_calls' and day >= $2 order by day",
        publisher,
        first
    )
    .fetch_all(at.db())
    .await?;
    Ok(rows.into_iter().map(|row| (row.day, row.quantity)).collect())
}

fn first_of_last_month(today: Date) -> Date {
    let first = today.replace_day(1).unwrap_or(today);
    let last_month = first - Duration::days(1);
    last_month.replace_day(1).unwrap_or(last_month)
}

/// A line of "Last changes".
pub struct Change {
    pub actor: String,
    pub on_visit: bool,
    pub phrase: &'static str,
    /// Empty where the actor is meant: "Ada Lind joined".
    pub object: String,
    pub object_type: String,
    pub object_id: Option<uuid::Uuid>,
    pub at: OffsetDateTime,
}

impl Change {
    /// The page of what was changed, when it has one.
    pub fn url(&self, base: &str) -> Option<String> {
        let id = self.object_id?;
        match self.object_type.as_str() {
            "work" => Some(format!("{base}/works/{id}")),
            "songwriter" => Some(format!("{base}/songwriters/{id}")),
            "recording" => Some(format!("{base}/recordings/{id}")),
            "member" => Some(format!("{base}/members/{id}")),
            "invitation" => Some(format!("{base}/invitations")),
            "import" => Some(format!("{base}/imports/{id}")),
            _ => None,
        }
    }
}

pub async fn last_changes(at: &mut Tenant, most: i64) -> Result<Vec<Change>> {
    let publisher = at.publisher.id;
    let whole = !matches!(at.reach, Reach::Departments(_));
    let rows = sqlx::query!(
        "select actor_name, visit_id, action, object_type, object_id, object_name, at from audit_entries a where publisher_id = $1
            and ($3 or case object_type when 'work' then exists (select from works w where w.publisher_id = $1 and w.id = a.object_id)
                                        when 'recording' then exists (select from recordings r where r.publisher_id = $1 and r.id = a.object_id)
                                        else object_type <> 'import' end)
          order by id desc limit $2",
        publisher,
        most,
        whole
    )
    .fetch_all(at.db())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Change {
            actor: row.actor_name,
            on_visit: row.visit_id.is_some(),
            phrase: audit::phrase(&row.action),
            object: if row.action == "invitation.accepted" { String::new() } else { row.object_name },
            object_type: row.object_type,
            object_id: row.object_id,
            at: row.at,
        })
        .collect())
}

/// A creator's own works, last changed first.
pub struct OwnWork {
    pub id: uuid::Uuid,
    pub title: String,
    pub share: i64,
    role: String,
}

impl OwnWork {
    /// "Composer and author"; empty where none is entered.
    pub fn part(&self) -> &'static str {
        self.role.parse::<WriterRole>().map(WriterRole::name).unwrap_or_default()
    }
}

pub async fn own_works(at: &mut Tenant, songwriter: uuid::Uuid, most: i64) -> Result<Vec<OwnWork>> {
    let publisher = at.publisher.id;
    let works = sqlx::query_as!(
        OwnWork,
        r#"select w.id, w.title, coalesce(sum(ww.share), 0)::bigint as "share!", coalesce(min(ww.role), '') as "role!"
             from work_writers ww join works w on w.publisher_id = ww.publisher_id and w.id = ww.work_id
            where ww.publisher_id = $1 and ww.songwriter_id = $2 and w.archived_at is null
            group by w.id, w.title, w.updated_at order by w.updated_at desc, w.id limit $3"#,
        publisher,
        songwriter,
        most
    )
    .fetch_all(at.db())
    .await?;
    Ok(works)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn last_month_begins_on_its_first_day() {
        assert_eq!(first_of_last_month(date!(2026 - 11 - 22)), date!(2026 - 10 - 01));
        assert_eq!(first_of_last_month(date!(2026 - 01 - 31)), date!(2025 - 12 - 01));
    }
}
