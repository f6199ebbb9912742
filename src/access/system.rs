//! The door of system administrators, who act across publishers.

use super::{
    guards::{SignedIn, asker, bare_shell},
    identity::Person,
    permission::Permission,
    state::{Request, State},
};
use crate::{
    audit::{self, By, Entry, SecurityEvent},
    error::{Error, Forbidden, Result},
    moments::Moments,
    web::Shell,
};
use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
};
use sqlx::{Executor, PgConnection, Postgres, pool::PoolConnection};
use std::marker::PhantomData;
use time::OffsetDateTime;
use uuid::Uuid;

/// A transaction across publishers, by a system admin: the directory and accounts, no catalogue.
pub struct System<P> {
    pub person: Person,
    pub moments: Moments,
    pub state: State,
    pub request: Request,
    conn: PoolConnection<Postgres>,
    permission: PhantomData<P>,
}

impl<P> System<P> {
    pub fn db(&mut self) -> &mut PgConnection {
        &mut self.conn
    }

    pub fn now(&self) -> OffsetDateTime {
        self.moments.now()
    }

    pub fn new_id(&self) -> Uuid {
        self.moments.new_id()
    }

    pub fn shell(&self) -> Shell {
        bare_shell(&self.request, Some(&self.person))
    }

    fn by(&self) -> By {
        By { id: Some(self.person.id), name: self.person.name.clone(), visit: None, address: self.request.address.clone() }
    }

    /// Points the rest of the transaction at one publisher, so that its rows can be written.
    pub async fn point_at(&mut self, publisher: Uuid) -> Result<()> {
        sqlx::query_scalar!("select set_config('app.publisher_id', $1, true)", publisher.to_string()).fetch_one(&mut *self.conn).await?;
        Ok(())
    }

    /// Writes a row into that publisher's own trail: its people see what system admins do there.
    pub async fn record(&mut self, publisher: Uuid, entry: &Entry) -> Result<()> {
        let by = self.by();
        audit::write(&mut self.conn, &self.moments, publisher, &by, entry).await?;
        Ok(())
    }

    /// Lands the change together with its event.
    pub async fn commit(mut self, event: &SecurityEvent) -> Result<()> {
        let (by, agent) = (self.by(), self.request.agent.clone());
        audit::write_security(&mut self.conn, &self.moments, Some(self.person.id), &by, agent.as_deref(), event).await?;
        self.conn.execute("commit").await?;
        Ok(())
    }
}

impl SignedIn {
    /// The door of system admins, for a page that is another one for them.
    pub async fn into_system<P: Permission>(self) -> Result<System<P>> {
        System::enter(&self.state, self.request, self.person).await
    }
}

impl<P: Permission> FromRequestParts<State> for System<P> {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self> {
        let (_, person) = asker(parts, state).await?;
        System::enter(state, Request::of(parts), person).await
    }
}

impl<P: Permission> System<P> {
    async fn enter(state: &State, request: Request, person: Person) -> Result<Self> {
        if !person.system_admin {
            // Whoever is no system admin does not learn what there is.
            return Err(Error::Forbidden(Forbidden::System));
        }
        if !state.settings().demo() {
            person.require_factor()?;
        }
        if P::FRESH && request.method != Method::GET {
            person.require_fresh(state.moments().now())?;
        }
        let mut conn = state.platform_pool().acquire().await?;
        conn.execute("begin").await?;
        let admitted = sqlx::query_scalar!(r#"select ctx.enter_platform($1) as "admitted!""#, person.id).fetch_one(&mut *conn).await?;
        if !admitted {
            return Err(Error::Forbidden(Forbidden::System));
        }
        Ok(System { person, moments: state.moments().clone(), state: state.clone(), request, conn, permission: PhantomData })
    }
}
