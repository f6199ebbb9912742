//! What an edit changed, field by field, for the trail and for whoever looks at a work's history.

use serde_json::{Map, Value, json};

/// One field, before and after, as people read it. Empty stands for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub field: String,
    pub before: String,
    pub after: String,
}

/// All fields of an edit that really changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(Vec<Change>);

impl Changes {
    pub fn note(&mut self, field: &str, before: impl Into<String>, after: impl Into<String>) {
        let (before, after) = (before.into(), after.into());
        if before != after {
            self.0.push(Change { field: field.to_owned(), before, after });
        }
    }

    /// The same for values that may be missing.
    pub fn note_option(&mut self, field: &str, before: Option<&str>, after: Option<&str>) {
        self.note(field, before.unwrap_or_default(), after.unwrap_or_default());
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The detail of an audit entry: `{"Title": {"before": "A", "after": "B"}}`.
    pub fn detail(&self) -> Value {
        let fields = self.0.iter().map(|change| (change.field.clone(), json!({ "before": change.before, "after": change.after })));
        Value::Object(fields.collect::<Map<_, _>>())
    }

    /// Reads the detail of any entry back; what has no before and after is no change.
    pub fn of(detail: &Value) -> Vec<Change> {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let fields = detail.as_object().into_iter().flatten();
        fields
            .filter_map(|(field, values)| {
                Some(Change { field: in_words(field), before: text(values.get("before")?), after: text(values.get("after")?) })
            })
            .collect()
    }
}

/// "copyright_date" → "Copyright date"
fn in_words(field: &str) -> String {
    let mut letters = field.chars().map(|c| if c == '_' { ' ' } else { c });
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_kept_and_comes_back() {
        let mut changes = Changes::default();
        changes.note("Title", "A", "B");
        changes.note_option("ISWC", None, None);
        assert_eq!(Changes::of(&changes.detail()), [Change { field: "Title".into(), before: "A".into(), after: "B".into() }]);
        assert!(Changes::of(&json!({ "role": "Admin" })).is_empty());
        let foreign = Changes::of(&json!({ "duration_seconds": { "before": null, "after": 213 } }));
        assert_eq!(foreign, [Change { field: "Duration seconds".into(), before: String::new(), after: "213".into() }]);
    }
}
