//! Adding and changing works: what is refused, what is kept, who may, and what the trail says.

use super::{NORTHLIGHT, adds_work, member, olga};
use crate::support::App;

const NEW: &str = "/publishers/northlight/works/new";

#[tokio::test]
async fn everything_wrong_is_said_at_once_beside_its_field_and_what_was_typed_stays() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let long = "x".repeat(300);
    let typed = [
        ("title", ""),
        ("alternate_titles", long.as_str()),
        ("number", "№ 7"),
        ("iswc", "T-034.524.680-2"),
        ("genre", &long),
        ("duration", "3:99"),
        ("copyright_date", "2024-02-31"),
        ("notes", "a\u{202E}b"),
        ("writer-0-name", "Adaeze Okafor"),
        ("writer-0-ipi", "198"),
        ("writer-1-share", "150"),
    ];
    let page = olga.opens(NEW).await.submits("Add work", &typed).await;
    assert_eq!(page.status, 422);
    for (field, words) in [
        ("title", "The title is missing."),
        ("alternate_titles", "An alternative title may have 255 characters at most; this has 300."),
        ("number", "An own number has letters A to Z, digits and signs only."),
        ("iswc", "“T-034.524.680-2” is mistyped: its check digit does not fit the other digits of this ISWC."),
        ("genre", "The genre may have 60 characters at most; this has 300."),
        ("duration", "“3:99” is not a duration; write minutes and seconds, such as 3:45."),
        ("copyright_date", "“2024-02-31” is not a date; write year, month and day, such as 2024-05-01."),
        ("notes", "The text contains an invisible mark that turns the direction of the text (U+202E). Please take it out."),
        ("writer-0-ipi", "“198” is mistyped: its check digit does not fit the other digits of this IPI name number."),
        ("writer-1-name", "The name is missing."),
        ("writer-1-share", "“150” is more than 100 %."),
    ] {
        assert_eq!(page.errors(field).as_deref(), Some(words), "{field}");
    }
    assert_eq!(page.value("writer-0-name").unwrap(), "Adaeze Okafor");
    assert_eq!(page.value("genre").unwrap(), long);
    assert_eq!(app.one::<i64>("select count(*) from works").await, 0);
    assert_eq!(app.one::<i64>("select count(*) from songwriters").await, 0, "nothing of a refused form is written");
}

#[tokio::test]
async fn odd_text_is_text() {
    let app = App::start().await;
    let olga = olga(&app).await;
    for title in [
        "🎵 <script>alert(1)</script>",
        "'; drop table works; --",
        "=HYPERLINK(\"x\")",
        "{{ 7*7 }}",
        "עברית العربية",
        "???",
        &"ﷺ".repeat(255),
    ] {
        let page = adds_work(&olga, title, &[], &[]).await;
        assert_eq!(page.heading(), title);
        assert!(!page.has("h1 script"));
    }
    let stamp = app.publisher("northlight").await.to_string();
    let nul = olga
        .posts(
            &format!("{NORTHLIGHT}/works"),
            &[("stamp", &stamp), ("title", "a\u{0}b"), ("writer-0-name", "x\u{0}, y"), ("writer-0-id", "\u{0}")],
        )
        .await;
    assert_eq!((nul.status, nul.errors("title").is_some()), (422, true));
}

