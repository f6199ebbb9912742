//! Every kind of change a publisher's trail knows.

use serde_json::{Value, json};
use uuid::Uuid;

/// What a change was done to; the name is kept because the thing may go.
#[derive(Debug, Clone)]
pub struct Object {
    pub kind: &'static str,
    pub id: Option<Uuid>,
    pub name: String,
}

/// One change, with what a reader of the trail wants to know about it.
#[derive(Debug, Clone)]
pub enum Entry {
    MemberInvited { invitation: Uuid, email: String, role: String },
    InvitationResent { invitation: Uuid, email: String },
    InvitationRevoked { invitation: Uuid, email: String },
    InvitationAccepted { member: Uuid, name: String, role: String },
    MemberRoleChanged { member: Uuid, name: String, before: String, after: String },
    MemberSuspended { member: Uuid, name: String },
    MemberRestored { member: Uuid, name: String },
    MemberRemoved { member: Uuid, name: String },
    SessionsEnded { member: Uuid, name: String },
    FactorResetAsked { member: Uuid, name: String },
    FactorsReset { member: Uuid, name: String },
    SecurityPolicyChanged { publisher: Uuid, name: String, before: Value, after: Value },
    VisitStarted { visit: Uuid, reason: String, may_write: bool },
    VisitEnded { visit: Uuid },
    PublisherCreated { publisher: Uuid, name: String },
    WorkCreated { work: Uuid, title: String },
    WorkUpdated { work: Uuid, title: String, changes: Value },
    WorkArchived { work: Uuid, title: String },
    WorkRestored { work: Uuid, title: String },
    SongwriterCreated { songwriter: Uuid, name: String },
    SongwriterUpdated { songwriter: Uuid, name: String, changes: Value },
    SongwriterArchived { songwriter: Uuid, name: String },
    SongwriterRestored { songwriter: Uuid, name: String },
    RecordingCreated { recording: Uuid, title: String },
    RecordingUpdated { recording: Uuid, title: String, changes: Value },
    RecordingArchived { recording: Uuid, title: String },
    RecordingRestored { recording: Uuid, title: String },
    ImportUploaded { import: Uuid, file: String },
    ImportRefused { import: Uuid, file: String, reason: String },
    ImportRechecked { import: Uuid, file: String },
    ImportStarted { import: Uuid, file: String },
    ImportStopped { import: Uuid, file: String },
    ImportWritten { import: Uuid, file: String, works: i64 },
    ImportDropped { import: Uuid, file: String },
}

