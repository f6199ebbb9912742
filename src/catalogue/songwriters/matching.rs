//! Which songwriter a typed name means. The IPI name number decides; without one the folded name does, as long as exactly
//! one songwriter has it and no IPI speaks against it.

use super::songwriter::{full_name, name_key};
use crate::{access::Tenant, catalogue::paging::sort_key, error::Result, standards::characters::words};
use std::collections::HashMap;
use uuid::Uuid;

/// A songwriter of the catalogue, or one about to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub id: Uuid,
    pub name: String,
    /// Folded "last first".
    pub key: String,
    pub ipi: Option<String>,
    /// Out of the lists: meant by the IPI only, and restored before anything is entered. Of a name alone it is asked.
    pub archived: bool,
}

/// What a name and number point to.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    Nobody,
    One(&'a Known),
    /// Namesakes, and nothing to choose by.
    Several(Vec<&'a Known>),
}

/// The songwriters a form or a file may mean.
#[derive(Debug, Default)]
pub struct Directory {
    known: Vec<Known>,
    by_id: HashMap<Uuid, usize>,
    by_ipi: HashMap<String, usize>,
    by_key: HashMap<String, Vec<usize>>,
    archived: HashMap<String, usize>,
}

/// Longest list of keys in one statement.
const AT_ONCE: usize = 5_000;

impl Directory {
    /// Everybody with one of these ids, folded names or IPIs; of the archived, those with one of the names or IPIs.
    pub async fn load(at: &mut Tenant, ids: &[Uuid], keys: &[String], ipis: &[String]) -> Result<Self> {
        let mut directory = Directory::default();
        directory.fetch(at, ids, &[], &[]).await?;
        for keys in keys.chunks(AT_ONCE) {
            directory.fetch(at, &[], keys, &[]).await?;
        }
        for ipis in ipis.chunks(AT_ONCE) {
            directory.fetch(at, &[], &[], ipis).await?;
        }
        Ok(directory)
    }

    async fn fetch(&mut self, at: &mut Tenant, ids: &[Uuid], keys: &[String], ipis: &[String]) -> Result<()> {
        if ids.is_empty() && keys.is_empty() && ipis.is_empty() {
            return Ok(());
        }
        let publisher = at.publisher.id;
        let rows = sqlx::query!(
            r#"select id, last_name, first_name, stage_name, name_key, ipi, archived_at is not null as "archived!" from songwriters where publisher_id = $1
               and (archived_at is null and (id = any ($2) or name_key = any ($3)) or archived_at is not null and name_key = any ($3) or ipi = any ($4)) order by archived_at is not null, created_at, id"#,
            publisher,
            ids,
            keys,
            ipis
        )
        .fetch_all(at.db())
        .await?;
        for row in rows {
            let name = full_name(row.last_name.as_deref(), row.first_name.as_deref(), row.stage_name.as_deref());
            self.learn(Known { id: row.id, name, key: row.name_key, ipi: row.ipi, archived: row.archived });
        }
        Ok(())
    }

    pub fn everybody(&self) -> impl Iterator<Item = &Known> {
        self.known.iter()
    }

    /// Adds somebody, so that the next row that means them finds them.
    pub fn learn(&mut self, known: Known) {
        if self.by_id.contains_key(&known.id) {
            return;
        }
        let place = self.known.len();
        self.by_id.insert(known.id, place);
        if let Some(ipi) = &known.ipi {
            self.by_ipi.entry(ipi.clone()).or_insert(place);
        }
        if known.archived {
            self.archived.entry(known.key.clone()).or_insert(place);
        } else {
            self.by_key.entry(known.key.clone()).or_default().push(place);
        }
        self.known.push(known);
    }

    /// Gives somebody without an IPI the one that was found.
    pub fn complete(&mut self, id: Uuid, ipi: &str) {
        if let Some(place) = self.by_id.get(&id).copied()
            && let Some(known) = self.known.get_mut(place)
        {
            known.ipi = Some(ipi.to_owned());
            self.by_ipi.entry(ipi.to_owned()).or_insert(place);
        }
    }

    pub fn by_id(&self, id: Uuid) -> Option<&Known> {
        self.by_id.get(&id).and_then(|place| self.known.get(*place))
    }

    pub fn by_ipi(&self, ipi: &str) -> Option<&Known> {
        self.by_ipi.get(ipi).and_then(|place| self.known.get(*place))
    }

    /// Somebody archived whom a name under one of these keys may mean, unless the IPIs say otherwise.
    pub fn archived(&self, keys: &[String], ipi: Option<&str>) -> Option<&Known> {
        let namesakes = keys.iter().filter_map(|key| self.archived.get(key)).filter_map(|place| self.known.get(*place));
        namesakes.into_iter().find(|known| ipi.is_none() || known.ipi.is_none())
    }

    /// Whom a name under one of these keys and an IPI, if there is one, point to.
    pub fn find(&self, keys: &[String], ipi: Option<&str>) -> Found<'_> {
        if let Some(known) = ipi.and_then(|ipi| self.by_ipi(ipi)) {
            return Found::One(known);
        }
        let namesakes = keys.iter().filter_map(|key| self.by_key.get(key)).flatten().filter_map(|place| self.known.get(*place));
        let mut possible: Vec<&Known> = namesakes.filter(|known| ipi.is_none() || known.ipi.is_none()).collect();
        possible.dedup_by_key(|known| known.id);
        match possible.as_slice() {
            [] => Found::Nobody,
            [one] => Found::One(one),
            _ => Found::Several(possible),
        }
    }
}

