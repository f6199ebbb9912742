//! Which publishers there are for somebody, and how a new one begins.

use crate::{
    access::{Identity, System},
    audit::{Entry, SecurityEvent},
    error::{OnConstraint, Refusal, Result},
    standards::characters,
};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A publisher somebody belongs to.
pub struct Mine {
    pub slug: String,
    pub name: String,
    pub kind: String,
    pub role: String,
    /// Why the person cannot go in, where they cannot.
    pub shut: Option<&'static str>,
    pub last_accessed_at: Option<OffsetDateTime>,
}

/// The publishers of the person the transaction speaks for, by name.
pub async fn mine(at: &mut Identity) -> Result<Vec<Mine>> {
    let now = at.now();
    let rows = sqlx::query!(
        r#"select slug as "slug!", name as "name!", kind as "kind!", status as "status!", role_key as "role_key!", role as "role!",
                  member_status as "member_status!", last_accessed_at from ctx.my_publishers($1)"#,
        now
    )
    .fetch_all(at.db())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Mine {
            shut: shut(&row.member_status, &row.status, &row.role_key),
            slug: row.slug,
            name: row.name,
            kind: row.kind,
            role: row.role,
            last_accessed_at: row.last_accessed_at,
        })
        .collect())
}

/// Why a membership opens no pages; the order is the gate's.
fn shut(member: &str, publisher: &str, role: &str) -> Option<&'static str> {
    match (member, publisher, role) {
        ("suspended", ..) => Some("Your access is suspended. An admin there can restore it."),
        (_, "suspended", _) => Some("This publisher is suspended."),
        (_, "archived", _) => Some("This publisher is archived."),
        (.., "api_user") => Some("Your role is for programs and opens no pages. An admin there can give you another."),
        _ => None,
    }
}

/// A publisher as system admins list it.
pub struct Listed {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub kind: String,
    pub status: String,
    pub plan: String,
    pub members: i64,
    pub created_at: OffsetDateTime,
}

/// How many publishers a page of the directory shows.
pub const PAGE: usize = 50;

/// All publishers whose name or slug holds `search`, from the one after `after` on; one more than a page shows.
pub async fn directory<P>(at: &mut System<P>, search: &str, after: Option<(&str, Uuid)>) -> Result<Vec<Listed>> {
    let (name, id) = after.unzip();
    let limit = i32::try_from(PAGE + 1).unwrap_or(i32::MAX);
    let rows = sqlx::query_as!(
        Listed,
        r#"select id as "id!", slug as "slug!", name as "name!", kind as "kind!", status as "status!", plan as "plan!", members as "members!",
                  created_at as "created_at!" from ctx.directory($1, lower($2), $3, $4)"#,
        search,
        name,
        id,
        limit
    )
    .fetch_all(at.db())
    .await?;
    Ok(rows)
}

/// What a new publisher is made from, as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewPublisher {
    pub name: String,
    pub slug: String,
    pub publisher_type: String,
    pub business_model: String,
    pub plan: String,
}

pub const TYPES: &[(&str, &str)] =
    &[("enterprise", "Enterprise"), ("professional", "Professional"), ("platform", "Platform"), ("boutique", "Boutique")];
pub const MODELS: &[(&str, &str)] = &[("traditional", "Traditional"), ("platform", "Platform"), ("hybrid", "Hybrid")];
pub const PLANS: &[(&str, &str)] = &[("starter", "Starter"), ("professional", "Professional"), ("enterprise", "Enterprise")];

/// What a plan includes at its start: seats, storage in bytes, API calls a month.
pub fn included(plan: &str) -> (i32, i64, i64) {
    const GIB: i64 = 1024 * 1024 * 1024;
    match plan {
        "enterprise" => (100, 500 * GIB, 1_000_000),
        "professional" => (15, 50 * GIB, 100_000),
        _ => (3, 5 * GIB, 10_000),
    }
}

/// Longest address, in characters.
const LONGEST_SLUG: usize = 40;
/// How long a new publisher may try its plan.
const TRIAL: Duration = Duration::days(30);

