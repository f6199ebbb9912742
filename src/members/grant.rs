//! What somebody may hand out: a role, and how far it reaches. Nobody grants more than they hold, and who runs departments
//! grants inside those only. Row security repeats the second half (`within_departments`, migration 0004).

use crate::{
    access::{Reach, Tenant},
    error::{Refusal, Result},
    standards::{characters, identifiers::IpiName},
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// How many namesakes are looked at.
const MOST_NAMESAKES: i64 = 20;

/// A role as the person asking sees it.
#[derive(Debug, Clone)]
pub struct Role {
    pub id: Uuid,
    pub key: String,
    pub name: String,
    pub description: String,
    /// It allows nothing the person does not hold.
    pub grantable: bool,
}

impl Role {
    /// A role for programs opens no pages, so no person is given it. Who has it already can be given another.
    pub fn is_for_people(&self) -> bool {
        self.key != "api_user"
    }
}

#[derive(Debug, Clone)]
pub struct Department {
    pub id: Uuid,
    pub name: String,
    /// The person may place people here.
    pub open: bool,
}

/// Everything a form on roles and reach offers to one person.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    pub roles: Vec<Role>,
    pub departments: Vec<Department>,
    /// Those the form may mean.
    pub songwriters: Vec<(Uuid, String)>,
}

/// What a form asks for, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Key of the role.
    pub role: String,
    pub departments: Vec<String>,
    /// A name or an IPI name number, or the id of a link.
    pub songwriter: String,
    /// The one chosen among those offered while the name was typed; counts as long as the name is still theirs.
    pub songwriter_id: String,
}

/// A role with its reach, found to be within the rights of whoever asked.
#[derive(Debug, Clone)]
pub struct Grant {
    pub role: Role,
    pub reach: Reach,
}

impl Grant {
    /// As the column `reach` has it.
    pub fn reach_name(&self) -> &'static str {
        match self.reach {
            Reach::Departments(_) => "departments",
            Reach::Own(_) => "own",
            Reach::Publisher | Reach::Visit => "publisher",
        }
    }

    pub fn departments(&self) -> &[Uuid] {
        match &self.reach {
            Reach::Departments(departments) => departments,
            _ => &[],
        }
    }

    pub fn songwriter(&self) -> Option<Uuid> {
        match self.reach {
            Reach::Own(songwriter) => Some(songwriter),
            _ => None,
        }
    }
}

/// Roles and departments.
pub async fn choices(at: &mut Tenant) -> Result<Choices> {
    let publisher = at.publisher.id;
    let rows = sqlx::query!(
        r#"select 'role' as "kind!", id as "id!", key as "key!", name as "name!", description as "text!", permissions as "grants!",
                  lpad(position::text, 9, '0') as "place!" from roles
           union all select 'department', id, '', name, '', '{}', lower(name) from departments where publisher_id = $1 and archived_at is null
           order by 7, 2"#,
        publisher
    )
    .fetch_all(at.db())
    .await?;
    let held: BTreeSet<&str> = at.permissions().iter().map(String::as_str).collect();
    let mut choices = Choices::default();
    for row in rows {
        match row.kind.as_str() {
            "role" => {
                // Own works lie across departments, so who runs departments cannot hand them out.
                let reachable = row.key != "creator" || !matches!(at.reach, Reach::Departments(_));
                let grantable = reachable && row.grants.iter().all(|permission| held.contains(permission.as_str()));
                choices.roles.push(Role { id: row.id, key: row.key, name: row.name, description: row.text, grantable });
            }
            _ => {
                let open = runs(&at.reach, &[row.id]);
                choices.departments.push(Department { id: row.id, name: row.name, open });
            }
        }
    }
    Ok(choices)
}

