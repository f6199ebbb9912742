//! The list of works and one work: reach, search, sorting, paging.

use super::{NORTHLIGHT, adds_work, firsts, imports, olga};
use crate::support::App;
use std::collections::BTreeSet;

const WORKS: &str = "/publishers/northlight/works";

#[tokio::test]
async fn a_list_says_what_stands_in_it_and_how_much() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let empty = olga.opens(WORKS).await;
    assert!(empty.says("No works yet") && empty.link("New work").is_some());
    adds_work(&olga, "Harbour Lights", &[("Okafor, Adaeze", "60"), ("Lindqvist, Maja", "40")], &[("iswc", "T-034.524.680-1")]).await;
    let page = olga.opens(WORKS).await;
    let row = page.row("Harbour Lights").unwrap();
    assert_eq!(&row[..4], ["Harbour Lights", "Okafor, Adaeze · Lindqvist, Maja", "W000001", "T-034.524.680-1"]);
    assert!(page.says("Showing 1 of 1"));
}

#[tokio::test]
async fn a_work_is_found_by_the_beginning_of_any_of_its_words() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let titles = [("alternate_titles", "Noon Song\nMittagslied"), ("iswc", "T-034.524.680-1"), ("number", "nl-0001")];
    adds_work(&olga, "Frère Lumière", &[("Öberg, Håkan", "100")], &titles).await;
    adds_work(&olga, "Another Noon", &[("Okafor, Adaeze", "100")], &[]).await;
    for found in ["frere", "LUMI", "noon song", "mittag", "oberg", "håkan öb", "T-034.524.680-1", "t0345", "NL-0001", "frere ob"] {
        let page = olga.opens(&format!("{WORKS}?q={}", found.replace(' ', "+"))).await;
        assert_eq!(firsts(&page), ["Frère Lumière"], "{found}");
    }
    assert_eq!(firsts(&olga.opens(&format!("{WORKS}?q=noon")).await), ["Another Noon", "Frère Lumière"]);
    let none = olga.opens(&format!("{WORKS}?q=umiere")).await;
    assert!(none.says("No work fits") && none.link("Clear filters").is_some());
    for odd in ["%00", "%F0%9F%8E%B5", "%27%3B--", "%25", &"a".repeat(3_000), "%E2%80%AE"] {
        assert_eq!(olga.opens(&format!("{WORKS}?q={odd}")).await.status, 200, "{odd}");
    }
}

#[tokio::test]
async fn a_part_of_the_page_is_enough_while_somebody_types() {
    let app = App::start().await;
    let olga = olga(&app).await;
    adds_work(&olga, "Harbour Lights", &[], &[]).await;
    let part = olga.gets_part(&format!("{WORKS}?q=harb")).await;
    assert!(part.has("#list") && !part.has("body.app") && part.body.contains("Harbour Lights"));
    assert_eq!(part.header("vary"), Some("hx-request"));
}

#[tokio::test]
async fn pages_cover_every_work_once_in_every_order() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let rows: String = (0..120).map(|i| format!("Song {},Writer {i},100\n", i % 7)).collect();
    assert!(imports(&app, &olga, &format!("Title,Writer 1 Last,Writer 1 Share\n{rows}")).await.says("120 works in the catalogue"));
    for order in ["", "?sort=title-down", "?sort=newest", "?sort=oldest", "?q=song"] {
        let mut page = olga.opens(&format!("{WORKS}{order}")).await;
        let mut seen = page.attributes("#list tbody td:first-child a", "href");
        while page.link("Next").is_some() {
            page = page.follows("Next").await;
            seen.extend(page.attributes("#list tbody td:first-child a", "href"));
        }
        let distinct: BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), distinct.len()), (120, 120), "{order}");
        assert!(page.says("Showing 20 of 120") && page.link("First page").is_some(), "{order}");
    }
    assert_eq!(olga.opens(&format!("{WORKS}?after=nonsense")).await.rows().len(), 50);
}

