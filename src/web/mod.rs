//! HTML that belongs to no feature: the shell, whole pages and fragments, forms, error faces, layers, static files, charts.

pub mod agent;
pub mod assets;
pub mod brand;
pub mod charts;
pub mod faces;
pub mod figures;
pub mod form;
pub mod layers;
pub mod moment;
pub mod place;
pub mod query;
pub mod redirect;
pub mod shell;

pub use assets::asset;
pub use form::{Errors, Form};
pub use moment::{Moment, day, figure};
pub use query::Query;
pub use redirect::{done, see_other};
pub use shell::{Flash, Shell};

use crate::error::{Error, Result};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

/// A page of the application: a template that extends `layout/page.html` and marks its region as block `content`.
/// Implemented by [`pages!`](crate::pages).
pub trait Page {
    fn shell(&self) -> &Shell;
    fn whole(&self) -> askama::Result<String>;
    fn content(&self) -> askama::Result<String>;
}

/// Makes template structs pages: `pages!(MembersPage, MemberPage);`. Each needs a field `shell` and
/// `#[template(path = "…", blocks = ["content"])]`.
#[macro_export]
macro_rules! pages {
    ($($page:ident),+ $(,)?) => {$(
        impl $crate::web::Page for $page {
            fn shell(&self) -> &$crate::web::Shell {
                &self.shell
            }
            fn whole(&self) -> askama::Result<String> {
                askama::Template::render(self)
            }
            fn content(&self) -> askama::Result<String> {
                askama::Template::render(&self.as_content())
            }
        }
    )+};
}

/// The page, whole or only its content when htmx asked for a part. The only place that decides.
pub fn page(page: &impl Page) -> Result<Response> {
    page_with(StatusCode::OK, page)
}

/// The same page with what was wrong: 422, or the refusal's own status.
pub fn page_with(status: StatusCode, page: &impl Page) -> Result<Response> {
    let html = if page.shell().fragment { page.content() } else { page.whole() };
    let html = html.map_err(|error| Error::from(anyhow::Error::new(error)))?;
    let mut response = (status, Html(html)).into_response();
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("hx-request"));
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    }
    Ok(response)
}

/// A response that shows a secret beside what a stranger could put there is not compressed: its length would tell (BREACH).
pub fn uncompressed(mut response: Response) -> Response {
    response.extensions_mut().insert(layers::Uncompressed);
    response
}

/// A piece of a page on its own, for htmx to swap in.
pub fn fragment(template: &impl askama::Template) -> Result<Response> {
    let html = template.render().map_err(|error| Error::from(anyhow::Error::new(error)))?;
    Ok(Html(html).into_response())
}
