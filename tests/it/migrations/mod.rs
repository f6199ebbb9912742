//! The schema forward and back, over data of the older service with all its oddities.

mod older;
mod samples;
mod schema;

use crate::support::{App, Database, PASSWORD, database::silent};
use ledgerline::db::{self, rules};
use older::Older;
use sqlx::{Executor, migrate::Migrator};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

/// The older service's own schema.
const OLDER: i64 = 2;

/// Applies the migrations up to one, as an older program with fewer of them would.
async fn up_to(database: &Database, version: i64) {
    // A folder of its own: tests that run at the same time ask for the same version.
    static FOLDERS: AtomicUsize = AtomicUsize::new(0);
    let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("ledgerline-migrations-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")).unwrap().map(Result::unwrap) {
        let name = file.file_name().into_string().unwrap();
        if name[..4].parse::<i64>().unwrap() <= version {
            fs::copy(file.path(), folder.join(name)).unwrap();
        }
    }
    let migrator = Migrator::new(folder.as_path()).await.unwrap();
    migrator.run(&mut database.connect().await).await.unwrap_or_else(|error| panic!("up to {version}: {error}"));
    fs::remove_dir_all(folder).unwrap();
}

async fn versions(database: &Database) -> Vec<i64> {
    db::status(&database.owner).await.unwrap().into_iter().map(|step| step.version).collect()
}

/// The older schema with the older service's rows.
async fn older() -> (Database, Older) {
    let database = Database::empty().await;
    up_to(&database, OLDER).await;
    let older = Older::fill(&database).await;
    (database, older)
}

#[tokio::test]
async fn older_data_comes_through_and_goes_back_row_for_row() {
    let (database, older) = older().await;
    db::migrate(&database.owner, &silent()).await.unwrap();
    let mut owner = database.connect().await;
    assert_eq!(rules::broken(&mut owner).await.unwrap(), Vec::new());
    older.is_what_publishers_have(&mut owner).await;

    let reverted = db::down(&database.owner, OLDER).await.unwrap();
    assert_eq!(reverted.last(), Some(&(OLDER + 1)));
    older.is_still_there(&mut database.connect().await).await;
    db::migrate(&database.owner, &silent()).await.unwrap();
    older.is_what_publishers_have(&mut database.connect().await).await;
}

#[tokio::test]
async fn each_migration_leaves_no_trace_when_it_is_reverted() {
    let (database, older) = older().await;
    let versions = versions(&database).await;
    for pair in versions.windows(2).filter(|pair| pair[0] >= OLDER) {
        let (before, version) = (pair[0], pair[1]);
        let (schema, content) = (schema::of(&database).await, schema::content(&database).await);
        up_to(&database, version).await;
        db::down(&database.owner, before).await.unwrap_or_else(|error| panic!("down from {version}: {error}"));
        schema::same(&schema, &schema::of(&database).await, &format!("{version} up and down"));
        assert_eq!(schema::content(&database).await, content, "{version} up and down changed rows");
        up_to(&database, version).await;
        samples::insert(&database, version).await;
        let empty: Vec<String> = schema::content(&database)
            .await
            .into_iter()
            .filter(|(table, rows)| !content.contains_key(table) && rows.0 == 0)
            .map(|(table, _)| table)
            .collect();
        assert_eq!(empty, Vec::<String>::new(), "give the new tables of {version} a row in samples.rs");
    }
    for version in versions.iter().rev().skip(1).filter(|version| **version >= OLDER) {
        db::down(&database.owner, *version).await.unwrap_or_else(|error| panic!("down to {version} with rows: {error}"));
    }
    older.is_still_there(&mut database.connect().await).await;
    db::migrate(&database.owner, &silent()).await.unwrap();
    assert_eq!(rules::broken(&mut database.connect().await).await.unwrap(), Vec::new());
}

#[tokio::test]
async fn a_file_kept_in_parts_is_whole_again_on_the_way_back() {
    let (database, _) = older().await;
    db::migrate(&database.owner, &silent()).await.unwrap();
    for version in [3, 9, 13] {
        samples::insert(&database, version).await;
    }
    db::down(&database.owner, 10).await.unwrap();
    let files: Vec<String> = sqlx::query_scalar("select convert_from(content, 'UTF8') from import_files")
        .fetch_all(&mut database.connect().await)
        .await
        .unwrap();
    assert_eq!(files, ["Title,ISWC"]);
}

#[tokio::test]
async fn all_the_way_down_and_up_again_is_a_fresh_schema() {
    let (fresh, database) = (Database::new().await, Database::new().await);
    let expected = schema::of(&fresh).await;
    db::down(&database.owner, 0).await.unwrap();
    assert!(db::status(&database.owner).await.unwrap().iter().all(|step| !step.applied));
    db::migrate(&database.owner, &silent()).await.unwrap();
    schema::same(&expected, &schema::of(&database).await, "down to nothing and up");
    let unknown = db::down(&database.owner, 123_456).await.unwrap_err();
    assert_eq!(unknown.to_string(), "there is no migration 123456 to go back to");
}

#[tokio::test]
async fn a_row_that_points_into_another_tenant_stops_the_way_up_in_words() {
    let (database, older) = older().await;
    let mut owner = database.connect().await;
    let crossing = "update work_writers set tenant_id = (select id from tenants where subdomain = 'quiet') where id = (select id from work_writers where share is not null limit 1)";
    owner.execute(crossing).await.unwrap();
    let refused = db::migrate(&database.owner, &silent()).await.unwrap_err().to_string();
    assert!(refused.contains("rows of one tenant point at a row of another"), "{refused}");
    let applied: Vec<i64> =
        db::status(&database.owner).await.unwrap().into_iter().filter(|step| step.applied).map(|step| step.version).collect();
    assert_eq!(applied, [1, 2], "and nothing was changed");
    let counts: BTreeMap<String, i64> = older.counts(&mut owner).await;
    assert!(counts["tenants"] > 0);
}

#[tokio::test]
async fn a_newer_database_is_left_alone() {
    let database = Database::new().await;
    let mut owner = database.connect().await;
    owner.execute("insert into _sqlx_migrations values (9999, 'later', now(), true, '', 0)").await.unwrap();
    let newest = *versions(&database).await.iter().rev().nth(1).unwrap();
    for refused in [db::migrate(&database.owner, &silent()).await.unwrap_err(), db::down(&database.owner, 2).await.map(|_| ()).unwrap_err()]
    {
        assert!(
            refused.to_string().starts_with(&format!("the database is at migration 9999; this program knows up to {newest:04}")),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn people_of_an_older_tenant_find_their_catalogue() {
    let (database, older) = older().await;
    db::migrate(&database.owner, &silent()).await.unwrap();
    let app = App::start_on_database(database).await;
    for slug in [older::LOUD, older::BUSY] {
        let olga = app.person(&format!("olga@{}.test", slug.to_lowercase())).admin_of(slug).await;
        let home = olga.signs_in_as(&olga.email, PASSWORD).await;
        assert_eq!((home.status, home.path.as_str()), (200, format!("/publishers/{slug}").as_str()));
        let works = olga.opens(&format!("/publishers/{slug}/works")).await;
        let title = older.a_title(&app, slug).await;
        let found = olga.opens(&format!("/publishers/{slug}/works?q={}", title.split(' ').next().unwrap().to_lowercase())).await;
        assert!(!works.rows().is_empty() && found.row(&title).is_some(), "{title} of {slug}: {found:?}");
    }
}
