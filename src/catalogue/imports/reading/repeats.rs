//! What a file says twice.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::columns::Columns;
use super::layouts::{Field, Place};
use super::{Code, Finding, Level, WorkDraft};
use crate::standards::characters::fold;
use crate::standards::identifiers::{Isrc, Iswc};

/// The rows in which things stood first.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    numbers: HashMap<String, usize>,
    iswcs: HashMap<Iswc, usize>,
    isrcs: HashMap<Isrc, usize>,
    /// By a hash: the titles and names of a hundred thousand rows would fill much memory.
    songs: HashMap<[u8; 32], usize>,
}

impl Repeats {
    /// Compares a work with the rows above it.
    pub(super) fn note(&mut self, row: usize, work: &WorkDraft, columns: &Columns, findings: &mut Vec<Finding>) {
        let mut find = |level, code, place: Option<Place>, message| {
            findings.push(Finding { level, column: place.and_then(|place| columns.heading(place)), message, code });
        };
        if let Some(number) = &work.number
            && let Some(earlier) = first(&mut self.numbers, number.to_uppercase(), row)
        {
            let message = format!("Row {earlier} has this work number already.");
            find(Level::Refused, Code::NumberRepeated, Some((Field::Number, 0)), message);
            return;
        }
        if let Some(iswc) = &work.iswc
            && let Some(earlier) = first(&mut self.iswcs, iswc.clone(), row)
        {
            let message = format!("Row {earlier} has this ISWC already. Perhaps both are the same work.");
            find(Level::Warning, Code::IswcRepeated, Some((Field::Iswc, 0)), message);
        }
        for isrc in work.recordings.iter().filter_map(|recording| recording.isrc.as_ref()) {
            if let Some(earlier) = first(&mut self.isrcs, isrc.clone(), row) {
                let message = format!("Row {earlier} has the ISRC {isrc} already.");
                find(Level::Warning, Code::IsrcRepeated, None, message);
            }
        }
        if let Some(earlier) = first(&mut self.songs, song(work), row).filter(|_| !work.title.is_empty()) {
            let message = format!("Row {earlier} has the same title and the same writers.");
            find(Level::Warning, Code::SongRepeated, Some((Field::Title, 0)), message);
        }
    }
}

/// The row where `key` stood first, if that was above `row`; from now on it is known.
fn first<K: Eq + std::hash::Hash>(rows: &mut HashMap<K, usize>, key: K, row: usize) -> Option<usize> {
    Some(*rows.entry(key).or_insert(row)).filter(|earlier| *earlier < row)
}

/// Folded title and writers, hashed: what makes two rows look like one work.
fn song(work: &WorkDraft) -> [u8; 32] {
    let writer = |writer: &super::WriterDraft| match &writer.ipi {
        Some(ipi) => ipi.to_string(),
        None => fold(&[writer.last.as_deref(), writer.first.as_deref()].map(Option::unwrap_or_default).join(" ")),
    };
    let mut writers: Vec<String> = work.writers.iter().map(writer).collect();
    writers.sort_unstable();
    writers.dedup();
    let mut hash = Sha256::new_with_prefix(fold(&work.title));
    for writer in writers {
        hash.update([0]); // no folded text has one
        hash.update(writer);
    }
    hash.finalize().into()
}
