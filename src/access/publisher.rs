//! Jobs enter a publisher by the same gate as people, with the rights of the person who asked for the work.

use super::{
    gate,
    guards::Write,
    identity::Person,
    permission::Permission,
    state::{Request, State},
};
use crate::error::{Error, Result};
use axum::http::{HeaderMap, Method};
use uuid::Uuid;

/// A job's transaction in a publisher, if the person it acts for still holds `P` there.
pub async fn enter_for_job<P: Permission>(state: &State, publisher: Uuid, user: Uuid) -> Result<Write<P>> {
    let mut conn = state.platform_pool().acquire().await?;
    let found = sqlx::query!(r#"select slug as "slug!", name as "name!", email as "email!", is_system_admin as "is_system_admin!" from ctx.job_actor($1, $2)"#, publisher, user)
        .fetch_optional(&mut *conn)
        .await?;
    drop(conn);
    let found = found.ok_or(Error::NotFound)?;
    let person = Person { session: Uuid::nil(), id: user, email: found.email, name: found.name, system_admin: found.is_system_admin, last_publisher: None };
    let request = Request { method: Method::POST, path: String::new(), headers: HeaderMap::new(), address: None, agent: None };
    Ok(Write::new(gate::enter(state, request, &found.slug, person, P::NAME, true).await?))
}
