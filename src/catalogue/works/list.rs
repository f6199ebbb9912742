//! The list of works: whose works a person sees, how they are found, sorted and paged.

use super::work::printed_iswc;
use crate::{
    access::{Reach, Tenant},
    catalogue::{
        credits::{self, Credit},
        departments::{Department, Departments},
        paging::{ASKED, After, COUNTED, counted},
        search::{self, Kind, work_words},
    },
    error::Result,
    web::figure,
};
use sqlx::{Postgres, QueryBuilder, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

/// What the list is asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub terms: Vec<String>,
    pub department: Option<Uuid>,
    pub import: Option<Uuid>,
    /// Only works whose shares are given and do not make 100 %.
    pub off_balance: bool,
    pub archived: bool,
    pub sort: Sort,
    pub after: Option<After>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    #[default]
    Title,
    TitleDown,
    Newest,
    Oldest,
}

impl Sort {
    /// As the address has it; the usual order has no name there.
    pub fn token(self) -> &'static str {
        match self {
            Sort::Title => "",
            Sort::TitleDown => "title-down",
            Sort::Newest => "newest",
            Sort::Oldest => "oldest",
        }
    }

    pub fn read(token: &str) -> Self {
        [Sort::TitleDown, Sort::Newest, Sort::Oldest].into_iter().find(|sort| sort.token() == token).unwrap_or_default()
    }

    fn by_title(self) -> bool {
        matches!(self, Sort::Title | Sort::TitleDown)
    }
}

/// A row of the list.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Listed {
    pub id: Uuid,
    pub title: String,
    pub credits: Json<Vec<Credit>>,
    pub work_number: Option<String>,
    pub iswc: Option<String>,
    pub department: Option<String>,
    pub updated_at: OffsetDateTime,
    title_key: String,
}

impl Listed {
    /// "Okafor, Adaeze · Lindqvist, Maja"
    pub fn writers(&self) -> String {
        credits::names(&self.credits).join(" · ")
    }

    pub fn printed_iswc(&self) -> String {
        self.iswc.as_deref().map(printed_iswc).unwrap_or_default()
    }

    /// What one writer has of it, in hundredths; their lines added up.
    pub fn share_of(&self, songwriter: Uuid) -> Option<i32> {
        let own = self.credits.iter().filter(|credit| credit.songwriter == songwriter).filter_map(|credit| credit.share);
        own.reduce(|sum, share| sum + share)
    }

    /// Where the page after this row begins.
    pub fn after(&self, sort: Sort) -> After {
        let micros = self.updated_at.unix_timestamp_nanos() / 1_000;
        After { key: if sort.by_title() { self.title_key.clone() } else { micros.to_string() }, id: self.id }
    }
}

/// A list before it is cut into a page: everything, or these.
pub struct Found(Option<Vec<Uuid>>);

/// Looks for works by words. A creator's works come from their songwriter, whatever is searched for.
pub async fn find(at: &mut Tenant, terms: &[String]) -> Result<Found> {
    Ok(Found(match at.reach {
        Reach::Own(songwriter) => Some(own(at, songwriter, terms).await?),
        _ if terms.is_empty() => None,
        _ => Some(search::find(at, Kind::Work, terms).await?),
    }))
}

/// The few works of one songwriter, looked through with the same rule that the index of words follows.
async fn own(at: &mut Tenant, songwriter: Uuid, terms: &[String]) -> Result<Vec<Uuid>> {
    let publisher = at.publisher.id;
    let works = sqlx::query!(
        r#"select w.id, w.title, w.alternate_titles, w.iswc, w.work_number, w.credits as "credits: Json<Vec<Credit>>"
             from works w where w.publisher_id = $1
              and w.id in (select ww.work_id from work_writers ww where ww.publisher_id = $1 and ww.songwriter_id = $2)"#,
        publisher,
        songwriter
    )
    .fetch_all(at.db())
    .await?;
    let fits = works.into_iter().filter(|work| {
        let names = credits::names(&work.credits);
        terms.is_empty()
            || search::matches(
                terms,
                &work_words(&work.title, &work.alternate_titles, work.iswc.as_deref(), work.work_number.as_deref(), &names),
            )
    });
    Ok(fits.map(|work| work.id).collect())
}

