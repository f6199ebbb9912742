//! What people upload: the wrong file, broken files, odd cells, two presses at once. Each is told in words; nothing is half-done.

use super::*;

#[tokio::test]
async fn what_is_no_table_of_works_is_said_at_the_field() {
    let app = App::start().await;
    let olga = olga(&app).await;
    for (name, content, words) in [
        ("empty.csv", &b""[..], "This file has no rows."),
        ("works.xlsx", b"PK\x03\x04....xl/workbook.xml", "This is an Excel workbook. Open it, save it as CSV, and upload the CSV file."),
        ("works.pdf", b"%PDF-1.7", "This is a PDF file. Upload a CSV file."),
        (
            "odd.csv",
            b"Foo,Bar\n1,2\n",
            "None of the headings in the first row is known. The first row must name the columns, \u{201C}Title\u{201D} among them.",
        ),
        ("open.csv", b"Title,Notes\n\"open,1\n2,3\n", "The quotation mark that opens a cell in row 2 is never closed."),
        ("headings.csv", b"Title,Notes\n", "This file has no rows."),
        (
            "twice.csv",
            b"Title,ISWC,title\nA,,B\n",
            "The columns A (\u{201C}Title\u{201D}) and C (\u{201C}title\u{201D}) give the same thing. Remove one of them.",
        ),
        ("binary.csv", b"Title\n\x00\x01\x02", "This file is not text. Save the sheet as CSV and upload the CSV file."),
    ] {
        let page = uploads(&olga, name, content).await;
        assert_eq!((page.status, page.errors("file").as_deref()), (422, Some(words)), "{name}");
    }
    let list = olga.opens(IMPORTS).await;
    assert_eq!(list.rows().len(), 8);
    let excel = list.row("works.xlsx").unwrap();
    assert!(excel[0].contains("This is an Excel workbook.") && excel[1] == "Not readable", "{excel:?}");
    assert!(list.follows("works.xlsx").await.says("This is an Excel workbook."));
    assert_eq!(app.one::<i64>("select count(*) from import_files").await, 0);
    assert_eq!(app.one::<i64>("select count(*) from audit_entries where action = 'import.refused' and address is not null").await, 8);
    let large = uploads(&olga, "large.csv", &[b"Title\n".as_slice(), &b"x,\n".repeat(20_000_000)].concat()).await;
    assert_eq!(
        (large.status, large.errors("file").as_deref()),
        (413, Some("This file is larger than 20 MB. Split it into smaller files."))
    );
    assert_eq!(olga.opens(IMPORTS).await.row("large.csv").unwrap()[1], "Not readable");
    let url = olga.opens(&format!("{IMPORTS}/new")).await.attribute("form[enctype]", "action").unwrap();
    assert_eq!(olga.posts(&url, &[("stamp", &app.publisher("northlight").await.to_string())]).await.status, 422);
    let mut forged = olga.opens(&format!("{IMPORTS}/new")).await;
    forged.body = forged.body.replace("?stamp=", "?other=");
    assert_eq!(forged.uploads("Upload and check", &[], "file", "works.csv", GOOD.as_bytes()).await.status, 409);
}

#[tokio::test]
async fn files_are_read_however_a_spreadsheet_wrote_them() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let text = "Title;Writer 1 Last;Writer 1 Share\nCafé Größe;Müller;100\n";
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let wide: Vec<u8> = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let turned: Vec<u8> = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for content in [text.as_bytes().to_vec(), latin, wide, turned] {
        let page = uploads(&olga, "works.csv", &content).await;
        assert_eq!(page.row("Café Größe").unwrap(), ["Café Größe Row 2", "Good"]);
    }
}

#[tokio::test]
async fn what_the_forms_would_refuse_a_file_may_not_bring_either() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let long = "x".repeat(300);
    let many: String = (0..60).map(|i| format!("t{i}|")).collect();
    let rows = format!("{long},,,\nB,ABCDEFGHIJKLMNOP,,\nC,№7,,\nD,,{long},\nE,,,{many}\n<b>F</b> =1+1,,\"Smith, John\",\n");
    let csv = format!("Title,Work number,Writer 1 Last,Alternative titles\n{rows}");
    let page = uploads(&olga, "works.csv", csv.as_bytes()).await;
    let refused = olga.opens(&format!("{}?rows=refused", page.path)).await;
    assert_eq!(refused.rows().len(), 5, "{refused:?}");
    assert!(page.row("<b>F</b> =1+1").is_some());
}

#[tokio::test]
async fn ragged_and_odd_rows_are_told_apart_from_good_ones() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let (title, turn) = ("x".repeat(10_000), '\u{202E}');
    let rows = format!("Good,,\nToo,many,cells,here\nShort\n{title},,\n{turn}turned,,\n🎵 Señorita,,\n,,no title\n");
    let page = uploads(&olga, "works.csv", format!("Title,ISWC,Notes\n{rows}").as_bytes()).await;
    let row = |with: &str| page.row(with).unwrap_or_else(|| panic!("no row {with}: {page:?}"))[1].clone();
    assert!(row("Row 3").starts_with("Refused This row has 4 cells, but there are 3 headings."));
    assert!(row("Short").contains("Warning This row has 1 cells"), "{}", row("Short"));
    assert!(row("Row 5").starts_with("Refused A title may have 255 characters at most."));
    assert!(row("turned").contains("an invisible mark that turns the direction of the text (U+202E). It was taken out"));
    assert!(row("🎵 Señorita").starts_with("Warning No writer is given."));
    assert!(row("Row 8").starts_with("Refused Title: A work needs a title."));
    assert!(page.says("Rows refused: 3 of 7. Nothing can be imported"));
}

#[tokio::test]
async fn formulas_are_text_as_typed() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let titles = ["=1+1", "+Plus", "-Minus", "@Home", "=cmd|' /C calc'!A0"];
    let csv = format!("Title,Writer 1 Last,Writer 1 Share\n{}", titles.map(|title| format!("{title},=Okafor,100\n")).concat());
    assert!(imports(&app, &olga, &csv).await.says("5 works in the catalogue"));
    let mut kept: Vec<String> = app.list("select title from works").await;
    let mut typed = titles.map(str::to_owned);
    kept.sort();
    typed.sort();
    assert_eq!(kept, typed);
    assert_eq!(app.list::<String>("select last_name from songwriters").await, ["=Okafor"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_presses_at_once_one_counts() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let page = uploads(&olga, "works.csv", GOOD.as_bytes()).await;
    let stamp = app.publisher("northlight").await.to_string();
    let (url, fields) = (format!("{}/works", page.path), [("stamp", stamp.as_str()), ("confirmed", "true")]);
    let (one, other) = tokio::join!(olga.posts(&url, &fields), olga.posts(&url, &fields));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "{one:?} {other:?}");
    app.run_jobs().await;
    assert_eq!(app.one::<i64>("select count(*) from works").await, 3);
    assert_eq!(app.one::<i64>("select count(*) from jobs where kind = 'imports.write'").await, 1);
}