#[tokio::test]
async fn a_work_has_writers_old_and_new_with_shares_as_people_write_them() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let known = app.songwriter("northlight", "Maja Lindqvist").await;
    let more = [
        ("writer-0-role", "CA"),
        ("writer-0-controlled", "true"),
        ("writer-0-ipi", "199"),
        ("writer-1-role", "C"),
        ("duration", "3:45"),
        ("language", "EN"),
    ];
    let page =
        adds_work(&olga, "Thirds", &[("Okafor, Adaeze", "100/3"), ("lindqvist, maja", "33,33 %"), ("Prudence", "33.34")], &more).await;
    assert_eq!(page.row("Okafor").unwrap(), ["Okafor, Adaeze Controlled", "CA", "00000000199", "33.33 %"]);
    assert!(page.row("Lindqvist, Maja").is_some(), "the songwriter of the catalogue, as the catalogue writes her");
    assert!(page.says("3:45") && page.says("English") && page.says("100.00 %") && page.says("W000001"));
    assert_eq!(app.one::<i64>("select count(*) from songwriters").await, 3);
    assert_eq!(app.one::<i64>(&format!("select count(*) from work_writers where songwriter_id = '{known}'")).await, 1);
    let totals: Vec<i64> = app.list("select unnest(array[works, songwriters]) from catalogue_totals").await;
    assert_eq!(totals, [1, 3]);
    assert_eq!(
        app.list::<String>("select action from audit_entries order by id").await,
        ["songwriter.created", "songwriter.created", "work.created"]
    );
    assert_eq!(app.one::<i64>("select count(*) from usage_events where meter = 'works_created'").await, 1);
}

#[tokio::test]
async fn nobody_is_entered_twice_by_accident() {
    let app = App::start().await;
    let olga = olga(&app).await;
    adds_work(&olga, "First", &[("Okafor, Adaeze", "100")], &[("writer-0-ipi", "00000000199")]).await;
    // By IPI, by name however typed, and by a name that lacks its comma.
    adds_work(&olga, "Second", &[("Okafor, A.", "100")], &[("writer-0-ipi", "199")]).await;
    adds_work(&olga, "Third", &[("OKAFOR, adaeze", "100")], &[]).await;
    adds_work(&olga, "Fourth", &[("Adaeze Okafor", "100")], &[]).await;
    assert_eq!(app.one::<i64>("select count(*) from songwriters").await, 1);

    let form = olga.opens(NEW).await;
    let other = form.submits("Add work", &[("title", "X"), ("writer-0-name", "Smith, John"), ("writer-0-ipi", "199")]).await;
    assert_eq!(other.errors("writer-0-ipi").unwrap(), "This IPI belongs to Okafor, Adaeze. Correct the number, or choose that songwriter.");
    let doubtful = form.submits("Add work", &[("title", "X"), ("writer-0-name", "John Smith")]).await;
    assert!(doubtful.errors("writer-0-name").unwrap().contains("“Smith, John”"));
    let foreign = form
        .submits("Add work", &[("title", "X"), ("writer-0-name", "Smith, John"), ("writer-0-id", "00000000-0000-7000-8000-000000000000")])
        .await;
    assert_eq!(foreign.errors("writer-0-name").unwrap(), "This songwriter is not in the catalogue. Type the name again.");
}

#[tokio::test]
async fn an_ipi_typed_for_somebody_without_one_is_kept() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let work = adds_work(&olga, "First", &[("Okafor, Adaeze", "100")], &[]).await;
    let saved = olga.opens(&format!("{}/edit", work.path)).await.submits("Save work", &[("writer-0-ipi", "199")]).await;
    assert_eq!(saved.row("Okafor").unwrap()[2], "00000000199");
    assert_eq!(app.list::<String>("select action from audit_entries order by id desc limit 1").await, ["songwriter.updated"]);
}

#[tokio::test]
async fn namesakes_are_chosen_between() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let john = app.songwriter("northlight", "John Smith").await.to_string();
    app.songwriter("northlight", "John Smith").await;
    let asked =
        olga.opens(NEW).await.submits("Add work", &[("title", "Whose"), ("writer-0-name", "Smith, John"), ("writer-0-share", "100")]).await;
    assert_eq!(asked.errors("writer-0-name").unwrap(), "2 songwriters are called Smith, John. Choose one, or type the IPI.");
    assert_eq!(asked.submits("Add work", &[("writer-0-id", &john)]).await.heading(), "Whose");
    assert_eq!(app.list::<String>("select songwriter_id::text from work_writers").await, [john]);
    let third = asked.submits("Add work", &[("writer-0-id", "new")]).await;
    assert_eq!((third.status, app.one::<i64>("select count(*) from songwriters").await), (200, 3));
}

