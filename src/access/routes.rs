//! Routes that refuse an unguarded handler at compile time, and remember who guards each.

use super::{
    guards::{Anyone, Read, SignedIn, Write},
    permission::Permission,
    state::State,
    system::System,
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    http::Method,
    routing::{MethodRouter, get, post},
};

/// What stands at a handler's door.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a guard",
    note = "a handler's first argument must be `Read<_>`, `Write<_>`, `System<_>`, `SignedIn` or `Anyone`"
)]
pub trait Guard {
    fn door() -> Door;
}

/// A door as lists and tests see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Anyone,
    SignedIn,
    Read(&'static str),
    Write(&'static str),
    System(&'static str),
}

impl Guard for Anyone {
    fn door() -> Door {
        Door::Anyone
    }
}
impl Guard for SignedIn {
    fn door() -> Door {
        Door::SignedIn
    }
}
impl<P: Permission> Guard for Read<P> {
    fn door() -> Door {
        Door::Read(P::NAME)
    }
}
impl<P: Permission> Guard for Write<P> {
    fn door() -> Door {
        Door::Write(P::NAME)
    }
}
impl<P: Permission> Guard for System<P> {
    fn door() -> Door {
        Door::System(P::NAME)
    }
}

/// A handler whose first argument is a guard.
#[diagnostic::on_unimplemented(
    message = "this handler has no guard",
    note = "its first argument must be `Read<_>`, `Write<_>`, `System<_>`, `SignedIn` or `Anyone`"
)]
pub trait Guarded {
    type By: Guard;
}

macro_rules! guarded {
    ($($argument:ident),*) => {
        impl<M, G: Guard, $($argument),*> Guarded for (M, G, $($argument,)*) {
            type By = G;
        }
    };
}
guarded!();
guarded!(A);
guarded!(A, B);
guarded!(A, B, C);
guarded!(A, B, C, D);

/// One entry of the list that `doors.rs` snapshots and tries.
#[derive(Debug, Clone)]
pub struct Listed {
    pub method: Method,
    pub path: &'static str,
    pub door: Door,
}

/// A feature's routes.
#[derive(Default)]
pub struct Routes {
    router: Router<State>,
    listed: Vec<Listed>,
}

impl Routes {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn get<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, State>,
        T: Guarded + 'static,
    {
        self.add::<T::By>(Method::GET, path, get(handler))
    }

    #[must_use]
    pub fn post<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, State>,
        T: Guarded + 'static,
    {
        self.add::<T::By>(Method::POST, path, post(handler))
    }

    /// A POST whose body the handler reads itself, up to `limit` bytes.
    #[must_use]
    pub fn upload<H, T>(self, path: &'static str, limit: usize, handler: H) -> Self
    where
        H: Handler<T, State>,
        T: Guarded + 'static,
    {
        self.add::<T::By>(Method::POST, path, post(handler).layer(DefaultBodyLimit::max(limit)))
    }

    fn add<G: Guard>(mut self, method: Method, path: &'static str, route: MethodRouter<State>) -> Self {
        self.listed.push(Listed { method, path, door: G::door() });
        self.router = self.router.route(path, route);
        self
    }

    #[must_use]
    pub fn merge(mut self, other: Routes) -> Self {
        self.listed.extend(other.listed);
        self.router = self.router.merge(other.router);
        self
    }

    /// Every route with its guard.
    pub fn listed(&self) -> &[Listed] {
        &self.listed
    }

    pub fn into_router(self) -> Router<State> {
        self.router
    }
}
