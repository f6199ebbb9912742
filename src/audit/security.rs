//! What happens to a person's own account and at the doors, apart from any publisher.

use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub enum SecurityEvent {
    SignedIn,
    SignedOut,
    /// The password was right; a second factor is waited for.
    FactorAsked,
    FactorShown,
    FactorFailed,
    /// Too many tries at it.
    FactorThrottled,
    RecoveryCodesRenewed,
    RecoveryCodeUsed,
    FactorAdded {
        what: String,
    },
    FactorRemoved {
        what: String,
    },
    PasskeyRenamed {
        before: String,
        name: String,
    },
    /// Its count of uses went back, as a copy's would.
    PasskeyRefused {
        name: String,
    },
    /// Somebody signed in proved again who they are.
    ProofRenewed {
        level: &'static str,
    },
    SignInFailed,
    SignInThrottled,
    /// Somebody asked for a link to set a password, for whatever address.
    PasswordLinkAsked,
    PasswordLinkSent,
    PasswordSet,
    PasswordChanged,
    /// Hashed again with today's effort.
    PasswordRehashed,
    /// Too many wrong passwords: a sign-in from a new device has to wait.
    AccountLocked,
    AccountUnlocked,
    NewDevice,
    AddressMailed {
        to: String,
    },
    AddressVerified,
    AddressChanged {
        before: String,
        after: String,
    },
    AddressRestored {
        before: String,
        after: String,
    },
    NameChanged {
        before: String,
    },
    /// A door that stayed shut for somebody inside.
    Denied {
        publisher: String,
        permission: &'static str,
    },
    /// Somebody asked for a publisher they do not belong to, or that there is not.
    Outside {
        publisher: String,
    },
    /// One of the person's other sessions, by its device.
    SessionEnded {
        device: String,
    },
    OtherSessionsEnded,
    /// By an admin of this publisher.
    SessionsEndedByAdmin {
        publisher: String,
    },
    FactorResetAsked {
        publisher: String,
    },
    FactorResetWithdrawn,
    FactorsReset {
        publisher: String,
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
            SecurityEvent::FactorAsked => "factor_asked",
            SecurityEvent::FactorShown => "factor_shown",
            SecurityEvent::FactorFailed => "factor_failed",
            SecurityEvent::FactorThrottled => "factor_throttled",
            SecurityEvent::RecoveryCodesRenewed => "recovery_codes_renewed",
            SecurityEvent::RecoveryCodeUsed => "recovery_code_used",
            SecurityEvent::FactorAdded { .. } => "factor_added",
            SecurityEvent::FactorRemoved { .. } => "factor_removed",
            SecurityEvent::PasskeyRenamed { .. } => "passkey_renamed",
            SecurityEvent::PasskeyRefused { .. } => "passkey_refused",
            SecurityEvent::ProofRenewed { .. } => "proof_renewed",
            SecurityEvent::SignInFailed => "sign_in_failed",
            SecurityEvent::SignInThrottled => "sign_in_throttled",
            SecurityEvent::PasswordLinkAsked => "password_link_asked",
            SecurityEvent::PasswordLinkSent => "password_link_sent",
            SecurityEvent::PasswordSet => "password_set",
            SecurityEvent::PasswordChanged => "password_changed",
            SecurityEvent::PasswordRehashed => "password_rehashed",
            SecurityEvent::AccountLocked => "account_locked",
            SecurityEvent::AccountUnlocked => "account_unlocked",
            SecurityEvent::NewDevice => "new_device",
            SecurityEvent::AddressMailed { .. } => "address_mailed",
            SecurityEvent::AddressVerified => "address_verified",
            SecurityEvent::AddressChanged { .. } => "address_changed",
            SecurityEvent::AddressRestored { .. } => "address_restored",
            SecurityEvent::NameChanged { .. } => "name_changed",
            SecurityEvent::Denied { .. } => "denied",
            SecurityEvent::Outside { .. } => "outside",
            SecurityEvent::SessionEnded { .. } => "session_ended",
            SecurityEvent::OtherSessionsEnded => "other_sessions_ended",
            SecurityEvent::SessionsEndedByAdmin { .. } => "sessions_ended_by_admin",
            SecurityEvent::FactorResetAsked { .. } => "factor_reset_asked",
            SecurityEvent::FactorResetWithdrawn => "factor_reset_withdrawn",
            SecurityEvent::FactorsReset { .. } => "factors_reset",
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
            SecurityEvent::FactorAdded { what } | SecurityEvent::FactorRemoved { what } => json!({ "what": what }),
            SecurityEvent::PasskeyRenamed { before, name } => json!({ "before": before, "name": name }),
            SecurityEvent::PasskeyRefused { name } => json!({ "name": name }),
            SecurityEvent::ProofRenewed { level } => json!({ "level": level }),
            SecurityEvent::AddressMailed { to } => json!({ "to": to }),
            SecurityEvent::AddressChanged { before, after } | SecurityEvent::AddressRestored { before, after } => {
                json!({ "before": before, "after": after })
            }
            SecurityEvent::NameChanged { before } => json!({ "before": before }),
            SecurityEvent::VisitStarted { publisher, reason } => json!({ "publisher": publisher, "reason": reason }),
            SecurityEvent::SessionEnded { device } => json!({ "device": device }),
            SecurityEvent::VisitEnded { publisher }
            | SecurityEvent::Outside { publisher }
            | SecurityEvent::SessionsEndedByAdmin { publisher }
            | SecurityEvent::FactorResetAsked { publisher }
            | SecurityEvent::FactorsReset { publisher }
            | SecurityEvent::PublisherCreated { publisher }
            | SecurityEvent::InvitationAccepted { publisher } => {
                json!({ "publisher": publisher })
            }
            _ => json!({}),
        }
    }
}
