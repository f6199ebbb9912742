//! The grid of writers in a work's form: rows as typed, and the credits they mean.

use crate::{
    access::Tenant,
    catalogue::{
        credits::Credit,
        fields::{Fields, LONGEST_LINE, short},
        songwriters::{
            matching::{Directory, Found, Known, TypedName, akin, hold_names},
            songwriter::{self, Details, stored_ipi},
        },
        tally,
    },
    error::Result,
    standards::{
        identifiers::IpiName,
        roles::WriterRole,
        shares::{Share, Total},
    },
};
use uuid::Uuid;

/// Most rows a form may have.
pub const MOST_ROWS: usize = 100;

/// The choice of somebody the catalogue does not have.
const ANOTHER: &str = "Another person of this name";

/// One row of the grid, as typed.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// A songwriter of the catalogue, `new`, or empty: whoever the name means.
    pub id: String,
    pub name: String,
    pub ipi: String,
    pub role: String,
    pub share: String,
    pub controlled: bool,
    /// Namesakes to choose from, after a name that could mean several.
    pub choices: Vec<(String, String)>,
}

/// Writers as a form means them, before anything is written.
#[derive(Debug, Default)]
pub struct Writers {
    pub credits: Vec<Credit>,
    /// Songwriters to be added first.
    pub new: Vec<(Uuid, Details)>,
    /// IPIs learned about songwriters who had none: id, name, IPI.
    pub completed: Vec<(Uuid, String, String)>,
}

impl Row {
    /// Nothing typed that says who.
    pub fn is_blank(&self) -> bool {
        [&self.name, &self.ipi, &self.share].iter().all(|text| text.trim().is_empty())
    }

    pub fn of(writer: &super::work::Writer) -> Self {
        Row {
            id: writer.songwriter.to_string(),
            name: writer.name(),
            ipi: writer.ipi.clone().unwrap_or_default(),
            role: writer.role.clone(),
            share: writer.share.map(plain).unwrap_or_default(),
            controlled: writer.controlled,
            choices: Vec::new(),
        }
    }
}

/// "33.33", and "50" for a whole number.
fn plain(hundredths: i32) -> String {
    match (hundredths / 100, hundredths % 100) {
        (whole, 0) => whole.to_string(),
        (whole, rest) => format!("{whole}.{rest:02}"),
    }
}

/// The name of a field of a row.
pub fn field(row: usize, what: &str) -> String {
    format!("writer-{row}-{what}")
}

/// Finds out whom the rows mean. What is wrong is said at its field; namesakes are put into the rows to choose from.
pub async fn resolve(at: &mut Tenant, rows: &mut [Row], fields: &mut Fields) -> Result<Writers> {
    let read: Vec<(usize, Typed)> =
        rows.iter().enumerate().filter(|(_, row)| !row.is_blank()).filter_map(|(i, row)| Some((i, Typed::read(i, row, fields)?))).collect();
    let ids: Vec<Uuid> = read.iter().filter_map(|(_, typed)| typed.id).collect();
    let keys: Vec<String> = read.iter().flat_map(|(_, typed)| typed.name.keys()).collect();
    let unchosen: Vec<String> = read.iter().filter(|(_, typed)| typed.id.is_none()).flat_map(|(_, typed)| typed.name.keys()).collect();
    hold_names(at, &unchosen).await?;
    let ipis: Vec<String> = read.iter().filter_map(|(_, typed)| typed.ipi.clone()).collect();
    let mut directory = Directory::load(at, &ids, &keys, &ipis).await?;
    let mut writers = Writers::default();
    for (i, typed) in read {
        let Some(row) = rows.get_mut(i) else { continue };
        let Some(songwriter) = typed.songwriter(at, i, row, &mut directory, &mut writers, fields) else { continue };
        writers.credits.push(Credit {
            songwriter: songwriter.id,
            name: songwriter.name,
            role: typed.role.map(|role| role.code().to_owned()).unwrap_or_default(),
            share: typed.share.map(|share| i32::from(share.hundredths())),
            controlled: row.controlled,
        });
    }
    check_total(&writers.credits, fields);
    Ok(writers)
}

/// More than the whole is refused even in a draft (CWR 2.2, work rule 9).
fn check_total(credits: &[Credit], fields: &mut Fields) {
    let total: Total = super::work::total(credits.iter().map(|credit| &credit.share));
    if total.is_over() {
        fields.refuse("writers", "shares_over", format!("The shares add up to {total}, more than the work."));
    }
}

/// A row whose fields are right in form.
struct Typed {
    id: Option<Uuid>,
    /// The person chose "somebody else of this name".
    is_new: bool,
    text: String,
    name: TypedName,
    ipi: Option<String>,
    role: Option<WriterRole>,
    share: Option<Share>,
}

