//! Picker, switcher, creation and visits as pages.

use super::{
    publisher::{self, Listed, MODELS, Mine, NewPublisher, PAGE, PLANS, TYPES},
    visit::{self, Host, NewVisit},
};
use crate::{
    access::{
        Anyone, Read, Routes, SignedIn, System,
        permission::{PublisherRead, SystemPublishers},
    },
    error::{Error, Result},
    pages,
    web::{self, Errors, Form, Moment, Query, Shell, redirect::own_path},
};
use askama::Template;
use axum::{extract::Path, response::Response};
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

pub fn routes() -> Routes {
    Routes::new()
        .get("/", home)
        .get("/publishers", list)
        .get("/publishers/new", new)
        .post("/publishers", create)
        .get("/publishers/{slug}/switch", switch)
        .get("/publishers/{slug}/visit", show_visit)
        .post("/publishers/{slug}/visit", start_visit)
        .post("/publishers/{slug}/visit/end", end_visit)
}

/// To the publisher used last if it is still open to the person, the picker, or sign-in.
async fn home(at: Anyone) -> Result<Response> {
    let Some(person) = at.person().await? else { return Ok(web::see_other(crate::sign_in::SIGN_IN)) };
    let Some(last) = person.last_publisher else { return Ok(web::see_other("/publishers")) };
    let mut door = at.identity().await?;
    door.speak_for(person.id, &person.name).await?;
    let open = publisher::mine(&mut door).await?.iter().any(|publisher| publisher.slug == last && publisher.shut.is_none());
    Ok(web::see_other(&if open { format!("/publishers/{last}") } else { "/publishers".to_owned() }))
}

#[derive(Template)]
#[template(path = "publishers/picker.html", blocks = ["content"])]
struct PickerPage {
    shell: Shell,
    now: time::OffsetDateTime,
    publishers: Vec<Mine>,
    all_shut: bool,
}

#[derive(Template)]
#[template(path = "publishers/directory.html", blocks = ["content"])]
struct DirectoryPage {
    shell: Shell,
    q: String,
    /// The section that each publisher is to be opened at; empty for its dashboard.
    to: String,
    publishers: Vec<Listed>,
    shown: String,
    next: Option<String>,
    first: Option<String>,
}

#[derive(Template)]
#[template(path = "publishers/new.html", blocks = ["content"])]
struct NewPage {
    shell: Shell,
    typed: NewPublisher,
    errors: Errors,
    types: &'static [(&'static str, &'static str)],
    models: &'static [(&'static str, &'static str)],
    plans: &'static [(&'static str, &'static str)],
}

#[derive(Template)]
#[template(path = "publishers/visit.html", blocks = ["content"])]
struct VisitPage {
    shell: Shell,
    host: Host,
    typed: NewVisit,
    errors: Errors,
}

pages!(PickerPage, DirectoryPage, NewPage, VisitPage);

#[derive(Deserialize, Default)]
#[serde(default)]
struct ListQuery {
    q: String,
    to: String,
    after: String,
    id: String,
}

/// The publishers of the person; for a system admin, all there are.
async fn list(at: SignedIn, Query(query): Query<ListQuery>) -> Result<Response> {
    if at.person.system_admin {
        return directory(at.into_system().await?, query).await;
    }
    let mut door = at.identity().await?;
    let publishers = publisher::mine(&mut door).await?;
    if let ([only @ Mine { shut: None, .. }], "/publishers") = (publishers.as_slice(), at.request.path.as_str()) {
        return Ok(web::see_other(&format!("/publishers/{}", only.slug)));
    }
    web::page(&PickerPage {
        shell: at.shell(),
        now: door.now(),
        all_shut: publishers.iter().all(|publisher| publisher.shut.is_some()),
        publishers,
    })
}

