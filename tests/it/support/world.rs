//! Publishers and people, written straight into the tables: a test is about what they do, not how they came to be.

use super::{App, Browser, Page};
use ledgerline::sign_in::{address, password};
use sqlx::PgPool;
use std::{ops::Deref, pin::Pin};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// Everybody's password; long enough for system admins too.
pub const PASSWORD: &str = "a lantern in the harbour";

/// Hashed once, because it takes a while.
async fn password_hash() -> &'static str {
    static HASH: OnceCell<String> = OnceCell::const_new();
    HASH.get_or_init(|| async { password::hash(PASSWORD.to_owned()).await.unwrap() }).await
}

/// Somebody with an account and a browser.
pub struct Person {
    pub id: Uuid,
    pub email: String,
    browser: Browser,
    /// The database, for a system admin: their sessions count as proved by a second factor, which they always need.
    proved_in: Option<PgPool>,
}

impl Deref for Person {
    type Target = Browser;
    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl Person {
    /// Signs in by the form, and arrives where that leads.
    pub async fn signs_in(&self) -> Page {
        let mut page = self.signs_in_as(&self.email, PASSWORD).await;
        if let Some(database) = &self.proved_in {
            prove(database, &self.email).await;
            page = self.opens("/").await;
        }
        assert!(page.status == 200 && !page.path.starts_with("/sign-in"), "{} could not sign in: {page:?}", self.email);
        page
    }

    /// Their other machine.
    pub fn elsewhere(&self) -> Person {
        Person { id: self.id, email: self.email.clone(), browser: self.browser.fresh(), proved_in: self.proved_in.clone() }
    }
}

/// Makes the sessions of this person as good as those of somebody who showed a code.
pub async fn prove(database: &PgPool, email: &str) {
    sqlx::query("update user_sessions s set auth_level = 'mfa' from users u where u.id = s.user_id and u.email = $1")
        .bind(email)
        .execute(database)
        .await
        .unwrap();
}

/// Somebody in the making; `.await` makes them.
#[must_use]
pub struct Newcomer<'a> {
    app: &'a App,
    email: String,
    is_system_admin: bool,
    places: Vec<Place>,
}

struct Place {
    slug: String,
    role: String,
    status: &'static str,
    departments: Vec<String>,
    is_creator: bool,
}

impl Newcomer<'_> {
    pub fn system_admin(mut self) -> Self {
        self.is_system_admin = true;
        self
    }

    pub fn admin_of(self, slug: &str) -> Self {
        self.role_in("admin", slug)
    }

    pub fn viewer_of(self, slug: &str) -> Self {
        self.role_in("viewer", slug)
    }

    /// A member of the whole publisher by any role.
    pub fn role_in(mut self, role: &str, slug: &str) -> Self {
        self.places.push(Place { slug: slug.into(), role: role.into(), status: "active", departments: Vec::new(), is_creator: false });
        self
    }

    /// A member whose reach ends at these departments.
    pub fn in_departments(self, role: &str, slug: &str, departments: &[&str]) -> Self {
        self.role_in(role, slug).last(|place| place.departments = departments.iter().map(|name| (*name).to_owned()).collect())
    }

    /// A songwriter who sees own works only; the songwriter is made too, named after the address.
    pub fn creator_of(self, slug: &str) -> Self {
        self.role_in("creator", slug).last(|place| place.is_creator = true)
    }

    /// The membership named last is suspended.
    pub fn suspended(self) -> Self {
        self.last(|place| place.status = "suspended")
    }

    /// The membership named last is over.
    pub fn removed(self) -> Self {
        self.last(|place| place.status = "removed")
    }

    fn last(mut self, change: impl FnOnce(&mut Place)) -> Self {
        change(self.places.last_mut().expect("name the publisher first"));
        self
    }

    async fn make(self) -> Person {
        let (app, id, now) = (self.app, self.app.new_id(), self.app.clock.now());
        sqlx::query(
            "insert into users (id, email, email_norm, full_name, password_hash, password_set_at, is_system_admin, email_verified_at, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $6, $6, $6)",
        )
        .bind(id)
        .bind(&self.email)
        .bind(address::normalise(&self.email))
        .bind(name_of(&self.email))
        .bind(password_hash().await)
        .bind(now)
        .bind(self.is_system_admin)
        .execute(&app.owner)
        .await
        .unwrap();
        for place in &self.places {
            join(app, id, &self.email, place).await;
        }
        Person { id, email: self.email, browser: app.browser(), proved_in: self.is_system_admin.then(|| app.owner.clone()) }
    }
}

