//! Whom the writers of a file mean. One decision per name and per IPI for the whole file, in the check as in the writing:
//! what the one counts is what the other writes, whoever adds a namesake meanwhile.

use super::{
    check::{writer_key, writer_name},
    reading::WriterDraft,
};
use crate::{
    access::Tenant,
    catalogue::songwriters::{
        matching::{Directory, Found, Known},
        songwriter::{Details, stored_ipi},
    },
};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Everybody a file has named so far.
#[derive(Debug, Default)]
pub struct People {
    /// Those of the catalogue as far as rows asked for them, and those the file adds.
    directory: Directory,
    /// Whom a name without an IPI means.
    named: HashMap<String, Named>,
    newcomers: HashSet<Uuid>,
    /// Added and not taken yet.
    new: Vec<(Uuid, Details)>,
    /// IPIs learned about songwriters of the catalogue, and not taken yet.
    completed: Vec<(Uuid, String)>,
}

/// What a file adds to the songwriters of the catalogue.
pub struct Additions {
    pub new: Vec<(Uuid, Details)>,
    /// IPIs learned about songwriters who had none.
    pub completed: Vec<(Uuid, String)>,
}

#[derive(Debug, Clone)]
struct Named {
    id: Uuid,
    doubt: Option<Doubt>,
}

/// Why it is not certain that somebody is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// So many songwriters are called so, and nothing tells them apart.
    Namesakes(usize),
    /// Somebody archived is called so.
    Archived,
}

/// Whom a row means by a writer.
#[derive(Debug)]
pub struct Meaning {
    pub songwriter: Known,
    /// The file adds them.
    pub is_new: bool,
    pub doubt: Option<Doubt>,
}

impl People {
    /// Takes in the songwriters of the catalogue whom the next rows may mean. Of those it has met it keeps what it knows.
    pub fn meet(&mut self, catalogue: &Directory) {
        for known in catalogue.everybody() {
            self.directory.learn(known.clone());
        }
    }

    /// How many the file adds.
    pub fn added(&self) -> usize {
        self.newcomers.len()
    }

    /// The songwriters to be added, and the IPIs to be noted, since they were last taken.
    pub fn take(&mut self) -> Additions {
        Additions { new: std::mem::take(&mut self.new), completed: std::mem::take(&mut self.completed) }
    }

    /// Decides whom a writer means, and learns from it.
    pub fn decide(&mut self, at: &Tenant, writer: &WriterDraft) -> Meaning {
        let key = writer_key(writer);
        let Some(ipi) = writer.ipi.as_ref().and_then(stored_ipi) else { return self.by_name(at, key, writer) };
        match self.directory.find(std::slice::from_ref(&key), Some(&ipi)) {
            Found::One(known) => {
                let mut songwriter = known.clone();
                if songwriter.ipi.is_none() {
                    self.complete(songwriter.id, &ipi);
                    songwriter.ipi = Some(ipi);
                }
                self.met(songwriter, None)
            }
            Found::Nobody | Found::Several(_) => self.add(at, &key, writer, Some(ipi)),
        }
    }

    fn by_name(&mut self, at: &Tenant, key: String, writer: &WriterDraft) -> Meaning {
        if let Some(Named { id, doubt }) = self.named.get(&key).cloned()
            && let Some(songwriter) = self.directory.by_id(id).cloned()
        {
            return self.met(songwriter, doubt);
        }
        let meaning = match self.directory.find(std::slice::from_ref(&key), None) {
            Found::One(known) => {
                let songwriter = known.clone();
                self.met(songwriter, None)
            }
            Found::Nobody | Found::Several(_) => self.add(at, &key, writer, None),
        };
        self.named.insert(key, Named { id: meaning.songwriter.id, doubt: meaning.doubt });
        meaning
    }

    fn met(&self, songwriter: Known, doubt: Option<Doubt>) -> Meaning {
        Meaning { is_new: self.newcomers.contains(&songwriter.id), songwriter, doubt }
    }

    fn complete(&mut self, id: Uuid, ipi: &str) {
        self.directory.complete(id, ipi);
        // One that is not in the table yet goes there with the IPI.
        match self.new.iter_mut().find(|(new, _)| *new == id) {
            Some((_, details)) => details.ipi = Some(ipi.to_owned()),
            None => self.completed.push((id, ipi.to_owned())),
        }
    }

    fn add(&mut self, at: &Tenant, key: &str, writer: &WriterDraft, ipi: Option<String>) -> Meaning {
        let keys = [key.to_owned()];
        let doubt = match self.directory.find(&keys, ipi.as_deref()) {
            Found::Several(namesakes) => Some(Doubt::Namesakes(namesakes.len())),
            _ => self.directory.archived(&keys, ipi.as_deref()).map(|_| Doubt::Archived),
        };
        let (last, first) = writer_name(writer);
        let society = writer.society.as_ref().map(|society| society.as_str().to_owned());
        let details = Details { last: last.to_owned(), first: first.map(str::to_owned), ipi, society, ..Details::default() };
        let songwriter = Known { id: at.new_id(), name: details.name(), key: details.key(), ipi: details.ipi.clone(), archived: false };
        self.directory.learn(songwriter.clone());
        self.newcomers.insert(songwriter.id);
        self.new.push((songwriter.id, details));
        Meaning { songwriter, is_new: true, doubt }
    }
}
