use proptest::prelude::*;
use time::macros::date;

use super::*;

const DJANGO: &[u8] = include_bytes!("../../../../tests/fixtures/dmp_layout.csv");

fn rows(text: &str) -> Vec<Row> {
    Reading::of(text.as_bytes()).unwrap().rows().collect()
}

fn codes(row: &Row) -> Vec<Code> {
    row.findings.iter().map(|finding| finding.code).collect()
}

/// The one row of a file in our layout.
fn row(headings: &str, cells: &str) -> Row {
    let mut rows = rows(&format!("{headings}\n{cells}\n"));
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

fn said(row: &Row) -> Vec<String> {
    let with_column = |f: &Finding| f.column.as_ref().map_or(f.message.clone(), |column| format!("{column}: {}", f.message));
    row.findings.iter().map(with_column).collect()
}

mod django_music_publisher {
    use super::*;

    fn file() -> Vec<Row> {
        Reading::of(DJANGO).unwrap().rows().collect()
    }

    /// The row of a number as a spreadsheet shows it.
    fn at(number: usize) -> Row {
        file().into_iter().find(|row| row.number == number).unwrap()
    }

    fn work(number: usize) -> WorkDraft {
        at(number).work.unwrap()
    }

    fn notes(number: usize) -> String {
        work(number).notes.unwrap()
    }

    /// "last, first role share controlled" of each writer.
    fn writers(work: &WorkDraft) -> Vec<String> {
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "?".to_owned());
        let role = |w: &WriterDraft| w.role.map_or("?", |role| role.code());
        let share = |w: &WriterDraft| w.share.map_or("?".to_owned(), |share| share.plain());
        let line = |w: &WriterDraft| format!("{}, {} {} {} {:?}", name(&w.last), name(&w.first), role(w), share(w), w.controlled);
        work.writers.iter().map(line).collect()
    }

    #[test]
    fn is_known_by_its_headings() {
        let reading = Reading::of(DJANGO).unwrap();
        assert_eq!(reading.layout, Layout::DjangoMusicPublisher);
        assert_eq!((reading.encoding, reading.delimiter), (Encoding::Utf8, Delimiter::Comma));
        assert_eq!(
            reading.columns_ignored,
            ["Artist 1 ISNI", "Artist 2 ISNI", "Writer 1 X", "column BH without heading", "Writer 1 Account Number"]
        );
        assert_eq!(reading.row_count, 16);
        assert_eq!(file().iter().map(|row| row.number).collect::<Vec<_>>(), (3..19).collect::<Vec<_>>());
    }

    #[test]
    fn what_a_work_has_no_field_for_goes_into_the_notes() {
        let work = work(3);
        assert_eq!(at(3).findings, []);
        assert_eq!(work.number.as_deref(), Some("HL001"));
        assert_eq!(work.alternate_titles, ["Lantern of Paper"]);
        assert_eq!(work.iswc.unwrap().to_string(), "T-123.456.789-4");
        assert_eq!(work.recordings[0].isrc.as_ref().unwrap().as_str(), "JMK402400002");
        assert_eq!(
            work.notes.unwrap(),
            "Library: Night Owl Library\nCD identifier: NOL 7\nAgreement number of Verne: VE77\nWork number at 10-ASCAP: AS900"
        );
        assert_eq!(notes(4), "Performed by: The Gulls\nAgreement number of Verne: VE78");
        assert_eq!(notes(7), "Original title: Vieille Cloche");
    }

    #[test]
    fn shares_are_parts_of_one_or_per_cent() {
        assert_eq!(at(4).findings, []);
        assert_eq!(writers(&work(4)), ["Verne, ? A 66.67 General", "St. Clair, Joan C 33.33 No"]);
        assert_eq!(work(4).recordings.len(), 2);
    }

    #[test]
    fn writers_without_name_are_unknown_ones() {
        assert_eq!(writers(&work(5)), ["Verne, ? CA 66.67 General", "?, ? CA 23.33 No", "?, ? CA 10.00 No"]);
        assert_eq!(codes(&at(5)), [Code::WriterUnnamed, Code::WriterUnnamed]);
        assert_eq!(writers(&work(7)), ["Tolliver, Ada AR 100.00 Yes", "?, ? CA 0.00 No"]);
    }

    #[test]
    fn a_writer_may_stand_twice_in_co_publishing() {
        assert_eq!(at(6).findings, []);
        assert_eq!(writers(&work(6)), ["Tolliver, Ada CA 50.00 Yes", "Tolliver, Ada CA 50.00 No"]);
    }

    #[test]
    fn empty_writers_between_filled_ones_are_passed_over() {
        assert_eq!(at(8).findings, []);
        let expected = ["Tolliver, Ada AR 25.00 Yes", "St. Clair, Joan CA 50.00 No", "Verne, ? CA 25.00 General"];
        assert_eq!(writers(&work(8)), expected);
    }

    #[test]
    fn zeros_are_no_ipi_and_99_is_no_society() {
        assert_eq!(at(9).findings, []);
        let other = &work(9).writers[1];
        assert_eq!(other.ipi, None);
        assert_eq!(other.society.as_ref().unwrap().as_str(), "099");
    }

    #[test]
    fn wrong_values_are_left_blank_and_said() {
        assert_eq!(
            said(&at(10)),
            [
                "Writer 1 Controlled: “Maybe” is neither Yes, General nor No. Taken as No.",
                "Writer 1 IPI: “198” is mistyped: its check digit does not fit the other digits of this IPI name number. Left blank.",
                "Writer 1 PRO: “10 – BMI” has the code of 010 – ASCAP and the name of another society. Left blank.",
                "Writer 1 Role: “Q – Quack” is not a writer role; write one of CA, C, A, AR, AD, TR, SA, SR, PA. Left blank.",
                "ISWC: “T-123.456.789-5” is mistyped: its check digit does not fit the other digits of this ISWC. Left blank.",
                "Recording 1 ISRC: “JM-K40-24-0000” is not an ISRC; that is two letters, three letters or digits, and seven \
                 digits, such as US-SKG-19-12345. Left blank.",
                "Recording 2 ISRC: “EU-EDD-24-00001” begins with two letters no ISRC agency is known to use. Check that it is right.",
            ]
        );
        let work = work(10);
        assert_eq!(work.iswc, None);
        assert_eq!(work.recordings.len(), 1);
        assert_eq!(writers(&work), ["Verne, ? ? 100.00 No"]);
    }

    #[test]
    fn refuses_what_cannot_be_a_work() {
        for (number, code) in [
            (11, vec![Code::SharesOver]),
            (12, vec![Code::TitleMissing]),
            (13, vec![Code::NumberRepeated]),
            (15, vec![Code::RowLong]),
            (17, vec![Code::ShareUnreadable, Code::WriterUnnamedControlled]),
        ] {
            assert_eq!(codes(&at(number)), code);
            assert_eq!(at(number).work, None);
        }
        assert_eq!(said(&at(13)), ["Work ID: Row 3 has this work number already."]);
    }

    #[test]
    fn warns_of_repeats_and_rows_cut_off() {
        assert_eq!(said(&at(14)), ["Work Title: Row 4 has the same title and the same writers."]);
        assert_eq!(
            said(&at(16)),
            ["This row has 20 cells, most have 57. It ends before “Writer 2 Role”; what is missing was taken as blank."]
        );
    }

    #[test]
    fn text_that_looks_like_a_formula_is_text() {
        let work = work(18);
        assert_eq!(work.title, "=Equals");
        assert_eq!(work.alternate_titles, ["@ Home", "-ish"]);
        assert_eq!(codes(&at(18)), [Code::WriterFirstNameOnly]);
        assert_eq!(work.writers[0].last.as_deref(), Some("Prudence"));
    }
}