impl Typed {
    fn read(i: usize, row: &Row, fields: &mut Fields) -> Option<Self> {
        let text = fields.required(&field(i, "name"), "The name", &row.name, LONGEST_LINE);
        let ipi: Option<IpiName> = fields.parsed(&field(i, "ipi"), "ipi", &row.ipi);
        let role = fields.parsed(&field(i, "role"), "role", &row.role);
        let share = fields.parsed(&field(i, "share"), "share", &row.share);
        let name = TypedName::read(&text);
        if name.last.is_empty() {
            if !text.is_empty() {
                fields.refuse(field(i, "name"), "name", "Write the last name before the comma.");
            }
            return None;
        }
        let id = Uuid::try_parse(row.id.trim()).ok();
        Some(Typed { id, is_new: row.id == "new", text, name, ipi: ipi.as_ref().and_then(stored_ipi), role, share })
    }

    /// The songwriter this row means, or words at its field.
    fn songwriter(
        &self,
        at: &Tenant,
        i: usize,
        row: &mut Row,
        directory: &mut Directory,
        writers: &mut Writers,
        fields: &mut Fields,
    ) -> Option<Known> {
        if let Some(id) = self.id {
            let Some(chosen) = directory.by_id(id) else {
                fields.refuse(field(i, "name"), "songwriter_unknown", "This songwriter is not in the catalogue. Type the name again.");
                return None;
            };
            if chosen.name == self.text || self.name.keys().contains(&chosen.key) {
                let chosen = chosen.clone();
                return self.with_ipi(at, i, chosen, directory, writers, fields);
            }
        }
        match directory.find(&self.name.keys(), self.ipi.as_deref()) {
            Found::One(known) if !akin(&known.name, &self.text) => {
                let words = format!("This IPI belongs to {}. Correct the number, or choose that songwriter.", known.name);
                fields.refuse(field(i, "ipi"), "ipi_of_another", words);
                None
            }
            Found::One(known) if !self.is_new || (self.ipi.is_some() && known.ipi == self.ipi) => {
                let known = known.clone();
                self.with_ipi(at, i, known, directory, writers, fields)
            }
            Found::Several(namesakes) if !self.is_new => {
                row.choices = namesakes.iter().map(|known| (known.id.to_string(), with_number(known))).collect();
                row.choices.push(("new".to_owned(), ANOTHER.to_owned()));
                let words = format!("{} songwriters are called {}. Choose one, or type the IPI.", namesakes.len(), short(&self.text));
                fields.refuse(field(i, "name"), "namesakes", words);
                None
            }
            Found::Nobody | Found::One(_) | Found::Several(_) => self.newcomer(at, i, row, directory, writers, fields),
        }
    }

    /// Somebody of the catalogue, whose IPI is the one typed or gets it.
    fn with_ipi(
        &self,
        at: &Tenant,
        i: usize,
        mut known: Known,
        directory: &mut Directory,
        writers: &mut Writers,
        fields: &mut Fields,
    ) -> Option<Known> {
        if known.archived {
            let words = format!("This IPI belongs to {}, who is archived. Restore that songwriter first.", known.name);
            fields.refuse(field(i, "ipi"), "songwriter_archived", words);
            return None;
        }
        match (&known.ipi, &self.ipi) {
            (Some(theirs), Some(typed)) if theirs != typed => {
                let words = format!("{} has the IPI {theirs}. Correct it here, or change it on the songwriter's own page.", known.name);
                fields.refuse(field(i, "ipi"), "ipi_differs", words);
                return None;
            }
            (None, Some(typed)) => match directory.by_ipi(typed).filter(|other| other.id != known.id) {
                Some(other) => {
                    fields.refuse(field(i, "ipi"), "ipi_of_another", format!("This IPI belongs to {}.", other.name));
                    return None;
                }
                None if at.may("songwriters:update") => {
                    writers.completed.push((known.id, known.name.clone(), typed.clone()));
                    directory.complete(known.id, typed);
                    known.ipi = Some(typed.clone());
                }
                None => {
                    fields.refuse(field(i, "ipi"), "songwriter_update", "Your role may not add an IPI to a songwriter. Leave it empty.");
                    return None;
                }
            },
            _ => {}
        }
        Some(known)
    }

    fn newcomer(
        &self,
        at: &Tenant,
        i: usize,
        row: &mut Row,
        directory: &mut Directory,
        writers: &mut Writers,
        fields: &mut Fields,
    ) -> Option<Known> {
        if !at.may("songwriters:create") {
            fields.refuse(
                field(i, "name"),
                "songwriter_new",
                "This songwriter is not in the catalogue, and your role may not add songwriters.",
            );
            return None;
        }
        if !self.name.is_clear() {
            let (turned, whole) = (self.name.turned(), &self.text);
            let words = format!("Write the last name first, as in “{turned}”. If it is one name, end it with a comma: “{whole},”.");
            fields.refuse(field(i, "name"), "name_order", words);
            return None;
        }
        if let Some(archived) = directory.archived(&self.name.keys(), self.ipi.as_deref()).filter(|_| !self.is_new) {
            row.choices = vec![("new".to_owned(), ANOTHER.to_owned())];
            let words = format!("{} is archived. Restore that songwriter, or choose “{ANOTHER}” here.", archived.name);
            fields.refuse(field(i, "name"), "songwriter_archived", words);
            return None;
        }
        let details = Details { last: self.name.last.clone(), first: self.name.first.clone(), ipi: self.ipi.clone(), ..Details::default() };
        let known = Known { id: at.new_id(), name: details.name(), key: details.key(), ipi: self.ipi.clone(), archived: false };
        directory.learn(known.clone());
        writers.new.push((known.id, details));
        Some(known)
    }
}

