//! Every door of the program: the list of routes with their guards, and each route tried by everybody there is.
//!
//! What is expected follows from the guard and the permission table alone, so a route that a feature adds is tried without
//! a word here; only the list at the end has to be read and agreed to.

use crate::support::{App, Browser, Page, Person, fingerprint};
use ledgerline::{
    access::{
        permission::{self, holds},
        routes::{Door, Listed},
    },
    app,
};
use reqwest::Method;
use uuid::Uuid;

/// Who stands at the door, seen from the publisher of the path.
enum Visitor {
    Nobody,
    Stranger,
    Member(&'static str),
    Suspended,
    Removed,
    /// A member of a publisher that is itself suspended.
    ClosedOut,
    SystemAdmin,
    Visiting {
        may_write: bool,
    },
}

/// What the door says.
#[derive(Debug, PartialEq)]
enum Answer {
    In,
    SignIn,
    NotFound,
    Lacks(&'static str),
    MemberSuspended,
    PublisherClosed,
    StartVisit,
    VisitEnded,
    VisitReadOnly,
    SystemOnly,
}

fn expected(visitor: &Visitor, route: &Listed) -> Answer {
    let (permission, write) = match (route.door, visitor) {
        (Door::Anyone, _) => return Answer::In,
        (_, Visitor::Nobody) => return Answer::SignIn,
        (Door::SignedIn, _) => return Answer::In,
        (Door::System(_), Visitor::SystemAdmin | Visitor::Visiting { .. }) => return Answer::In,
        (Door::System(_), _) => return Answer::SystemOnly,
        (Door::Read(permission), _) => (permission, false),
        (Door::Write(permission), _) => (permission, true),
    };
    match visitor {
        Visitor::Nobody | Visitor::Stranger | Visitor::Removed => Answer::NotFound,
        Visitor::Suspended => Answer::MemberSuspended,
        Visitor::ClosedOut => Answer::PublisherClosed,
        Visitor::Member(role) if holds(role, permission) => Answer::In,
        Visitor::Member(_) => Answer::Lacks(permission),
        Visitor::SystemAdmin if route.method == Method::GET => Answer::StartVisit,
        Visitor::SystemAdmin => Answer::VisitEnded,
        // A form that could not be sent is not shown either.
        Visitor::Visiting { may_write: false } if write || !permission.ends_with(":read") => Answer::VisitReadOnly,
        Visitor::Visiting { .. } => Answer::In,
    }
}

fn given(page: &Page, slug: &str) -> Answer {
    let location = page.location().unwrap_or_default();
    match (page.status, page.heading().as_str()) {
        (303, _) if location == "/sign-in" || location.starts_with("/sign-in?") => Answer::SignIn,
        (303, _) if location.starts_with(&format!("/publishers/{slug}/visit?")) => Answer::StartVisit,
        (403, "Your access is suspended") => Answer::MemberSuspended,
        (403, "This publisher is closed") => Answer::PublisherClosed,
        (403, "Your visit has ended") => Answer::VisitEnded,
        (403, "This visit is read-only") => Answer::VisitReadOnly,
        (403, "For system administrators") => Answer::SystemOnly,
        (403, "You may not do this") => {
            let named = permission::ALL.iter().find(|listed| page.says(&format!("“{}”", listed.name)));
            Answer::Lacks(named.unwrap_or_else(|| panic!("no permission named: {page:?}")).name)
        }
        (404, _) => Answer::NotFound,
        (401 | 403 | 500.., _) => panic!("an answer of no door: {page:?}"),
        _ => Answer::In,
    }
}

/// The address of a route in one publisher; ids are of nothing there is.
fn address(path: &str, slug: &str) -> String {
    let filled = path.split('/').map(|part| match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
        Some("slug") => slug.to_owned(),
        Some(_) => Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_dead_beef).to_string(),
        None => part.to_owned(),
    });
    filled.collect::<Vec<_>>().join("/")
}

async fn tries(browser: &Browser, route: &Listed, slug: &str, stamp: Uuid) -> Page {
    let url = address(route.path, slug);
    match route.method {
        Method::GET => browser.gets(&url).await,
        _ => browser.posts(&format!("{url}?stamp={stamp}"), &[("stamp", &stamp.to_string())]).await,
    }
}

/// These end the session, so they are tried last.
const LAST: [&str; 2] = ["/invitations/accept/switch", "/sign-out"];

fn routes() -> Vec<Listed> {
    let mut routes = app::routes().listed().to_vec();
    routes.sort_by_key(|route| LAST.contains(&route.path));
    routes
}

