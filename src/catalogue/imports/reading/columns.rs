//! Which cell of a file means what.

use std::collections::{BTreeSet, HashMap};

use csv::StringRecord;

use super::Unreadable;
use super::layouts::{Field, Layout, Place};

/// Which column of a file means what.
#[derive(Debug)]
pub(super) struct Columns {
    headings: Vec<String>,
    places: Vec<Option<Place>>,
    positions: HashMap<Place, usize>,
}

impl Columns {
    /// The layout that knows more of the headings, and the columns it knows.
    pub(super) fn of(headings: &StringRecord) -> Result<(Layout, Self), Unreadable> {
        let known = |layout: &Layout| places(*layout, headings).into_iter().flatten().count();
        let layout = Layout::ALL.into_iter().rev().max_by_key(known).ok_or(Unreadable::NoHeadings)?;
        if known(&layout) == 0 {
            return Err(Unreadable::NoHeadings);
        }
        let mut columns = Self {
            headings: headings.iter().map(|heading| heading.trim().to_owned()).collect(),
            places: places(layout, headings),
            positions: HashMap::new(),
        };
        for (position, place) in columns.places.iter().enumerate() {
            let Some(place) = place else { continue };
            if let Some(earlier) = columns.positions.insert(*place, position) {
                let [first, second] = [earlier, position].map(|position| columns.described(position));
                return Err(Unreadable::ColumnTwice { first, second });
            }
        }
        let required = layout.headings().filter(|(_, field)| *field == Field::Title);
        let missing: Vec<_> = required.filter(|(_, field)| !columns.has((*field, 0))).map(|(name, _)| name).collect();
        if missing.is_empty() { Ok((layout, columns)) } else { Err(Unreadable::ColumnsMissing { layout, missing }) }
    }

    fn has(&self, place: Place) -> bool {
        self.positions.contains_key(&place)
    }

    pub(super) fn position(&self, place: Place) -> Option<usize> {
        self.positions.get(&place).copied()
    }

    /// The heading as the person's file has it.
    pub(super) fn heading(&self, place: Place) -> Option<String> {
        self.position(place).and_then(|position| self.headings.get(position)).cloned()
    }

    /// The numbers under which a file has any of these fields.
    pub(super) fn numbers(&self, fields: &[Field]) -> BTreeSet<u8> {
        self.positions.keys().filter(|(field, _)| fields.contains(field)).map(|(_, number)| *number).collect()
    }

    /// How many columns there are.
    pub(super) fn count(&self) -> usize {
        self.headings.len()
    }

    /// The first column known at `position` or after it.
    pub(super) fn known_from(&self, position: usize) -> Option<String> {
        let at = (position..self.count()).find(|at| self.places.get(*at).is_some_and(Option::is_some))?;
        self.headings.get(at).cloned()
    }

    /// Columns no field belongs to. One without a heading is named by its letter.
    pub(super) fn ignored(&self) -> Vec<String> {
        let unknown = self.places.iter().enumerate().filter(|(_, place)| place.is_none());
        unknown
            .map(|(position, _)| match self.headings.get(position) {
                Some(heading) if !heading.is_empty() => heading.clone(),
                _ => format!("column {} without heading", letters(position)),
            })
            .collect()
    }

    fn described(&self, position: usize) -> String {
        let heading = self.headings.get(position).map(String::as_str).unwrap_or_default();
        format!("{} (“{heading}”)", letters(position))
    }
}

fn places(layout: Layout, headings: &StringRecord) -> Vec<Option<Place>> {
    headings.iter().map(|heading| layout.place(heading)).collect()
}

/// The name of a column in a spreadsheet: A … Z, AA …
fn letters(position: usize) -> String {
    let last = char::from(b'A' + u8::try_from(position % 26).unwrap_or_default());
    match position / 26 {
        0 => last.to_string(),
        rest => format!("{}{last}", letters(rest - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(headings: &[&str]) -> Result<(Layout, Columns), Unreadable> {
        Columns::of(&StringRecord::from(headings.to_vec()))
    }

    #[test]
    fn guesses_the_layout_by_the_headings() {
        let layout = |headings: &[&str]| columns(headings).map(|(layout, _)| layout);
        assert_eq!(layout(&["Title"]), Ok(Layout::Ledgerline));
        assert_eq!(layout(&["ISWC", "TITLE ", "writer_1_last"]), Ok(Layout::Ledgerline));
        assert_eq!(layout(&["Work ID", "Work Title", "Writer 1 Last"]), Ok(Layout::DjangoMusicPublisher));
        assert_eq!(layout(&["Name", "Composer"]), Err(Unreadable::NoHeadings));
        assert_eq!(layout(&[]), Err(Unreadable::NoHeadings));
    }

    #[test]
    fn names_what_is_missing_or_there_twice() {
        assert_eq!(
            columns(&["Work ID", "Writer 1 PRO"]).unwrap_err().to_string(),
            "This file has no column “Work Title”. It was read in the layout of django-music-publisher."
        );
        assert_eq!(
            columns(&["ISWC", "Title", "title"]).unwrap_err().to_string(),
            "The columns B (“Title”) and C (“title”) give the same thing. Remove one of them."
        );
    }

    #[test]
    fn lists_what_it_does_not_know() {
        let (_, columns) = columns(&["Title", "Mood", " ", "Writer 0 Last", "Writer Last", "Title 2"]).unwrap();
        assert_eq!(columns.ignored(), ["Mood", "column C without heading", "Writer 0 Last", "Writer Last", "Title 2"]);
        assert_eq!(letters(25), "Z");
        assert_eq!(letters(26), "AA");
        assert_eq!(letters(299), "KN");
    }
}
