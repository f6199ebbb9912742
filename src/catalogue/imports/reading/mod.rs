//! Reading an uploaded catalogue: the bytes of a CSV file in, one checked work per row out. No database, no web.
//!
//! `text` makes characters of bytes, `sheet` rows of characters, `layouts` knows the headings and `columns` finds them in
//! the file, `cells` knows forms of a cell, `row` makes a work of a row, `repeats` notices what the file says twice.
//! A file that cannot be read at all is [`Unreadable`]; whatever is wrong with one row is a [`Finding`] beside that row,
//! so the good rows can still be taken.

use serde::{Deserialize, Serialize};

mod cells;
mod columns;
mod draft;
mod layouts;
mod repeats;
mod row;
mod sheet;
mod text;

#[cfg(test)]
mod tests;

use columns::Columns;
pub use draft::{Controlled, RecordingDraft, WorkDraft, WriterDraft};
pub use layouts::{Column, LEDGERLINE, Layout, template};
use repeats::Repeats;
pub use sheet::Delimiter;
use sheet::Sheet;
pub use text::Encoding;

/// Largest file, in bytes.
pub const MAX_BYTES: usize = 20 * 1024 * 1024;
/// Most rows in a file, the headings not counted.
pub const MAX_ROWS: usize = 100_000;
/// Most columns in a file.
pub const MAX_COLUMNS: usize = 300;
/// Longest cell, in characters.
pub const MAX_CELL: usize = 10_000;

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing in it, or headings only.
    #[error("This file has no rows.")]
    Empty,
    /// Over [`MAX_BYTES`].
    #[error("This file is larger than 20 MB. Split it into smaller files.")]
    TooLarge,
    /// `.xlsx` or `.xls`.
    #[error("This is an Excel workbook. Open it, save it as CSV, and upload the CSV file.")]
    ExcelWorkbook,
    /// Another spreadsheet, or anything else packed.
    #[error("This is a packed file, perhaps a spreadsheet. Save the sheet as CSV and upload the CSV file.")]
    Packed,
    /// `.pdf`
    #[error("This is a PDF file. Upload a CSV file.")]
    Pdf,
    /// Anything else that is no text.
    #[error("This file is not text. Save the sheet as CSV and upload the CSV file.")]
    NotText,
    /// No heading is known.
    #[error("None of the headings in the first row is known. The first row must name the columns, “Title” among them.")]
    NoHeadings,
    /// A column without which nothing can be read.
    #[error("This file has no column {}. It was read in the layout of {layout}.", listed(.missing))]
    ColumnsMissing {
        /// The layout the other headings point to.
        layout: Layout,
        /// Headings that must be there.
        missing: Vec<&'static str>,
    },
    /// Two columns for one thing.
    #[error("The columns {first} and {second} give the same thing. Remove one of them.")]
    ColumnTwice {
        /// Where it stands first, such as "C (“Title”)".
        first: String,
        /// Where it stands again.
        second: String,
    },
    /// Over [`MAX_ROWS`].
    #[error("This file has more than 100,000 rows. Split it into smaller files.")]
    TooManyRows,
    /// Over [`MAX_COLUMNS`].
    #[error("This file has more than 300 columns. Remove those that are not needed.")]
    TooManyColumns,
    /// Over [`MAX_CELL`].
    #[error("A cell in row {row} is longer than 10,000 characters. Perhaps a quotation mark is not closed.")]
    CellTooLong {
        /// As a spreadsheet counts.
        row: usize,
    },
    /// The file ends inside a quoted cell.
    #[error("The quotation mark that opens a cell in row {row} is never closed.")]
    QuoteNotClosed {
        /// As a spreadsheet counts.
        row: usize,
    },
}

impl Unreadable {
    /// A stable name for the API and for tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "file_empty",
            Self::TooLarge => "file_too_large",
            Self::ExcelWorkbook => "file_is_excel",
            Self::Packed => "file_is_packed",
            Self::Pdf => "file_is_pdf",
            Self::NotText => "file_is_not_text",
            Self::NoHeadings => "headings_unknown",
            Self::ColumnsMissing { .. } => "columns_missing",
            Self::ColumnTwice { .. } => "column_twice",
            Self::TooManyRows => "too_many_rows",
            Self::TooManyColumns => "too_many_columns",
            Self::CellTooLong { .. } => "cell_too_long",
            Self::QuoteNotClosed { .. } => "quote_not_closed",
        }
    }
}

fn listed(headings: &[&str]) -> String {
    headings.iter().map(|heading| format!("“{heading}”")).collect::<Vec<_>>().join(", ")
}

