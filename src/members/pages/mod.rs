//! The pages of members, invitations and acceptance.

mod acceptance;
mod invitations;
mod members;
mod security;

use super::{
    grant::{Asked, Choices},
    invitation::{LONGEST_MESSAGE, NewInvitation},
};
use crate::{
    access::{Reach, Routes, Tenant},
    account::seats::Seats,
    error::{Error, Result},
    web::Errors,
};
use uuid::Uuid;

pub fn routes() -> Routes {
    members::routes().merge(security::routes()).merge(invitations::routes()).merge(acceptance::routes())
}

/// Value and text of each choice of a select.
type Options = Vec<(String, String)>;

/// The form that invites somebody; it stands on two pages.
struct InviteForm {
    action: String,
    typed: NewInvitation,
    errors: Errors,
    roles: Options,
    departments: Options,
    /// The person runs departments, and must name one of them.
    department_required: bool,
    /// None for somebody who cannot invite creators.
    songwriter: Option<SongwriterField>,
    longest_message: usize,
    seats: Seats,
}

impl InviteForm {
    fn new(at: &Tenant, choices: &Choices, typed: NewInvitation, errors: Errors, seats: Seats) -> Self {
        InviteForm {
            action: at.url("/invitations"),
            songwriter: SongwriterField::new(at, choices, &typed.asked()),
            typed,
            errors,
            roles: offered_roles(choices),
            departments: open_departments(choices),
            department_required: matches!(at.reach, Reach::Departments(_)),
            longest_message: LONGEST_MESSAGE,
            seats,
        }
    }
}

/// The field that says whose works a creator sees: a name or an IPI is typed, names are offered meanwhile.
struct SongwriterField {
    text: String,
    id: String,
    lookup: String,
}

impl SongwriterField {
    /// Filled with what was asked for; none for somebody who may not make creators.
    fn new(at: &Tenant, choices: &Choices, asked: &Asked) -> Option<Self> {
        choices.role("creator").filter(|role| role.grantable)?;
        let (text, id) = match choices.chosen(asked) {
            Some((id, name)) => (name.clone(), id.to_string()),
            None => (asked.songwriter.clone(), String::new()),
        };
        Some(SongwriterField { text, id, lookup: at.url("/songwriters/lookup") })
    }
}

/// The roles the person may give to people.
fn offered_roles(choices: &Choices) -> Options {
    let offered = choices.roles.iter().filter(|role| role.grantable && role.is_for_people());
    offered.map(|role| (role.key.clone(), format!("{}: {}", role.name, role.description))).collect()
}

/// The departments the person may place people in.
fn open_departments(choices: &Choices) -> Options {
    choices
        .departments
        .iter()
        .filter(|department| department.open)
        .map(|department| (department.id.to_string(), department.name.clone()))
        .collect()
}

/// An id of the path; one that is no id is nobody's.
fn id(text: &str) -> Result<Uuid> {
    Uuid::try_parse(text).map_err(|_| Error::NotFound)
}

/// `path` with those parameters that hold something.
fn url_with(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters.iter().filter(|(_, value)| !value.is_empty()));
    match query.finish() {
        empty if empty.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// What somebody searches for, as far as it is looked at.
fn search(typed: &str) -> String {
    typed.trim().chars().filter(|c| !c.is_control()).take(100).collect()
}

/// A sentence shown beside a fragment, with the way back when there is one.
struct Note {
    kind: &'static str,
    text: String,
    undo: Option<Undo>,
}

struct Undo {
    label: &'static str,
    url: String,
    target: String,
}
