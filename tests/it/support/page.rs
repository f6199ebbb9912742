//! An answer of the program, read as people read it: by headings, visible words, rows, and what stands beside a field.

use super::{Browser, form::Form};
use reqwest::header::{HeaderMap, LOCATION};
use scraper::{ElementRef, Html, Selector};

#[derive(Clone)]
pub struct Page {
    pub status: u16,
    /// Path and query of where it was found.
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
    pub(super) browser: Browser,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {:?}\n{}", self.status, self.path, self.location(), self.text())
    }
}

impl Page {
    /// The first heading.
    pub fn heading(&self) -> String {
        self.first("h1").unwrap_or_default()
    }

    /// The visible words of the content, apart from what stands around every page.
    pub fn text(&self) -> String {
        self.first("main").or_else(|| self.first("body")).unwrap_or_default()
    }

    pub fn says(&self, sentence: &str) -> bool {
        self.text().contains(sentence)
    }

    /// The message beside a field.
    pub fn errors(&self, field: &str) -> Option<String> {
        let html = self.html();
        let fields: Vec<ElementRef> = find(&html, &format!("[name=\"{field}\"][aria-invalid=true]"));
        let ids = fields.first()?.attr("aria-describedby")?;
        ids.split_whitespace().find_map(|id| find(&html, &format!("[id=\"{id}\"].error")).first().map(|message| words(*message)))
    }

    /// The message that belongs to no field.
    pub fn summary(&self) -> Option<String> {
        self.first(".notice.danger[role=alert]")
    }

    /// The sentence left by the last action.
    pub fn flash(&self) -> Option<String> {
        self.first(".notice[role=status], #toasts .notice")
    }

    /// Rows of the first table, cell by cell.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let html = self.html();
        let table = find(&html, "table").into_iter().next();
        let rows = table.map(|table| within(table, "tbody tr")).unwrap_or_default();
        rows.into_iter().map(|row| within(row, "td, th").into_iter().map(words).collect()).collect()
    }

    /// The row in which a cell holds these words.
    pub fn row(&self, with: &str) -> Option<Vec<String>> {
        self.rows().into_iter().find(|row| row.iter().any(|cell| cell.contains(with)))
    }

    /// What stands in a field.
    pub fn value(&self, field: &str) -> Option<String> {
        let html = self.html();
        let form = find(&html, &format!("form:has([name=\"{field}\"])"));
        let action = form.first().map(|form| format!("form[action=\"{}\"]", form.attr("action").unwrap_or_default()))?;
        Form::find(&html, &action).fields.into_iter().find(|(name, _)| name == field).map(|(_, value)| value)
    }

    /// The words of everything a selector finds.
    pub fn all(&self, selector: &str) -> Vec<String> {
        find(&self.html(), selector).into_iter().map(words).collect()
    }

    /// The words of the first thing a selector finds.
    pub fn first(&self, selector: &str) -> Option<String> {
        self.all(selector).into_iter().next()
    }

    pub fn has(&self, selector: &str) -> bool {
        !find(&self.html(), selector).is_empty()
    }

    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        find(&self.html(), selector).first().and_then(|element| element.attr(name)).map(str::to_owned)
    }

    /// One attribute of everything a selector finds, where it has it.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        find(&self.html(), selector).into_iter().filter_map(|element| element.attr(name).map(str::to_owned)).collect()
    }

    /// Where the link with these words leads.
    pub fn link(&self, label: &str) -> Option<String> {
        let html = self.html();
        let links = find(&html, "a[href]");
        links
            .into_iter()
            .find(|link| words(*link) == label || link.attr("aria-label") == Some(label))
            .and_then(|link| link.attr("href").map(str::to_owned))
    }

    /// Clicks the link with these words.
    pub async fn follows(&self, label: &str) -> Page {
        let url = self.link(label).unwrap_or_else(|| panic!("no link {label:?} on {}", self.path));
        self.browser.opens(&url).await
    }

    /// Sends a form of this page with all its fields, some of them typed over, and goes where that leads. `which` is a
    /// selector that begins with `form`, or the words on a button.
    pub async fn submits(&self, which: &str, typed: &[(&str, &str)]) -> Page {
        let form = self.form(which, typed);
        let url = self.resolve(&form.action);
        if !form.is_post {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
            return self.browser.opens(&format!("{}?{query}", url.split('?').next().unwrap_or_default())).await;
        }
        assert!(!form.is_multipart, "a form with a file: use `uploads`");
        self.browser.submits(&url, &form.fields, &self.path).await
    }

    /// The same with a file chosen in a field.
    pub async fn uploads(&self, which: &str, typed: &[(&str, &str)], field: &str, name: &str, content: &[u8]) -> Page {
        let form = self.form(which, typed);
        assert!(form.is_multipart && self.has(&format!("input[type=file][name=\"{field}\"]")), "no field for a file");
        self.browser.uploads(&self.resolve(&form.action), &form.fields, field, name, content).await
    }

    /// What a form would send as it stands, and where to.
    pub fn form_fields(&self, which: &str) -> (String, Vec<(String, String)>) {
        let form = self.form(which, &[]);
        (self.resolve(&form.action), form.fields)
    }

    /// Where a redirect leads.
    pub fn location(&self) -> Option<&str> {
        self.header(LOCATION.as_str())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn form(&self, which: &str, typed: &[(&str, &str)]) -> Form {
        let html = self.html();
        Form::find(&html, which).fill(&html, typed)
    }

    fn resolve(&self, action: &str) -> String {
        if action.is_empty() { self.path.clone() } else { action.to_owned() }
    }

    fn html(&self) -> Html {
        Html::parse_document(&self.body)
    }
}

fn find<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    html.select(&parsed(selector)).collect()
}

fn within<'a>(element: ElementRef<'a>, selector: &str) -> Vec<ElementRef<'a>> {
    element.select(&parsed(selector)).collect()
}

fn parsed(selector: &str) -> Selector {
    Selector::parse(selector).unwrap_or_else(|error| panic!("{selector}: {error}"))
}

/// The words inside an element that somebody without JavaScript sees, with single spaces.
pub fn words(element: ElementRef) -> String {
    let mut text = String::new();
    gather(element, &mut text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn gather(element: ElementRef, text: &mut String) {
    for child in element.children() {
        if let Some(words) = child.value().as_text() {
            text.push_str(words);
        } else if let Some(child) = ElementRef::wrap(child) {
            let name = child.value().name();
            let closed = name == "dialog" && child.attr("open").is_none();
            let scripted = child.value().has_class("needs-js", scraper::CaseSensitivity::CaseSensitive);
            if closed || scripted || child.attr("hidden").is_some() || ["script", "style", "template", "svg"].contains(&name) {
                continue;
            }
            let is_inline = ["a", "abbr", "b", "bdi", "code", "em", "i", "kbd", "mark", "small", "span", "strong", "time"].contains(&name);
            text.push_str(if is_inline { "" } else { " " });
            gather(child, text);
            text.push_str(if is_inline { "" } else { " " });
        }
    }
}
