//! The list of works as a page.

use super::list::{self, Listed, Sort, Wanted};
use crate::{
    access::{Reach, Read, Routes, permission::WorksRead},
    catalogue::{
        doors::{self, keeps},
        paging::{After, address, cut},
        search,
    },
    error::Result,
    pages,
    web::{self, Moment, Query, Shell, moment::percent},
};
use askama::Template;
use axum::response::Response;
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new().get("/publishers/{slug}/works", list)
}

/// The list's address, as its form and links make it.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub struct ListQuery {
    q: String,
    department: String,
    import: String,
    splits: String,
    state: String,
    sort: String,
    after: String,
}

impl ListQuery {
    fn wanted(&self) -> Wanted {
        Wanted {
            terms: search::terms(&self.q),
            department: Uuid::try_parse(&self.department).ok(),
            import: Uuid::try_parse(&self.import).ok(),
            off_balance: self.splits == "open",
            archived: self.state == "archived",
            sort: Sort::read(&self.sort),
            after: After::read(&self.after),
        }
    }

    fn is_filtered(&self) -> bool {
        [&self.q, &self.department, &self.import, &self.splits, &self.state].iter().any(|value| !value.trim().is_empty())
    }

    /// The same list with another order and place.
    fn url(&self, path: &str, sort: &str, after: &str) -> String {
        let Self { q, department, import, splits, state, .. } = self;
        let parameters = [
            ("q", q.trim()),
            ("department", department),
            ("import", import),
            ("splits", splits),
            ("state", state),
            ("sort", sort),
            ("after", after),
        ];
        address(path, &parameters)
    }
}

#[derive(Template)]
#[template(path = "works/list.html", blocks = ["content"])]
struct WorksPage {
    shell: Shell,
    now: OffsetDateTime,
    meaning: &'static str,
    search_label: &'static str,
    base: String,
    path: String,
    query: ListQuery,
    works: Vec<Row>,
    total: String,
    next: Option<String>,
    first: Option<String>,
    title_sort: Head,
    changed_sort: Head,
    departments: Vec<(String, String)>,
    /// A creator: names and the own share only.
    own: bool,
    without_import: String,
    may_create: bool,
    may_import: bool,
    may_archive: bool,
}

struct Row {
    url: String,
    title: String,
    writers: String,
    number: String,
    iswc: String,
    department: String,
    share: String,
    changed: OffsetDateTime,
}

/// A head one can sort by: the present direction, and where the next press leads.
struct Head {
    direction: &'static str,
    url: String,
}

pages!(WorksPage);

impl Row {
    fn of(work: &Listed, base: &str, own: Option<Uuid>) -> Self {
        Row {
            url: format!("{base}/works/{}", work.id),
            title: work.title.clone(),
            writers: work.writers(),
            number: work.work_number.clone().unwrap_or_default(),
            iswc: work.printed_iswc(),
            department: work.department.clone().unwrap_or_default(),
            share: own.and_then(|songwriter| work.share_of(songwriter)).map(|share| percent(i64::from(share))).unwrap_or_default(),
            changed: work.updated_at,
        }
    }
}

/// Policy: whoever may read works sees those of their reach.
async fn list(mut at: Read<WorksRead>, Query(query): Query<ListQuery>) -> Result<Response> {
    let (mut wanted, path, base) = (query.wanted(), at.url("/works"), at.url(""));
    wanted.archived &= doors::sees_archived(&at);
    let own = match at.reach {
        Reach::Own(songwriter) => Some(songwriter),
        _ => None,
    };
    let found = list::find(&mut at, &wanted.terms).await?;
    let mut works = list::page(&mut at, &wanted, &found).await?;
    let next = cut(&mut works, |work| work.after(wanted.sort));
    // A first page that is not full is its own count.
    let whole = next.is_none() && wanted.after.is_none();
    let (total, departments) = list::around(&mut at, &wanted, &found, whole.then_some(works.len())).await?;
    let head = |direction, other: Sort| Head { direction, url: query.url(&path, other.token(), "") };
    let (meaning, search_label) = match own {
        Some(_) => ("The works you wrote or took part in.", "Search by title, co-writer or ISWC"),
        None => ("Every song in the catalogue, with its writers and numbers.", "Search by title, writer, ISWC or number"),
    };
    web::page(&WorksPage {
        shell: at.shell(),
        meaning,
        search_label,
        now: at.now(),
        works: works.iter().map(|work| Row::of(work, &base, own)).collect(),
        total,
        next: next.map(|after| query.url(&path, wanted.sort.token(), &after)),
        first: wanted.after.is_some().then(|| query.url(&path, wanted.sort.token(), "")),
        title_sort: match wanted.sort {
            Sort::Title => head("asc", Sort::TitleDown),
            Sort::TitleDown => head("desc", Sort::Title),
            _ => head("", Sort::Title),
        },
        changed_sort: match wanted.sort {
            Sort::Newest => head("desc", Sort::Oldest),
            Sort::Oldest => head("asc", Sort::Newest),
            _ => head("", Sort::Newest),
        },
        departments: if own.is_none() { departments.filter() } else { Vec::new() },
        own: own.is_some(),
        without_import: ListQuery { import: String::new(), ..query.clone() }.url(&path, wanted.sort.token(), ""),
        may_create: keeps(&at, "works:create"),
        may_import: keeps(&at, "imports:run"),
        may_archive: keeps(&at, "works:delete"),
        base,
        path,
        query,
    })
}
