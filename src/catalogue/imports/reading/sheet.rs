//! Characters to rows of cells, numbered as a spreadsheet numbers them.

use std::collections::HashMap;

use csv::StringRecord;
use serde::{Deserialize, Serialize};

use super::{MAX_CELL, MAX_COLUMNS, MAX_ROWS, Unreadable};

/// What stands between the cells of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delimiter {
    /// ","
    Comma,
    /// ";", where the comma is the decimal sign
    Semicolon,
    /// Tab
    Tab,
}

impl Delimiter {
    const ALL: [Self; 3] = [Self::Comma, Self::Semicolon, Self::Tab];

    /// "comma"
    pub fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
        }
    }

    fn character(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Semicolon => ';',
            Self::Tab => '\t',
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }

    /// The one most often outside quotation marks in the row of headings; of equals the first above.
    fn of(text: &str) -> Self {
        let mut counts = [0_usize; 3];
        let mut quoted = false;
        for c in text.trim_start_matches('\n').chars() {
            match c {
                '"' => quoted = !quoted,
                '\n' if !quoted => break,
                _ if quoted => {}
                _ => Self::ALL.iter().zip(&mut counts).filter(|(d, _)| d.character() == c).for_each(|(_, n)| *n += 1),
            }
        }
        let pairs = Self::ALL.into_iter().zip(counts).rev();
        pairs.max_by_key(|(_, count)| *count).map_or(Self::Comma, |(delimiter, _)| delimiter)
    }
}

/// A row put below the last. Unless it comes out again alone, a quotation mark above it is open.
const END: &str = "\u{3}";

/// The cells of a file, within the limits.
#[derive(Debug)]
pub(super) struct Sheet {
    /// Line breaks are `\n`; the last row is [`END`].
    text: String,
    delimiter: Delimiter,
    headings: StringRecord,
    row_count: usize,
    usual_length: usize,
}

impl Sheet {
    pub(super) fn new(text: String) -> Result<Self, Unreadable> {
        let mut text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text };
        let declared = Self::take_declaration(&mut text);
        text.truncate(text.trim_end_matches('\n').len());
        text.extend(["\n", END, "\n"]);
        let delimiter = declared.unwrap_or_else(|| Delimiter::of(&text));
        let mut sheet = Self { text, delimiter, headings: StringRecord::new(), row_count: 0, usual_length: 0 };
        let (headings, row_count, usual_length) = sheet.survey()?;
        (sheet.headings, sheet.row_count, sheet.usual_length) = (headings, row_count, usual_length);
        Ok(sheet)
    }

    /// Excel may write a first line "sep=;", which its own sheet does not show.
    fn take_declaration(text: &mut String) -> Option<Delimiter> {
        let (line, _) = text.split_once('\n')?;
        let sign = line.strip_prefix("sep=")?;
        let delimiter = Delimiter::ALL.into_iter().find(|d| sign.chars().eq([d.character()]))?;
        text.drain(..=line.len());
        Some(delimiter)
    }

    /// Reads everything once, for the limits: headings, number of rows, usual length of a row.
    fn survey(&self) -> Result<(StringRecord, usize, usize), Unreadable> {
        let mut records = self.records().peekable();
        let mut headings = None;
        let mut lengths: HashMap<usize, usize> = HashMap::new();
        let mut rows = 0;
        while let Some((row, cells)) = records.next() {
            if records.peek().is_none() {
                if cells == [END][..] {
                    break;
                }
                return Err(Unreadable::QuoteNotClosed { row: row + 1 }); // no line break ended it, so it counts one less
            }
            if cells.iter().any(|cell| cell.len() > MAX_CELL && cell.chars().count() > MAX_CELL) {
                return Err(Unreadable::CellTooLong { row });
            }
            if headings.is_none() {
                headings = Some(cells);
            } else if !is_blank(&cells) {
                rows += 1;
                *lengths.entry(cells.len()).or_default() += 1;
            }
            if rows > MAX_ROWS {
                return Err(Unreadable::TooManyRows);
            }
        }
        let headings = headings.ok_or(Unreadable::Empty)?;
        if headings.len() > MAX_COLUMNS {
            return Err(Unreadable::TooManyColumns);
        }
        let usual = lengths.into_iter().max_by_key(|&(length, count)| (count, length));
        let (usual_length, _) = usual.ok_or(Unreadable::Empty)?;
        Ok((headings, rows, usual_length))
    }

    pub(super) fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    pub(super) fn headings(&self) -> &StringRecord {
        &self.headings
    }

    /// Rows with something in them.
    pub(super) fn row_count(&self) -> usize {
        self.row_count
    }

    /// How many cells most rows have. Programs that leave out empty cells at the end do so in every row, and
    /// only a row shorter than its fellows looks cut off.
    pub(super) fn usual_length(&self) -> usize {
        self.usual_length
    }

    /// The rows below the headings that have something in them.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, StringRecord)> + Send + '_ {
        self.records().skip(1).filter(|(_, cells)| !is_blank(cells)).take(self.row_count)
    }

    /// Every record with its row number: line breaks inside cells do not count, empty lines do.
    fn records(&self) -> impl Iterator<Item = (usize, StringRecord)> + Send + '_ {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(self.delimiter.byte()).from_reader(self.text.as_bytes());
        let mut inside_cells = 0_u64;
        std::iter::from_fn(move || {
            let mut cells = StringRecord::new();
            // The text is in memory and UTF-8, and rows may differ in length: nothing is left to fail.
            reader.read_record(&mut cells).ok().filter(|more| *more)?;
            inside_cells += cells.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
            // After a record the reader stands at the beginning of the next line.
            let row = reader.position().line().saturating_sub(1 + inside_cells);
            Some((usize::try_from(row).unwrap_or(usize::MAX), cells))
        })
    }
}