fn is_tenant(route: &Listed) -> bool {
    matches!(route.door, Door::Read(_) | Door::Write(_))
}

/// Tries every route, and says where the answer is another than the policy's.
async fn walks_round(who: &str, visitor: Visitor, browser: &Browser, slug: &str, stamp: Uuid) {
    let mut wrong = Vec::new();
    for route in routes() {
        let page = tries(browser, &route, slug, stamp).await;
        let (expected, given) = (expected(&visitor, &route), given(&page, slug));
        // Behind an open door there may be nothing: the id in the address is nobody's.
        let agrees = expected == given || (expected == Answer::In && given == Answer::NotFound) || sends_to_sign_in(&route, &given);
        if !agrees {
            wrong.push(format!("{} {}: {expected:?} expected, {given:?} given", route.method, route.path));
        }
    }
    assert!(wrong.is_empty(), "{who}:\n{}", wrong.join("\n"));
}

/// Open to all, and yet it leads whoever is not signed in to the door.
fn sends_to_sign_in(route: &Listed, given: &Answer) -> bool {
    const BEFORE: [&str; 7] =
        ["/", "/sign-in", "/sign-in/mfa", "/sign-in/mfa/passkey", "/sign-in/unlock", "/password/reset", "/verify-email"];
    *given == Answer::SignIn && (LAST.contains(&route.path) || BEFORE.contains(&route.path))
}

async fn signed_in(newcomer: impl IntoFuture<Output = Person>) -> Person {
    let person = newcomer.await;
    let page = person.signs_in_as(&person.email, crate::support::PASSWORD).await;
    assert!(!page.path.starts_with("/sign-in"), "{page:?}");
    person
}

#[tokio::test]
async fn nobody_is_sent_to_sign_in() {
    let app = App::start().await;
    let publisher = app.publisher("northlight").await;
    let browser = app.browser();
    walks_round("nobody", Visitor::Nobody, &browser, "northlight", publisher).await;
    for route in routes().iter().filter(|route| route.door != Door::Anyone) {
        let url = address(route.path, "northlight");
        let page = if route.method == Method::GET { browser.gets_part(&url).await } else { browser.posts_part(&url, &[]).await };
        assert_eq!(page.status, 401, "{} {}", route.method, route.path);
        assert!(page.header("hx-redirect").is_some_and(|url| url.starts_with("/sign-in")), "{page:?}");
    }
}

#[tokio::test]
async fn every_role_opens_what_its_permissions_open_and_nothing_else() {
    let app = App::start().await;
    let publisher = app.publisher("northlight").await;
    for role in ["viewer", "editor", "manager", "admin", "finance"] {
        let person = signed_in(app.person(&format!("{role}@northlight.test")).role_in(role, "northlight")).await;
        walks_round(role, Visitor::Member(role), &person, "northlight", publisher).await;
    }
    let head = signed_in(app.person("ar@northlight.test").in_departments("department_admin", "northlight", &["A&R"])).await;
    walks_round("department_admin", Visitor::Member("department_admin"), &head, "northlight", publisher).await;
    let creator = signed_in(app.person("creator@northlight.test").creator_of("northlight")).await;
    walks_round("creator", Visitor::Member("creator"), &creator, "northlight", publisher).await;
    let denied: i64 = app.one("select count(*) from security_events where action = 'denied'").await;
    assert!(denied > 0, "a door that stayed shut leaves an event");
}

#[tokio::test]
async fn whoever_does_not_belong_finds_nothing() {
    let app = App::start().await;
    let publisher = app.publisher("northlight").await;
    let stranger = signed_in(app.person("stranger@x.test").admin_of("elsewhere")).await;
    walks_round("stranger", Visitor::Stranger, &stranger, "northlight", publisher).await;
    let removed = signed_in(app.person("removed@x.test").admin_of("northlight").removed()).await;
    walks_round("removed", Visitor::Removed, &removed, "northlight", publisher).await;

    // What there is looks to a stranger like what there is not.
    let stranger = signed_in(async { stranger }).await;
    for route in routes().iter().filter(|route| is_tenant(route)) {
        let there = tries(&stranger, route, "northlight", publisher).await;
        let not_there = tries(&stranger, route, "no-such-house", publisher).await;
        let names = |page: &Page| page.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            (there.status, &there.body, names(&there)),
            (404, &not_there.body, names(&not_there)),
            "{} {}",
            route.method,
            route.path
        );
    }
}

