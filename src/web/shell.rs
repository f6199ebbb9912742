//! What a page shows around its content: publisher, switcher, navigation, person, visit. Filled by `access`, which knows
//! who is asking.

use uuid::Uuid;

#[derive(Debug, Clone, Default)]
pub struct Shell {
    pub person: Option<PersonMark>,
    pub publisher: Option<PublisherMark>,
    /// Where the switcher leads; empty when there is nothing to switch to.
    pub publishers: Vec<PublisherLink>,
    /// Where all publishers are listed.
    pub directory: String,
    pub sections: Vec<Section>,
    pub visit: Option<VisitBanner>,
    pub flash: Option<Flash>,
    pub system_admin: bool,
    /// htmx asked for the content only.
    pub fragment: bool,
}

#[derive(Debug, Clone)]
pub struct PersonMark {
    pub name: String,
    pub email: String,
    pub initials: String,
}

#[derive(Debug, Clone)]
pub struct PublisherMark {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub initials: String,
    /// "Enterprise", "Boutique" …
    pub kind: String,
    /// The person's role here: "Admin", "Visitor" …
    pub role: String,
    /// Its own colours, at an address that changes with them; none for the house's.
    pub brand: Option<String>,
}

#[derive(Debug, Clone)]
pub struct PublisherLink {
    pub name: String,
    pub initials: String,
    pub url: String,
    pub current: bool,
}

#[derive(Debug, Clone)]
pub struct Section {
    pub title: &'static str,
    pub links: Vec<NavLink>,
}

#[derive(Debug, Clone)]
pub struct NavLink {
    pub label: &'static str,
    pub url: String,
    pub icon: &'static str,
    /// Second key of `g …`; empty for none.
    pub key: &'static str,
    pub current: bool,
}

#[derive(Debug, Clone)]
pub struct VisitBanner {
    pub publisher: String,
    pub reason: String,
    pub minutes_left: i64,
    pub may_write: bool,
    pub end_url: String,
}

/// A sentence left for the next page by the one that sent the person there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// `good`, `warning`, `danger` or `info`.
    pub kind: &'static str,
    pub text: String,
}

/// First letters of the first and last word: "Northlight Music" → "NM".
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_take_first_and_last_word() {
        assert_eq!(initials("Northlight Music Publishing"), "NP");
        assert_eq!(initials("songwell"), "S");
        assert_eq!(initials("  (élan) & co "), "ÉC");
        assert_eq!(initials(""), "");
    }
}
