//! Pages of a list by keyset: a page begins after the sort key and id of the last row shown, so that it costs the same
//! however deep it lies and covers every row once while others are being made.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// Rows of a page.
pub const PAGE: usize = 50;
/// Rows asked for: one more tells whether there is a next page.
pub const ASKED: i64 = 51;
/// How far a list without a maintained total is counted.
pub const COUNTED: i64 = 1_000;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// The sort key of the row before.
    pub key: String,
    pub id: Uuid,
}

impl After {
    /// Reads what [`After::token`] wrote. Anything else is the first page.
    pub fn read(token: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (id, key) = bytes.split_first_chunk::<16>()?;
        let key = std::str::from_utf8(key).ok().filter(|key| !key.contains('\0'))?;
        Some(After { key: key.to_owned(), id: Uuid::from_bytes(*id) })
    }

    /// An opaque text for a URL.
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode([self.id.as_bytes().as_slice(), self.key.as_bytes()].concat())
    }
}

/// Cuts the row too many off, and says where the next page begins.
pub fn cut<T>(rows: &mut Vec<T>, after: impl Fn(&T) -> After) -> Option<String> {
    if rows.len() <= PAGE {
        return None;
    }
    rows.truncate(PAGE);
    rows.last().map(|row| after(row).token())
}

/// "2,408", or "1,000+" for a count that stopped there.
pub fn counted(count: i64) -> String {
    if count > COUNTED { format!("{}+", crate::web::figure(COUNTED)) } else { crate::web::figure(count) }
}

/// What a list sorts by: the folded text, short enough for an index however it unfolds.
pub fn sort_key(text: &str) -> String {
    crate::standards::characters::fold(text).chars().take(200).collect()
}

/// A list's address with these parameters; empty ones are left out.
pub fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters.iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_and_nonsense_does_not() {
        let after = After { key: "été in paris".into(), id: Uuid::from_u128(7) };
        assert_eq!(After::read(&after.token()), Some(after));
        for bad in ["", "!", "AAAA", "%00"] {
            assert_eq!(After::read(bad), None, "{bad:?}");
        }
        assert_eq!(After::read(&After { key: "a\0b".into(), id: Uuid::nil() }.token()), None);
    }

    #[test]
    fn addresses_leave_empty_parameters_out() {
        assert_eq!(address("/works", &[("q", ""), ("sort", "")]), "/works");
        assert_eq!(address("/works", &[("q", "a b&c"), ("after", "x")]), "/works?q=a+b%26c&after=x");
    }
}
