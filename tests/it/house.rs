//! The manners of the house, read from the source itself: who may import whom, and what nobody writes.

use ledgerline::config::Settings;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Files above 400 lines, each with its reason.
const LONG: &[(&str, &str)] = &[];
const LONGEST: usize = 400;
/// The only places that may name a pool: whoever has one could forget row security.
const POOL_KEEPERS: &[&str] = &["access", "jobs", "db", "mail", "commands", "app"];
/// Modules that belong to no feature; the others are features.
const GROUND: &[&str] = &[
    "clock",
    "secret",
    "config",
    "error",
    "standards",
    "db",
    "moments",
    "web",
    "audit",
    "jobs",
    "mail",
    "access",
    "demo",
    "app",
    "commands",
    "main",
    "lib",
    "build",
];

struct File {
    /// From the root of the repository.
    path: String,
    text: String,
}

impl File {
    /// The module of `lib.rs` it belongs to.
    fn module(&self) -> &str {
        let rest = self.path.strip_prefix("src/").unwrap_or(&self.path);
        rest.split(['/', '.']).next().unwrap_or_default()
    }

    /// The program's own lines, with their numbers: no comments, no tests.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
        let lines = lines.enumerate().map(|(at, line)| (at + 1, line.split("//").next().unwrap_or_default()));
        lines.filter(|(_, line)| !line.trim().is_empty())
    }
}

fn files(folder: &str, kinds: &[&str]) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kinds.iter().any(|known| kind == *known)) {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.push(File { path: name, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn source() -> Vec<File> {
    files("src", &["rs"])
}

fn templates() -> Vec<File> {
    files("templates", &["html", "txt"])
}

/// Modules in the order of `lib.rs`.
fn order() -> Vec<String> {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let modules = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.split(';').next().map(str::to_owned));
    modules.collect()
}

/// Every path that begins with `crate::`, written out: `crate::{a, b::{c, d}}` is `a`, `b::c`, `b::d`.
fn imports(file: &File) -> BTreeSet<String> {
    let code: String = file.code().map(|(_, line)| format!("{line} ")).collect();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        spell_out("", &code[at + "crate::".len()..], &mut found);
    }
    found
}

/// Reads one path or group; answers how much of `text` it took.
fn spell_out(prefix: &str, text: &str, found: &mut BTreeSet<String>) -> usize {
    let mut taken = text.len() - text.trim_start().len();
    if text[taken..].starts_with('{') {
        taken += 1;
        loop {
            taken += spell_out(prefix, &text[taken..], found);
            taken += text[taken..].find([',', '}']).unwrap_or(text.len() - taken);
            let ended = !text[taken..].starts_with(',');
            taken += usize::from(taken < text.len());
            if ended || text[taken..].trim_start().starts_with('}') {
                return if ended { taken } else { taken + text[taken..].find('}').unwrap_or_default() + 1 };
            }
        }
    }
    let name: String = text[taken..].chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '*').collect();
    taken += name.len();
    let whole = if prefix.is_empty() { name } else { format!("{prefix}::{name}") };
    if text[taken..].starts_with("::") && !text[taken..].starts_with("::<") {
        return taken + 2 + spell_out(&whole, &text[taken + 2..], found);
    }
    found.insert(whole);
    taken
}