/// Lets nobody else look for these names in order to add them until the transaction ends: of two who type a new writer at the
/// same time, the later finds the one of the earlier.
pub async fn hold_names(at: &mut Tenant, keys: &[String]) -> Result<()> {
    let publisher = at.publisher.id.to_string();
    let mut keys = keys.to_vec();
    keys.sort_unstable(); // each waits for the same name first
    keys.dedup();
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1 || key, 0)) as held from unnest($2::text[]) key", publisher, &keys)
        .fetch_all(at.db())
        .await?;
    Ok(())
}

/// A typed name as last and first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedName {
    pub last: String,
    pub first: Option<String>,
    /// Whether a comma told which is which.
    pub apart: bool,
}

impl TypedName {
    /// "Okafor, Adaeze", "Okafor," or "Okafor".
    pub fn read(typed: &str) -> Self {
        match typed.split_once(',') {
            Some((last, first)) => {
                let first = Some(first.trim().to_owned()).filter(|first| !first.is_empty());
                TypedName { last: last.trim().to_owned(), first, apart: true }
            }
            None => TypedName { last: typed.trim().to_owned(), first: None, apart: false },
        }
    }

    /// One word, or a comma: no doubt about what is the last name.
    pub fn is_clear(&self) -> bool {
        self.apart || !self.last.contains(char::is_whitespace)
    }

    /// "Adaeze Okafor" turned round: "Okafor, Adaeze".
    pub fn turned(&self) -> String {
        self.last.rsplit_once(char::is_whitespace).map_or_else(|| self.last.clone(), |(first, last)| format!("{last}, {}", first.trim()))
    }

    /// The keys under which this person may be known. A name without a comma is looked for both ways round.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = vec![name_key(&self.last, self.first.as_deref())];
        if !self.is_clear() {
            keys.push(sort_key(&self.turned()));
        }
        keys.dedup();
        keys
    }
}

/// Could these be names of one person? They share a word: "Smith, J." and "Smith, John" do.
pub fn akin(one: &str, other: &str) -> bool {
    let other = words(other);
    words(one).iter().any(|word| other.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(people: &[(u128, &str, Option<&str>)]) -> Directory {
        let mut directory = Directory::default();
        for (id, name, ipi) in people {
            let key = sort_key(name);
            directory.learn(Known {
                id: Uuid::from_u128(*id),
                name: (*name).to_owned(),
                key,
                ipi: ipi.map(str::to_owned),
                archived: false,
            });
        }
        directory
    }

    fn meant(directory: &Directory, typed: &str, ipi: Option<&str>) -> Vec<u128> {
        match directory.find(&TypedName::read(typed).keys(), ipi) {
            Found::Nobody => vec![],
            Found::One(known) => vec![known.id.as_u128()],
            Found::Several(known) => known.iter().map(|known| known.id.as_u128()).collect(),
        }
    }

    #[test]
    fn the_ipi_decides() {
        let people = directory(&[(1, "Smith, John", Some("00000000199")), (2, "Smith, John", Some("00000000297"))]);
        assert_eq!(meant(&people, "Smith, J.", Some("00000000297")), [2]);
        assert_eq!(meant(&people, "Smith, John", Some("00014107338")), [] as [u128; 0]);
    }

    #[test]
    fn without_one_the_name_does_when_nobody_else_has_it() {
        let people = directory(&[(1, "Okafor, Adaeze", None), (2, "Smith, John", Some("00000000199")), (3, "Smith, John", None)]);
        assert_eq!(meant(&people, "OKAFOR, adaeze", None), [1]);
        assert_eq!(meant(&people, "Adaeze Okafor", None), [1]);
        assert_eq!(meant(&people, "Okafor", None), [] as [u128; 0]);
        assert_eq!(meant(&people, "Smith, John", None), [2, 3]);
        assert_eq!(meant(&people, "Smith, John", Some("00014107338")), [3]);
    }

    #[test]
    fn a_name_without_comma_is_doubtful_when_it_has_several_words() {
        assert!(TypedName::read("Prudence").is_clear() && TypedName::read("De La Soul,").is_clear());
        assert!(!TypedName::read("Adaeze Okafor").is_clear());
        assert_eq!(TypedName::read("Adaeze Okafor").turned(), "Okafor, Adaeze");
        assert!(akin("Smith, J.", "Smith, John") && !akin("Smith, J.", "Okafor, Adaeze"));
    }
}
