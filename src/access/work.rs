//! How jobs reach the database: a publisher by the same gate as people, with the rights of the person who asked for the work,
//! and the tables of the worker itself.

use super::{
    device::Device,
    gate::{self, Asker, Tenant},
    guards::Write,
    identity::{Identity, Level, Person},
    permission::Permission,
    state::{Request, State},
};
use crate::{
    audit::Entry,
    error::{Error, Result},
    jobs,
};
use axum::http::{HeaderMap, Method};
use sqlx::{Postgres, Transaction};
use std::ops::{Deref, DerefMut};
use uuid::Uuid;

/// A job's transaction in a publisher. Beside a change with its row of the trail it may land how far it has come, which no
/// handler can.
pub struct Work<P>(Write<P>);

impl<P> Deref for Work<P> {
    type Target = Tenant;
    fn deref(&self) -> &Tenant {
        &self.0
    }
}
impl<P> DerefMut for Work<P> {
    fn deref_mut(&mut self) -> &mut Tenant {
        &mut self.0
    }
}

impl<P> Work<P> {
    /// The same door as a handler's, for what both do.
    pub fn as_write(&mut self) -> &mut Write<P> {
        &mut self.0
    }
}

impl<P: Permission> Work<P> {
    /// Lands the change together with its row of the trail, if the person still may.
    pub async fn commit(mut self, entry: Entry) -> Result<()> {
        self.ask_again(P::NAME).await?;
        self.0.commit(entry).await
    }

    /// Lands how far a job has come. Nothing people keep may change by it: the trail says nothing of it.
    pub async fn commit_progress(mut self) -> Result<()> {
        self.ask_again(P::NAME).await?;
        self.0.into_tenant().finish().await
    }
}

impl State {
    /// A transaction on what belongs to the worker: the queue, the outbox, usage on its way.
    pub async fn begin_work(&self) -> Result<Transaction<'static, Postgres>> {
        Ok(jobs::begin(self.pools()).await?)
    }
}

/// Enters a publisher for a job, if the person it acts for still holds `P` there. Their membership is not held: that they
/// hold it is asked again at the commit.
pub async fn enter_for_job<P: Permission>(state: &State, publisher: Uuid, user: Uuid) -> Result<Work<P>> {
    let mut conn = state.platform_pool().acquire().await?;
    let found = sqlx::query!(
        r#"select slug as "slug!", name as "name!", email as "email!", is_system_admin as "is_system_admin!" from ctx.job_actor($1, $2)"#,
        publisher,
        user
    )
    .fetch_optional(&mut *conn)
    .await?;
    drop(conn);
    let found = found.ok_or(Error::NotFound)?;
    let person = Person {
        session: Uuid::nil(),
        id: user,
        email: found.email,
        name: found.name,
        system_admin: found.is_system_admin,
        last_publisher: None,
        level: Level::Password,
        proved_at: state.moments().now(),
        factors: Vec::new(),
        verified: true,
    };
    let request = request(None, None);
    Ok(Work(Write::new(gate::enter(state, request, &found.slug, Asker::Job(person), P::NAME, true).await?)))
}

/// The narrow transaction on people and credentials for a job: speaking for nobody yet. `address` and `agent` are of the request
/// that caused it.
pub async fn identity_for_job(state: &State, address: Option<String>, agent: Option<String>) -> Result<Identity> {
    Identity::begin(state, request(address, agent), None).await
}

/// What stands for a request where there is none.
fn request(address: Option<String>, agent: Option<String>) -> Request {
    Request { method: Method::POST, path: String::new(), headers: HeaderMap::new(), address, agent, device: Device::default() }
}