/// A file that can be read: what it is, and its rows on demand.
#[derive(Debug)]
pub struct Reading {
    /// Whose headings it has.
    pub layout: Layout,
    /// How its bytes were read.
    pub encoding: Encoding,
    /// What stands between its cells.
    pub delimiter: Delimiter,
    /// Headings that mean nothing to us; their cells are not read.
    pub columns_ignored: Vec<String>,
    /// How many rows [`Reading::rows`] gives, for showing progress.
    pub row_count: usize,
    columns: Columns,
    sheet: Sheet,
}

/// One row of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The row as a spreadsheet numbers it; the headings are mostly row 1.
    pub number: usize,
    /// As far as it could be read, also where the row is refused.
    pub title: String,
    /// The work, unless a finding refuses it.
    pub work: Option<WorkDraft>,
    /// What there is to say about the row, refusals and warnings.
    pub findings: Vec<Finding>,
}

/// Something to tell the person about one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whether the row can still be taken.
    pub level: Level,
    /// The heading in the person's file, where one cell is meant.
    pub column: Option<String>,
    /// A sentence for the person.
    pub message: String,
    /// A stable name for the API and for tests.
    pub code: Code,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The row is not taken.
    Refused,
    /// The row is taken; the person should look at it.
    Warning,
}

/// What a finding is about. Each stands for a sentence the person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Characters that may not be in a text were taken out.
    CellRepaired,
    /// A character was lost in the encoding of the file.
    CellUnreadable,
    /// Neither yes, general nor no; taken as no.
    ControlledUnknown,
    /// No date, or one that can be read two ways; left blank.
    DateUnknown,
    /// A year only.
    DateWithoutDay,
    /// An hour or more, as spreadsheets make of minutes.
    DurationLong,
    /// No duration; left blank.
    DurationUnknown,
    /// Form or check digits; left blank.
    IpiWrong,
    /// First letters no agency is known to use; kept.
    IsrcPrefixUnknown,
    /// The ISRC stands in a row above.
    IsrcRepeated,
    /// Form; left blank.
    IsrcWrong,
    /// The ISWC stands in a row above.
    IswcRepeated,
    /// Form or check digit; left blank.
    IswcWrong,
    /// Not in the list; left blank.
    LanguageUnknown,
    /// Longer than societies accept; kept.
    NumberLong,
    /// The work number stands in a row above. Refused.
    NumberRepeated,
    /// Not in the list; left blank.
    RoleUnknown,
    /// More cells than headings. Refused.
    RowLong,
    /// Fewer cells than its fellows.
    RowShort,
    /// No share. Refused, since a split is no place to guess.
    ShareUnreadable,
    /// Not 100 % within the tolerance, or none, or no writers.
    SharesNotWhole,
    /// More than 100 % and the tolerance. Refused.
    SharesOver,
    /// Not in the list, or code against name; left blank.
    SocietyUnknown,
    /// Title and writers stand in a row above.
    SongRepeated,
    /// The row our template comes with. Refused.
    TemplateExample,
    /// Refused.
    TitleMissing,
    /// Taken as the last name.
    WriterFirstNameOnly,
    /// The same person twice in one work, with the same control.
    WriterRepeated,
    /// Taken as an unknown writer.
    WriterUnnamed,
    /// Controlled, yet without a name. Refused.
    WriterUnnamedControlled,
}

impl Reading {
    /// Looks through the file once: whether it is text, which layout it has, and that it keeps the limits.
    ///
    /// # Errors
    /// Whatever makes the file as a whole unreadable; nothing of it should be imported then.
    pub fn of(bytes: &[u8]) -> Result<Self, Unreadable> {
        let (text, encoding) = text::decode(bytes)?;
        let sheet = Sheet::new(text)?;
        let (layout, columns) = Columns::of(sheet.headings())?;
        Ok(Self {
            layout,
            encoding,
            delimiter: sheet.delimiter(),
            columns_ignored: columns.ignored(),
            row_count: sheet.row_count(),
            columns,
            sheet,
        })
    }

    /// The rows in their order, each read when it is asked for. Empty rows are passed over.
    pub fn rows(&self) -> impl Iterator<Item = Row> + Send + '_ {
        let mut repeats = Repeats::default();
        self.sheet.rows().map(move |(number, cells)| {
            let (work, mut findings) = row::read(self, &cells);
            repeats.note(number, &work, &self.columns, &mut findings);
            let refused = findings.iter().any(|finding| finding.level == Level::Refused);
            Row { number, title: work.title.clone(), work: (!refused).then_some(work), findings }
        })
    }
}
