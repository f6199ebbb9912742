//! Email addresses as people type them, and the one form in which they are compared.

use crate::error::Refusal;
use lettre::Address;

/// A well-formed address: as typed, and normalised for every comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress {
    pub typed: String,
    pub norm: String,
}

impl EmailAddress {
    /// Reads what was typed into `field`.
    ///
    /// # Errors
    /// A refusal at the field when it is empty, longer than 254 characters or not an address.
    pub fn parse(field: &str, typed: &str) -> Result<Self, Refusal> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(Refusal::field(field, "required", "Enter an email address."));
        }
        let well_formed =
            typed.len() <= 254 && !typed.chars().any(char::is_control) && typed.parse::<Address>().is_ok() && has_domain(typed);
        if !well_formed {
            return Err(Refusal::field(field, "invalid_email", "This is not an email address; it should look like name@example.com."));
        }
        Ok(EmailAddress { typed: typed.to_owned(), norm: normalise(typed) })
    }
}

fn has_domain(address: &str) -> bool {
    address.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.'))
}

/// Trimmed and lower-cased: two spellings that differ only in case are one mailbox to us.
pub fn normalise(address: &str) -> String {
    address.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_spaces_do_not_make_another_address() {
        let address = EmailAddress::parse("email", "  Ada@Northlight.TEST ").unwrap();
        assert_eq!((address.typed.as_str(), address.norm.as_str()), ("Ada@Northlight.TEST", "ada@northlight.test"));
    }

    #[test]
    fn what_is_no_address_is_refused_at_its_field() {
        for typed in
            ["", "   ", "ada", "ada@", "@x.test", "a b@x.test", "ada@x", "ada@x.test\r\nBcc: all@x.test", "<ada@x.test>", &"a".repeat(260)]
        {
            let refusal = EmailAddress::parse("email", typed).unwrap_err();
            assert_eq!(refusal.problems[0].field.as_deref(), Some("email"), "{typed:?}");
        }
    }
}
