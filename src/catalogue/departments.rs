//! Into which departments a person may put works. The departments themselves are kept by `members`.

use super::fields::Fields;
use crate::{
    access::{Reach, Tenant},
    error::{Refusal, Result},
};
use serde::Deserialize;
use uuid::Uuid;

#[derive(Debug, Clone, Deserialize)]
pub struct Department {
    pub id: Uuid,
    pub name: String,
}

/// The departments one person may use.
#[derive(Debug, Clone, Default)]
pub struct Departments {
    pub usable: Vec<Department>,
    /// The person reaches departments only, so each of their works must be in one.
    pub required: bool,
}

impl Departments {
    pub async fn of(at: &mut Tenant) -> Result<Self> {
        let publisher = at.publisher.id;
        let all = sqlx::query_as!(
            Department,
            "select id, name from departments where publisher_id = $1 and archived_at is null order by lower(name), id",
            publisher
        )
        .fetch_all(at.db())
        .await?;
        Ok(Self::within(&at.reach, all))
    }

    /// Those of the publisher's open departments that a reach leaves.
    pub fn within(reach: &Reach, mut all: Vec<Department>) -> Self {
        let required = match reach {
            Reach::Departments(own) => {
                all.retain(|department| own.contains(&department.id));
                true
            }
            _ => false,
        };
        Departments { usable: all, required }
    }

    /// Choices of a list's filter; none when all works a person sees are in one department.
    pub fn filter(&self) -> Vec<(String, String)> {
        if self.required && self.usable.len() < 2 { Vec::new() } else { self.options() }
    }

    /// Choices of a form.
    pub fn options(&self) -> Vec<(String, String)> {
        self.usable.iter().map(|department| (department.id.to_string(), department.name.clone())).collect()
    }

    /// The department chosen in a form. `present` is the work's own so far, which may stay even when it is closed by now.
    pub fn choose(&self, typed: &str, present: Option<Uuid>, fields: &mut Fields) -> Option<Uuid> {
        let typed = typed.trim();
        if typed.is_empty() {
            if self.required {
                fields.refuse("department", "department", "Choose one of your departments; you see only works in them.");
            }
            return None;
        }
        let chosen = Uuid::try_parse(typed).ok().filter(|id| present == Some(*id) || self.usable.iter().any(|usable| usable.id == *id));
        if chosen.is_none() {
            fields.refuse("department", "department", "Choose a department from the list.");
        }
        chosen
    }

    /// The name of one of these departments.
    pub fn name(&self, id: Uuid) -> Option<&str> {
        self.usable.iter().find(|usable| usable.id == id).map(|usable| usable.name.as_str())
    }

    /// The department of a name, as files have it.
    pub fn named(&self, name: &str) -> Option<Uuid> {
        let name = name.to_lowercase();
        self.usable.iter().find(|usable| usable.name.to_lowercase() == name).map(|usable| usable.id)
    }

    /// The only one there is to choose.
    pub fn only(&self) -> Option<Uuid> {
        match self.usable.as_slice() {
            [one] if self.required => Some(one.id),
            _ => None,
        }
    }

    /// The department of an import's rows that name none: the uploader's choice, as far as this person may use it too.
    pub fn of_import(&self, chosen: Option<Uuid>) -> std::result::Result<Option<Uuid>, Refusal> {
        match chosen {
            Some(id) if self.name(id).is_none() => {
                Err(Refusal::rule("department_closed", "The department chosen for this file is not one you may use, or not any more."))
            }
            None if self.required => {
                let words = "No department was chosen for this file. Name one of your departments in a column “Department”, or choose one when you upload it.";
                Err(Refusal::rule("department_missing", words))
            }
            chosen => Ok(chosen),
        }
    }
}