#[tokio::test]
async fn more_than_the_whole_is_refused_and_less_is_a_draft() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let form = olga.opens(NEW).await;
    let shares = |a: &'static str, b: &'static str| {
        [("title", "Split"), ("writer-0-name", "A,"), ("writer-0-share", a), ("writer-1-name", "B,"), ("writer-1-share", b)]
    };
    let over = form.submits("Add work", &shares("60", "40.07")).await;
    assert_eq!((over.status, over.first("#writers-error").unwrap().as_str()), (422, "The shares add up to 100.07 %, more than the work."));
    assert_eq!(form.submits("Add work", &shares("60", "40.06")).await.heading(), "Split", "within the tolerance of the trade");
    assert!(form.submits("Add work", &shares("60", "")).await.says("The shares add up to 60.00 %, not 100 %."));
}

#[tokio::test]
async fn rows_are_added_without_scripting() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let form = olga.opens(NEW).await;
    assert_eq!(form.all("[data-row]").len(), 3);
    assert_eq!(form.all("form.stack [type=submit]").first().unwrap(), "Save", "the one the Enter key presses");
    let more =
        form.submits("Add rows", &[("title", "Many"), ("writer-0-name", "A,"), ("writer-1-name", "B,"), ("writer-2-name", "C,")]).await;
    assert_eq!((more.status, more.all("[data-row]").len()), (200, 6));
    assert_eq!(app.one::<i64>("select count(*) from works").await, 0);
    let saved = more.submits("Add work", &[("writer-3-name", "D,")]).await;
    assert_eq!(saved.rows().len(), 4);
}

#[tokio::test]
async fn own_numbers_are_given_out_and_never_used_twice() {
    let app = App::start().await;
    let olga = olga(&app).await;
    adds_work(&olga, "One", &[], &[]).await;
    let typed = adds_work(&olga, "Two", &[], &[("number", "w000007")]).await;
    assert!(typed.says("W000007"));
    assert!(adds_work(&olga, "Three", &[], &[]).await.says("W000008"), "the series stays ahead of what is typed");
    typed.submits("Archive", &[]).await;
    let again = olga.opens(NEW).await.submits("Add work", &[("title", "Four"), ("number", "W000007")]).await;
    assert_eq!(again.errors("number").unwrap(), "Another work has or had this number. Own numbers are never used twice.");
    // One that a department hides is refused all the same.
    let dara = app.person("dara@northlight.test").in_departments("department_admin", "northlight", &["Pop"]).await;
    dara.signs_in().await;
    let hidden = dara.opens(NEW).await.submits("Add work", &[("title", "Five"), ("number", "W000008")]).await;
    assert_eq!((hidden.status, hidden.errors("number").is_some()), (422, true));
}

#[tokio::test]
async fn an_edit_tells_the_trail_what_was_before_and_after() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let work = adds_work(&olga, "Harbour Lights", &[("Okafor, Adaeze", "50")], &[("genre", "Folk")]).await;
    let edit = olga.opens(&format!("{}/edit", work.path)).await;
    let saved = edit.submits("Save work", &[("title", "Harbour Nights"), ("genre", ""), ("writer-0-share", "60")]).await;
    assert_eq!((saved.heading().as_str(), saved.flash().unwrap().contains("Work saved.")), ("Harbour Nights", true));
    let changes = saved.first(".timeline li").unwrap();
    for part in
        ["Olga Berg changed this", "Title Harbour Lights Harbour Nights", "Genre Folk removed", "Writer Okafor, Adaeze 50.00 % 60.00 %"]
    {
        assert!(changes.contains(part), "{part}: {changes}");
    }
    assert_eq!(olga.opens(&format!("{NORTHLIGHT}/works?q=lights")).await.rows().len(), 0, "the old title finds nothing any more");
    let unchanged = olga.opens(&format!("{}/edit", work.path)).await.submits("Save work", &[]).await;
    assert_eq!(unchanged.flash().unwrap(), "Nothing was changed.");
    assert_eq!(app.one::<i64>("select count(*) from audit_entries where action = 'work.updated'").await, 1);
}

