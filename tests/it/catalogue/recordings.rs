//! Recordings: linked to works by what people know of a work, and seen with them.

use super::{NORTHLIGHT, adds_work, firsts, member, olga};
use crate::support::App;

const RECORDINGS: &str = "/publishers/northlight/recordings";

#[tokio::test]
async fn a_recording_is_added_from_its_work_and_changed() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let work = adds_work(&olga, "Harbour Lights", &[("Okafor, Adaeze", "100")], &[]).await;
    let form = work.follows("Add recording").await;
    assert_eq!((form.value("title").unwrap(), form.value("work").unwrap()), ("Harbour Lights".into(), "W000001".into()));
    let typed = [
        ("artist", "The Tidewater Four"),
        ("isrc", "gb-xwz-24-00015"),
        ("label", "Low Ceiling"),
        ("release_date", "2024-05-01"),
        ("duration", "3:45"),
    ];
    let page = form.submits("Add recording", &typed).await;
    for words in ["GB-XWZ-24-00015", "The Tidewater Four", "Low Ceiling", "1 May 2024", "3:45"] {
        assert!(page.says(words), "{words}: {page:?}");
    }
    assert_eq!(page.link("Harbour Lights").unwrap(), work.path);
    assert!(olga.opens(&work.path).await.says("The Tidewater Four"));
    let saved = olga.opens(&format!("{}/edit", page.path)).await.submits("Save recording", &[("artist", "Tidewater"), ("work", "")]).await;
    assert!(saved.says("not linked to a work"));
    assert!(saved.first(".timeline li").unwrap().contains("Artist The Tidewater Four Tidewater"));
    for found in ["harb", "tidew", "GB-XWZ-24-00015"] {
        assert_eq!(firsts(&olga.opens(&format!("{RECORDINGS}?q={found}")).await), ["Harbour Lights"], "{found}");
    }
    assert_eq!(app.one::<i64>("select recordings from catalogue_totals").await, 1);
    assert_eq!(
        app.list::<String>("select action from audit_entries where object_type = 'recording' order by id").await,
        ["recording.created", "recording.updated"]
    );
}

#[tokio::test]
async fn the_work_is_named_by_number_iswc_or_title() {
    let app = App::start().await;
    let olga = olga(&app).await;
    adds_work(&olga, "Harbour Lights", &[], &[("iswc", "T-034.524.680-1")]).await;
    adds_work(&olga, "Twin", &[], &[]).await;
    adds_work(&olga, "Twin", &[], &[("number", "NL-9")]).await;
    let form = olga.opens(&format!("{RECORDINGS}/new")).await;
    for (typed, work) in
        [("w000001", "Harbour Lights"), ("T-034.524.680-1", "Harbour Lights"), ("harbour lights", "Harbour Lights"), ("nl-9", "Twin")]
    {
        let page = form.submits("Add recording", &[("title", "Take"), ("work", typed)]).await;
        assert!(page.link(work).is_some(), "{typed}: {page:?}");
    }
    let unknown = form.submits("Add recording", &[("title", "Take"), ("work", "Nowhere")]).await;
    assert!(unknown.errors("work").unwrap().starts_with("There is no work “Nowhere”."));
    let twins = form.submits("Add recording", &[("title", "Take"), ("work", "Twin")]).await;
    assert_eq!(twins.errors("work").unwrap(), "Several works are called so. Type the own number.");
    let foreign =
        form.submits("Add recording", &[("title", "Take"), ("work", "Ours"), ("work_id", "00000000-0000-7000-8000-000000000000")]).await;
    assert_eq!(foreign.status, 422);
    assert_eq!(olga.opens(&format!("{RECORDINGS}/new?work=00000000-0000-7000-8000-000000000000")).await.status, 404);
}

#[tokio::test]
async fn an_odd_isrc_is_asked_about_and_a_wrong_one_refused() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let form = olga.opens(&format!("{RECORDINGS}/new")).await;
    let wrong = form.submits("Add recording", &[("title", ""), ("isrc", "GB-1")]).await;
    assert!(wrong.errors("isrc").unwrap().contains("is not an ISRC") && wrong.errors("title").is_some());
    let odd = form.submits("Add recording", &[("title", "Take"), ("isrc", "EU-EDD-24-00001")]).await;
    assert!(odd.errors("insist").is_some());
    assert!(odd.submits("Add recording", &[("insist", "true")]).await.says("EU-EDD-24-00001"));
    let twice = form.submits("Add recording", &[("title", "Again"), ("isrc", "EU-EDD-24-00001"), ("work", "")]).await;
    assert!(twice.errors("insist").is_some(), "each time anew");
    let said = twice.submits("Add recording", &[("insist", "true")]).await;
    assert_eq!(said.flash().unwrap(), "Recording added. “Take” has the same ISRC.");
}