impl Entry {
    /// The stable name of the change; filters and tests use it.
    pub fn action(&self) -> &'static str {
        match self {
            Entry::MemberInvited { .. } => "member.invited",
            Entry::InvitationResent { .. } => "invitation.resent",
            Entry::InvitationRevoked { .. } => "invitation.revoked",
            Entry::InvitationAccepted { .. } => "invitation.accepted",
            Entry::MemberRoleChanged { .. } => "member.role_changed",
            Entry::MemberSuspended { .. } => "member.suspended",
            Entry::MemberRestored { .. } => "member.restored",
            Entry::MemberRemoved { .. } => "member.removed",
            Entry::SessionsEnded { .. } => "member.sessions_ended",
            Entry::FactorResetAsked { .. } => "member.factor_reset_asked",
            Entry::FactorsReset { .. } => "member.factors_reset",
            Entry::SecurityPolicyChanged { .. } => "publisher.security_changed",
            Entry::VisitStarted { .. } => "visit.started",
            Entry::VisitEnded { .. } => "visit.ended",
            Entry::PublisherCreated { .. } => "publisher.created",
            Entry::WorkCreated { .. } => "work.created",
            Entry::WorkUpdated { .. } => "work.updated",
            Entry::WorkArchived { .. } => "work.archived",
            Entry::WorkRestored { .. } => "work.restored",
            Entry::SongwriterCreated { .. } => "songwriter.created",
            Entry::SongwriterUpdated { .. } => "songwriter.updated",
            Entry::SongwriterArchived { .. } => "songwriter.archived",
            Entry::SongwriterRestored { .. } => "songwriter.restored",
            Entry::RecordingCreated { .. } => "recording.created",
            Entry::RecordingUpdated { .. } => "recording.updated",
            Entry::RecordingArchived { .. } => "recording.archived",
            Entry::RecordingRestored { .. } => "recording.restored",
            Entry::ImportUploaded { .. } => "import.uploaded",
            Entry::ImportRefused { .. } => "import.refused",
            Entry::ImportRechecked { .. } => "import.rechecked",
            Entry::ImportStarted { .. } => "import.started",
            Entry::ImportStopped { .. } => "import.stopped",
            Entry::ImportWritten { .. } => "import.written",
            Entry::ImportDropped { .. } => "import.dropped",
        }
    }

    pub fn object(&self) -> Object {
        let object = |kind, id: &Uuid, name: &str| Object { kind, id: Some(*id), name: name.to_owned() };
        match self {
            Entry::MemberInvited { invitation, email, .. }
            | Entry::InvitationResent { invitation, email }
            | Entry::InvitationRevoked { invitation, email } => object("invitation", invitation, email),
            Entry::InvitationAccepted { member, name, .. }
            | Entry::MemberRoleChanged { member, name, .. }
            | Entry::MemberSuspended { member, name }
            | Entry::MemberRestored { member, name }
            | Entry::MemberRemoved { member, name }
            | Entry::SessionsEnded { member, name }
            | Entry::FactorResetAsked { member, name }
            | Entry::FactorsReset { member, name } => object("member", member, name),
            Entry::VisitStarted { visit, reason, .. } => object("visit", visit, reason),
            Entry::VisitEnded { visit } => object("visit", visit, ""),
            Entry::PublisherCreated { publisher, name } | Entry::SecurityPolicyChanged { publisher, name, .. } => {
                object("publisher", publisher, name)
            }
            Entry::WorkCreated { work, title }
            | Entry::WorkUpdated { work, title, .. }
            | Entry::WorkArchived { work, title }
            | Entry::WorkRestored { work, title } => object("work", work, title),
            Entry::SongwriterCreated { songwriter, name }
            | Entry::SongwriterUpdated { songwriter, name, .. }
            | Entry::SongwriterArchived { songwriter, name }
            | Entry::SongwriterRestored { songwriter, name } => object("songwriter", songwriter, name),
            Entry::RecordingCreated { recording, title }
            | Entry::RecordingUpdated { recording, title, .. }
            | Entry::RecordingArchived { recording, title }
            | Entry::RecordingRestored { recording, title } => object("recording", recording, title),
            Entry::ImportUploaded { import, file }
            | Entry::ImportRefused { import, file, .. }
            | Entry::ImportRechecked { import, file }
            | Entry::ImportStarted { import, file }
            | Entry::ImportStopped { import, file }
            | Entry::ImportWritten { import, file, .. }
            | Entry::ImportDropped { import, file } => object("import", import, file),
        }
    }

    pub fn detail(&self) -> Value {
        match self {
            Entry::MemberInvited { role, .. } | Entry::InvitationAccepted { role, .. } => json!({ "role": role }),
            Entry::MemberRoleChanged { before, after, .. } => json!({ "before": before, "after": after }),
            Entry::SecurityPolicyChanged { before, after, .. } => json!({ "before": before, "after": after }),
            Entry::VisitStarted { reason, may_write, .. } => json!({ "reason": reason, "may_write": may_write }),
            Entry::WorkUpdated { changes, .. } | Entry::SongwriterUpdated { changes, .. } | Entry::RecordingUpdated { changes, .. } => {
                changes.clone()
            }
            Entry::ImportRefused { reason, .. } => json!({ "reason": reason }),
            Entry::ImportWritten { works, .. } => json!({ "works": works }),
            _ => json!({}),
        }
    }
}

/// What the trail says of an action, after the actor's name: "Ada Lind *invited* b@x.test".
pub fn phrase(action: &str) -> &'static str {
    match action {
        "member.invited" => "invited",
        "invitation.resent" => "sent a new link to",
        "invitation.revoked" => "revoked the invitation of",
        "invitation.accepted" => "joined",
        "member.role_changed" => "changed the role of",
        "member.suspended" => "suspended",
        "member.restored" => "restored",
        "member.removed" => "removed",
        "member.sessions_ended" => "ended the sessions of",
        "member.factor_reset_asked" => "asked to reset the second factor of",
        "member.factors_reset" => "reset the second factor of",
        "publisher.security_changed" => "changed the sign-in rules of",
        "visit.started" => "began a visit:",
        "visit.ended" => "ended a visit",
        "publisher.created" => "created",
        "work.created" => "added",
        "work.updated" => "changed",
        "work.archived" => "archived",
        "work.restored" => "restored",
        "songwriter.created" => "added songwriter",
        "songwriter.updated" => "changed songwriter",
        "songwriter.archived" => "archived songwriter",
        "songwriter.restored" => "restored songwriter",
        "recording.created" => "added recording",
        "recording.updated" => "changed recording",
        "recording.archived" => "archived recording",
        "recording.restored" => "restored recording",
        "import.uploaded" => "uploaded",
        "import.refused" => "uploaded, unreadable,",
        "import.rechecked" => "checked again",
        "import.started" => "started importing",
        "import.stopped" => "stopped importing",
        "import.written" => "imported",
        "import.dropped" => "dropped the import",
        _ => "changed",
    }
}