#[tokio::test]
async fn the_later_of_two_people_is_told_and_loses_nothing() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let emil = member(&app, "editor").await;
    let work = adds_work(&olga, "Harbour Lights", &[], &[]).await;
    let (hers, his) = (olga.opens(&format!("{}/edit", work.path)).await, emil.opens(&format!("{}/edit", work.path)).await);
    hers.submits("Save work", &[("title", "Hers")]).await;
    let told = his.submits("Save work", &[("title", "His"), ("genre", "Folk")]).await;
    assert_eq!(told.status, 409);
    assert!(told.summary().unwrap().starts_with("Olga Berg changed this work just now, while you had it open."), "{told:?}");
    assert_eq!((told.value("title").unwrap(), told.value("genre").unwrap()), ("His".into(), "Folk".into()));
    assert_eq!(app.list::<String>("select title from works").await, ["Hers"]);
    assert_eq!(told.submits("Save work", &[]).await.heading(), "His");
}

#[tokio::test]
async fn controlled_writers_are_a_managers_to_change() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let work =
        adds_work(&olga, "Harbour Lights", &[("Okafor, Adaeze", "50"), ("Lind, Ada", "50")], &[("writer-0-controlled", "true")]).await;
    let emil = member(&app, "editor").await;
    let edit = emil.opens(&format!("{}/edit", work.path)).await;
    const WORDS: &str = "Your role may not change controlled writers, their roles or shares. Ask a manager or an admin.";
    assert_eq!(edit.submits("Save work", &[("writer-0-share", "40")]).await.errors("writer-0-share").unwrap(), WORDS);
    assert_eq!(edit.submits("Save work", &[("writer-1-controlled", "true")]).await.errors("writer-1-share").unwrap(), WORDS);
    assert_eq!(edit.submits("Save work", &[("writer-0-role", "CA")]).await.errors("writer-0-role").unwrap(), WORDS);
    assert_eq!(app.list::<String>("select distinct role from work_writers where role is not null").await, [] as [&str; 0]);
    let dropped = edit.submits("Save work", &[("writer-0-name", ""), ("writer-0-ipi", ""), ("writer-0-share", "")]).await;
    assert_eq!(dropped.first("#writers-error").unwrap(), format!("Okafor, Adaeze was controlled here. {WORDS}"));
    let free = edit
        .submits("Save work", &[("writer-1-share", "40"), ("writer-1-role", "CA"), ("writer-2-name", "Berg, Bo"), ("writer-2-share", "10")])
        .await;
    assert_eq!(free.status, 200);
    let mona = member(&app, "manager").await;
    let managed =
        mona.opens(&format!("{}/edit", work.path)).await.submits("Save work", &[("writer-0-share", "30"), ("writer-0-role", "C")]).await;
    assert_eq!(managed.row("Okafor").unwrap()[1..], ["C", "No IPI yet", "30.00 %"]);
}

