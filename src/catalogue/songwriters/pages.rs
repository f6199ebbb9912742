//! Songwriters as pages: list, one, form, and the lookup the grid of writers asks while somebody types.

use super::{
    archive,
    form::SongwriterForm,
    matching::hold_names,
    songwriter::{self, Details, Listed, Songwriter, Written, society_name},
};
use crate::{
    access::{
        Read, Routes, Tenant, Write,
        permission::{SongwritersCreate, SongwritersDelete, SongwritersRead, SongwritersUpdate},
    },
    audit::Entry,
    catalogue::{
        doors::{self, keeper, keeps},
        fields::Fields,
        history,
        paging::{After, PAGE, address, counted, cut},
        search::{self, Kind},
        tally, versions,
    },
    error::{Error, Refusal, Result},
    pages,
    standards::societies::Society,
    web::{self, Errors, Form, Moment, Query, Shell},
};
use askama::Template;
use axum::{extract::Path, response::Response};
use serde::Deserialize;
use time::OffsetDateTime;

pub fn routes() -> Routes {
    Routes::new()
        .get("/publishers/{slug}/songwriters", list)
        .get("/publishers/{slug}/songwriters/lookup", lookup)
        .get("/publishers/{slug}/songwriters/new", new)
        .post("/publishers/{slug}/songwriters", create)
        .get("/publishers/{slug}/songwriters/{id}", show)
        .get("/publishers/{slug}/songwriters/{id}/edit", edit)
        .post("/publishers/{slug}/songwriters/{id}", update)
        .post("/publishers/{slug}/songwriters/{id}/archive", archive)
        .post("/publishers/{slug}/songwriters/{id}/restore", restore)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ListQuery {
    q: String,
    /// "archived" for those out of the catalogue.
    state: String,
    after: String,
}

#[derive(Template)]
#[template(path = "songwriters/list.html", blocks = ["content"])]
struct SongwritersPage {
    shell: Shell,
    meaning: &'static str,
    path: String,
    q: String,
    state: String,
    songwriters: Vec<Listed>,
    total: String,
    next: Option<String>,
    first: Option<String>,
    searches: bool,
    may_create: bool,
    may_archive: bool,
}

#[derive(Template)]
#[template(path = "songwriters/show.html", blocks = ["content"])]
struct SongwriterPage {
    shell: Shell,
    now: OffsetDateTime,
    base: String,
    url: String,
    name: String,
    ipi: String,
    facts: Vec<(&'static str, String)>,
    works: Vec<Written>,
    more_works: Option<String>,
    history: Vec<history::Entry>,
    sees_history: bool,
    archived: Option<OffsetDateTime>,
    /// Why it could not be archived.
    errors: Errors,
    may_update: bool,
    may_archive: bool,
    invite: Option<String>,
}

#[derive(Template)]
#[template(path = "songwriters/edit.html", blocks = ["content"])]
struct SongwriterFormPage {
    shell: Shell,
    heading: String,
    path: String,
    action: String,
    form: SongwriterForm,
    errors: Errors,
    societies: Vec<(&'static str, String)>,
    /// A songwriter of the same name is there: the form asks whether this is another person.
    namesake: bool,
}

/// Answers for the grid: who begins like this.
#[derive(Template)]
#[template(path = "songwriters/_options.html")]
struct Options {
    songwriters: Vec<Listed>,
}

pages!(SongwritersPage, SongwriterPage, SongwriterFormPage);

/// Policy: staff see every songwriter of the publisher; a creator sees their own.
async fn list(mut at: Read<SongwritersRead>, Query(query): Query<ListQuery>) -> Result<Response> {
    let path = at.url("/songwriters");
    // Whoever keeps works searches; a creator has one songwriter to see.
    let searches = !matches!(at.reach, crate::access::Reach::Own(_));
    let terms = if searches { search::terms(&query.q) } else { Vec::new() };
    let found = if terms.is_empty() { None } else { Some(search::find(&mut at, Kind::Songwriter, &terms).await?) };
    let (archived, after) = (query.state == "archived", After::read(&query.after));
    let mut songwriters = songwriter::list(&mut at, found.as_deref(), archived, after.as_ref()).await?;
    let next = cut(&mut songwriters, Listed::after);
    let total = match (songwriters.first().and_then(|row| row.total), &next, &after) {
        (_, None, None) => songwriters.len().to_string(),
        (Some(total), ..) => counted(total),
        _ => web::figure(songwriter::total(&mut at).await?),
    };
    let url = |after: &str| address(&path, &[("q", query.q.trim()), ("state", &query.state), ("after", after)]);
    web::page(&SongwritersPage {
        shell: at.shell(),
        meaning: if searches { "Everybody who wrote a work in the catalogue." } else { "You, as the catalogue knows you." },
        songwriters,
        total,
        next: next.map(|after| url(&after)),
        first: after.map(|_| url("")),
        searches,
        may_create: keeps(&at, "songwriters:create"),
        may_archive: keeps(&at, "songwriters:delete"),
        q: query.q,
        state: query.state,
        path,
    })
}

/// Options for a field of the grid. Somebody who sees no songwriters gets none.
async fn lookup(mut at: Read<SongwritersRead>, Query(query): Query<ListQuery>) -> Result<Response> {
    const OFFERED: usize = 8;
    let terms = search::terms(&query.q);
    let mut songwriters = Vec::new();
    if !terms.is_empty() {
        let found = search::find(&mut at, Kind::Songwriter, &terms).await?;
        songwriters = songwriter::list(&mut at, Some(&found), false, None).await?;
        songwriters.truncate(OFFERED);
    }
    web::fragment(&Options { songwriters })
}

async fn show(mut at: Read<SongwritersRead>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    let songwriter = songwriter::load(&mut at, doors::id(&id)?).await?;
    web::page(&page(&mut at, songwriter, Errors::none()).await?)
}

async fn page(at: &mut Tenant, songwriter: Songwriter, errors: Errors) -> Result<SongwriterPage> {
    let mut works = songwriter::works(at, songwriter.id).await?;
    let history = history::of(at, songwriter.id).await?;
    let more = works.len() > PAGE;
    works.truncate(PAGE);
    let Details { first, stage, society, number, .. } = songwriter.details();
    let mut facts = vec![
        ("Last name", songwriter.last_name.clone().unwrap_or_default()),
        ("First names", first.unwrap_or_default()),
        ("Stage name", stage.unwrap_or_default()),
        ("Society", society.as_deref().map(society_name).unwrap_or_default()),
        ("Own number", number.unwrap_or_default()),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    let all = address(&at.url("/works"), &[("q", songwriter.name().as_str())]);
    Ok(SongwriterPage {
        shell: at.shell(),
        now: at.now(),
        base: at.url(""),
        url: at.url(&format!("/songwriters/{}", songwriter.id)),
        name: songwriter.name(),
        ipi: songwriter.ipi.clone().unwrap_or_default(),
        facts,
        works,
        more_works: more.then_some(all),
        history,
        sees_history: history::seen(at),
        archived: songwriter.archived_at,
        errors,
        may_update: keeps(at, "songwriters:update") && songwriter.archived_at.is_none(),
        may_archive: keeps(at, "songwriters:delete") && archive::within(&at.reach),
        invite: (songwriter.archived_at.is_none() && at.may("members:invite") && archive::within(&at.reach))
            .then(|| at.url(&format!("/invitations/new?songwriter={}", songwriter.id))),
    })
}

impl SongwriterFormPage {
    fn of(at: &Tenant, form: SongwriterForm, errors: Errors, before: Option<&Songwriter>) -> Self {
        let path = at.url("/songwriters");
        let mut societies: Vec<(&'static str, String)> =
            Society::offered().map(|society| (society.code.as_str(), society.to_string())).collect();
        if let Some(former) = Society::by_code(&form.society).filter(|former| societies.iter().all(|(code, _)| *code != former.code)) {
            societies.push((former.code.as_str(), former.to_string()));
        }
        SongwriterFormPage {
            shell: at.shell(),
            heading: before.map(Songwriter::name).unwrap_or_default(),
            action: before.map_or_else(|| path.clone(), |songwriter| format!("{path}/{}", songwriter.id)),
            path,
            namesake: errors.of("another").is_some(),
            form,
            errors,
            societies,
        }
    }
}

async fn new(at: Read<SongwritersCreate>) -> Result<Response> {
    keeper(&at, "songwriters:create")?;
    web::page(&SongwriterFormPage::of(&at, SongwriterForm::default(), Errors::none(), None))
}

async fn create(mut at: Write<SongwritersCreate>, Form(form): Form<SongwriterForm>) -> Result<Response> {
    keeper(&at, "songwriters:create")?;
    let id = at.new_id();
    match add(&mut at, &form, id).await {
        Ok(name) => {
            let url = at.url(&format!("/songwriters/{id}"));
            at.commit(Entry::SongwriterCreated { songwriter: id, name }).await?;
            Ok(web::done(&url, "good", "Songwriter added."))
        }
        Err(Error::Refused(refusal)) => web::page_with(refusal.status, &SongwriterFormPage::of(&at, form, Errors::from(&refusal), None)),
        Err(error) => Err(error),
    }
}

async fn add(at: &mut Tenant, form: &SongwriterForm, id: uuid::Uuid) -> Result<String> {
    let details = form.check(None)?;
    refuse_double(at, form, &details, None).await?;
    let name = details.name();
    songwriter::insert(at, &[(id, details)]).await?;
    tally::count(at, tally::Change { songwriters: 1, ..Default::default() }).await?;
    Ok(name)
}

/// One person, one songwriter: the same IPI is refused, the same name is asked about.
async fn refuse_double(at: &mut Tenant, form: &SongwriterForm, details: &Details, except: Option<uuid::Uuid>) -> Result<()> {
    let mut fields = Fields::new();
    hold_names(at, &[details.key()]).await?;
    let same = songwriter::same(at, details, except).await?;
    let same_ipi = same.iter().find(|other| details.ipi.is_some() && other.ipi == details.ipi);
    match (same_ipi, same.first()) {
        (Some(other), _) => {
            let archived = if other.archived_at.is_some() { ", who is archived" } else { "" };
            fields.refuse("ipi", "ipi_of_another", format!("This IPI belongs to {}{archived}.", other.name()));
        }
        (None, Some(other)) if form.another.is_empty() => {
            let name = other.name();
            let words = match other.archived_at {
                None => format!("There is a songwriter called {name} already. Tick this box if it is somebody else."),
                Some(_) => format!("{name} is archived. Restore that songwriter, or tick this box if it is somebody else."),
            };
            fields.refuse("another", "namesake", words);
        }
        _ => {}
    }
    fields.or(())
}

async fn edit(mut at: Read<SongwritersUpdate>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    keeper(&at, "songwriters:update")?;
    let songwriter = songwriter::load(&mut at, doors::id(&id)?).await?;
    if songwriter.archived_at.is_some() {
        return Err(archived().into());
    }
    web::page(&SongwriterFormPage::of(&at, SongwriterForm::of(&songwriter), Errors::none(), Some(&songwriter)))
}

fn archived() -> Refusal {
    Refusal::conflict("archived", "This songwriter is archived. Restore the songwriter first.")
}

async fn update(
    mut at: Write<SongwritersUpdate>,
    Path((_, id)): Path<(String, String)>,
    Form(mut form): Form<SongwriterForm>,
) -> Result<Response> {
    keeper(&at, "songwriters:update")?;
    let before = songwriter::load(&mut at, doors::id(&id)?).await?;
    let url = at.url(&format!("/songwriters/{}", before.id));
    match save(&mut at, &form, &before).await {
        Ok((_, changes)) if changes.is_empty() => Ok(web::done(&url, "info", "Nothing was changed.")),
        Ok((name, changes)) => {
            at.commit(Entry::SongwriterUpdated { songwriter: before.id, name, changes: changes.detail() }).await?;
            Ok(web::done(&url, "good", "Songwriter saved."))
        }
        Err(Error::Refused(refusal)) => {
            form.version = versions::sent_back(&refusal, form.version, before.present());
            web::page_with(refusal.status, &SongwriterFormPage::of(&at, form, Errors::from(&refusal), Some(&before)))
        }
        Err(error) => Err(error),
    }
}

async fn save(at: &mut Tenant, form: &SongwriterForm, before: &Songwriter) -> Result<(String, crate::catalogue::changes::Changes)> {
    if before.archived_at.is_some() {
        return Err(archived().into());
    }
    versions::check(at, "songwriter", &form.version, before.present()).await?;
    let details = form.check(Some(before))?;
    let newly_named = before.name() != details.name() || before.ipi != details.ipi;
    if newly_named {
        refuse_double(at, form, &details, Some(before.id)).await?;
    }
    Ok((details.name(), songwriter::update(at, before, &details).await?))
}

async fn archive(at: Write<SongwritersDelete>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    set_archived(at, &id, true).await
}

async fn restore(at: Write<SongwritersDelete>, Path((_, id)): Path<(String, String)>) -> Result<Response> {
    set_archived(at, &id, false).await
}

/// Done twice, it is still done: the second press only hears so. What stands in the way is said on the songwriter's page.
async fn set_archived(mut at: Write<SongwritersDelete>, id: &str, archived: bool) -> Result<Response> {
    keeper(&at, "songwriters:delete")?;
    let before = songwriter::load(&mut at, doors::id(id)?).await?;
    let (songwriter, name, url) = (before.id, before.name(), at.url(&format!("/songwriters/{}", before.id)));
    let (words, entry) = if archived {
        ("Songwriter archived, out of the lists and no longer offered for works.", Entry::SongwriterArchived { songwriter, name })
    } else {
        ("Songwriter restored.", Entry::SongwriterRestored { songwriter, name })
    };
    match archive::set_archived(&mut at, &before, archived).await {
        Ok(changed) => {
            if changed {
                at.commit(entry).await?;
            }
            Ok(web::done(&url, "good", words))
        }
        Err(Error::Refused(refusal)) => {
            let errors = Errors::from(&refusal);
            web::page_with(refusal.status, &page(&mut at, before, errors).await?)
        }
        Err(error) => Err(error),
    }
}