#[tokio::test]
async fn recordings_are_seen_with_their_works() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let ada = app.person("ada.lind@writers.test").creator_of("northlight").await;
    let pop = app.department("northlight", "Pop").await.to_string();
    adds_work(&olga, "Hers", &[("Lind, Ada", "100")], &[]).await;
    adds_work(&olga, "Pops", &[("Okafor, Adaeze", "100")], &[("department", &pop)]).await;
    let form = olga.opens(&format!("{RECORDINGS}/new")).await;
    form.submits("Add recording", &[("title", "Take of hers"), ("work", "Hers")]).await;
    let pops = form.submits("Add recording", &[("title", "Take of pops"), ("work", "Pops")]).await;
    ada.signs_in().await;
    assert_eq!(firsts(&ada.opens(RECORDINGS).await), ["Take of hers"]);
    assert_eq!(firsts(&ada.opens(&format!("{RECORDINGS}?q=take")).await), ["Take of hers"]);
    assert_eq!(ada.opens(&pops.path).await.status, 404);
    let dara = app.person("dara@northlight.test").in_departments("department_admin", "northlight", &["Pop"]).await;
    dara.signs_in().await;
    assert_eq!(firsts(&dara.opens(RECORDINGS).await), ["Take of pops"]);
    assert_eq!(
        dara.opens(&format!(
            "{NORTHLIGHT}/recordings/new?work={}",
            app.one::<uuid::Uuid>("select id from works where title = 'Hers'").await
        ))
        .await
        .status,
        404
    );
}

#[tokio::test]
async fn the_later_of_two_people_is_told_and_loses_nothing() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let emil = member(&app, "editor").await;
    let page = olga.opens(&format!("{RECORDINGS}/new")).await.submits("Add recording", &[("title", "Take")]).await;
    let (hers, his) = (olga.opens(&format!("{}/edit", page.path)).await, emil.opens(&format!("{}/edit", page.path)).await);
    his.submits("Save recording", &[("artist", "Tidewater")]).await;
    let told = hers.submits("Save recording", &[("label", "Low Ceiling"), ("duration", "3:45")]).await;
    assert_eq!(told.status, 409);
    assert!(told.summary().unwrap().starts_with("Editor changed this recording just now, while you had it open."), "{told:?}");
    assert_eq!((told.value("label").unwrap(), told.value("duration").unwrap()), ("Low Ceiling".into(), "3:45".into()));
    assert_eq!(app.list::<String>("select artist from recordings where label is null").await, ["Tidewater"]);
    let over = told.submits("Save recording", &[("artist", "Tidewater")]).await;
    assert!(over.says("Low Ceiling") && over.says("Tidewater"), "{over:?}");
}

#[tokio::test]
async fn an_archived_recording_leaves_the_lists_and_comes_back() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let work = adds_work(&olga, "Harbour Lights", &[], &[]).await;
    let page = work.follows("Add recording").await.submits("Add recording", &[("artist", "Tidewater")]).await;
    let emil = member(&app, "editor").await;
    assert!(!emil.opens(&page.path).await.has("form[action$='/archive']"));
    let archived = page.submits("Archive", &[]).await;
    assert!(archived.says("This recording is archived") && archived.link("Edit").is_none(), "{archived:?}");
    assert_eq!(olga.opens(&format!("{}/edit", page.path)).await.status, 409);
    assert!(olga.opens(RECORDINGS).await.says("No recordings yet"));
    assert!(olga.opens(&format!("{RECORDINGS}?q=harb")).await.says("No recording fits"));
    assert!(olga.opens(&work.path).await.says("No recordings of this work are entered."));
    assert_eq!(firsts(&olga.opens(&format!("{RECORDINGS}?state=archived")).await), ["Harbour Lights"]);
    assert_eq!(page.submits("Archive", &[]).await.status, 200, "pressed twice, it is archived once");
    assert_eq!(app.one::<i64>("select recordings from catalogue_totals").await, 0);
    archived.submits("Restore", &[]).await;
    assert_eq!(firsts(&olga.opens(RECORDINGS).await), ["Harbour Lights"]);
    assert_eq!(app.one::<i64>("select recordings from catalogue_totals").await, 1);
    let actions = app.list::<String>("select action from audit_entries where object_type = 'recording' order by id").await;
    assert_eq!(actions, ["recording.created", "recording.archived", "recording.restored"]);
    assert!(olga.opens(&page.path).await.first(".timeline li").unwrap().contains("Olga Berg restored this"));
}

#[tokio::test]
async fn who_took_part_is_shown_as_the_older_service_had_it() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let page = olga.opens(&format!("{RECORDINGS}/new")).await.submits("Add recording", &[("title", "Take")]).await;
    assert!(!page.says("Contributors"));
    app.sql(
        "insert into recording_contributors (publisher_id, recording_id, name, role, created_at)
         select publisher_id, id, c.name, c.role, now() + c.n * interval '1 second'
           from recordings, (values (1, 'Ada <Lind>', 'Producer'), (2, 'Bo Berg', ''), (3, 'Zoë', null)) c (n, name, role)",
    )
    .await;
    let page = olga.opens(&page.path).await;
    assert!(page.says("Contributors"));
    assert_eq!(page.rows(), [["Ada <Lind>", "Producer"], ["Bo Berg", "–"], ["Zoë", "–"]]);
}