#[tokio::test]
async fn suspension_of_a_member_or_a_publisher_closes_its_doors_and_no_others() {
    let app = App::start().await;
    let publisher = app.publisher("northlight").await;
    let suspended = signed_in(app.person("suspended@x.test").admin_of("northlight").suspended()).await;
    walks_round("suspended", Visitor::Suspended, &suspended, "northlight", publisher).await;
    for status in ["suspended", "archived"] {
        let closed = app.publisher(&format!("{status}-house")).await;
        let admin =
            signed_in(app.person(&format!("of-{status}@x.test")).admin_of(&format!("{status}-house")).viewer_of("northlight")).await;
        app.sql(&format!("update publishers set status = '{status}' where id = '{closed}'")).await;
        walks_round(status, Visitor::ClosedOut, &admin, &format!("{status}-house"), closed).await;
    }
}

#[tokio::test]
async fn system_admins_come_in_by_a_visit_only() {
    let app = App::start().await;
    let publisher = app.publisher("northlight").await;
    let robin = signed_in(app.person("robin@ledgerline.test").system_admin()).await;
    walks_round("no visit", Visitor::SystemAdmin, &robin, "northlight", publisher).await;
    for may_write in [false, true] {
        let robin = signed_in(async { robin.elsewhere() }).await;
        // Ended by the route that ends visits, so every round begins one that cannot be ended early.
        app.sql(&format!(
            "insert into visits (publisher_id, id, user_id, reason, may_write, started_at, ends_at)
             values ('{publisher}', '{}', '{}', 'to look round', {may_write}, now() - interval '1 minute', now() + interval '1 hour')",
            app.new_id(),
            robin.id
        ))
        .await;
        app.sql("create function nothing_happens() returns trigger language plpgsql as 'begin return null; end'").await;
        app.sql("create trigger unending before update on visits for each row execute function nothing_happens()").await;
        walks_round("on a visit", Visitor::Visiting { may_write }, &robin, "northlight", publisher).await;
        app.sql("drop function nothing_happens() cascade").await;
        app.sql("delete from visits").await;
    }
}

#[tokio::test]
async fn a_form_of_another_publisher_or_of_none_changes_nothing() {
    let app = App::start().await;
    let admin = signed_in(app.person("admin@northlight.test").admin_of("northlight").viewer_of("elsewhere")).await;
    let other = app.publisher("elsewhere").await;
    let before = fingerprint(&app).await;
    for route in routes().iter().filter(|route| matches!(route.door, Door::Write(_))) {
        let url = address(route.path, "northlight");
        let other = other.to_string();
        for fields in [&[("stamp", other.as_str())][..], &[], &[("stamp", "")], &[("stamp", other.as_str()), ("stamp", other.as_str())]] {
            let page = admin.posts(&url, fields).await;
            assert_eq!((page.status, page.heading().as_str()), (409, "Something changed in the meantime"), "{} {fields:?}", route.path);
        }
    }
    assert_eq!(fingerprint(&app).await, before);
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let app = App::start().await;
    let admin = signed_in(app.person("admin@northlight.test").admin_of("northlight")).await;
    let stamp = app.publisher("northlight").await.to_string();
    let before = fingerprint(&app).await;
    for route in routes().iter().filter(|route| route.method != Method::GET) {
        let url = address(route.path, "northlight");
        let own = app.origin();
        for headers in [
            &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.test")],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site"), ("origin", own.as_str())],
            &[("referer", "https://evil.test/form")],
            &[("referer", "http://localhost.evil.test/form")],
            &[("referer", "http://localhost@evil.test/form")],
            &[("referer", "nonsense")],
        ] {
            let page = admin.posts_with(&url, &[("stamp", &stamp)], headers).await;
            assert_eq!((page.status, page.heading().as_str()), (403, "This form came from elsewhere"), "{} {headers:?}", route.path);
        }
    }
    assert_eq!(fingerprint(&app).await, before);
    assert_eq!(admin.gets("/publishers/northlight").await.status, 200, "and nobody was signed out");
}

#[tokio::test]
async fn a_form_of_our_own_is_taken_however_its_origin_is_told() {
    let app = App::start().await;
    let own = app.origin();
    let referer = format!("{own}/sign-in");
    for headers in [
        &[][..],
        &[("origin", own.as_str())],
        &[("referer", referer.as_str())],
        &[("sec-fetch-site", "same-origin"), ("referer", "https://proxy.test/")],
        &[("origin", own.as_str()), ("referer", "https://proxy.test/")],
    ] {
        assert_eq!(app.browser().posts_with("/sign-in", &[("email", ""), ("password", "")], headers).await.status, 422, "{headers:?}");
    }
}

