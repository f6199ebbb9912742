//! A person's name as people type it.

use crate::{error::Refusal, standards::characters};

/// Longest name, in characters.
pub const LONGEST: usize = 100;

/// Reads what was typed into `field`: one line, of any script.
///
/// # Errors
/// A refusal at the field when it is empty, too long, or holds what no name has.
pub fn parse(field: &str, typed: &str) -> Result<String, Refusal> {
    match characters::clean(typed) {
        Ok(name) if name.is_empty() => Err(Refusal::field(field, "required", "Enter your full name.")),
        Ok(name) if name.chars().count() > LONGEST => Err(Refusal::field(field, "too_long", format!("Use at most {LONGEST} characters."))),
        Ok(name) => Ok(name),
        Err(unclean) => Err(Refusal::field(field, "characters", format!("The name {unclean}."))),
    }
}