fn holds(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Lines that hold one of the phrases, in files that may not.
fn lines_with(files: &[File], phrases: &[&str], may: impl Fn(&File) -> bool) -> Vec<String> {
    let forbidden = files.iter().filter(|file| !may(file));
    let lines = forbidden.flat_map(|file| file.code().map(move |(at, line)| (file, at, line)));
    let found = lines.filter_map(|(file, at, line)| {
        let phrase = phrases.iter().find(|phrase| line.contains(*phrase))?;
        Some(format!("{}:{at} has `{phrase}`: {}", file.path, line.trim()))
    });
    found.collect()
}

#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    let text = "use crate::{a, b::{self, c::D, e}, f::*};\nfn x() { crate::g::h(1); $crate::no::no }\nuse crate::k::L as M;".to_owned();
    let found = imports(&File { path: "src/x.rs".into(), text });
    let expected = ["a", "b::c::D", "b::e", "b::self", "f::*", "g::h", "k::L"];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_module_uses_only_those_above_it() {
    let order = order();
    let place = |module: &str| order.iter().position(|other| other == module);
    let mut faults = Vec::new();
    for file in source() {
        let Some(own) = place(file.module()) else { continue };
        for import in imports(&file) {
            let used = import.split("::").next().unwrap_or_default();
            if place(used).is_some_and(|used| used > own) {
                faults.push(format!("{} uses {import}, but {used} stands below {} in lib.rs", file.path, file.module()));
            }
        }
    }
    holds(faults);
}

#[test]
fn a_feature_never_uses_anothers_pages() {
    let mut faults = Vec::new();
    for file in source().iter().filter(|file| !GROUND.contains(&file.module())) {
        for import in imports(file) {
            let parts: Vec<&str> = import.split("::").collect();
            let is_anothers = parts.len() > 1 && parts[0] != file.module() && !GROUND.contains(&parts[0]);
            if is_anothers && parts.iter().any(|part| ["pages", "api"].contains(part)) {
                faults.push(format!("{} uses {import}", file.path));
            }
        }
    }
    holds(faults);
}

#[test]
fn what_nobody_writes() {
    let (source, templates) = (source(), templates());
    let nobody = |_: &File| false;
    let mut faults = lines_with(&source, &["#[allow", "#![allow", "todo!(", "unimplemented!(", "dbg!("], nobody);
    // `db` names its own roles and databases, which no statement takes as parameters.
    let formatted = ["query(&format!", "query_as(&format!", "query_scalar(&format!", "raw_sql(&format!"];
    faults.extend(lines_with(&source, &formatted, |file| file.module() == "db"));
    // Routes without a guard cannot be made, because only `access::routes` makes routes.
    faults.extend(lines_with(&source, &["axum::routing", "routing::", ".route(", ".nest(", ".route_service("], |file| {
        file.path == "src/access/routes.rs"
    }));
    faults.extend(lines_with(&source, &["PgPool", ".pools()", "Pools,", "Pools}"], |file| POOL_KEEPERS.contains(&file.module())));
    faults.extend(lines_with(&source, &["std::env::", "env::var"], |file| ["config", "main", "db"].contains(&file.module())));
    faults.extend(lines_with(
        &templates,
        &["|safe", "| safe", " style=", " onclick=", " onload=", " onchange=", " onsubmit=", " oninput=", "javascript:", "hx-on"],
        nobody,
    ));
    let marks = source.iter().chain(&templates).flat_map(|file| file.text.lines().enumerate().map(move |(at, line)| (file, at, line)));
    let marks = marks.filter(|(_, _, line)| ["TODO", "FIXME", "XXX", "HACK"].iter().any(|mark| line.contains(mark)));
    faults.extend(marks.map(|(file, at, line)| format!("{}:{}: {}", file.path, at + 1, line.trim())));
    holds(faults);
}

/// Mails are the exception: their readers load no sheets.
#[test]
fn no_page_has_a_script_or_a_style_of_its_own() {
    let mut faults = Vec::new();
    for file in templates().iter().filter(|file| !file.path.contains("mail")) {
        for (at, line) in file.code() {
            let script = line.split("<script").skip(1).any(|rest| !rest.trim_start().starts_with("src="));
            if script || line.contains("<style") {
                faults.push(format!("{}:{at}: {}", file.path, line.trim()));
            }
        }
    }
    holds(faults);
}

#[test]
fn a_file_is_short_enough_to_be_read_at_once() {
    let mut faults = Vec::new();
    for file in source() {
        let lines = file.text.lines().count();
        let excused = LONG.iter().any(|(path, _)| *path == file.path);
        if lines > LONGEST && !excused {
            faults.push(format!("{} has {lines} lines", file.path));
        }
        if lines <= LONGEST && excused {
            faults.push(format!("{} is short now; take it off the list", file.path));
        }
    }
    holds(faults);
}

#[test]
fn every_file_says_what_it_is() {
    let silent = source().into_iter().filter(|file| !file.path.ends_with("/tests.rs") && !file.text.trim_start().starts_with("//!"));
    holds(silent.map(|file| format!("{} begins without a //! line", file.path)).collect());
}

#[test]
fn every_migration_has_a_way_back() {
    let names: BTreeSet<String> = files("migrations", &["sql"]).into_iter().map(|file| file.path).collect();
    let ups = names.iter().filter(|name| name.ends_with(".up.sql"));
    let missing = ups.map(|up| up.replace(".up.", ".down.")).filter(|down| !names.contains(down));
    holds(missing.map(|down| format!("{down} is missing")).collect());
    assert!(names.iter().all(|name| name.ends_with(".up.sql") || name.ends_with(".down.sql")), "{names:?}");
}

#[test]
fn what_templates_refer_to_is_there_and_what_is_there_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (source, templates) = (source(), templates());
    let mut faults = Vec::new();
    for file in &templates {
        for name in quoted_after(&file.text, "asset(").filter(|name| !root.join("static").join(name).is_file()) {
            faults.push(format!("{} asks for static/{name}", file.path));
        }
    }
    let mut uses: BTreeMap<String, usize> = templates.iter().map(|file| (file.path.replace("templates/", ""), 0)).collect();
    for file in source.iter().chain(&templates) {
        for marker in ["path = ", "extends ", "include ", "import ", "from "] {
            for name in quoted_after(&file.text, marker) {
                match uses.get_mut(name) {
                    Some(count) => *count += 1,
                    None if name.ends_with(".html") || name.ends_with(".txt") => {
                        faults.push(format!("{} refers to templates/{name}", file.path))
                    }
                    None => {}
                }
            }
        }
    }
    faults.extend(uses.into_iter().filter(|(_, count)| *count == 0).map(|(name, _)| format!("templates/{name} is used by nothing")));
    holds(faults);
}

/// What stands in quotes right after a marker.
fn quoted_after<'a>(text: &'a str, marker: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(marker).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
}

#[test]
fn the_readme_lists_every_setting() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("there is a README");
    let rows = readme.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let cells: Vec<String> =
            line.trim_matches('|').split(" | ").map(|cell| cell.replace('`', "").replace("\\|", "|").trim().to_owned()).collect();
        cells
    });
    let written: BTreeMap<String, Vec<String>> =
        rows.filter_map(|cells| Some((cells.first()?.clone(), cells.get(1..)?.to_vec()))).collect();
    let mut faults = Vec::new();
    for setting in Settings::table() {
        let expected = vec![setting.default.clone(), setting.meaning.clone()];
        match written.get(&setting.variable) {
            Some(cells) if *cells == expected => {}
            Some(cells) => faults.push(format!("{}: the README says {cells:?}, the program {expected:?}", setting.variable)),
            None => faults.push(format!(
                "{} is not in the README; its row:\n| `{0}` | `{}` | {} |",
                setting.variable, setting.default, setting.meaning
            )),
        }
    }
    holds(faults);
}