/// The same with the songwriters the form may mean.
pub async fn choices_for(at: &mut Tenant, asked: &Asked) -> Result<Choices> {
    let mut choices = choices(at).await?;
    let typed = asked.songwriter.trim();
    if typed.is_empty() && asked.songwriter_id.is_empty() {
        return Ok(choices);
    }
    let ids: Vec<Uuid> = [typed, asked.songwriter_id.trim()].into_iter().filter_map(|text| Uuid::try_parse(text).ok()).collect();
    let ipi = typed.parse::<IpiName>().map(|ipi| ipi.as_str().to_owned()).unwrap_or_default();
    let (publisher, keys) = (at.publisher.id, name_keys(typed));
    let found = sqlx::query!(
        r#"select id, coalesce(nullif(concat_ws(', ', nullif(last_name, ''), nullif(first_name, '')), ''), stage_name, '') as "name!"
             from songwriters where publisher_id = $1 and archived_at is null and (id = any ($2) or ipi = $3 or name_key = any ($4))
            order by name_key, id limit $5"#,
        publisher,
        &ids,
        ipi,
        &keys,
        MOST_NAMESAKES
    )
    .fetch_all(at.db())
    .await?;
    choices.songwriters = found.into_iter().map(|row| (row.id, row.name)).collect();
    Ok(choices)
}

/// The folded keys of a name as typed: "Lind, Ada" as it is, "Ada Lind" both ways round.
fn name_keys(typed: &str) -> Vec<String> {
    let turned = match typed.trim().rsplit_once(char::is_whitespace) {
        Some((first, last)) if !typed.contains(',') => format!("{last} {first}"),
        _ => String::new(),
    };
    [typed, &turned]
        .into_iter()
        .map(|name| characters::fold(name).chars().take(200).collect())
        .filter(|key: &String| !key.is_empty())
        .collect()
}

/// Does this reach take in all these departments?
pub fn runs(reach: &Reach, departments: &[Uuid]) -> bool {
    match reach {
        Reach::Publisher | Reach::Visit => true,
        Reach::Departments(own) => !departments.is_empty() && departments.iter().all(|department| own.contains(department)),
        Reach::Own(_) => false,
    }
}

