//! Search by word prefixes: `search_words` holds the folded words of each work, songwriter and recording, and a prefix is
//! a range of its index. Substrings would not do: under row security their operators may not use an index.

use super::paging::COUNTED;
use crate::{
    access::{Reach, Tenant},
    error::Result,
    standards::{
        characters::{clean, words},
        identifiers::Isrc,
    },
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Longest text searched for, in characters.
const LONGEST_QUERY: usize = 200;
/// Words of a query that are looked for; more narrow nothing down.
const MOST_TERMS: usize = 6;

/// What can be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Work,
    Songwriter,
    Recording,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Work => "work",
            Kind::Songwriter => "songwriter",
            Kind::Recording => "recording",
        }
    }
}

/// The words somebody looks for; none when the box is empty.
///
/// Numbers of the trade are found however they are punctuated: they stand in the index without.
pub fn terms(query: &str) -> Vec<String> {
    let query: String = clean(query).unwrap_or_else(|unclean| unclean.repaired).chars().take(LONGEST_QUERY).collect();
    let bare: String = query.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
    let digits = |text: &str| text.len() >= 4 && text.bytes().all(|b| b.is_ascii_digit());
    let is_iswc = bare.strip_prefix(['T', 't']).is_some_and(digits);
    let is_ipi = bare.len() >= 9 && digits(&bare);
    if is_iswc || is_ipi || Isrc::of_any_prefix(&query).is_ok() {
        return vec![bare.to_ascii_lowercase()];
    }
    let mut terms = words(&query);
    terms.truncate(MOST_TERMS);
    terms
}

/// Does one of `words` begin with each of `terms`? What the index answers, for lists short enough to look through.
pub fn matches(terms: &[String], words: &[String]) -> bool {
    terms.iter().all(|term| words.iter().any(|word| word.starts_with(term.as_str())))
}

/// Ids of what has all the terms, one more than [`COUNTED`] at most. The rarest term leads, so that "the" costs nothing
/// beside "lighthouse".
pub async fn find(at: &mut Tenant, kind: Kind, terms: &[String]) -> Result<Vec<Uuid>> {
    let publisher = at.publisher.id;
    // Words of every department's works stand in one table; what a person may not see must not use up the limit.
    let unseen = matches!(at.reach, Reach::Departments(_)) && kind == Kind::Work;
    let ends: Vec<String> = terms.iter().map(|term| format!("{term}\u{10FFFF}")).collect();
    let ids = sqlx::query_scalar!(
        r#"with term as materialized (
             select t.low collate "C" as low, t.high collate "C" as high,
                    (select count(*) from (select from search_words s where s.publisher_id = $1 and s.kind = $2
                        and s.word >= t.low collate "C" and s.word < t.high collate "C" limit $5) counted) as found
               from unnest($3::text[], $4::text[]) t (low, high)),
           rarest as (select low, high from term order by found, low limit 1)
           select distinct f.object_id as "id!" from (
             select s.object_id from rarest r join search_words s
                 on s.publisher_id = $1 and s.kind = $2 and s.word >= r.low and s.word < r.high
              where not exists (select from term t where t.low <> r.low and not exists (
                      select from search_words o where o.publisher_id = $1 and o.kind = $2 and o.object_id = s.object_id
                         and o.word >= t.low and o.word < t.high))
                and (not $6 or exists (select from works w where w.publisher_id = $1 and w.id = s.object_id))
              limit $5) f"#,
        publisher,
        kind.name(),
        terms,
        &ends,
        COUNTED + 1,
        unseen
    )
    .fetch_all(at.db())
    .await?;
    Ok(ids)
}

/// Writes the words of these things in place of what stood there.
pub async fn index(at: &mut Tenant, kind: Kind, things: &[(Uuid, Vec<String>)]) -> Result<()> {
    let publisher = at.publisher.id;
    let ids: Vec<Uuid> = things.iter().map(|(id, _)| *id).collect();
    sqlx::query!("delete from search_words where publisher_id = $1 and kind = $2 and object_id = any ($3)", publisher, kind.name(), &ids)
        .execute(at.db())
        .await?;
    add(at, kind, things).await
}