/// Creates a publisher on a trial of its plan and returns its slug.
///
/// # Errors
/// A refusal at each field at fault; `slug_taken` when another publisher has the address.
pub async fn create<P>(mut at: System<P>, form: &NewPublisher) -> Result<String> {
    let (name, slug) = check(form)?;
    let (id, now) = (at.new_id(), at.now());
    let (seats, storage, calls) = included(&form.plan);
    sqlx::query!(
        "insert into publishers (id, name, slug, status, publisher_type, business_model, created_at, updated_at) values ($1, $2, $3, 'trial', $4, $5, $6, $6)",
        id,
        name,
        slug,
        form.publisher_type,
        form.business_model,
        now
    )
    .execute(at.db())
    .await
    .on_constraint("publishers_slug_key", || Refusal::field("slug", "slug_taken", "Another publisher has this address. Choose a different one."))?;
    at.point_at(id).await?;
    sqlx::query!(
        "insert into accounts (publisher_id, plan_type, status, trial_ends_at, seats_licensed, storage_limit_bytes, api_calls_limit, created_at, updated_at)
         values ($1, $2, 'trial', $3, $4, $5, $6, $7, $7)",
        id,
        form.plan,
        now + TRIAL,
        seats,
        storage,
        calls,
        now
    )
    .execute(at.db())
    .await?;
    sqlx::query!("insert into catalogue_totals (publisher_id) values ($1)", id).execute(at.db()).await?;
    at.record(id, &Entry::PublisherCreated { publisher: id, name: name.clone() }).await?;
    at.commit(&SecurityEvent::PublisherCreated { publisher: slug.clone() }).await?;
    Ok(slug)
}

/// The name as an address, cut where it is too long for one.
fn address_of(name: &str) -> String {
    let slug: String = characters::fold(name).replace(' ', "-").chars().take(LONGEST_SLUG).collect();
    slug.trim_end_matches('-').to_owned()
}

fn check(form: &NewPublisher) -> Result<(String, String)> {
    let mut checks = Refusal::checks();
    let name = match characters::clean(&form.name) {
        Ok(name) if name.is_empty() => {
            checks.add("name", "required", "Enter the publisher's name.");
            name
        }
        Ok(name) if name.chars().count() > 50 => {
            checks.add("name", "too_long", "Use at most 50 characters.");
            name
        }
        Ok(name) => name,
        Err(why) => {
            checks.add("name", "characters", why.to_string());
            String::new()
        }
    };
    let slug = match form.slug.trim() {
        "" => address_of(&name),
        typed => typed.to_lowercase(),
    };
    let well_formed = !slug.is_empty()
        && slug != "new"
        && slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !slug.starts_with('-')
        && !slug.ends_with('-');
    if slug.chars().count() > LONGEST_SLUG {
        checks.add("slug", "too_long", format!("Use at most {LONGEST_SLUG} characters."));
    } else if !well_formed && !name.is_empty() {
        checks.add("slug", "invalid_slug", "Use small letters, digits and hyphens, such as ember-oak.");
    }
    let choices =
        [("publisher_type", &form.publisher_type, TYPES), ("business_model", &form.business_model, MODELS), ("plan", &form.plan, PLANS)];
    for (field, typed, known) in choices {
        if !known.iter().any(|(key, _)| key == typed) {
            checks.add(field, "required", "Choose one.");
        }
    }
    checks.or((name, slug))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(name: &str, slug: &str) -> NewPublisher {
        NewPublisher {
            name: name.into(),
            slug: slug.into(),
            publisher_type: "boutique".into(),
            business_model: "hybrid".into(),
            plan: "starter".into(),
        }
    }

    #[test]
    fn the_address_is_made_from_the_name() {
        assert_eq!(check(&form("Ember & Øak  Music", "")).unwrap().1, "ember-oak-music");
        assert_eq!(check(&form("Ember", " EMBER-2 ")).unwrap().1, "ember-2");
        assert_eq!(
            check(&form("The Ember and Oak Music Publishing House A Part", "")).unwrap().1,
            "the-ember-and-oak-music-publishing-house"
        );
    }

    #[test]
    fn names_and_addresses_that_will_not_do() {
        for (name, slug) in [
            ("", ""),
            ("   ", "x"),
            (&*"n".repeat(51), ""),
            ("音楽", ""),
            ("Ember", "new"),
            ("Ember", "a/b"),
            ("Ember", "-a"),
            ("a\u{0}b", ""),
            ("Ember", &*"e".repeat(41)),
        ] {
            assert!(check(&form(name, slug)).is_err(), "{name:?} {slug:?}");
        }
        assert!(check(&form(&"n".repeat(50), "")).is_ok());
    }
}