#[tokio::test]
async fn a_look_changes_nothing() {
    let app = App::start().await;
    let admin = signed_in(app.person("admin@northlight.test").admin_of("northlight")).await;
    let stamp = app.publisher("northlight").await;
    let before = fingerprint(&app).await;
    for route in routes().iter().filter(|route| route.method == Method::GET && route.path != "/static/{*name}") {
        let page = tries(&admin, route, "northlight", stamp).await;
        assert!(page.status < 500, "{page:?}");
    }
    app.sql("delete from security_events where action = 'denied'").await;
    assert_eq!(fingerprint(&app).await, before);
}

#[tokio::test]
async fn program_and_database_have_one_table_of_permissions() {
    let app = App::start().await;
    let mut owner = app.database.connect().await;
    assert_eq!(permission::differences(&mut owner).await.unwrap(), Vec::<String>::new());
    app.sql("update permissions set description = 'See' where name = 'works:read'").await;
    app.sql("delete from role_permissions where permission = 'works:delete'").await;
    let differences = permission::differences(&mut owner).await.unwrap();
    assert!(differences.iter().any(|line| line.contains("the database lacks: grant manager works:delete")), "{differences:?}");
    assert_eq!(differences.len(), 3, "{differences:?}");
}

#[test]
fn the_list_of_doors_is_the_one_agreed_to() {
    let found: Vec<String> = app::routes().listed().iter().map(line).collect();
    let agreed: Vec<&str> = DOORS.trim().lines().collect();
    let new: Vec<_> = found.iter().filter(|line| !agreed.contains(&line.as_str())).collect();
    let gone: Vec<_> = agreed.iter().filter(|line| !found.iter().any(|found| found == *line)).collect();
    assert!(new.is_empty() && gone.is_empty(), "new doors: {new:#?}\ndoors gone: {gone:#?}\nall, to be agreed to:\n{}", found.join("\n"));
}

fn line(route: &Listed) -> String {
    let door = match route.door {
        Door::Anyone => "anyone".to_owned(),
        Door::SignedIn => "signed in".to_owned(),
        Door::Read(permission) => format!("read {permission}"),
        Door::Write(permission) => format!("write {permission}"),
        Door::System(permission) => format!("system {permission}"),
    };
    format!("{:<4} {:<60} {door}", route.method.as_str(), route.path)
}

