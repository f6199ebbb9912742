//! The guards: a handler's first argument, and its only way to the database.

use super::{
    gate::{self, Asker, Tenant},
    identity::{Identity, Person},
    permission::Permission,
    session,
    state::{Request, State},
};
use crate::{
    audit::{By, Entry, SecurityEvent},
    error::{Error, Forbidden, Refusal, Result},
    web::{Shell, form::TakenForm, place::Place, redirect},
};
use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use std::{
    marker::PhantomData,
    ops::{Deref, DerefMut},
};
use tower_sessions::Session;
use uuid::Uuid;

/// Open to all, and says so: at most a narrow transaction on people and credentials.
pub struct Anyone {
    pub state: State,
    pub request: Request,
    pub session: Session,
}

/// A known person, no publisher; the same narrow transaction.
pub struct SignedIn {
    pub state: State,
    pub request: Request,
    pub session: Session,
    pub person: Person,
}

/// A read-only look into one publisher, by someone who holds `P` there.
pub struct Read<P>(Tenant, PhantomData<P>);

/// A change to one publisher, by someone who holds `P` there; lands only with its audit entry.
pub struct Write<P>(Tenant, PhantomData<P>);

impl<P> Deref for Read<P> {
    type Target = Tenant;
    fn deref(&self) -> &Tenant {
        &self.0
    }
}
impl<P> DerefMut for Read<P> {
    fn deref_mut(&mut self) -> &mut Tenant {
        &mut self.0
    }
}
impl<P> Deref for Write<P> {
    type Target = Tenant;
    fn deref(&self) -> &Tenant {
        &self.0
    }
}
impl<P> DerefMut for Write<P> {
    fn deref_mut(&mut self) -> &mut Tenant {
        &mut self.0
    }
}

impl<P> Write<P> {
    pub(super) fn new(tenant: Tenant) -> Self {
        Write(tenant, PhantomData)
    }

    pub(super) fn into_tenant(self) -> Tenant {
        self.0
    }

    /// Writes one more row of the trail, for an act that changed several things.
    pub async fn record(&mut self, entry: &Entry) -> Result<()> {
        let (by, moments, publisher) = (self.0.by(), self.0.moments.clone(), self.0.publisher.id);
        crate::audit::write(self.0.db(), &moments, publisher, &by, entry).await?;
        Ok(())
    }

    /// Writes an event of somebody's own account, for an act of this publisher that concerns how they sign in.
    pub async fn record_about(&mut self, person: Uuid, event: &SecurityEvent) -> Result<()> {
        let (by, moments) = (self.0.by(), self.0.moments.clone());
        crate::audit::write_security(self.0.db(), &moments, Some(person), &By { address: None, ..by }, None, event).await?;
        Ok(())
    }

    /// Lands the change together with its row of the trail.
    pub async fn commit(mut self, entry: Entry) -> Result<()> {
        self.record(&entry).await?;
        self.0.finish().await
    }
}

/// Somebody who stood inside and let the transaction go.
pub struct Outside<P> {
    request: Request,
    slug: String,
    person: Person,
    door: PhantomData<P>,
}

impl<P: Permission> Write<P> {
    /// Ends the transaction with nothing changed, so that none waits for a slow line.
    pub fn step_out(self) -> Outside<P> {
        let Tenant { publisher, person, request, .. } = self.0;
        Outside { request, slug: publisher.slug, person, door: PhantomData }
    }
}

impl<P: Permission> Outside<P> {
    /// Passes the same door again, if the person still may.
    pub async fn enter_again(self, state: &State) -> Result<Write<P>> {
        Ok(Write::new(gate::enter(state, self.request, &self.slug, Asker::Known(self.person), P::NAME, true).await?))
    }
}

impl Anyone {
    /// The narrow transaction: speaking for nobody yet.
    pub async fn identity(&self) -> Result<Identity> {
        Identity::begin(&self.state, self.request.clone(), None).await
    }

    /// Whoever happens to be signed in.
    pub async fn person(&self) -> Result<Option<Person>> {
        person_of(&self.session, &self.state).await
    }

    pub fn shell(&self) -> Shell {
        bare_shell(&self.request, None)
    }
}

impl SignedIn {
    /// The narrow transaction, speaking for this person.
    pub async fn identity(&self) -> Result<Identity> {
        Identity::begin(&self.state, self.request.clone(), Some(&self.person)).await
    }

    /// Refuses when the last proof of who this is is too old for a dangerous act.
    pub fn require_fresh(&self) -> Result<()> {
        self.person.require_fresh(self.state.moments().now())
    }