impl Choices {
    pub fn role(&self, key: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.key == key)
    }

    /// Why whoever has this `reach` could not have granted a role in these departments: the refusal's code, and words that
    /// go on after "invited". None when they could.
    pub fn beyond(&self, reach: &Reach, role: &str, departments: &[Uuid]) -> Option<(&'static str, String)> {
        if !runs(reach, departments) {
            return Some(("outside_your_departments", "outside your departments".to_owned()));
        }
        match self.role(role) {
            Some(role) if role.grantable => None,
            Some(role) => Some(("more_than_you_hold", format!("as {}, which allows more than your own role", role.name))),
            None => Some(("more_than_you_hold", "by a role you do not know".to_owned())),
        }
    }

    /// What is asked for, when whoever has this `reach` may grant it.
    ///
    /// # Errors
    /// A refusal at `role`, `department` or `songwriter`; `more_than_you_hold` and `outside_your_departments` are the two that
    /// guard against handing out too much.
    pub fn grant(&self, reach: &Reach, asked: &Asked) -> Result<Grant, Refusal> {
        let key = asked.role.trim();
        if key.is_empty() {
            return Err(Refusal::field("role", "required", "Choose a role."));
        }
        let role = self.role(key).ok_or_else(|| Refusal::field("role", "unknown_role", "Choose one of the roles in the list."))?;
        if !role.is_for_people() {
            let words = format!("{} is a role for programs, which sign in with a key of their own. Choose a role for a person.", role.name);
            return Err(Refusal::field("role", "programs_only", words));
        }
        if !role.grantable {
            let words = format!("{} allows more than your own role, so you cannot give it. An admin can.", role.name);
            return Err(Refusal::field("role", "more_than_you_hold", words));
        }
        let departments = self.departments(asked)?;
        let granted = match role.key.as_str() {
            "creator" if !departments.is_empty() => {
                return Err(Refusal::field(
                    "department",
                    "creator_department",
                    "A creator sees own works only. Leave the department empty.",
                ));
            }
            "creator" => Reach::Own(self.songwriter(asked)?),
            "admin" if !departments.is_empty() => {
                return Err(Refusal::field(
                    "department",
                    "admin_department",
                    "An admin runs the whole publisher. Leave the department empty.",
                ));
            }
            "department_admin" if departments.is_empty() => {
                return Err(Refusal::field("department", "required", "Choose the department this person is to run."));
            }
            _ if departments.is_empty() => Reach::Publisher,
            _ => Reach::Departments(departments),
        };
        if let (Reach::Departments(_), Reach::Publisher) = (reach, &granted) {
            return Err(Refusal::field(
                "department",
                "outside_your_departments",
                "Choose one of your departments; you do not run the whole publisher.",
            ));
        }
        Ok(Grant { role: role.clone(), reach: granted })
    }

    fn departments(&self, asked: &Asked) -> Result<Vec<Uuid>, Refusal> {
        let mut found = Vec::new();
        for typed in asked.departments.iter().map(|typed| typed.trim()).filter(|typed| !typed.is_empty()) {
            let department = Uuid::try_parse(typed).ok().and_then(|id| self.departments.iter().find(|department| department.id == id));
            match department {
                None => return Err(Refusal::field("department", "unknown_department", "Choose one of the departments in the list.")),
                Some(department) if !department.open => {
                    let words = format!("You do not run {}. Choose one of your departments.", department.name);
                    return Err(Refusal::field("department", "outside_your_departments", words));
                }
                Some(department) if found.contains(&department.id) => {}
                Some(department) => found.push(department.id),
            }
        }
        Ok(found)
    }

    fn songwriter(&self, asked: &Asked) -> Result<Uuid, Refusal> {
        let typed = asked.songwriter.trim();
        if typed.is_empty() && asked.songwriter_id.is_empty() {
            return Err(Refusal::field("songwriter", "required", "Choose the songwriter whose works a creator sees."));
        }
        if let Some(chosen) = self.chosen(asked) {
            return Ok(chosen.0);
        }
        // Of a choice whose name was typed over, nothing is left.
        let typed_over = |id: &Uuid| id.to_string() == asked.songwriter_id;
        let named: Vec<Uuid> = self.songwriters.iter().map(|(id, _)| *id).filter(|id| !typed_over(id)).collect();
        match named.as_slice() {
            [only] => Ok(*only),
            [] => {
                let words = "No songwriter of the catalogue is called this. Write the last name first, or the IPI name number.";
                Err(Refusal::field("songwriter", "unknown_songwriter", words))
            }
            namesakes => {
                let words = format!(
                    "{} songwriters are called this. Type the IPI name number, or invite from the songwriter's own page.",
                    namesakes.len()
                );
                Err(Refusal::field("songwriter", "namesakes", words))
            }
        }
    }

    /// The songwriter named by an id: that of a link, or of a choice whose name still stands in the field.
    pub fn chosen(&self, asked: &Asked) -> Option<&(Uuid, String)> {
        let typed = asked.songwriter.trim();
        self.songwriters.iter().find(|(id, name)| {
            let id = id.to_string();
            id == typed || id == asked.songwriter_id && (name == typed || typed.is_empty())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANR: Uuid = Uuid::from_u128(1);
    const COPYRIGHT: Uuid = Uuid::from_u128(2);
    const ADA: Uuid = Uuid::from_u128(3);

    /// As an admin sees it, or the head of A&R.
    fn choices(reach: &Reach) -> Choices {
        let whole = *reach == Reach::Publisher;
        let role =
            |key: &str, grantable| Role { id: Uuid::nil(), key: key.into(), name: key.into(), description: String::new(), grantable };
        let department = |id, name: &str| Department { id, name: name.into(), open: runs(reach, &[id]) };
        Choices {
            roles: vec![role("editor", true), role("admin", whole), role("creator", whole), role("department_admin", true)],
            departments: vec![department(ANR, "A&R"), department(COPYRIGHT, "Copyright")],
            songwriters: vec![(ADA, "Lind, Ada".into())],
        }
    }

    fn ask(role: &str, departments: &[Uuid], songwriter: &str) -> Asked {
        Asked {
            role: role.into(),
            departments: departments.iter().map(Uuid::to_string).collect(),
            songwriter: songwriter.into(),
            songwriter_id: String::new(),
        }
    }

    fn outcome(reach: &Reach, asked: &Asked) -> Result<Reach, (String, &'static str)> {
        choices(reach).grant(reach, asked).map(|grant| grant.reach).map_err(|refusal| {
            let problem = refusal.problems.into_iter().next().unwrap();
            (problem.field.unwrap(), problem.code)
        })
    }

    #[test]
    fn an_admin_grants_every_role_with_the_reach_that_fits_it() {
        let admin = Reach::Publisher;
        assert_eq!(outcome(&admin, &ask("editor", &[], "")), Ok(Reach::Publisher));
        assert_eq!(outcome(&admin, &ask("editor", &[ANR, COPYRIGHT, ANR], "")), Ok(Reach::Departments(vec![ANR, COPYRIGHT])));
        assert_eq!(outcome(&admin, &ask("creator", &[], &ADA.to_string())), Ok(Reach::Own(ADA)));
        assert_eq!(outcome(&admin, &ask("department_admin", &[ANR], "")), Ok(Reach::Departments(vec![ANR])));
    }

    #[test]
    fn what_a_role_lacks_or_cannot_have_is_said_at_its_field() {
        let refused = |asked| outcome(&Reach::Publisher, &asked).unwrap_err();
        assert_eq!(refused(ask("", &[], "")), ("role".into(), "required"));
        assert_eq!(refused(ask("<b>", &[], "")), ("role".into(), "unknown_role"));
        assert_eq!(refused(ask("creator", &[], "")), ("songwriter".into(), "required"));
        assert_eq!(refused(ask("creator", &[ANR], &ADA.to_string())), ("department".into(), "creator_department"));
        assert_eq!(refused(ask("admin", &[ANR], "")), ("department".into(), "admin_department"));
        assert_eq!(refused(ask("department_admin", &[], "")), ("department".into(), "required"));
        assert_eq!(refused(ask("editor", &[ADA], "")), ("department".into(), "unknown_department"));
    }

    #[test]
    fn who_runs_a_department_grants_inside_it_only() {
        let head = Reach::Departments(vec![ANR]);
        assert_eq!(outcome(&head, &ask("editor", &[ANR], "")), Ok(Reach::Departments(vec![ANR])));
        assert_eq!(outcome(&head, &ask("editor", &[], "")), Err(("department".into(), "outside_your_departments")));
        assert_eq!(outcome(&head, &ask("editor", &[ANR, COPYRIGHT], "")), Err(("department".into(), "outside_your_departments")));
        assert_eq!(outcome(&head, &ask("admin", &[ANR], "")), Err(("role".into(), "more_than_you_hold")));
        assert_eq!(outcome(&head, &ask("creator", &[], &ADA.to_string())), Err(("role".into(), "more_than_you_hold")));
    }

    #[test]
    fn what_one_could_not_grant_is_beyond_one() {
        let (admin, head) = (Reach::Publisher, Reach::Departments(vec![ANR]));
        let beyond = |reach: &Reach, role, departments: &[Uuid]| choices(reach).beyond(reach, role, departments).map(|(code, _)| code);
        assert_eq!(beyond(&admin, "admin", &[]), None);
        assert_eq!(beyond(&head, "editor", &[ANR]), None);
        assert_eq!(beyond(&head, "admin", &[ANR]), Some("more_than_you_hold"));
        assert_eq!(beyond(&head, "editor", &[COPYRIGHT]), Some("outside_your_departments"));
        assert_eq!(beyond(&head, "editor", &[]), Some("outside_your_departments"));
    }

    #[test]
    fn running_departments_takes_all_of_a_persons_departments() {
        let head = Reach::Departments(vec![ANR]);
        assert!(runs(&head, &[ANR]) && !runs(&head, &[ANR, COPYRIGHT]) && !runs(&head, &[]));
        assert!(runs(&Reach::Visit, &[]) && !runs(&Reach::Own(ADA), &[ANR]));
    }
}
