//! One publisher's transaction, and the only statement that opens it.

use super::{
    identity::{Identity, Person},
    state::{Request, State},
};
use crate::{
    audit::{By, SecurityEvent},
    error::{Error, Forbidden, Refusal, Result},
    jobs::Wake,
    moments::Moments,
    web::{Shell, brand::Brand},
};
use serde::Deserialize;
use sqlx::{Executor, PgConnection, Postgres, Row, pool::PoolConnection, types::Json};
use std::fmt::Write as _;
use time::OffsetDateTime;
use uuid::Uuid;

/// A transaction inside one publisher, by one person who was found to hold a permission there. Row security sees the same
/// publisher, person and reach. Dropped without a commit, everything in it is undone.
pub struct Tenant {
    pub publisher: Publisher,
    pub person: Person,
    /// None on a visit.
    pub role: Option<Role>,
    pub reach: Reach,
    pub visit: Option<Visit>,
    pub moments: Moments,
    pub(super) request: Request,
    pub(super) permissions: Vec<String>,
    pub(super) others: Vec<Other>,
    wake: Wake,
    conn: PoolConnection<Postgres>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Publisher {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub status: String,
    pub kind: String,
    pub model: String,
    #[serde(default)]
    branding: serde_json::Value,
}

impl Publisher {
    /// The publisher's own colours, if it chose any.
    pub fn brand(&self) -> Option<Brand> {
        Brand::of(&self.branding)
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Role {
    pub id: Uuid,
    pub key: String,
    pub name: String,
}

/// How far a membership goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    Publisher,
    Departments(Vec<Uuid>),
    /// Own works, through a songwriter.
    Own(Uuid),
    /// A system admin on a visit.
    Visit,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Visit {
    pub id: Uuid,
    pub reason: String,
    pub may_write: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub ends_at: OffsetDateTime,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Other {
    pub slug: String,
    pub name: String,
}

/// How much of an address that is no publisher's is kept.
const LONGEST_SLUG: usize = 60;

/// Who wants to enter.
pub(super) enum Asker {
    /// Whoever holds the session of this hash.
    Session([u8; 32]),
    /// Somebody the program knows already, who stepped out for a moment.
    Known(Person),
    /// Whom a job acts for: it may take long, so nobody's membership is held meanwhile.
    Job(Person),
}

/// What the gate answers.
#[derive(Deserialize)]
struct Answer {
    state: String,
    /// The session's, where one asked.
    person: Option<Person>,
    publisher: Option<Publisher>,
    role: Option<Role>,
    reach: Option<String>,
    #[serde(default)]
    permissions: Option<Vec<String>>,
    #[serde(default)]
    departments: Option<Vec<Uuid>>,
    songwriter: Option<Uuid>,
    visit: Option<Visit>,
    others: Option<Vec<Other>>,
}

impl Answer {
    fn reach(&self) -> Result<Reach> {
        match (self.reach.as_deref(), self.songwriter) {
            (Some("publisher"), _) => Ok(Reach::Publisher),
            (Some("departments"), _) => {
                let mut departments = self.departments.clone().unwrap_or_default();
                departments.sort_unstable();
                Ok(Reach::Departments(departments))
            }
            (Some("own"), Some(songwriter)) => Ok(Reach::Own(songwriter)),
            (Some("visit"), _) => Ok(Reach::Visit),
            _ => Err(anyhow::anyhow!("the gate answered an unknown reach").into()),
        }
    }
}

impl Tenant {
    /// The connection, for this publisher's statements.
    pub fn db(&mut self) -> &mut PgConnection {
        &mut self.conn
    }

    pub fn now(&self) -> OffsetDateTime {
        self.moments.now()
    }

    pub fn new_id(&self) -> Uuid {
        self.moments.new_id()
    }

    /// May the person do this too? For showing or hiding what a page offers; handlers rely on their guard.
    pub fn may(&self, permission: &str) -> bool {
        let writes_allowed = self.visit.as_ref().is_none_or(|visit| visit.may_write) || permission.ends_with(":read");
        writes_allowed && self.permissions.iter().any(|held| held == permission)
    }

    pub fn permissions(&self) -> &[String] {
        &self.permissions
    }

    /// `/publishers/{slug}` followed by `rest`.
    pub fn url(&self, rest: &str) -> String {
        format!("/publishers/{}{rest}", percent_encoding::utf8_percent_encode(&self.publisher.slug, super::state::PATH_SEGMENT))
    }

    pub fn shell(&self) -> Shell {
        super::navigation::shell(self)
    }

    pub(super) fn by(&self) -> By {
        By {
            id: Some(self.person.id),
            name: self.person.name.clone(),
            visit: self.visit.as_ref().map(|visit| visit.id),
            address: self.request.address.clone(),
        }
    }

    /// Asks the gate again right before a job commits, and holds the membership from here: whoever changes it was seen, or
    /// waits as long as a commit takes. Refuses when the person may not do this any more, or works elsewhere now.
    pub(super) async fn ask_again(&mut self, permission: &'static str) -> Result<()> {
        let (slug, user, now) = (self.publisher.slug.clone(), self.person.id, self.now());
        let Json(answer) =
            sqlx::query_scalar!(r#"select ctx.enter($1, $2, $3, true, $4) as "answer!: Json<Answer>""#, slug, user, permission, now)
                .fetch_one(self.db())
                .await?;
        if answer.state != "open" {
            return Err(Error::Forbidden(Forbidden::Permission(permission)));
        }
        if answer.reach()? != self.reach {
            let words = "The departments of whoever asked for this changed meanwhile. Nothing was imported; check the file again.";
            return Err(Refusal::conflict("reach_changed", words).into());
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<()> {
        self.conn.execute("commit").await?;
        // What was enqueued may begin at once.
        self.wake.now();
        Ok(())
    }
}

/// Opens a transaction in the publisher for whoever asks, if they hold the permission there. One round trip, the session
/// included: the gate's arguments are hashes and ids we made, a name from our own table, and the slug as hexadecimal digits.
pub(super) async fn enter(
    state: &State,
    request: Request,
    slug: &str,
    asker: Asker,
    permission: &'static str,
    write: bool,
) -> Result<Tenant> {
    if slug.contains('\0') {
        return Err(Error::NotFound); // no slug has one, and PostgreSQL takes none
    }
    let moments = state.moments().clone();
    let now = moments.now();
    let begin = begin(slug, &asker, permission, write, now)?;
    let mut conn = state.tenant_pool().acquire().await?;
    let row = conn.fetch_one(begin.as_str()).await?;
    let mut answer: Answer = serde_json::from_str(row.try_get::<&str, _>(0)?).map_err(anyhow::Error::new)?;
    let person = match (asker, answer.person.take()) {
        (Asker::Known(person) | Asker::Job(person), _) => person,
        (Asker::Session(_), Some(person)) => {
            state.sessions().seen(person.session, now);
            person
        }
        (Asker::Session(_), None) => return Err(Error::SignIn),
    };
    let publisher = match (answer.state.as_str(), answer.publisher.take()) {
        ("open", Some(publisher)) => publisher,
        ("unknown", _) | (_, None) => {
            drop(conn);
            return Err(outside(state, request, &person, slug).await?);
        }
        ("visit_needed", Some(publisher)) => return Err(Error::VisitNeeded { slug: publisher.slug }),
        ("factor_needed", _) => return Err(Error::FactorNeeded { enrolled: !person.factors.is_empty() }),
        ("visit_read_only", Some(publisher)) => {
            return Err(Error::Forbidden(Forbidden::VisitReadOnly { publisher: publisher.name, slug: publisher.slug }));
        }
        ("member_suspended", Some(publisher)) => return Err(Error::Forbidden(Forbidden::MemberSuspended { publisher: publisher.name })),
        ("publisher_suspended" | "publisher_archived", Some(publisher)) => {
            return Err(Error::Forbidden(Forbidden::PublisherClosed { publisher: publisher.name, status: publisher.status }));
        }
        (_, Some(publisher)) => {
            drop(conn);
            let denied = SecurityEvent::Denied { publisher: publisher.slug, permission };
            Identity::begin(state, request, Some(&person)).await?.commit(&denied).await?;
            return Err(Error::Forbidden(Forbidden::Permission(permission)));
        }
    };
    let reach = answer.reach()?;
    Ok(Tenant {
        publisher,
        person,
        role: answer.role,
        reach,
        visit: answer.visit,
        moments,
        request,
        permissions: answer.permissions.unwrap_or_default(),
        others: answer.others.unwrap_or_default(),
        wake: state.wake().clone(),
        conn,
    })
}

/// Notes that somebody asked for a publisher that is not theirs; the same for one there is not, so that neither takes longer.
async fn outside(state: &State, request: Request, person: &Person, slug: &str) -> Result<Error> {
    let publisher = slug.chars().filter(|c| !c.is_control()).take(LONGEST_SLUG).collect();
    Identity::begin(state, request, Some(person)).await?.commit(&SecurityEvent::Outside { publisher }).await?;
    Ok(Error::NotFound)
}

/// The statement that opens the transaction.
fn begin(slug: &str, asker: &Asker, permission: &str, write: bool, now: OffsetDateTime) -> Result<String> {
    let mut begin = String::with_capacity(384);
    begin.push_str(match asker {
        Asker::Session(_) => "begin; select ctx.enter_by_session(convert_from('\\x",
        Asker::Known(_) => "begin; select ctx.enter(convert_from('\\x",
        Asker::Job(_) => "begin; select ctx.enter_unheld(convert_from('\\x",
    });
    push_hex(&mut begin, slug.as_bytes());
    begin.push_str("', 'UTF8'), '");
    match asker {
        Asker::Session(hash) => {
            begin.push_str("\\x");
            push_hex(&mut begin, hash);
        }
        Asker::Known(person) | Asker::Job(person) => _ = write!(begin, "{}", person.id),
    }
    let now = now.format(&time::format_description::well_known::Rfc3339).map_err(anyhow::Error::new)?;
    let _ = write!(begin, "', '{permission}', {write}, '{now}')::text");
    Ok(begin)
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
}
