//! The whole policy: every permission, what it lets a person do, and the roles that hold it by their own grant.
//!
//! Inheritance: viewer → editor → manager → admin; api_user inherits editor, finance viewer, department_admin manager.
//! The rows of `permissions` and `role_permissions` say the same, which [`differences`] checks at every start.

use sqlx::PgConnection;
use std::collections::BTreeSet;

/// A permission as a type, so that a handler's signature says what it takes.
pub trait Permission: Send + Sync + 'static {
    /// `resource:action`
    const NAME: &'static str;
    /// Does every act under it ask for a proof of who acts that is no older than [`super::FRESH`]?
    const FRESH: bool;
}

/// A row of the table, for lists and tests.
#[derive(Debug, Clone, Copy)]
pub struct Listed {
    pub name: &'static str,
    pub description: &'static str,
    /// Keys of the roles that hold it by their own grant.
    pub roles: &'static [&'static str],
}

macro_rules! fresh {
    () => {
        false
    };
    (fresh) => {
        true
    };
}

macro_rules! permissions {
    ($($marker:ident $name:literal $description:literal [$($role:literal)*] $(, $fresh:ident)?)+) => {
        $(
            #[doc = $description]
            pub struct $marker;
            impl Permission for $marker {
                const NAME: &'static str = $name;
                const FRESH: bool = fresh!($($fresh)?);
            }
        )+
        /// Every permission there is.
        pub const ALL: &[Listed] = &[$(Listed { name: $name, description: $description, roles: &[$($role),*] }),+];
    };
}

permissions! {
    PublisherRead        "publisher:read"          "See the publisher and its dashboard"           ["viewer" "creator"]
    PublisherUpdate      "publisher:update"        "Change the publisher's name and details"       ["admin"]
    PublisherSettings    "publisher:settings"      "Change settings"                               ["admin"]
    PublisherBranding    "publisher:branding"      "Change logo and colours"                       ["admin"]
    PublisherArchive     "publisher:archive"       "Archive the publisher"                         ["admin"], fresh
    MembersRead          "members:read"            "See members and invitations"                   ["viewer"]
    MembersInvite        "members:invite"          "Invite people"                                 ["admin" "department_admin"], fresh
    MembersUpdate        "members:update"          "Change a member's role, suspend and restore"   ["admin" "department_admin"], fresh
    MembersRemove        "members:remove"          "Remove members"                                ["admin" "department_admin"], fresh
    RolesRead            "roles:read"              "See roles and what they allow"                 ["viewer"]
    RolesManage          "roles:manage"            "Create and change roles"                       ["admin"], fresh
    DepartmentsManage    "departments:manage"      "Create and change departments"                 ["admin"]
    AccountRead          "account:read"            "See plan, seats and invoices"                  ["admin" "finance"]
    AccountBilling       "account:billing"         "Change billing details"                        ["admin" "finance"]
    AccountPlan          "account:plan"            "Change the plan"                               ["admin" "finance"], fresh
    UsageRead            "usage:read"              "See usage"                                     ["manager" "finance"]
    WorksRead            "works:read"              "See works and their splits"                    ["viewer" "creator"]
    WorksCreate          "works:create"            "Add works"                                     ["editor"]
    WorksUpdate          "works:update"            "Change works"                                  ["editor"]
    WorksDelete          "works:delete"            "Archive works"                                 ["manager"]
    WorksShares          "works:shares"            "Change controlled splits"                      ["manager"]
    WorksRegister        "works:register"          "Register works with societies"                 ["manager"]
    SongwritersRead      "songwriters:read"        "See songwriters"                               ["viewer" "creator"]
    SongwritersCreate    "songwriters:create"      "Add songwriters"                               ["editor"]
    SongwritersUpdate    "songwriters:update"      "Change songwriters"                            ["editor"]
    SongwritersDelete    "songwriters:delete"      "Archive songwriters"                           ["manager"]
    RecordingsRead       "recordings:read"         "See recordings"                                ["viewer" "creator"]
    RecordingsCreate     "recordings:create"       "Add recordings"                                ["editor"]
    RecordingsUpdate     "recordings:update"       "Change recordings"                             ["editor"]
    RecordingsDelete     "recordings:delete"       "Archive recordings"                            ["manager"]
    ImportsRun           "imports:run"             "Import works from files"                       ["manager"]
    ExportsRun           "exports:run"             "Export the catalogue"                          ["manager"]
    AuditRead            "audit:read"              "See the audit trail"                           ["admin"]
    AuditExport          "audit:export"            "Export the audit trail"                        ["admin"]
    ApiKeysManage        "api_keys:manage"         "Manage API keys"                               ["admin"], fresh
    WebhooksManage       "webhooks:manage"         "Manage webhooks"                               ["admin"]
    SignInMethodsManage  "sign_in_methods:manage"  "Manage sign-in methods"                        ["admin"], fresh
    SupportGrant         "support:grant"           "Let support staff in"                          ["admin"], fresh
    SystemPublishers     "system:publishers"       "Administer all publishers"                     [], fresh
    SystemUsers          "system:users"            "Administer all users"                          [], fresh
    SystemJobs           "system:jobs"             "Administer jobs and mail"                      []
}