#[test]
fn our_template_reads_without_a_word_once_its_example_is_a_work() {
    let own = template().replace("EXAMPLE,Example: Harbour", "NL-0001,Harbour");
    let reading = Reading::of(own.as_bytes()).unwrap();
    assert_eq!(reading.layout, Layout::Ledgerline);
    assert_eq!(reading.columns_ignored, [""; 0]);
    let rows: Vec<Row> = reading.rows().collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].findings, []);
    let work = rows[0].work.clone().unwrap();
    assert_eq!(work.title, "Harbour Lights at Noon");
    assert_eq!(work.alternate_titles, ["Harbour Lights", "Noon Song"]);
    assert_eq!(work.duration_seconds, Some(225));
    assert_eq!(work.copyright_date, Some(date!(2024 - 05 - 01)));
    assert_eq!(work.writers.len(), 2);
    assert_eq!(work.recordings.len(), 1);
    let headings: Vec<String> = LEDGERLINE.iter().flat_map(Column::headings).collect();
    assert_eq!(headings.len(), 8 + 7 * 10 + 3 * 3 + 2);
    assert!(headings.iter().all(|heading| template().contains(heading)));
}

#[test]
fn the_example_of_the_template_is_no_work() {
    let left = [template(), template().replace("EXAMPLE,", "NL-0001,"), template().replace("Example: ", ""), template().to_lowercase()];
    for text in left {
        let rows = rows(&text);
        assert_eq!((rows[0].work.as_ref(), codes(&rows[0])), (None, vec![Code::TemplateExample]), "{text}");
    }
}

#[test]
fn rows_survive_being_stored() {
    for row in Reading::of(DJANGO).unwrap().rows() {
        let stored = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<Row>(&stored).unwrap(), row);
    }
}