/// One page, and a row more when there is another.
pub async fn page(at: &mut Tenant, wanted: &Wanted, found: &Found) -> Result<Vec<Listed>> {
    let mut page = QueryBuilder::new(
        "select w.id, w.title, w.credits, w.work_number, w.iswc, d.name as department, w.updated_at, w.title_key
           from works w left join departments d on d.publisher_id = w.publisher_id and d.id = w.department_id where ",
    );
    filter(&mut page, at.publisher.id, wanted, found);
    if let Some(after) = &wanted.after {
        start_after(&mut page, wanted.sort, after);
    }
    page.push(match wanted.sort {
        Sort::Title => " order by w.title_key, w.id",
        Sort::TitleDown => " order by w.title_key desc, w.id desc",
        Sort::Newest => " order by w.updated_at desc, w.id",
        Sort::Oldest => " order by w.updated_at, w.id desc",
    });
    page.push(" limit ").push_bind(ASKED);
    Ok(page.build_query_as().fetch_all(at.db()).await?)
}

fn filter(query: &mut QueryBuilder<'_, Postgres>, publisher: Uuid, wanted: &Wanted, found: &Found) {
    query.push("w.publisher_id = ").push_bind(publisher);
    query.push(if wanted.archived { " and w.archived_at is not null" } else { " and w.archived_at is null" });
    if let Found(Some(ids)) = found {
        query.push(" and w.id = any(").push_bind(ids.clone()).push(")");
    }
    if let Some(department) = wanted.department {
        query.push(" and w.department_id = ").push_bind(department);
    }
    if let Some(import) = wanted.import {
        query.push(" and w.import_id = ").push_bind(import);
    }
    if wanted.off_balance {
        // As the index of these has it.
        query.push(" and w.shares_total > 0 and w.shares_total not between 9994 and 10006");
    }
}

fn start_after(query: &mut QueryBuilder<'_, Postgres>, sort: Sort, after: &After) {
    if sort.by_title() {
        query.push(if sort == Sort::Title { " and (w.title_key, w.id) > (" } else { " and (w.title_key, w.id) < (" });
        query.push_bind(after.key.clone()).push(", ").push_bind(after.id).push(")");
        return;
    }
    let micros = after.key.parse::<i64>().ok();
    let Some(instant) = micros.and_then(|micros| OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()) else {
        return;
    };
    let (before, id) = if sort == Sort::Newest { ("<", ">") } else { (">", "<") };
    // Times fall while ids rise, which no row comparison says; the first condition is what the index is entered by.
    query.push(format!(" and w.updated_at {before}= ")).push_bind(instant);
    query.push(format!(" and (w.updated_at {before} ")).push_bind(instant);
    query.push(format!(" or w.id {id} ")).push_bind(after.id).push(")");
}

/// What stands round a page, in one statement: how many works there are in all, and the departments to choose from.
/// `known` spares the counting. Where a total is kept it is exact, elsewhere it is counted so far.
pub async fn around(at: &mut Tenant, wanted: &Wanted, found: &Found, known: Option<usize>) -> Result<(String, Departments)> {
    let publisher = at.publisher.id;
    let narrowed = found.0.is_some() || wanted.department.is_some() || wanted.import.is_some() || wanted.off_balance || wanted.archived;
    let kept = matches!(at.reach, Reach::Publisher | Reach::Visit) && !narrowed;
    let mut query = QueryBuilder::new("select ");
    match known.map(|known| i64::try_from(known).unwrap_or(i64::MAX)) {
        Some(known) => {
            query.push_bind(known);
        }
        None if kept => {
            query.push("coalesce((select works from catalogue_totals where publisher_id = ").push_bind(publisher).push("), 0)");
        }
        None => {
            query.push("(select count(*) from (select from works w where ");
            filter(&mut query, publisher, wanted, found);
            query.push(" limit ").push_bind(COUNTED + 1).push(") counted)");
        }
    }
    query.push(", coalesce((select jsonb_agg(jsonb_build_object('id', d.id, 'name', d.name) order by lower(d.name), d.id) from departments d where d.publisher_id = ");
    query.push_bind(publisher).push(" and d.archived_at is null), '[]')");
    let (total, Json(departments)): (i64, Json<Vec<Department>>) = query.build_query_as().fetch_one(at.db()).await?;
    let total = if kept { figure(total) } else { counted(total) };
    Ok((total, Departments::within(&at.reach, departments)))
}
