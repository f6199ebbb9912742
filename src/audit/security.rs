//! What happens to a person's own account and at the doors, apart from any publisher.

use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub enum SecurityEvent {
    SignedIn,
    SignedOut,
    SignInFailed,
    SignInThrottled,
    PasswordSet,
    /// A door that stayed shut for somebody inside.
    Denied {
        publisher: String,
        permission: &'static str,
    },
    SystemAdminMade,
    VisitStarted {
        publisher: String,
        reason: String,
    },
    VisitEnded {
        publisher: String,
    },
    PublisherCreated {
        publisher: String,
    },
    InvitationAccepted {
        publisher: String,
    },
}

impl SecurityEvent {
    pub fn action(&self) -> &'static str {
        match self {
            SecurityEvent::SignedIn => "signed_in",
            SecurityEvent::SignedOut => "signed_out",
            SecurityEvent::SignInFailed => "sign_in_failed",
            SecurityEvent::SignInThrottled => "sign_in_throttled",
            SecurityEvent::PasswordSet => "password_set",
            SecurityEvent::Denied { .. } => "denied",
            SecurityEvent::SystemAdminMade => "system_admin_made",
            SecurityEvent::VisitStarted { .. } => "visit_started",
            SecurityEvent::VisitEnded { .. } => "visit_ended",
            SecurityEvent::PublisherCreated { .. } => "publisher_created",
            SecurityEvent::InvitationAccepted { .. } => "invitation_accepted",
        }
    }

    pub fn detail(&self) -> Value {
        match self {
            SecurityEvent::Denied { publisher, permission } => json!({ "publisher": publisher, "permission": permission }),
            SecurityEvent::VisitStarted { publisher, reason } => json!({ "publisher": publisher, "reason": reason }),
            SecurityEvent::VisitEnded { publisher }
            | SecurityEvent::PublisherCreated { publisher }
            | SecurityEvent::InvitationAccepted { publisher } => {
                json!({ "publisher": publisher })
            }
            _ => json!({}),
        }
    }
}
