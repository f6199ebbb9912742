//! A form as a browser would send it: every field it has, hidden ones too, with what the person typed.

use super::page::words;
use scraper::{ElementRef, Html, Selector};

pub struct Form {
    pub action: String,
    pub is_post: bool,
    pub is_multipart: bool,
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// `which` is a selector that begins with `form`, or the words on a button.
    pub fn find(html: &Html, which: &str) -> Form {
        if which.starts_with("form") {
            let form = select(html, which).next().unwrap_or_else(|| panic!("no form {which}; there are {:?}", actions(html)));
            return Form::read(html, form, None);
        }
        let buttons = select(html, "button, input[type=submit]").collect::<Vec<_>>();
        let button = buttons.iter().find(|button| words(**button) == which || button.attr("aria-label") == Some(which));
        let button =
            *button.unwrap_or_else(|| panic!("no button {which:?}; there are {:?}", buttons.iter().map(|b| words(*b)).collect::<Vec<_>>()));
        let form = match button.attr("form") {
            Some(id) => select(html, "form").find(|form| form.attr("id") == Some(id)),
            None => button.ancestors().filter_map(ElementRef::wrap).find(|parent| parent.value().name() == "form"),
        };
        Form::read(html, form.unwrap_or_else(|| panic!("the button {which:?} belongs to no form")), Some(button))
    }

    fn read(html: &Html, form: ElementRef, button: Option<ElementRef>) -> Form {
        let mut fields = Vec::new();
        for field in select(html, "input, select, textarea") {
            let here = match field.attr("form") {
                Some(id) => form.attr("id") == Some(id),
                None => field.ancestors().any(|parent| parent.id() == form.id()),
            };
            if here && field.attr("disabled").is_none() {
                fields.extend(value(field));
            }
        }
        let of_button = |name| button.and_then(|button| button.attr(name));
        if let Some(name) = of_button("name") {
            fields.push((name.to_owned(), of_button("value").unwrap_or_default().to_owned()));
        }
        Form {
            action: of_button("formaction").or(form.attr("action")).unwrap_or_default().to_owned(),
            is_post: form.attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post")),
            is_multipart: form.attr("enctype") == Some("multipart/form-data"),
            fields,
        }
    }

    /// Puts what was typed in the place of what stood there. A name given twice is a field chosen twice.
    pub fn fill(mut self, html: &Html, typed: &[(&str, &str)]) -> Form {
        for (name, _) in typed {
            let exists = select(html, "[name]").any(|field| field.attr("name") == Some(name));
            assert!(exists, "no field {name:?} to type into; there are {:?}", self.fields.iter().map(|(name, _)| name).collect::<Vec<_>>());
            self.fields.retain(|(field, _)| field != name);
        }
        self.fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }
}

/// What one field sends, if it does.
fn value(field: ElementRef) -> Option<(String, String)> {
    let name = field.attr("name").filter(|name| !name.is_empty())?.to_owned();
    let value = match (field.value().name(), field.attr("type").unwrap_or("text")) {
        ("select", _) => {
            let options = Selector::parse("option").unwrap();
            let chosen = field.select(&options).find(|option| option.attr("selected").is_some()).or(field.select(&options).next())?;
            chosen.attr("value").map_or_else(|| words(chosen), str::to_owned)
        }
        ("textarea", _) => {
            let text: String = field.text().collect();
            text.strip_prefix('\n').unwrap_or(&text).to_owned()
        }
        (_, "submit" | "button" | "image" | "reset" | "file") => return None,
        (_, "checkbox" | "radio") if field.attr("checked").is_none() => return None,
        (_, "checkbox" | "radio") => field.attr("value").unwrap_or("on").to_owned(),
        _ => field.attr("value").unwrap_or_default().to_owned(),
    };
    Some((name, value))
}

fn actions(html: &Html) -> Vec<String> {
    select(html, "form").map(|form| form.attr("action").unwrap_or_default().to_owned()).collect()
}

fn select<'a>(html: &'a Html, selector: &str) -> impl Iterator<Item = ElementRef<'a>> {
    let selector = Selector::parse(selector).unwrap_or_else(|error| panic!("{selector}: {error}"));
    html.select(&selector).collect::<Vec<_>>().into_iter()
}
