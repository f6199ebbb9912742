//! What every answer has in common: headers, faces of errors, health, static files.

use crate::support::{App, Page};
use reqwest::Method;
use scraper::Html;
use sqlx::Executor;

fn has_the_headers(page: &Page) {
    let policy = page.header("content-security-policy").unwrap_or_else(|| panic!("no policy: {page:?}"));
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types ledgerline",
    ] {
        assert!(policy.split(';').any(|one| one.trim() == part), "{policy}");
    }
    for loose in ["unsafe", "*", "http:", "https:", "nonce", "blob:"] {
        assert!(!policy.contains(loose), "{policy}");
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), Some(value), "{name} of {} {}", page.status, page.path);
    }
    assert!(page.header("permissions-policy").is_some());
    if !page.path.starts_with("/static/") {
        assert_eq!(page.header("cache-control"), Some("no-store"), "{} {}", page.status, page.path);
    }
    assert_eq!((page.header("server"), page.header("x-powered-by"), page.header("strict-transport-security")), (None, None, None));
}

/// Nothing the policy would stop.
fn is_clean(page: &Page) {
    for forbidden in [
        "script:not([src])",
        "style",
        "[style]",
        "[onclick]",
        "[onload]",
        "[onsubmit]",
        "a[href^='javascript:']",
        "[src^='http']",
        "link[href^='http']",
    ] {
        assert!(!page.has(forbidden), "{forbidden} on {}", page.path);
    }
}

#[tokio::test]
async fn every_kind_of_answer_has_the_headers() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").role_in("editor", "northlight").await;
    olga.signs_in().await;
    let nobody = app.browser();
    let big = "x".repeat(1 << 20);
    let stylesheet = olga.opens("/sign-in").await.attribute("link[rel=stylesheet]", "href").unwrap();
    let answers = [
        (200, nobody.gets("/sign-in").await),
        (200, olga.gets("/publishers/northlight").await),
        (200, olga.gets_part("/publishers/northlight").await),
        (200, nobody.gets("/help/keyboard").await),
        (200, nobody.gets(&stylesheet).await),
        (204, nobody.gets("/health/live").await),
        (204, nobody.gets("/health/ready").await),
        (303, nobody.gets("/publishers").await),
        (401, nobody.gets_part("/publishers").await),
        (403, olga.posts_with("/sign-out", &[], &[("origin", "https://evil.test")]).await),
        (403, olga.gets("/publishers/new").await),
        (404, nobody.gets("/nothing-here").await),
        (404, nobody.gets("/static/nothing-here.css").await),
        (404, olga.gets("/publishers/elsewhere").await),
        (404, nobody.gets("/dev/mail").await),
        (405, nobody.asks(Method::PUT, "/sign-in", &[]).await),
        (405, nobody.asks(Method::DELETE, "/publishers/northlight", &[]).await),
        (413, nobody.posts("/sign-in", &[("password", &big)]).await),
        (422, nobody.posts("/sign-in", &[]).await),
    ];
    for (status, page) in answers {
        assert_eq!(page.status, status, "{page:?}");
        has_the_headers(&page);
        is_clean(&page);
        if status >= 400 && !page.path.starts_with("/static/") && status != 401 {
            assert!(!page.heading().is_empty(), "{status} has no face: {page:?}");
            assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
        }
    }
}

#[tokio::test]
async fn odd_addresses_are_not_found_and_break_nothing() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    for path in [
        "/publishers/%00",
        "/publishers/%ff%fe",
        "/publishers/..%2f..",
        "/publishers/'%20or%201=1--",
        "/publishers/northlight/members/not-an-id",
        "/publishers/northlight/members/00000000-0000-0000-0000-000000000000",
        "/publishers/NORTHLIGHT",
        &format!("/publishers/{}", "x".repeat(5000)),
    ] {
        let page = olga.gets(path).await;
        assert_eq!((page.status, page.heading().as_str()), (404, "This page does not exist"), "{path}");
    }
    for path in [
        "/publishers/northlight/members?q=%00",
        "/publishers/northlight/members?after=%ff",
        "/publishers/northlight/invitations?state=nonsense&q='",
        "/?next=//evil.test",
    ] {
        let page = olga.opens(path).await;
        assert_eq!(page.status, 200, "{path}: {page:?}");
    }
}

#[tokio::test]
async fn what_an_address_says_twice_counts_as_said_last() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    for route in ledgerline::app::routes().listed().iter().filter(|route| route.method == Method::GET) {
        let url = route.path.replace("{slug}", "northlight").replace("{id}", "00000000-0000-7000-8000-000000000000");
        let names = ["q", "after", "state", "sort", "role", "status", "work", "token", "next", "to", "id", "reason", "department"];
        let twice = names.map(|name| format!("{name}=a&{name}=b&{name}[]")).join("&");
        let page = olga.gets(&format!("{url}?{twice}&%ff=%ff&&=")).await;
        assert!(![400, 500].contains(&page.status), "{url}: {page:?}");
    }
    let page = olga.opens("/publishers/northlight/members?q=nobody&q=olga").await;
    assert_eq!((page.rows().len(), page.attribute("#search", "value").as_deref()), (1, Some("olga")));
}