fn is_blank(cells: &StringRecord) -> bool {
    cells.iter().all(|cell| cell.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(text: &str) -> Sheet {
        Sheet::new(text.to_owned()).unwrap()
    }

    #[test]
    fn finds_the_delimiter_in_the_headings() {
        assert_eq!(sheet("a,b;c,d\n1;2;3;4;5").delimiter, Delimiter::Comma);
        assert_eq!(sheet("a;b;\"c,,,,\"\n1,2,3;4").delimiter, Delimiter::Semicolon);
        assert_eq!(sheet("\n\na\tb\n1").delimiter, Delimiter::Tab);
        assert_eq!(sheet("a\n1").delimiter, Delimiter::Comma);
        assert_eq!(sheet("sep=;\r\na,b;c\r\n1").delimiter, Delimiter::Semicolon);
    }

    #[test]
    fn numbers_rows_as_a_spreadsheet_does() {
        for text in [
            "a,b\n\n1,\"two\nlines\n\"\n,\n\"3\n\",x\n4,y\n",
            "a,b\r\n\r\n1,\"two\r\nlines\r\n\"\r\n,\r\n\"3\r\n\",x\r\n4,y",
            "a,b\r\r1,\"two\rlines\r\"\r,\r\"3\r\",x\r4,y\r",
        ] {
            let sheet = sheet(text);
            let rows: Vec<_> = sheet.rows().map(|(row, cells)| (row, cells[0].trim().to_owned())).collect();
            assert_eq!(rows, [(3, "1".to_owned()), (5, "3".to_owned()), (6, "4".to_owned())], "{text:?}");
            assert_eq!(sheet.row_count(), 3);
        }
    }

    #[test]
    fn keeps_the_limits() {
        let refusal = |text: String| Sheet::new(text).unwrap_err();
        assert_eq!(refusal(String::new()), Unreadable::Empty);
        assert_eq!(refusal("Title\n\n  \n".to_owned()), Unreadable::Empty);
        assert_eq!(refusal(format!("Title{}\nx", ",".repeat(MAX_COLUMNS))), Unreadable::TooManyColumns);
        assert_eq!(refusal(format!("Title\n{}", "x\n".repeat(MAX_ROWS + 1))), Unreadable::TooManyRows);
        assert_eq!(refusal(format!("Title\nx\n{}", "é".repeat(MAX_CELL + 1))), Unreadable::CellTooLong { row: 3 });
        assert!(Sheet::new(format!("Title\n{}", "é".repeat(MAX_CELL))).is_ok());
        assert_eq!(refusal("Title,b\nx,1\n\"y,2\nz,3\n".to_owned()), Unreadable::QuoteNotClosed { row: 3 });
        assert_eq!(refusal(format!("Title\n\"y\n{}", "z\n".repeat(MAX_CELL))), Unreadable::QuoteNotClosed { row: 2 });
        assert_eq!(refusal("Title\nx\n\"\"\"".to_owned()), Unreadable::QuoteNotClosed { row: 3 });
        assert_eq!(refusal("\"Title\nx\n".to_owned()), Unreadable::QuoteNotClosed { row: 1 });
        assert!(Sheet::new("Title\n\"x\n\"\n".to_owned()).is_ok());
    }
}