#[tokio::test]
async fn lists_are_sorted_by_title_or_last_change() {
    let app = App::start().await;
    let olga = olga(&app).await;
    for title in ["Beta", "ápha", "Zeta"] {
        adds_work(&olga, title, &[], &[]).await;
        app.clock.forward(time::Duration::minutes(1));
    }
    let order = async |sort: &str| firsts(&olga.opens(&format!("{WORKS}?sort={sort}")).await);
    assert_eq!(order("").await, ["ápha", "Beta", "Zeta"]);
    assert_eq!(order("title-down").await, ["Zeta", "Beta", "ápha"]);
    assert_eq!(order("newest").await, ["Zeta", "ápha", "Beta"]);
    assert_eq!(order("oldest").await, ["Beta", "ápha", "Zeta"]);
}

#[tokio::test]
async fn splits_that_are_not_whole_can_be_listed() {
    let app = App::start().await;
    let olga = olga(&app).await;
    adds_work(&olga, "Whole", &[("Okafor, Adaeze", "100")], &[]).await;
    adds_work(&olga, "Thirds", &[("Okafor, Adaeze", "1/3"), ("Lind, Ada", "1/3"), ("Berg, Bo", "1/3")], &[]).await;
    let open = adds_work(&olga, "Open", &[("Okafor, Adaeze", "60")], &[]).await;
    assert!(open.says("The shares add up to 60.00 %, not 100 %."));
    assert_eq!(open.flash().unwrap(), "Work added. The shares add up to 60.00 %, not 100 %.");
    assert_eq!(firsts(&olga.opens(&format!("{WORKS}?splits=open")).await), ["Open"]);
}

#[tokio::test]
async fn a_department_sees_and_keeps_its_own_works_only() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let [pop, classical] =
        [app.department("northlight", "Pop").await, app.department("northlight", "Classical").await].map(|id| id.to_string());
    adds_work(&olga, "Pop Song", &[("Okafor, Adaeze", "100")], &[("department", &pop)]).await;
    let hidden = adds_work(&olga, "Sonata", &[("Okafor, Adaeze", "100")], &[("department", &classical)]).await;
    adds_work(&olga, "Nobody's Song", &[("Okafor, Adaeze", "100")], &[]).await;
    assert_eq!(firsts(&olga.opens(&format!("{WORKS}?department={classical}")).await), ["Sonata"]);

    let dara = app.person("dara@northlight.test").in_departments("department_admin", "northlight", &["Pop"]).await;
    dara.signs_in().await;
    let page = dara.opens(WORKS).await;
    assert_eq!(firsts(&page), ["Pop Song"]);
    assert!(page.says("Showing 1 of 1"));
    assert_eq!(firsts(&dara.opens(&format!("{WORKS}?q=okafor")).await), ["Pop Song"]);
    let stamp = app.publisher("northlight").await.to_string();
    for url in [hidden.path.clone(), format!("{}/edit", hidden.path)] {
        assert_eq!(dara.opens(&url).await.status, 404, "{url}");
    }
    for url in [hidden.path.clone(), format!("{}/archive", hidden.path)] {
        assert_eq!(dara.posts(&url, &[("stamp", &stamp), ("title", "Mine now"), ("version", "1")]).await.status, 404, "{url}");
    }

    let form = dara.opens(&format!("{WORKS}/new")).await;
    assert_eq!(form.value("department").unwrap(), pop, "the only one is chosen");
    let without = form.submits("Add work", &[("title", "New"), ("department", "")]).await;
    assert_eq!(without.errors("department").unwrap(), "Choose one of your departments; you see only works in them.");
    let foreign = form.submits("Add work", &[("title", "New"), ("department", &classical)]).await;
    assert_eq!(foreign.errors("department").unwrap(), "Choose a department from the list.");
    assert_eq!(form.submits("Add work", &[("title", "New")]).await.heading(), "New");
}