/// Writes the words of things that are new.
pub async fn add(at: &mut Tenant, kind: Kind, things: &[(Uuid, Vec<String>)]) -> Result<()> {
    let publisher = at.publisher.id;
    let (ids, words): (Vec<Uuid>, Vec<String>) = things.iter().flat_map(|(id, words)| words.iter().map(|word| (*id, word.clone()))).unzip();
    sqlx::query!(
        "insert into search_words (publisher_id, kind, word, object_id) select $1, $2, t.word, t.id from unnest($3::text[], $4::uuid[]) t (word, id)",
        publisher,
        kind.name(),
        &words,
        &ids
    )
    .execute(at.db())
    .await?;
    Ok(())
}

/// What a work is found by.
pub fn work_words(title: &str, alternates: &[String], iswc: Option<&str>, number: Option<&str>, names: &[&str]) -> Vec<String> {
    let texts = [title].into_iter().chain(alternates.iter().map(String::as_str)).chain(names.iter().copied()).chain(number);
    let mut all: BTreeSet<String> = texts.flat_map(words).collect();
    let iswc = iswc.map(str::to_lowercase);
    all.extend(iswc.iter().filter_map(|iswc| iswc.strip_prefix('t')).map(str::to_owned));
    all.extend(iswc);
    all.into_iter().collect()
}

/// What a songwriter is found by.
pub fn songwriter_words(names: [Option<&str>; 3], ipi: Option<&str>, number: Option<&str>) -> Vec<String> {
    let mut all: BTreeSet<String> = names.into_iter().flatten().chain(number).flat_map(words).collect();
    all.extend(ipi.map(|ipi| ipi.trim_start_matches('0').to_owned()));
    all.extend(ipi.map(str::to_owned));
    all.into_iter().filter(|word| !word.is_empty()).collect()
}

/// What a recording is found by.
pub fn recording_words(title: &str, artist: Option<&str>, isrc: Option<&str>) -> Vec<String> {
    let mut all: BTreeSet<String> = [title].into_iter().chain(artist).flat_map(words).collect();
    all.extend(isrc.map(str::to_lowercase));
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_however_punctuated() {
        for (typed, term) in [
            ("T-034.524.680-1", "t0345246801"),
            ("t-034.524", "t034524"),
            ("US-SKG-19-12345", "usskg1912345"),
            ("000 141 073 38", "00014107338"),
        ] {
            assert_eq!(terms(typed), [term], "{typed}");
        }
        assert_eq!(terms("T-Rex 1999"), ["t", "rex", "1999"]);
        assert_eq!(terms("  Łódź,\u{0} by night "), ["lodz", "by", "night"]);
        assert!(terms(" \t").is_empty());
        assert_eq!(terms("a b c d e f g h").len(), MOST_TERMS);
    }

    #[test]
    fn a_work_is_found_by_what_is_printed_on_it() {
        let words = work_words("Harbour Lights", &["Noon Song".to_owned()], Some("T0345246801"), Some("NL-0001"), &["Okafor, Adaeze"]);
        for query in ["harb", "noon", "T-034.524.680-1", "0345246801", "NL-0001", "okafor lights", "ádaeze"] {
            assert!(matches(&terms(query), &words), "{query}");
        }
        assert!(!matches(&terms("bour"), &words));
        assert!(!matches(&terms("harbour night"), &words));
    }

    #[test]
    fn an_ipi_is_found_without_its_zeros() {
        let words = songwriter_words([Some("Okafor"), Some("Adaeze"), None], Some("00014107338"), None);
        assert!(matches(&terms("14107338"), &words) && matches(&terms("00014107338"), &words));
    }
}
