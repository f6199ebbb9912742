//! The same odd texts in every field of every form and list: never a fault of ours; either the text is kept whole and shown
//! as text, or words stand beside the field, what was typed is there again, and nothing is half done.

mod catalogue;
mod door;
mod foreign_ids;
mod lists;
mod people;

use crate::support::{App, Browser, Page};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// What people paste and robots send, by what it is.
fn oddities() -> Vec<(&'static str, String)> {
    vec![
        ("nothing", String::new()),
        ("spaces", "  \u{a0} ".into()),
        ("ten thousand letters", "x".repeat(10_000)),
        ("the character that ends strings", "a\0b".into()),
        ("control characters", "a\u{7}\u{1b}[31mb".into()),
        ("line ends", "a\r\nbcc: b@x.test".into()),
        ("a mark that turns the direction", "a\u{202e}b".into()),
        ("another writing", "שלום العالم 李雷".into()),
        ("emoji", "🎻👩\u{200d}🎤".into()),
        ("HTML", "\"'><script>alert(1)</script>".into()),
        ("SQL", "'; drop table works; --".into()),
        ("a formula", "=HYPERLINK(\"https://x.test\")".into()),
        ("a template", "{{ 7*7 }}{% raw %}%00%ff&amp;".into()),
        ("an id of nobody's", "00000000-0000-7000-8000-000000000000".into()),
        ("a place in a list", URL_SAFE_NO_PAD.encode([[7; 16].as_slice(), b"nowhere"].concat())),
    ]
}

/// How a person meets a field.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Typed,
    /// From a list, or by a tick.
    Chosen,
    Hidden,
}

/// A form as its page has it, filled in well.
struct Sheet {
    by: Browser,
    url: String,
    fields: Vec<(String, String)>,
    page: Page,
}

impl Sheet {
    fn of(page: Page, which: &str, typed: &[(&str, &str)], by: &Browser) -> Self {
        let (url, mut fields) = page.form_fields(which);
        for (name, value) in typed {
            fields.retain(|(field, _)| field != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        Sheet { by: by.clone(), url, fields, page }
    }

    fn kind(&self, field: &str) -> Kind {
        let is = |control: &str| self.page.has(&format!("{control}[name=\"{field}\"]"));
        match () {
            () if is("input[type=hidden]") => Kind::Hidden,
            () if is("select") || is("input[type=checkbox]") || is("input[type=radio]") => Kind::Chosen,
            () => Kind::Typed,
        }
    }

    async fn sent(&self, field: &str, value: &str) -> Page {
        let fields = self.fields.iter().map(|(name, typed)| (name.as_str(), if name == field { value } else { typed.as_str() }));
        self.by.posts(&self.url, &fields.collect::<Vec<_>>()).await
    }
}

/// What a form says of its fields in other places than usual.
#[derive(Default)]
struct Known {
    /// A good value is not among the words of the page that follows.
    unshown: &'static [&'static str],
    /// What is wrong stands above the form, or beside another field.
    elsewhere: &'static [&'static str],
    /// Never comes back.
    secret: &'static [&'static str],
}

/// Puts every oddity into every field of a form in turn; `fill` gives a fresh one after each that was accepted.
async fn tries_oddities(app: &App, known: &Known, fill: impl AsyncFn() -> Sheet) {
    let mut sheet = fill().await;
    let names: Vec<(String, Kind)> = sheet.fields.iter().map(|(name, _)| (name.clone(), sheet.kind(name))).collect();
    for (field, kind) in &names {
        for (what, odd) in oddities() {
            let before = rows(app).await;
            let page = sheet.sent(field, &odd).await;
            let at = format!("{what} in {field} of {}", sheet.url);
            assert!(page.status < 500 && !page.body.contains("<script>alert"), "{at}: {page:?}");
            if page.status == 303 {
                let arrived = sheet.by.opens(page.location().unwrap()).await;
                assert!(arrived.status < 500 && !arrived.body.contains("<script>alert"), "{at}: {arrived:?}");
                is_shown_whole(&arrived, (field, *kind), &odd, known, &at);
                sheet = fill().await;
            } else {
                assert_eq!(rows(app).await, before, "{at} was refused, and something changed");
                is_refused_well(&page, (field, *kind), &odd, known, &at);
                app.sql("delete from sign_in_throttle").await;
            }
        }
    }
    let large = sheet.sent(&names[names.len() - 1].0, &"x".repeat(1 << 20)).await;
    assert_eq!((large.status, large.heading().as_str()), (413, "That is too large"), "{}", sheet.url);
}

fn is_shown_whole(page: &Page, (field, kind): (&str, Kind), odd: &str, known: &Known, at: &str) {
    if kind == Kind::Typed && !known.unshown.contains(&field) && !known.secret.contains(&field) {
        let words = odd.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.says(&words), "{at} was accepted, and is not shown: {page:?}");
    }
}

fn is_refused_well(page: &Page, (field, kind): (&str, Kind), odd: &str, known: &Known, at: &str) {
    if page.status != 422 {
        assert!(page.summary().is_some() || !page.heading().is_empty(), "{at} is refused without words: {page:?}");
        return;
    }
    if kind == Kind::Hidden || known.elsewhere.contains(&field) {
        assert!(page.summary().is_some() || page.has(".error"), "{at} is refused without words: {page:?}");
    } else {
        assert!(page.errors(field).is_some_and(|words| words.len() > 10), "{at} has no words beside it: {page:?}");
    }
    if known.secret.contains(&field) {
        assert!(odd.trim().len() < 3 || !page.body.contains(odd), "{at} came back");
    } else if kind == Kind::Typed {
        // As HTML takes them: line ends are one character, and U+0000 is none.
        let returned = odd.replace("\r\n", "\n").replace('\0', "\u{fffd}");
        assert_eq!(page.value(field).as_deref(), Some(returned.as_str()), "{at} is not there any more");
    }
}

/// How many rows the tables hold, apart from what every attempt leaves behind on purpose.
async fn rows(app: &App) -> i64 {
    app.one(
        "select sum((xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %I.%I', schemaname, tablename), false, true, '')))[1]::text::bigint)::bigint
           from pg_tables where schemaname = 'public' and tablename not in ('security_events', 'sign_in_throttle', 'user_sessions')",
    )
    .await
}