#[tokio::test]
async fn a_creator_sees_own_works_co_writers_names_and_the_own_share() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let ada = app.person("ada.lind@writers.test").creator_of("northlight").await;
    ada.signs_in().await;
    let shared = adds_work(
        &olga,
        "Shared",
        &[("Lind, Ada", "25"), ("Okafor, Adaeze", "75")],
        &[("writer-1-ipi", "00014107338"), ("notes", "Advance of 900 due")],
    )
    .await;
    let other = adds_work(&olga, "Not Hers", &[("Okafor, Adaeze", "100")], &[]).await;

    let list = ada.opens(WORKS).await;
    assert_eq!(firsts(&list), ["Shared"]);
    assert!(list.row("Shared").unwrap().contains(&"25.00 %".to_owned()) && list.says("Showing 1 of 1"));
    let page = ada.opens(&shared.path).await;
    assert!(page.says("Okafor, Adaeze") && page.says("Your share 25.00 %"), "{page:?}");
    for secret in ["75", "00014107338", "900", "Olga"] {
        assert!(!page.body.replace(&page.path, "").contains(&format!(">{secret}")) && !page.says(secret), "{secret}: {page:?}");
    }
    assert_eq!(ada.opens(&other.path).await.status, 404);
    assert_eq!(firsts(&ada.opens(&format!("{WORKS}?q=okaf+shar")).await), ["Shared"]);
    assert!(ada.opens(&format!("{WORKS}?q=hers")).await.says("No work fits"));
    assert!(list.link("New work").is_none() && !page.has("a[data-primary]"));
    for url in ["works/new", "songwriters/new", "recordings/new", "imports", "imports/new"] {
        assert_eq!(ada.opens(&format!("{NORTHLIGHT}/{url}")).await.status, 403, "{url}");
    }
}

#[tokio::test]
async fn whoever_edits_with_own_reach_only_is_told_so_and_not_by_an_error_of_ours() {
    let app = App::start().await;
    let ada = app.person("ada.lind@writers.test").creator_of("northlight").await;
    app.sql("update user_publishers set role_id = (select id from roles where key = 'manager')").await;
    ada.signs_in().await;
    let stamp = app.publisher("northlight").await.to_string();
    for url in ["works/new", "imports", "songwriters/new", "recordings/new"] {
        assert_eq!(ada.opens(&format!("{NORTHLIGHT}/{url}")).await.status, 403, "{url}");
    }
    for url in ["works", "songwriters", "recordings"] {
        assert_eq!(
            ada.posts(&format!("{NORTHLIGHT}/{url}"), &[("stamp", &stamp), ("title", "X"), ("last", "X")]).await.status,
            403,
            "{url}"
        );
    }
}

#[tokio::test]
async fn what_belongs_to_another_publisher_does_not_exist() {
    let app = App::start().await;
    let olga = olga(&app).await;
    let work = adds_work(&olga, "Ours", &[("Okafor, Adaeze", "100")], &[]).await;
    let eve = app.person("eve@ember-oak.test").admin_of("ember-oak").await;
    eve.signs_in().await;
    let there = work.path.replace("northlight", "ember-oak");
    let stamp = app.publisher("ember-oak").await.to_string();
    assert_eq!(eve.opens(&work.path).await.status, 404);
    assert_eq!(eve.opens(&there).await.status, 404);
    assert_eq!(eve.posts(&there, &[("stamp", &stamp), ("title", "Theirs"), ("version", "1")]).await.status, 404);
    assert!(eve.opens("/publishers/ember-oak/works?q=ours").await.says("No work fits"));
    for url in ["works/nonsense", "works/00000000-0000-7000-8000-000000000000", "songwriters/1", "recordings/%00", "imports/x"] {
        assert_eq!(eve.opens(&format!("/publishers/ember-oak/{url}")).await.status, 404, "{url}");
    }
}