/// Which role each role inherits.
pub const PARENTS: &[(&str, Option<&str>)] = &[
    ("viewer", None),
    ("editor", Some("viewer")),
    ("manager", Some("editor")),
    ("admin", Some("manager")),
    ("api_user", Some("editor")),
    ("creator", None),
    ("finance", Some("viewer")),
    ("department_admin", Some("manager")),
];

/// Does a role hold a permission, by its own grant or an inherited one?
pub fn holds(role: &str, permission: &str) -> bool {
    let own = ALL.iter().any(|listed| listed.name == permission && listed.roles.contains(&role));
    let parent = PARENTS.iter().find(|(key, _)| *key == role).and_then(|(_, parent)| *parent);
    own || parent.is_some_and(|parent| holds(parent, permission))
}

/// Where the table above and the rows in the database disagree, one line each; empty when they say the same.
pub async fn differences(db: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let rows = sqlx::query!(
        r#"select 'permission ' || name || ' “' || description || '”' as "line!" from permissions
           union all select 'holds ' || key || ' ' || held from roles, unnest(permissions) held
           union all select 'grant ' || r.key || ' ' || rp.permission from role_permissions rp join roles r on r.id = rp.role_id
           union all select 'role ' || r.key || ' inherits ' || coalesce(p.key, 'nothing') from roles r left join roles p on p.id = r.parent_id"#
    )
    .fetch_all(db)
    .await?;
    let stored: BTreeSet<String> = rows.into_iter().map(|row| row.line).collect();
    let permissions = ALL.iter().map(|listed| format!("permission {} “{}”", listed.name, listed.description));
    let grants = ALL.iter().flat_map(|listed| listed.roles.iter().map(move |role| format!("grant {role} {}", listed.name)));
    let roles = PARENTS.iter().map(|(role, parent)| format!("role {role} inherits {}", parent.unwrap_or("nothing")));
    let held = PARENTS.iter().flat_map(|(role, _)| {
        ALL.iter().filter(|listed| holds(role, listed.name)).map(move |listed| format!("holds {role} {}", listed.name))
    });
    let written: BTreeSet<String> = permissions.chain(grants).chain(roles).chain(held).collect();
    let missing = written.difference(&stored).map(|line| format!("the database lacks: {line}"));
    let extra = stored.difference(&written).map(|line| format!("the program lacks: {line}"));
    Ok(missing.chain(extra).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_inherit() {
        assert!(holds("admin", "works:read"));
        assert!(holds("department_admin", "imports:run"));
        assert!(holds("api_user", "works:update") && !holds("api_user", "works:delete"));
        assert!(!holds("creator", "members:read"));
        assert!(!holds("finance", "works:update"));
    }

    #[test]
    fn system_permissions_belong_to_no_role() {
        for listed in ALL.iter().filter(|listed| listed.name.starts_with("system:")) {
            assert!(PARENTS.iter().all(|(role, _)| !holds(role, listed.name)));
        }
    }
}