#[test]
fn a_sheet_of_excel_in_europe_is_read() {
    let text = "sep=;\r\nTitle;Writer 1 Last;Writer 1 Share;Notes\r\nCaf\u{e9};M\u{fc}ller;33,33 %;\"one\r\ntwo\"\r\n;;;\r\nB;C;66,67;\r\n";
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let reading = Reading::of(&bytes).unwrap();
    assert_eq!((reading.encoding, reading.delimiter), (Encoding::Windows1252, Delimiter::Semicolon));
    let rows: Vec<Row> = reading.rows().collect();
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 4]);
    let work = rows[0].work.clone().unwrap();
    assert_eq!((work.title.as_str(), work.notes.as_deref()), ("Café", Some("one\ntwo")));
    assert_eq!(work.writers[0].share.unwrap().hundredths(), 3333);
    assert_eq!(said(&rows[0]), ["The shares add up to 33.33 %, not 100 %."]);
}

#[test]
fn invisible_characters_are_taken_out_and_said() {
    let row = row("Title,Writer 1 Last,Writer 1 Share", "\"Blue\nMoon\",Smith\u{202E}nhoJ,100");
    assert_eq!(
        said(&row),
        [
            "Title: This cell contains a line break. It was taken out: “Blue Moon”.",
            "Writer 1 Last: This cell contains an invisible mark that turns the direction of the text (U+202E). \
             It was taken out: “SmithnhoJ”.",
        ]
    );
    assert_eq!(row.work.unwrap().title, "Blue Moon");
}

#[test]
fn shares_written_as_parts_of_one_are_noticed() {
    let row = row("Title,Writer 1 Last,Writer 1 Share,Writer 2 Last,Writer 2 Share", "A,B,0.5,C,0.5");
    assert_eq!(said(&row), ["The shares add up to 1.00 %. They are read as per cent: for a half write 50, not 0.5."]);
}

#[test]
fn thirds_are_whole() {
    let row =
        row("Title,Writer 1 Last,Writer 1 Share,Writer 2 Last,Writer 2 Share,Writer 3 Last,Writer 3 Share", "A,B,1/3,C,33 1/3 %,D,100/3");
    assert_eq!(row.findings, []);
}

#[test]
fn writers_and_shares_may_be_missing_with_a_word() {
    assert_eq!(said(&row("Title,ISWC", "A,")), ["No writer is given."]);
    assert_eq!(
        said(&row("Title,Writer 1 Last,Writer 1 Share,Writer 1 Controlled,Writer 2 Controlled", "A,B,,Yes,No")),
        ["No shares are given."]
    );
    let twice = row("Title,Writer 1 Last,Writer 1 Share,Writer 2 Last,Writer 2 Share", "A,B,50,b,50");
    assert_eq!(codes(&twice), [Code::WriterRepeated]);
}

#[test]
fn odd_work_fields_are_said() {
    let row = row(
        "Work number,Title,Language,Duration,Copyright date,Writer 1 Last,Writer 1 Share",
        "A-VERY-LONG-NUMBER,\u{FFFD}a,Klingon,3:45:00,2019,B,100",
    );
    assert_eq!(
        said(&row),
        [
            "Title: This cell has a character that could not be read (�). Save the file as CSV UTF-8.",
            "Work number: “A-VERY-LONG-NUMBER” is longer than the 14 characters societies accept.",
            "Language: “Klingon” is not a language we know; write its English name or two-letter code, such as EN. Left blank.",
            "Duration: “3:45:00” was read as 3 h 45 min. Spreadsheets turn 3:45 into 3:45:00; check that this is right.",
            "Copyright date: “2019” is a year only. 1 January was taken.",
        ]
    );
}

#[test]
fn repeated_identifiers_are_noticed() {
    let rows = rows(
        "Title,ISWC,Recording 1 ISRC,Writer 1 Last,Writer 1 Share\n\
         A,T0345246801,USSKG1912345,X,100\n\
         B,T-034.524.680-1,US-SKG-19-12345,X,100\n",
    );
    assert_eq!(codes(&rows[1]), [Code::IswcRepeated, Code::IsrcRepeated]);
    assert!(rows[1].work.is_some());
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(bytes in any::<Vec<u8>>()) {
        if let Ok(reading) = Reading::of(&bytes) {
            prop_assert_eq!(reading.rows().count(), reading.row_count);
        }
    }

    #[test]
    fn any_cells_get_an_answer(cells in "[a-z0-9 ,;\"\n\r\t/%.:=\u{202E}é–-]{0,200}", wide in any::<bool>()) {
        let text = format!("Title,ISWC,Duration,Copyright date,Writer 1 Last,Writer 1 Share,Writer 1 IPI,Recording 1 ISRC\n{cells}");
        let utf_16 = || text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let bytes = if wide { utf_16() } else { text.clone().into_bytes() };
        if let Ok(reading) = Reading::of(&bytes) {
            let rows: Vec<Row> = reading.rows().collect();
            prop_assert_eq!(rows.len(), reading.row_count);
            prop_assert!(rows.is_sorted_by(|a, b| a.number < b.number));
            for row in rows {
                let refused = row.findings.iter().any(|finding| finding.level == Level::Refused);
                prop_assert_eq!(row.work.is_none(), refused);
            }
        }
    }
}
