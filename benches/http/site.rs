//! One case, served: the program on its database, somebody signed in, and the pages that are measured.

use crate::{
    ground::{Case, Ground},
    load::{Answer, Browser},
    pgbench::Script,
    program::Program,
    wire::{Said, Tap, Turn},
};
use anyhow::{Context, Result, ensure};
use ledgerline::{db, demo};
use std::{net::SocketAddr, path::Path, thread, time::Duration};

/// Requests that fill each connection's cache of prepared statements before one is recorded.
const WARMING: usize = 40;
/// Recordings taken; what the program does now and then by itself is in some of them, so the shortest counts.
const RECORDINGS: usize = 3;

pub struct Page {
    pub name: &'static str,
    pub request: Vec<u8>,
    /// All that the program says to the database for it.
    pub turns: Vec<Turn>,
    pub script: Script,
    pub bytes: usize,
}

pub struct Site {
    pub case: Case,
    pub program: Program,
    pub cookie: String,
    pub pages: Vec<Page>,
    /// Resident memory before the first request.
    pub idle: u64,
}

impl Site {
    pub fn open(ground: &Ground, case: Case) -> Result<Self> {
        let socket = ground.socket()?;
        let beside = socket.parent().context("the directory of the socket")?;
        let program = start(ground, case, beside, "16")?;
        let (idle, _) = program.memory()?;
        let cookie = sign_in(program.address, "admin@bulk-1.test")?;
        let mut pages = paths(ground, case, program.address, &cookie)?;
        record(ground, case, &mut pages)?;
        Ok(Self { case, program, cookie, pages, idle })
    }
}

fn start(ground: &Ground, case: Case, socket_dir: &Path, connections: &str) -> Result<Program> {
    let (url, key) = (ground.url(case, socket_dir)?, ground.key.to_base64());
    let settings = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", key.as_str()), ("DATABASE_MAX_CONNECTIONS", connections)];
    let data_dir = ground.dir.join("files");
    let data_dir = data_dir.to_str().context("a path that is text")?;
    Program::start(&[settings.as_slice(), &[("DATA_DIR", data_dir)]].concat(), &ground.dir.join("program.log"))
}

pub fn get(path: &str, cookie: &str, compressed: bool) -> Vec<u8> {
    let encoding = if compressed { "accept-encoding: gzip\r\n" } else { "" };
    let cookie = if cookie.is_empty() { String::new() } else { format!("cookie: {cookie}\r\n") };
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{cookie}{encoding}\r\n").into_bytes()
}

/// The form of the sign-in page, filled in.
pub fn sign_in_form(email: &str) -> Vec<u8> {
    let form =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("email", email).append_pair("password", demo::PASSWORD).finish();
    let length = form.len();
    format!(
        "POST /sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}"
    )
    .into_bytes()
}

fn sign_in(address: SocketAddr, email: &str) -> Result<String> {
    let answer = Browser::open(address)?.ask(&sign_in_form(email))?;
    ensure!(answer.status == 303, "signing in as {email} was answered with {}", answer.status);
    let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next()).context("no cookie")?;
    Ok(cookie.to_owned())
}

/// The pages, with their requests.
fn paths(ground: &Ground, case: Case, address: SocketAddr, cookie: &str) -> Result<Vec<Page>> {
    let (work, common, rare) = ground.examples(case)?;
    let works = "/publishers/bulk-1/works";
    let deep = deep(address, works, cookie, case.works / 100)?;
    let pages = [
        ("sign-in page", get("/sign-in", "", false)),
        ("dashboard", get("/publishers/bulk-1", cookie, false)),
        ("works, page 1", get(works, cookie, false)),
        ("works, compressed", get(works, cookie, true)),
        ("works, deep", get(&deep, cookie, false)),
        ("one work", get(&format!("{works}/{work}"), cookie, false)),
        ("search, common", get(&format!("{works}?q={common}"), cookie, false)),
        ("search, rare", get(&format!("{works}?q={rare}"), cookie, false)),
    ];
    Ok(pages.map(|(name, request)| Page { name, request, turns: Vec::new(), script: Script::default(), bytes: 0 }).into())
}

/// Follows "next" so many times, and answers where that leads.
fn deep(address: SocketAddr, works: &str, cookie: &str, pages: usize) -> Result<String> {
    let mut browser = Browser::open(address)?;
    let mut path = works.to_owned();
    for _ in 0..pages {
        let answer = browser.ask(&get(&path, cookie, false))?;
        let html = String::from_utf8(answer.body)?;
        let links = html.split("href=\"").filter_map(|link| link.split('"').next());
        let next = links.filter(|link| link.contains("after=")).last().context("a list of works that ends too early")?;
        path = next.replace("&amp;", "&").replace("&#38;", "&");
    }
    Ok(path)
}

/// Asks a second program, behind the tap, for each page, and keeps what it said.
fn record(ground: &Ground, case: Case, pages: &mut [Page]) -> Result<()> {
    let tap = Tap::open(ground.dir.join(format!("tap-{}-{}", case.publishers, case.works)), &ground.socket()?)?;
    // As few connections as there may be: each is warm soon.
    let program = start(ground, case, &tap.dir, "6")?;
    let mut browser = Browser::open(program.address)?;
    for page in pages {
        let mut answer = None;
        for _ in 0..WARMING {
            answer = Some(browser.ask(&page.request)?);
        }
        let answer: Answer = answer.context("no answer")?;
        ensure!(answer.status == 200, "{} was answered with {}", page.name, answer.status);
        page.bytes = answer.body.len();
        let mut recordings = Vec::new();
        for _ in 0..RECORDINGS {
            settle(&tap);
            browser.ask(&page.request)?;
            recordings.push(settle(&tap));
        }
        let cold = |turn: &Turn| turn.said.iter().any(|said| matches!(said, Said::Prepare));
        recordings.retain(|turns| !turns.iter().any(cold));
        page.turns = recordings.into_iter().min_by_key(Vec::len).context("statements that are prepared anew each time")?;
        page.script = Script::of(&page.turns)?;
    }
    Ok(())
}

/// What was said until it was quiet; the worker's own connections apart.
fn settle(tap: &Tap) -> Vec<Turn> {
    thread::sleep(Duration::from_millis(30));
    tap.take().into_iter().filter(|turn| turn.role == db::APP || turn.role == db::AUTH).collect()
}