#[tokio::test]
async fn an_archived_work_leaves_the_lists_and_comes_back() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let work = adds_work(&olga, "Harbour Lights", &[], &[]).await;
    let archived = work.submits("Archive", &[]).await;
    assert!(archived.says("This work is archived") && archived.link("Edit").is_none());
    assert_eq!(olga.opens(&format!("{}/edit", work.path)).await.status, 409);
    assert!(olga.opens(&format!("{NORTHLIGHT}/works")).await.says("No works yet"));
    assert!(olga.opens(&format!("{NORTHLIGHT}/works?state=archived")).await.row("Harbour Lights").is_some());
    assert_eq!(work.submits("Archive", &[]).await.status, 200, "pressed twice, it is archived once");
    assert_eq!(app.one::<i64>("select works from catalogue_totals").await, 0);
    archived.submits("Restore", &[]).await;
    assert!(olga.opens(&format!("{NORTHLIGHT}/works?q=harb")).await.row("Harbour Lights").is_some());
    assert_eq!(app.one::<i64>("select works from catalogue_totals").await, 1);
    let actions = app.list::<String>("select action from audit_entries order by id").await;
    assert_eq!(actions, ["work.created", "work.archived", "work.restored"]);
}

#[tokio::test]
async fn a_writers_new_name_is_a_change_of_the_work_too() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let emil = member(&app, "editor").await;
    let work = adds_work(&olga, "Harbour Lights", &[("Okafor, Adaeze", "50")], &[]).await;
    let open = emil.opens(&format!("{}/edit", work.path)).await;
    let mona = member(&app, "manager").await;
    app.clock.forward(time::Duration::minutes(5));
    let writer = app.one::<uuid::Uuid>("select id from songwriters").await;
    mona.opens(&format!("{NORTHLIGHT}/songwriters/{writer}/edit")).await.submits("Save songwriter", &[("last", "Okafor-Berg")]).await;
    let told = open.submits("Save work", &[("genre", "Folk")]).await;
    assert_eq!(told.status, 409);
    assert!(told.summary().unwrap().starts_with("Manager changed this work just now"), "{told:?}");
}

#[tokio::test]
async fn a_writer_called_like_somebody_archived_is_asked_about() {
    let app = App::start().await;
    let olga = olga(&app).await;
    app.songwriter("northlight", "Bo Yyqman").await;
    app.sql("update songwriters set archived_at = now()").await;
    let typed = [("title", "Alpha"), ("writer-0-name", "Yyqman, Bo"), ("writer-0-share", "100")];
    let asked = olga.opens(&format!("{NORTHLIGHT}/works/new")).await.submits("Add work", &typed).await;
    let words = "Yyqman, Bo is archived. Restore that songwriter, or choose “Another person of this name” here.";
    assert_eq!((asked.status, asked.errors("writer-0-name").as_deref()), (422, Some(words)), "{asked:?}");
    assert_eq!(app.one::<i64>("select count(*) from songwriters").await, 1);
    let added = asked.submits("Add work", &[("writer-0-id", "new")]).await;
    assert_eq!(added.heading(), "Alpha");
    assert_eq!(app.one::<i64>("select count(*) from songwriters").await, 2);

    app.sql("update songwriters set archived_at = now()").await;
    let form = olga.opens(&format!("{NORTHLIGHT}/songwriters/new")).await;
    let asked = form.submits("Add songwriter", &[("last", "Yyqman"), ("first", "Bo")]).await;
    let words = "Yyqman, Bo is archived. Restore that songwriter, or tick this box if it is somebody else.";
    assert_eq!(asked.errors("another").as_deref(), Some(words), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_writer_typed_by_several_at_once_is_one_songwriter() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let stamp = app.publisher("northlight").await.to_string();
    for round in 0..5 {
        let (title, name) = (format!("Song {round}"), format!("Newman{round}, Ida"));
        let fields = [("stamp", stamp.as_str()), ("title", &title), ("writer-0-name", &name), ("writer-0-share", "100")];
        let url = format!("{NORTHLIGHT}/works");
        let add = || olga.posts(&url, &fields);
        let (a, b, c, d) = tokio::join!(add(), add(), add(), add());
        assert_eq!([a, b, c, d].map(|page| page.status), [303; 4]);
        assert_eq!(app.one::<i64>("select count(*) from songwriters").await, round + 1);
    }
}