const DOORS: &str = "
GET  /health/live                                                 anyone
GET  /health/ready                                                anyone
GET  /help/keyboard                                               anyone
GET  /publishers/{slug}/brand.css                                 read publisher:read
GET  /static/{*name}                                              anyone
GET  /dev/mail                                                    anyone
GET  /dev/mail/{id}                                               anyone
GET  /dev/mail/{id}/html                                          anyone
GET  /sign-in                                                     anyone
POST /sign-in                                                     anyone
POST /sign-out                                                    signed in
GET  /sign-in/mfa                                                 anyone
POST /sign-in/mfa                                                 anyone
GET  /me                                                          signed in
POST /me                                                          signed in
GET  /me/security                                                 signed in
GET  /me/mfa/enrol                                                signed in
POST /me/mfa/enrol                                                signed in
POST /me/mfa/removal                                              signed in
GET  /me/mfa/recovery-codes                                       signed in
POST /me/mfa/recovery-codes                                       signed in
POST /me/mfa/recovery-codes/download                              signed in
GET  /password/reset                                              anyone
POST /password/reset                                              anyone
GET  /                                                            anyone
GET  /publishers                                                  signed in
GET  /publishers/new                                              system system:publishers
POST /publishers                                                  system system:publishers
GET  /publishers/{slug}/switch                                    read publisher:read
GET  /publishers/{slug}/visit                                     system system:publishers
POST /publishers/{slug}/visit                                     system system:publishers
POST /publishers/{slug}/visit/end                                 system system:publishers
GET  /publishers/{slug}                                           read publisher:read
GET  /publishers/{slug}/members                                   read members:read
GET  /publishers/{slug}/members/{id}                              read members:read
POST /publishers/{slug}/members/{id}/role                         write members:update
POST /publishers/{slug}/members/{id}/suspension                   write members:update
POST /publishers/{slug}/members/{id}/restoration                  write members:update
POST /publishers/{slug}/members/{id}/removal                      write members:remove
GET  /publishers/{slug}/invitations                               read members:read
GET  /publishers/{slug}/invitations/new                           read members:invite
POST /publishers/{slug}/invitations                               write members:invite
POST /publishers/{slug}/invitations/{id}/deliveries               write members:invite
POST /publishers/{slug}/invitations/{id}/revocation               write members:invite
GET  /invitations/accept                                          anyone
POST /invitations/accept                                          anyone
POST /invitations/accept/switch                                   signed in
GET  /publishers/{slug}/works                                     read works:read
GET  /publishers/{slug}/works/{id}                                read works:read
GET  /publishers/{slug}/works/new                                 read works:create
POST /publishers/{slug}/works                                     write works:create
GET  /publishers/{slug}/works/{id}/edit                           read works:update
POST /publishers/{slug}/works/{id}                                write works:update
POST /publishers/{slug}/works/{id}/archive                        write works:delete
POST /publishers/{slug}/works/{id}/restore                        write works:delete
GET  /publishers/{slug}/songwriters                               read songwriters:read
GET  /publishers/{slug}/songwriters/lookup                        read songwriters:read
GET  /publishers/{slug}/songwriters/new                           read songwriters:create
POST /publishers/{slug}/songwriters                               write songwriters:create
GET  /publishers/{slug}/songwriters/{id}                          read songwriters:read
GET  /publishers/{slug}/songwriters/{id}/edit                     read songwriters:update
POST /publishers/{slug}/songwriters/{id}                          write songwriters:update
POST /publishers/{slug}/songwriters/{id}/archive                  write songwriters:delete
POST /publishers/{slug}/songwriters/{id}/restore                  write songwriters:delete
GET  /publishers/{slug}/recordings                                read recordings:read
GET  /publishers/{slug}/recordings/new                            read recordings:create
POST /publishers/{slug}/recordings                                write recordings:create
GET  /publishers/{slug}/recordings/{id}                           read recordings:read
GET  /publishers/{slug}/recordings/{id}/edit                      read recordings:update
POST /publishers/{slug}/recordings/{id}                           write recordings:update
POST /publishers/{slug}/recordings/{id}/archive                   write recordings:delete
POST /publishers/{slug}/recordings/{id}/restore                   write recordings:delete
GET  /publishers/{slug}/imports                                   read imports:run
GET  /publishers/{slug}/imports/new                               read imports:run
GET  /publishers/{slug}/imports/template.csv                      read imports:run
POST /publishers/{slug}/imports                                   write imports:run
GET  /publishers/{slug}/imports/{id}                              read imports:run
POST /publishers/{slug}/imports/{id}/works                        write imports:run
POST /publishers/{slug}/imports/{id}/check                        write imports:run
POST /publishers/{slug}/imports/{id}/stop                         write imports:run
POST /publishers/{slug}/imports/{id}/drop                         write imports:run
GET  /publishers/{slug}/find                                      read publisher:read
GET  /sign-in/confirm                                             signed in
POST /sign-in/confirm                                             signed in
GET  /me/sessions                                                 signed in
POST /me/sessions/end                                             signed in
POST /me/sessions/{id}/end                                        signed in
GET  /me/security/events                                          signed in
GET  /me/factor-reset                                             signed in
POST /me/factor-reset                                             signed in
GET  /publishers/{slug}/settings/security                         read publisher:settings
POST /publishers/{slug}/settings/security                         write publisher:settings
GET  /publishers/{slug}/security                                  read audit:read
POST /publishers/{slug}/members/{id}/sessions/end                 write members:update
POST /publishers/{slug}/members/{id}/factor-reset                 write members:update
GET  /password/forgot                                             anyone
POST /password/forgot                                             anyone
GET  /sign-in/unlock                                              anyone
POST /sign-in/unlock                                              anyone
GET  /verify-email                                                anyone
POST /verify-email                                                anyone
POST /verify-email/deliveries                                     signed in
POST /verify-email/address                                        signed in
GET  /verify-email/undo                                           anyone
POST /verify-email/undo                                           anyone
GET  /me/password                                                 signed in
POST /me/password                                                 signed in
GET  /me/email                                                    signed in
POST /me/email                                                    signed in
POST /sign-in/passkey/challenge                                   anyone
POST /sign-in/passkey                                             anyone
POST /sign-in/mfa/passkey/challenge                               anyone
POST /sign-in/mfa/passkey                                         anyone
POST /sign-in/confirm/passkey/challenge                           signed in
GET  /me/passkeys                                                 signed in
POST /me/passkeys                                                 signed in
GET  /me/passkeys/new                                             signed in
POST /me/passkeys/challenge                                       signed in
GET  /me/passkeys/{id}                                            signed in
POST /me/passkeys/{id}                                            signed in
POST /me/passkeys/{id}/remove                                     signed in
";