impl<'a> IntoFuture for Newcomer<'a> {
    type Output = Person;
    type IntoFuture = Pin<Box<dyn Future<Output = Person> + 'a>>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}

/// "olga.berg@northlight.test" → "Olga Berg".
fn name_of(email: &str) -> String {
    title(email.split('@').next().unwrap_or_default())
}

fn title(word: &str) -> String {
    let words = word.split(['-', '.', '_']).map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    });
    words.collect::<Vec<_>>().join(" ")
}

async fn join(app: &App, person: Uuid, email: &str, place: &Place) {
    let publisher = app.publisher(&place.slug).await;
    let songwriter = match place.is_creator {
        true => Some(app.songwriter(&place.slug, &name_of(email)).await),
        false => None,
    };
    let reach = match (place.is_creator, place.departments.is_empty()) {
        (true, _) => "own",
        (_, false) => "departments",
        _ => "publisher",
    };
    sqlx::query(
        "insert into user_publishers (publisher_id, user_id, role_id, reach, songwriter_id, status, joined_at, updated_at)
         select $1, $2, id, $4, $5, $6, $7, $7 from roles where key = $3",
    )
    .bind(publisher)
    .bind(person)
    .bind(&place.role)
    .bind(reach)
    .bind(songwriter)
    .bind(place.status)
    .bind(app.clock.now())
    .execute(&app.owner)
    .await
    .unwrap();
    for name in &place.departments {
        let department = app.department(&place.slug, name).await;
        sqlx::query("insert into user_departments values ($1, $2, $3)")
            .bind(publisher)
            .bind(person)
            .bind(department)
            .execute(&app.owner)
            .await
            .unwrap();
    }
}

impl App {
    /// Somebody new; say where they belong, then `.await`.
    pub fn person(&self, email: &str) -> Newcomer<'_> {
        Newcomer { app: self, email: email.to_owned(), is_system_admin: false, places: Vec::new() }
    }

    /// The publisher of this slug, made at its first mention: active, on the enterprise plan, with room for a hundred.
    pub async fn publisher(&self, slug: &str) -> Uuid {
        if let Some(id) =
            sqlx::query_scalar("select id from publishers where slug = $1").bind(slug).fetch_optional(&self.owner).await.unwrap()
        {
            return id;
        }
        let id = self.new_id();
        let made = "insert into publishers (id, name, slug, publisher_type) values ($1, $2, $3, 'enterprise')";
        sqlx::query(made).bind(id).bind(title(slug)).bind(slug).execute(&self.owner).await.unwrap();
        for row in [
            "insert into accounts (publisher_id, plan_type, seats_licensed, storage_limit_bytes, api_calls_limit) values ($1, 'enterprise', 100, 1000000000, 1000000)",
            "insert into catalogue_totals (publisher_id) values ($1)",
        ] {
            sqlx::query(row).bind(id).execute(&self.owner).await.unwrap();
        }
        id
    }

    /// A department by name, made at its first mention.
    pub async fn department(&self, slug: &str, name: &str) -> Uuid {
        let publisher = self.publisher(slug).await;
        let known = sqlx::query_scalar("select id from departments where publisher_id = $1 and name = $2").bind(publisher).bind(name);
        if let Some(id) = known.fetch_optional(&self.owner).await.unwrap() {
            return id;
        }
        let id = self.new_id();
        let made = "insert into departments (publisher_id, id, name) values ($1, $2, $3)";
        sqlx::query(made).bind(publisher).bind(id).bind(name).execute(&self.owner).await.unwrap();
        id
    }

    /// A songwriter; the last word of the name is the surname.
    pub async fn songwriter(&self, slug: &str, name: &str) -> Uuid {
        let (publisher, id) = (self.publisher(slug).await, self.new_id());
        let (first, last) = name.rsplit_once(' ').unwrap_or(("", name));
        sqlx::query(
            "insert into songwriters (publisher_id, id, first_name, last_name, name_key) values ($1, $2, $3, $4, lower($4 || ' ' || $3))",
        )
        .bind(publisher)
        .bind(id)
        .bind(first)
        .bind(last)
        .execute(&self.owner)
        .await
        .unwrap();
        sqlx::query("update catalogue_totals set songwriters = songwriters + 1 where publisher_id = $1")
            .bind(publisher)
            .execute(&self.owner)
            .await
            .unwrap();
        id
    }
}
