//! `docs/security.md` names a test for what it promises; each has to be there.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The names of functions that stand below `#[test]` or `#[tokio::test…]`.
fn tests() -> HashSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("tests"), &mut files);
    let mut names = HashSet::new();
    for file in files {
        let mut marked = false;
        for line in fs::read_to_string(file).unwrap().lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                marked = true;
            } else if let Some(name) = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ").filter(|_| marked) {
                names.extend(name.split('(').next().map(str::to_owned));
                marked = false;
            }
        }
    }
    names
}

#[test]
fn every_test_that_the_security_page_names_exists() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/security.md")).unwrap();
    let tests = tests();
    // The last cell of a row: names between backticks.
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.chars().any(|c| c.is_ascii_digit()));
    let named: Vec<&str> = rows
        .filter_map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next())
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    assert!(named.len() > 50, "{named:?}");
    let missing: Vec<_> = named.into_iter().filter(|name| !tests.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
