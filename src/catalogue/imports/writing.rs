//! Writing a checked import: every row in one transaction, a batch at a time, or none.

use super::{
    check::{BATCH, own_number},
    import::{Finding, Import},
    known::directory,
    people::{Additions, People},
    reading::{WorkDraft, WriterDraft},
};
use crate::{
    access::Tenant,
    catalogue::{credits::Credit, departments::Departments, recordings::recording, songwriters::songwriter, tally, works::work},
    error::{Refusal, Result},
};
use sqlx::types::Json;
use std::collections::HashSet;
use uuid::Uuid;

/// A row to be written.
struct Row {
    line: i32,
    draft: Json<WorkDraft>,
}

/// What an import adds to the catalogue.
#[derive(Debug, Default, Clone, Copy)]
pub struct Added {
    pub works: i64,
    songwriters: i64,
    recordings: i64,
}

/// The own number each row asks for, by line; none for rows that take the next of the series.
pub struct Numbers(Vec<(i32, Option<String>)>);

impl Numbers {
    pub async fn of(at: &mut Tenant, import: Uuid) -> Result<Self> {
        let publisher = at.publisher.id;
        let rows = sqlx::query!(
            "select line, draft ->> 'number' as number from import_rows where publisher_id = $1 and import_id = $2 and draft is not null",
            publisher,
            import
        )
        .fetch_all(at.db())
        .await?;
        Ok(Numbers(rows.into_iter().map(|row| (row.line, own_number(row.number.as_deref()))).collect()))
    }

    /// Puts numbers aside for the rows that bring none, in a short transaction of its own: the series must not be locked
    /// as long as a file takes to write. Numbers put aside in vain are lost, which the rules allow.
    pub async fn reserve(&self, at: &mut Tenant) -> Result<i64> {
        let typed: Vec<&str> = self.0.iter().filter_map(|(_, number)| number.as_deref()).collect();
        tally::stay_ahead(at, &typed).await?;
        tally::work_numbers(at, i64::try_from(self.0.len() - typed.len()).unwrap_or(i64::MAX)).await
    }

    /// Refuses the rows whose own number a work has got since the file was read, and answers whether there are any.
    pub async fn refuse_taken(&self, at: &mut Tenant, import: Uuid) -> Result<bool> {
        let publisher = at.publisher.id;
        let typed: Vec<String> = self.0.iter().filter_map(|(_, number)| number.clone()).collect();
        let taken = sqlx::query_scalar!(
            r#"select work_number as "number!" from works where publisher_id = $1 and work_number = any ($2)"#,
            publisher,
            &typed
        )
        .fetch_all(at.db())
        .await?;
        let taken: HashSet<String> = taken.into_iter().collect();
        let lines: Vec<i32> = self
            .0
            .iter()
            .filter(|(_, number)| number.as_ref().is_some_and(|number| taken.contains(number)))
            .map(|(line, _)| *line)
            .collect();
        if lines.is_empty() {
            return Ok(false);
        }
        let finding = Finding::refused("number_taken", "A work got this number after the file was read. Own numbers are never used twice.");
        sqlx::query!(
            "update import_rows set level = 'refused', findings = $4 || findings where publisher_id = $1 and import_id = $2 and line = any ($3)",
            publisher,
            import,
            &lines,
            Json(vec![finding]) as _
        )
        .execute(at.db())
        .await?;
        sqlx::query!(
            "update imports i set state = 'checked', rows_refused = n.refused, rows_warned = n.warned, rows_done = i.rows_total
               from (select count(*) filter (where level = 'refused')::integer as refused, count(*) filter (where level = 'warning')::integer as warned
                       from import_rows where publisher_id = $1 and import_id = $2) n
              where i.publisher_id = $1 and i.id = $2",
            publisher,
            import
        )
        .execute(at.db())
        .await?;
        Ok(true)
    }
}

/// The work of one import, a batch at a time.
pub struct Writing {
    import: Uuid,
    next_number: i64,
    after: i32,
    departments: Departments,
    /// Where rows go that name no department.
    department: Option<Uuid>,
    people: People,
    pub added: Added,
}

impl Writing {
    /// `at` is of whoever pressed Import: each row must go where this person may put works, whoever uploaded the file.
    pub async fn begin(at: &mut Tenant, import: &Import, first_number: i64) -> Result<Self> {
        // One statement may write thousands of rows.
        sqlx::query!("set local statement_timeout = '60s'").execute(at.db()).await?;
        let (import, department) = (import.id, import.department_id);
        let departments = Departments::of(at).await?;
        let (people, added) = (People::default(), Added::default());
        Ok(Writing { import, next_number: first_number, after: i32::MIN, departments, department, people, added })
    }

