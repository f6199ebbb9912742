//! The shell of a page inside a publisher: what this person may open, and where else they belong.

use super::{gate::Tenant, identity::Person};
use crate::web::{
    redirect,
    shell::{NavLink, PublisherLink, PublisherMark, Section, Shell, VisitBanner, initials},
};
use uuid::Uuid;

/// Label, path after the publisher, icon, key after `g`, permission.
type Entry = (&'static str, &'static str, &'static str, &'static str, &'static str);

const SECTIONS: &[(&str, &[Entry])] = &[
    ("", &[("Dashboard", "", "layout-dashboard", "d", "publisher:read")]),
    (
        "Catalogue",
        &[
            ("Works", "/works", "music", "w", "works:read"),
            ("Songwriters", "/songwriters", "pen-line", "s", "songwriters:read"),
            ("Recordings", "/recordings", "disc-3", "r", "recordings:read"),
            ("Imports", "/imports", "upload", "i", "imports:run"),
        ],
    ),
    ("People", &[("Members", "/members", "users", "m", "members:read"), ("Invitations", "/invitations", "mail", "v", "members:read")]),
    (
        "Settings",
        &[
            ("Sign-in", "/settings/security", "lock", "", "publisher:settings"),
            ("Security events", "/security", "shield", "", "audit:read"),
        ],
    ),
];

pub(super) fn shell(at: &Tenant) -> Shell {
    let base = at.url("");
    let path = at.request.path.split('?').next().unwrap_or_default();
    let rest = path.strip_prefix(base.as_str()).unwrap_or_default();
    let query = at.request.path.split_once('?').map_or("", |(_, query)| query);
    let sections = SECTIONS.iter().map(|(title, entries)| Section {
        title,
        links: entries
            .iter()
            .filter(|(.., permission)| at.may(permission))
            .map(|(label, tail, icon, key, _)| NavLink {
                label,
                url: format!("{base}{tail}"),
                icon,
                key,
                current: if tail.is_empty() {
                    rest.is_empty()
                } else {
                    rest.strip_prefix(tail).is_some_and(|r| r.is_empty() || r.starts_with('/'))
                },
            })
            .collect(),
    });
    Shell {
        person: Some(at.person.mark()),
        publisher: Some(PublisherMark {
            id: at.publisher.id,
            slug: at.publisher.slug.clone(),
            name: at.publisher.name.clone(),
            initials: initials(&at.publisher.name),
            kind: capitalised(&at.publisher.kind),
            role: at.role.as_ref().map_or_else(|| "Visitor".to_owned(), |role| role.name.clone()),
            brand: at.publisher.brand().map(|brand| format!("{base}/brand.css?v={}", brand.version())),
        }),
        publishers: publishers(at, rest, query),
        // Who may visit every publisher goes on to the same page there.
        directory: match section_of(rest) {
            Some(section) if at.person.system_admin => format!("/publishers?to={section}"),
            _ => "/publishers".to_owned(),
        },
        sections: sections.filter(|section| !section.links.is_empty()).collect(),
        visit: at.visit.as_ref().map(|visit| VisitBanner {
            publisher: at.publisher.name.clone(),
            reason: visit.reason.clone(),
            minutes_left: ((visit.ends_at - at.now()).whole_seconds() + 59) / 60,
            may_write: visit.may_write,
            end_url: format!("{base}/visit/end"),
        }),
        flash: redirect::flash(&at.request.headers),
        system_admin: at.person.system_admin,
        fragment: at.request.fragment(),
    }
}

/// Label, address and icon of what belongs to a person rather than a publisher.
const ACCOUNT: &[(&str, &str, &str)] = &[
    ("Profile", "/me", "user"),
    ("Security", "/me/security", "shield"),
    ("Password", "/me/password", "key-round"),
    ("Authenticator app", "/me/mfa/enrol", "smartphone"),
    ("Passkeys", "/me/passkeys", "fingerprint-pattern"),
    ("Recovery codes", "/me/mfa/recovery-codes", "list-checks"),
    ("Sessions", "/me/sessions", "monitor"),
    ("Security events", "/me/security/events", "activity"),
];

/// What may be opened outside any publisher: the pages of the person's own account while on one of them, and the system's.
pub(super) fn bare(path: &str, person: Option<&Person>) -> Vec<Section> {
    let (Some(person), Some(path)) = (person, path.split('?').next()) else { return Vec::new() };
    let link = |(label, url, icon): (&'static str, &str, &'static str), key| NavLink {
        label,
        url: url.to_owned(),
        icon,
        key,
        current: path == url,
    };
    let mut sections = Vec::new();
    if path == "/me" || path.starts_with("/me/") {
        if let Some(slug) = &person.last_publisher {
            let home = format!("/publishers/{}", percent_encoding::utf8_percent_encode(slug, super::state::PATH_SEGMENT));
            sections.push(Section { title: "", links: vec![link(("Back to the publisher", &home, "arrow-left"), "d")] });
        }
        sections.push(Section { title: "Your account", links: ACCOUNT.iter().map(|entry| link(*entry, "")).collect() });
    }
    if person.system_admin {
        sections.push(Section { title: "System", links: vec![link(("Publishers", "/publishers", "building-2"), "p")] });
    }
    sections
}

/// This publisher and the others of the person, by name.
fn publishers(at: &Tenant, rest: &str, query: &str) -> Vec<PublisherLink> {
    let here = PublisherLink { name: at.publisher.name.clone(), initials: initials(&at.publisher.name), url: at.url(""), current: true };
    let others = at.others.iter().map(|other| PublisherLink {
        name: other.name.clone(),
        initials: initials(&other.name),
        url: switch_url(&other.slug, rest, query),
        current: false,
    });
    let mut all: Vec<_> = std::iter::once(here).chain(others).collect();
    all.sort_by_key(|publisher| publisher.name.to_lowercase());
    all
}

/// The section a page lies in, if the dashboard is not it.
fn section_of(rest: &str) -> Option<&'static str> {
    let section = rest.split('/').nth(1).filter(|section| !section.is_empty())?;
    SECTIONS.iter().flat_map(|(_, entries)| entries.iter()).find_map(|(_, tail, ..)| tail.strip_prefix('/').filter(|tail| *tail == section))
}

/// The same page in the other publisher where it exists there: lists and the dashboard do, a single work does not, so its
/// list is the nearest thing. A list takes its search and filters along, but nothing that names a row of this publisher.
fn switch_url(slug: &str, rest: &str, query: &str) -> String {
    let slug = percent_encoding::utf8_percent_encode(slug, super::state::PATH_SEGMENT);
    let Some(section) = section_of(rest) else { return format!("/publishers/{slug}") };
    let is_list = rest.strip_prefix('/') == Some(section);
    let names_a_row = |name: &str, value: &str| matches!(name, "to" | "after" | "id") || Uuid::try_parse(value).is_ok();
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, value)| is_list && !value.is_empty() && !names_a_row(name, value));
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("to", section).extend_pairs(kept).finish();
    format!("/publishers/{slug}/switch?{query}")
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