    pub fn shell(&self) -> Shell {
        bare_shell(&self.request, Some(&self.person))
    }
}

/// A page outside any publisher.
pub(super) fn bare_shell(request: &Request, person: Option<&Person>) -> Shell {
    let system_admin = person.is_some_and(|person| person.system_admin);
    Shell {
        person: person.map(Person::mark),
        sections: super::navigation::bare(&request.path, person),
        flash: redirect::flash(&request.headers),
        system_admin,
        directory: "/publishers".to_owned(),
        fragment: request.fragment(),
        ..Shell::default()
    }
}

fn session_of(parts: &Parts) -> Result<Session> {
    parts.extensions.get::<Session>().cloned().ok_or_else(|| anyhow::anyhow!("the session layer is missing").into())
}

/// The person a session stands for, if it is alive.
async fn person_of(session: &Session, state: &State) -> Result<Option<Person>> {
    match session.id() {
        Some(id) => state.sessions().person(id, state.moments().now()).await,
        None => Ok(None),
    }
}

/// Who asks, and by which session. Nobody is sent to sign in.
pub(super) async fn asker(parts: &Parts, state: &State) -> Result<(Session, Person)> {
    let session = session_of(parts)?;
    let person = person_of(&session, state).await?.ok_or(Error::SignIn)?;
    Ok((session, person))
}

async fn enter<P: Permission>(parts: &mut Parts, state: &State, write: bool) -> Result<Tenant> {
    let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Error::NotFound)?;
    let slug = params.iter().find(|(name, _)| *name == "slug").map(|(_, value)| value.to_owned()).ok_or(Error::NotFound)?;
    let session = session_of(parts)?.id().ok_or(Error::SignIn)?;
    let asker = Asker::Session(session::token_hash(session));
    let tenant = gate::enter(state, Request::of(parts), &slug, asker, P::NAME, write).await?;
    if tenant.role.as_ref().is_some_and(|role| role.key == "api_user") {
        return Err(Error::Forbidden(Forbidden::ProgramsOnly));
    }
    if !tenant.person.verified {
        return Err(Error::Unverified);
    }
    if tenant.visit.is_some() && !state.settings().demo() {
        tenant.person.require_factor()?;
    }
    if tenant.visit.is_none() {
        state.sessions().seen_in(tenant.person.id, tenant.publisher.id, tenant.now());
    }
    if let (Some(place), false) = (parts.extensions.get::<Place>(), tenant.request.fragment()) {
        place.is(tenant.shell());
    }
    if write {
        check_stamp(parts, &tenant)?;
        if P::FRESH {
            tenant.person.require_fresh(tenant.now())?;
        }
    }
    Ok(tenant)
}

/// Every form inside a publisher says which publisher its page showed. One posted from a tab of another is refused before
/// anything happens.
fn check_stamp(parts: &Parts, tenant: &Tenant) -> Result<()> {
    let stamp = match parts.extensions.get::<TakenForm>() {
        Some(form) => form.value("stamp"),
        // Uploads are read by their handler, so theirs is in the address.
        None => parts.uri.query().and_then(|query| {
            form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "stamp").map(|(_, value)| value.into_owned())
        }),
    };
    let name = &tenant.publisher.name;
    let words = match stamp.and_then(|stamp| Uuid::try_parse(&stamp).ok()) {
        Some(stamp) if stamp == tenant.publisher.id => return Ok(()),
        Some(_) => format!("This form was opened for another publisher than {name}. Open the page again and repeat it there."),
        None => "This form does not say which publisher it was opened for. Open the page again and repeat it there.".to_owned(),
    };
    Err(Refusal::conflict("stamp", words).into())
}

impl<P: Permission> FromRequestParts<State> for Read<P> {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self> {
        Ok(Read(enter::<P>(parts, state, false).await?, PhantomData))
    }
}

impl<P: Permission> FromRequestParts<State> for Write<P> {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self> {
        Ok(Write(enter::<P>(parts, state, true).await?, PhantomData))
    }
}

impl FromRequestParts<State> for Anyone {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self> {
        Ok(Anyone { state: state.clone(), request: Request::of(parts), session: session_of(parts)? })
    }
}

impl FromRequestParts<State> for SignedIn {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self> {
        let (session, person) = asker(parts, state).await?;
        Ok(SignedIn { state: state.clone(), request: Request::of(parts), session, person })
    }
}

/// The session's id as the database knows it; for sign-in and sign-out.
pub fn session_hash(session: &Session) -> Option<[u8; 32]> {
    session.id().map(session::token_hash)
}
