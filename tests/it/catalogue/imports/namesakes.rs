//! Writers of a file whose name fits several songwriters, or one who is archived: one decision for all rows of the name.

use super::*;

const HEAD: &str = "Title,Writer 1 Last,Writer 1 First,Writer 1 IPI,Writer 1 Share\n";

async fn called(app: &App, last: &str) -> i64 {
    app.one(&format!("select count(*) from songwriters where last_name = '{last}'")).await
}

#[tokio::test]
async fn a_name_that_fits_several_gets_one_new_songwriter_for_all_its_rows() {
    let app = App::start().await;
    let olga = olga(&app).await;
    for _ in 0..2 {
        app.songwriter("northlight", "Zed Twinman").await;
    }
    let rows: String = (0..6).map(|i| format!("Song {i},Twinman,Zed,,100\n")).collect();
    let page = uploads(&olga, "twins.csv", format!("{HEAD}{rows}").as_bytes()).await;
    let said = &page.row("Song 5").unwrap()[1];
    assert!(
        said.contains("Twinman, Zed fits 2 songwriters. Give an IPI to say which; without one, all such rows get one new songwriter."),
        "{said}"
    );
    assert!(page.says("Songwriters: 1 new, 0 in the catalogue already."), "{page:?}");
    presses_import(&page).await;
    app.run_jobs().await;
    assert_eq!(called(&app, "Twinman").await, 3);
    assert_eq!(app.one::<i64>("select songwriters from catalogue_totals").await, 3);
    assert_eq!(app.one::<i64>("select count(distinct songwriter_id) from work_writers").await, 1);
}

#[tokio::test]
async fn what_the_check_counts_is_what_is_written_however_rows_name_somebody() {
    let app = App::start().await;
    let olga = olga(&app).await;
    // Two by their IPI, then by name alone; a third who gets an IPI only later.
    let rows = "A,Smith,John,199,100\nB,Smith,John,297,100\nC,Smith,John,,100\nD,SMITH,john,,100\n\
                E,Newman,Ida,,100\nF,Newman,Ida,395,100\nG,Newman,Ida,,100\n";
    let page = uploads(&olga, "works.csv", format!("{HEAD}{rows}").as_bytes()).await;
    assert!(page.says("Songwriters: 4 new, 0 in the catalogue already."), "{page:?}");
    presses_import(&page).await;
    app.run_jobs().await;
    assert_eq!((called(&app, "Smith").await, called(&app, "Newman").await), (3, 1));
    assert_eq!(app.one::<i64>("select songwriters from catalogue_totals").await, 4);
}

#[tokio::test]
async fn a_namesake_added_by_hand_while_a_file_is_written_makes_one_more_and_no_more() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let rows: String = (0..3_000).map(|i| format!("Song {i},Bulkman,Zed,,100\n")).collect();
    let page = uploads(&olga, "large.csv", format!("{HEAD}{rows}").as_bytes()).await;
    app.run_jobs().await;
    presses_import(&olga.opens(&page.path).await).await;
    // As if by somebody's form, once the first batch is written.
    app.sql(
        "create function added_by_hand() returns trigger language plpgsql security definer as $$ begin
           if (select count(*) from songwriters where last_name = 'Bulkman') = 1 then
             insert into songwriters (publisher_id, id, last_name, first_name, name_key) select publisher_id, gen_random_uuid(), last_name, first_name, name_key
               from songwriters where last_name = 'Bulkman';
           end if; return null; end $$",
    )
    .await;
    app.sql("create trigger by_hand after insert on works for each statement execute function added_by_hand()").await;
    app.run_jobs().await;
    assert!(olga.opens(&page.path).await.says("3,000 works in the catalogue"));
    assert_eq!(called(&app, "Bulkman").await, 2);
}

#[tokio::test]
async fn a_name_of_somebody_archived_is_said() {
    let app = App::start().await;
    let olga = olga(&app).await;
    app.songwriter("northlight", "Bo Yyqman").await;
    app.sql("update songwriters set archived_at = now()").await;
    let page = uploads(&olga, "works.csv", format!("{HEAD}Alpha,Yyqman,Bo,,100\n").as_bytes()).await;
    let said = &page.row("Alpha").unwrap()[1];
    assert!(said.contains("Yyqman, Bo is archived. Restore the songwriter and check again"), "{said}");
    app.sql("update songwriters set archived_at = null").await;
    page.submits("Check again", &[]).await;
    app.run_jobs().await;
    assert!(olga.opens(&page.path).await.says("Songwriters: 0 new, 1 in the catalogue already."));
}