#[tokio::test]
async fn a_fault_of_ours_shows_an_incident_and_no_cause() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    app.sql("alter table usage_daily rename column quantity to secret_column").await;
    for page in [olga.gets("/publishers/northlight").await, olga.gets_part("/publishers/northlight").await] {
        assert_eq!((page.status, page.heading().as_str()), (500, "Something went wrong on our side"));
        assert!(page.first("dl dd").is_some_and(|incident| incident.len() >= 8), "an incident number: {page:?}");
        for word in ["column", "quantity", "sql", "Database", "does not exist"] {
            assert!(!page.text().contains(word), "{page:?}");
        }
        has_the_headers(&page);
    }
}

#[tokio::test]
async fn a_busy_database_is_said_and_comes_back() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    let mut owner = app.database.connect().await;
    owner.execute("begin; lock table publishers in access exclusive mode").await.unwrap();
    let page = olga.gets("/publishers/northlight").await;
    assert_eq!((page.status, page.heading().as_str()), (503, "Ledgerline is busy"));
    assert!(page.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
    has_the_headers(&page);
    assert_eq!(app.browser().gets("/health/live").await.status, 204, "the process itself is well");
    owner.execute("rollback").await.unwrap();
    assert_eq!(olga.gets("/publishers/northlight").await.status, 200);
}

#[tokio::test]
async fn static_files_are_kept_for_ever_and_sent_packed_to_who_takes_it() {
    let app = App::start().await;
    let browser = app.browser();
    let page = browser.opens("/sign-in").await;
    let mut assets = page.attributes("link[href]", "href");
    assets.extend(page.attributes("script[src]", "src"));
    assert!(assets.len() >= 6, "{assets:?}");
    for url in assets {
        let asset = browser.gets(&url).await;
        assert_eq!(asset.status, 200, "{url}");
        assert_eq!(asset.header("cache-control"), Some("public, max-age=31536000, immutable"), "{url}");
        assert_eq!(asset.header("content-encoding"), None, "{url}");
        let packed = browser.asks(Method::GET, &url, &[("accept-encoding", "gzip, br")]).await;
        let pays = [".css", ".js", ".svg"].iter().any(|kind| url.ends_with(kind));
        assert_eq!(packed.header("content-encoding").is_some(), pays, "{url}");
        assert_eq!(packed.header("vary"), Some("accept-encoding"), "{url}");
        let stale = url.replace(".css", ".x.css").replace(".js", ".x.js").replace(".svg", ".x.svg").replace(".woff2", ".x.woff2");
        assert_eq!(browser.gets(&stale).await.status, 404, "{stale}");
    }
    let packed = browser.asks(Method::GET, "/sign-in", &[("accept-encoding", "gzip")]).await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"), "pages are packed too");
}

#[tokio::test]
async fn htmx_gets_the_part_and_history_the_whole() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").await;
    olga.signs_in().await;
    let url = "/publishers/northlight/members";
    let part = olga.gets_part(url).await;
    assert!(!part.body.contains("<html") && part.says("Members"), "{}", part.body);
    assert!(part.header("vary").is_some_and(|vary| vary.to_lowercase().contains("hx-request")));
    let whole = olga.asks(Method::GET, url, &[("hx-request", "true"), ("hx-history-restore-request", "true")]).await;
    assert!(whole.body.contains("<html"));
}

#[tokio::test]
async fn a_clients_address_is_believed_from_trusted_proxies_only() {
    for (trusted, forwarded, address) in [
        ("10.0.0.0/8", "203.0.113.7", "127.0.0.1"),
        ("127.0.0.0/8", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.0/8", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.0/8,203.0.113.0/24", "198.51.100.1, 203.0.113.7", "198.51.100.1"),
        ("127.0.0.0/8", "nonsense", "127.0.0.1"),
    ] {
        let app = App::start_with(&[("--trusted-proxies", trusted)]).await;
        app.browser().posts_with("/sign-in", &[("email", "a@x.test"), ("password", "wrong")], &[("x-forwarded-for", forwarded)]).await;
        let seen: Vec<String> = app.list("select address from security_events where action = 'sign_in_failed'").await;
        assert_eq!(seen, [address], "{trusted} {forwarded}");
    }
}

#[tokio::test]
async fn every_page_is_one_document_with_a_title_and_one_main_heading() {
    let app = App::start().await;
    let olga = app.person("olga@northlight.test").admin_of("northlight").viewer_of("ember-oak").await;
    olga.signs_in().await;
    for route in ledgerline::app::routes().listed().iter().filter(|route| route.method == Method::GET && !route.path.contains("{id}")) {
        let page = olga.gets(&route.path.replace("{slug}", "northlight")).await;
        if !page.body.contains("<html") {
            continue; // a part of a page, or no page
        }
        is_clean(&page);
        assert_eq!(page.all("h1").len(), 1, "{} {page:?}", route.path);
        assert!(page.first("title").is_some_and(|title| title.ends_with(" · Ledgerline") && title.len() > 15), "{}", route.path);
        assert_eq!(page.attribute("html", "lang").as_deref(), Some("en-GB"));
        let faults = Html::parse_document(&page.body).errors;
        assert!(faults.is_empty(), "{}: {faults:?}", route.path);
        let ids = page.attributes("[id]", "id");
        let mut once = ids.clone();
        once.sort();
        once.dedup();
        assert_eq!(ids.len(), once.len(), "{} uses an id twice: {ids:?}", route.path);
        for label in page.attributes("label[for]", "for") {
            assert!(ids.contains(&label), "{}: a label for {label}, which is not there", route.path);
        }
    }
}