    /// Writes the next batch and answers how many rows it had; none when all are written.
    pub async fn batch(&mut self, at: &mut Tenant) -> Result<usize> {
        let rows = self.rows(at).await?;
        let Some(last) = rows.last() else { return Ok(0) };
        self.after = last.line;
        let drafts: Vec<&WorkDraft> = rows.iter().map(|row| &*row.draft).collect();
        self.people.meet(&directory(at, &drafts).await?);
        let mut works = Vec::with_capacity(rows.len());
        let mut recordings = Vec::new();
        for draft in &drafts {
            let id = at.new_id();
            for found in &draft.recordings {
                let title = found.title.clone().unwrap_or_else(|| draft.title.clone());
                let isrc = found.isrc.as_ref().map(|isrc| isrc.as_str().to_owned());
                let details = recording::Details { title, isrc, artist: found.artist.clone(), work_id: Some(id), ..Default::default() };
                recordings.push(recording::New::of(at.new_id(), details));
            }
            let credits = draft.writers.iter().map(|writer| self.credit(at, writer)).collect::<Result<_>>()?;
            works.push(self.work(id, draft, credits)?);
        }
        let Additions { new, completed } = self.people.take();
        songwriter::insert(at, &new).await?;
        songwriter::complete_ipi(at, &completed).await?;
        work::insert(at, &works, Some(self.import)).await?;
        recording::insert(at, &recordings).await?;
        self.link(at, &rows, &works).await?;
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.added.works += count(works.len());
        self.added.songwriters += count(new.len());
        self.added.recordings += count(recordings.len());
        Ok(rows.len())
    }

    fn credit(&mut self, at: &Tenant, writer: &WriterDraft) -> Result<Credit> {
        let songwriter = self.people.decide(at, writer).songwriter;
        if songwriter.archived {
            let words = format!("{} was archived after the file was read. Nothing was imported.", songwriter.name);
            return Err(Refusal::rule("songwriter_archived", words).into());
        }
        Ok(Credit {
            songwriter: songwriter.id,
            name: songwriter.name,
            role: writer.role.map(|role| role.code().to_owned()).unwrap_or_default(),
            share: writer.share.map(|share| i32::from(share.hundredths())),
            controlled: writer.controlled.is_controlled(),
        })
    }

    async fn rows(&self, at: &mut Tenant) -> Result<Vec<Row>> {
        let (publisher, most) = (at.publisher.id, i64::try_from(BATCH).unwrap_or(i64::MAX));
        let rows = sqlx::query_as!(
            Row,
            r#"select line, draft as "draft!: Json<WorkDraft>" from import_rows
                where publisher_id = $1 and import_id = $2 and line > $3 and draft is not null order by line limit $4"#,
            publisher,
            self.import,
            self.after,
            most
        )
        .fetch_all(at.db())
        .await?;
        Ok(rows)
    }

    fn work(&mut self, id: Uuid, draft: &WorkDraft, credits: Vec<Credit>) -> Result<work::New> {
        let department_id = match &draft.department {
            Some(name) => Some(self.departments.named(name).ok_or_else(|| closed(name))?),
            None => self.departments.of_import(self.department)?,
        };
        let modified = draft.writers.iter().filter_map(|writer| writer.role).any(|role| role.modifies());
        let checked = work::Draft {
            title: draft.title.clone(),
            alternate_titles: draft.alternate_titles.clone(),
            work_number: own_number(draft.number.as_deref()),
            iswc: draft.iswc.clone().map(String::from),
            language: draft.language.clone().map(String::from),
            genre: draft.genre.clone(),
            duration_seconds: draft.duration_seconds.and_then(|seconds| i32::try_from(seconds).ok()),
            copyright_date: draft.copyright_date,
            department_id,
            department: None,
            version_type: if modified { "MOD" } else { "ORI" }.to_owned(),
            notes: draft.notes.clone(),
            credits,
        };
        let next = &mut self.next_number;
        Ok(work::New::of(id, checked, || {
            *next += 1;
            tally::work_number(*next - 1)
        }))
    }

    /// Notes on each row which work it became.
    async fn link(&self, at: &mut Tenant, rows: &[Row], works: &[work::New]) -> Result<()> {
        let publisher = at.publisher.id;
        let lines: Vec<i32> = rows.iter().map(|row| row.line).collect();
        let ids: Vec<Uuid> = works.iter().map(|work| work.id).collect();
        sqlx::query!(
            "update import_rows r set work_id = n.id, draft = null from unnest($3::integer[], $4::uuid[]) n (line, id)
              where r.publisher_id = $1 and r.import_id = $2 and r.line = n.line",
            publisher,
            self.import,
            &lines,
            &ids
        )
        .execute(at.db())
        .await?;
        Ok(())
    }

    /// Ends the writing: totals, metered use, and the import itself. Refuses when it was stopped meanwhile.
    pub async fn finish(self, at: &mut Tenant, import: &Import) -> Result<Added> {
        let (publisher, now, added) = (at.publisher.id, at.now(), self.added);
        let done = sqlx::query!(
            "update imports set state = 'done', finished_at = $4, rows_done = rows_total where publisher_id = $1 and id = $2 and run = $3 and state = 'writing'",
            publisher,
            import.id,
            import.run,
            now
        )
        .execute(at.db())
        .await?;
        if done.rows_affected() == 0 {
            return Err(
                Refusal::conflict("import_state", "The import was stopped while it was being written. Nothing of it was written.").into()
            );
        }
        sqlx::query!("delete from import_files where publisher_id = $1 and import_id = $2", publisher, import.id).execute(at.db()).await?;
        tally::meter(at, "works_created", added.works).await?;
        tally::count(at, tally::Change { works: added.works, songwriters: added.songwriters, recordings: added.recordings }).await?;
        Ok(added)
    }
}

fn closed(name: &str) -> Refusal {
    Refusal::rule("department_unknown", format!("There is no department “{name}” any more. Nothing was imported."))
}