fn with_number(known: &Known) -> String {
    known.ipi.as_ref().map_or_else(|| format!("{}, no IPI", known.name), |ipi| format!("{}, IPI {ipi}", known.name))
}

impl Writers {
    /// Adds the new songwriters and notes the IPIs that were learned.
    pub async fn write(&self, at: &mut Tenant) -> Result<()> {
        songwriter::insert(at, &self.new).await?;
        let learned: Vec<(Uuid, String)> = self.completed.iter().map(|(id, _, ipi)| (*id, ipi.clone())).collect();
        songwriter::complete_ipi(at, &learned).await?;
        let songwriters = i64::try_from(self.new.len()).unwrap_or(i64::MAX);
        if songwriters > 0 { tally::count(at, tally::Change { songwriters, ..Default::default() }).await } else { Ok(()) }
    }
}

/// Refuses changes of controlled writers by somebody who may not make them, each at its row.
///
/// Policy: `works:update` keeps a work, `works:shares` is needed to add or drop a controlled writer and to change their share
/// or role: an agreement stands behind each, and registrations carry all three alike (CWR 2.2, SWR).
pub fn check_controlled(before: &[Credit], rows: &[Row], after: &[Credit], fields: &mut Fields) {
    const WORDS: &str = "Your role may not change controlled writers, their roles or shares. Ask a manager or an admin.";
    let mut left: Vec<&Credit> = before.iter().filter(|credit| credit.controlled).collect();
    let mut said = false;
    let places = rows.iter().enumerate().filter(|(_, row)| !row.is_blank()).map(|(i, _)| i);
    for (i, credit) in places.zip(after) {
        if !credit.controlled {
            continue;
        }
        let same = |old: &&Credit| old.songwriter == credit.songwriter && old.share == credit.share;
        match left.iter().position(|old| same(old) && old.role == credit.role) {
            Some(place) => drop(left.swap_remove(place)),
            None => {
                let wrong = if left.iter().any(same) { "role" } else { "share" };
                fields.refuse(field(i, wrong), "shares_permission", WORDS);
                said = true;
            }
        }
    }
    if let (Some(dropped), false) = (left.first(), said) {
        fields.refuse("writers", "shares_permission", format!("{} was controlled here. {WORDS}", dropped.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn credit(id: u128, share: i32, controlled: bool) -> Credit {
        Credit { songwriter: Uuid::from_u128(id), name: format!("Writer {id}"), role: "CA".into(), share: Some(share), controlled }
    }

    fn refused(before: &[Credit], after: &[Credit]) -> Vec<String> {
        let rows = vec![Row { name: "X".into(), ..Row::default() }; after.len()];
        let mut fields = Fields::new();
        check_controlled(before, &rows, after, &mut fields);
        match fields.or(()) {
            Err(Error::Refused(refusal)) => refusal.problems.into_iter().filter_map(|problem| problem.field).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn controlled_writers_are_guarded_and_others_are_free() {
        let as_author = |credit| Credit { role: "A".into(), ..credit };
        let before = [credit(1, 5000, true), credit(2, 5000, false)];
        assert!(refused(&before, &[credit(1, 5000, true), credit(2, 4000, false), credit(3, 1000, false)]).is_empty());
        assert!(refused(&before, &[credit(2, 5000, false), credit(1, 5000, true)]).is_empty());
        assert!(refused(&before, &[credit(1, 5000, true), as_author(credit(2, 5000, false))]).is_empty());
        assert_eq!(refused(&before, &[as_author(credit(1, 5000, true)), credit(2, 5000, false)]), ["writer-0-role"]);
        assert_eq!(refused(&before, &[credit(1, 4000, true), credit(2, 5000, false)]), ["writer-0-share"]);
        assert_eq!(refused(&before, &[credit(1, 5000, false), credit(2, 5000, false)]), ["writers"]);
        assert_eq!(refused(&before, &[credit(1, 5000, true), credit(2, 5000, true)]), ["writer-1-share"]);
        assert_eq!(refused(&before, &[credit(2, 5000, false)]), ["writers"]);
    }

    #[test]
    fn shares_are_typed_back_as_short_as_they_are() {
        assert_eq!(plain(5000), "50");
        assert_eq!(plain(3333), "33.33");
        assert_eq!(plain(5), "0.05");
    }
}
