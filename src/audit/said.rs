//! What people read of events of their account.

/// An event in plain words; what it was about may follow after a colon.
pub fn said(action: &str) -> &'static str {
    match action {
        "signed_in" => "Signed in",
        "signed_out" => "Signed out",
        "factor_asked" => "Password right, second factor asked for",
        "factor_shown" => "Second factor shown",
        "factor_failed" => "Wrong second factor or password",
        "factor_throttled" => "Too many tries at the second factor",
        "recovery_codes_renewed" => "New recovery codes made",
        "recovery_code_used" => "Recovery code used",
        "factor_added" => "Second factor added",
        "factor_removed" => "Second factor removed",
        "passkey_renamed" => "Passkey renamed",
        "passkey_refused" => "Passkey refused, as a copy would be",
        "proof_renewed" => "Confirmed who you are",
        "sign_in_failed" => "Sign-in failed",
        "sign_in_throttled" => "Sign-in held back after too many tries",
        "account_locked" => "Account held back after too many tries",
        "account_unlocked" => "Account opened again by a link",
        "password_link_asked" => "Link for a new password asked for",
        "password_link_sent" => "Link for a new password sent",
        "password_set" => "Password set by a link",
        "password_changed" => "Password changed",
        "password_rehashed" => "Password stored by stronger means",
        "new_device" => "Sign-in from a new device",
        "address_mailed" => "Confirmation of an address sent",
        "address_verified" => "Address confirmed",
        "address_changed" => "Address changed",
        "address_restored" => "Former address restored",
        "name_changed" => "Name changed",
        "denied" => "Refused for want of a permission",
        "outside" => "Refused: a publisher you do not belong to",
        "session_ended" => "Session ended",
        "other_sessions_ended" => "All other sessions ended",
        "sessions_ended_by_admin" => "All sessions ended by an admin",
        "factor_reset_asked" => "Reset of your second factor asked for by an admin",
        "factor_reset_withdrawn" => "Reset of your second factor stopped",
        "factors_reset" => "Second factor taken away by an admin",
        "system_admin_made" => "Made a system admin",
        "visit_started" => "Visit begun",
        "visit_ended" => "Visit ended",
        "publisher_created" => "Publisher created",
        "invitation_accepted" => "Invitation accepted",
        _ => "Something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_words() {
        let source = include_str!("security.rs");
        let actions =
            source.lines().filter_map(|line| line.trim().strip_prefix("SecurityEvent::")?.split_once("=> \"")?.1.split('"').next());
        let unsaid: Vec<_> = actions.filter(|action| said(action) == "Something else").collect();
        assert!(unsaid.is_empty(), "{unsaid:?}");
    }
}