async fn directory(mut at: System<SystemPublishers>, query: ListQuery) -> Result<Response> {
    let q: String = query.q.trim().chars().take(100).collect();
    let after = Uuid::try_parse(&query.id).ok().map(|id| (query.after.as_str(), id));
    let mut publishers = publisher::directory(&mut at, &q, after).await?;
    let to: String = query.to.chars().filter(char::is_ascii_lowercase).collect();
    let more = publishers.len() > PAGE;
    publishers.truncate(PAGE);
    let next = publishers.last().filter(|_| more).map(|last| {
        let pairs = form_urlencoded::Serializer::new(String::new())
            .append_pair("q", &q)
            .append_pair("to", &to)
            .append_pair("after", &last.name)
            .append_pair("id", &last.id.to_string())
            .finish();
        format!("/publishers?{pairs}")
    });
    web::page(&DirectoryPage {
        shell: at.shell(),
        shown: publishers.len().to_string(),
        first: after.map(|_| if to.is_empty() { "/publishers".to_owned() } else { format!("/publishers?to={to}") }),
        q,
        to,
        publishers,
        next,
    })
}

async fn new(at: System<SystemPublishers>) -> Result<Response> {
    let form = NewPublisher {
        publisher_type: "professional".into(),
        business_model: "traditional".into(),
        plan: "professional".into(),
        ..NewPublisher::default()
    };
    web::page(&NewPage { shell: at.shell(), typed: form, errors: Errors::none(), types: TYPES, models: MODELS, plans: PLANS })
}

async fn create(at: System<SystemPublishers>, Form(form): Form<NewPublisher>) -> Result<Response> {
    let shell = at.shell();
    match publisher::create(at, &form).await {
        Ok(slug) => {
            Ok(web::done(&format!("/publishers/{slug}/visit"), "good", "The publisher is created. Visit it to invite its first admin."))
        }
        Err(Error::Refused(refusal)) => {
            let errors = Errors::from(&refusal);
            web::page_with(refusal.status, &NewPage { shell, typed: form, errors, types: TYPES, models: MODELS, plans: PLANS })
        }
        Err(error) => Err(error),
    }
}

/// The same section in this publisher, with the search and filters it came with, when the person may see it here; else its
/// dashboard.
async fn switch(at: Read<PublisherRead>, Query(query): Query<Vec<(String, String)>>) -> Result<Response> {
    let section = query.iter().find(|(name, _)| name == "to").map_or("", |(_, value)| value.as_str());
    let here = at.shell().sections.into_iter().flat_map(|section| section.links).find(|link| link.url == at.url(&format!("/{section}")));
    let Some(link) = here else { return Ok(web::see_other(&at.url(""))) };
    let filters = query.iter().filter(|(name, _)| name != "to");
    let filters = form_urlencoded::Serializer::new(String::new()).extend_pairs(filters).finish();
    Ok(web::see_other(&if filters.is_empty() { link.url } else { format!("{}?{filters}", link.url) }))
}

async fn show_visit(mut at: System<SystemPublishers>, Path(slug): Path<String>, Query(form): Query<NewVisit>) -> Result<Response> {
    let host = visit::host(&mut at, &slug).await?;
    web::page(&VisitPage { shell: at.shell(), host, typed: form, errors: Errors::none() })
}

async fn start_visit(mut at: System<SystemPublishers>, Path(slug): Path<String>, Form(form): Form<NewVisit>) -> Result<Response> {
    let host = visit::host(&mut at, &slug).await?;
    let shell = at.shell();
    match visit::start(at, &host, &form).await {
        Ok(()) => {
            let dashboard = format!("/publishers/{}", host.slug);
            Ok(web::see_other(own_path(&form.next).filter(|path| is_within(path, &dashboard)).unwrap_or(&dashboard)))
        }
        Err(Error::Refused(refusal)) => {
            web::page_with(refusal.status, &VisitPage { shell, host, typed: form, errors: Errors::from(&refusal) })
        }
        Err(error) => Err(error),
    }
}

/// Is it this page, or one below it, once a browser has taken the dots out? `/publishers/a-2` is not below `/publishers/a`.
fn is_within(path: &str, base: &str) -> bool {
    let resolved = Url::parse("http://localhost").and_then(|root| root.join(path));
    resolved.is_ok_and(|url| url.path().strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

async fn end_visit(mut at: System<SystemPublishers>, Path(slug): Path<String>) -> Result<Response> {
    let host = visit::host(&mut at, &slug).await?;
    visit::end(at, &host).await?;
    Ok(web::done("/publishers", "info", &format!("Your visit to {} has ended.", host.name)))
}
