//! Figures that need a run of their own: memory, start, weight of a page, and others' pages while many sign in.

use crate::{
    ground::Ground,
    load::{Browser, Load},
    program::Program,
    report::verdict,
    site::{Site, get, sign_in_form},
};
use anyhow::{Context, Result};
use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

const SIGN_INS: usize = 200;

pub fn others(ground: &Ground, site: &Site) -> Result<()> {
    weight(site)?;
    let (_, highest) = site.program.memory()?;
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    verdict(megabytes(site.idle) <= 60.0, "memory when idle ≤ 60 MB", &format!("{:.0} MB", megabytes(site.idle)));
    verdict(megabytes(highest) <= 150.0, "memory under 64 connections ≤ 150 MB", &format!("{:.0} MB at most", megabytes(highest)));
    sign_ins(site)?;
    starts(ground)?;
    println!("not measured  other programs' lists; 1 M works; 5,000 publishers; an import of 100,000 rows");
    Ok(())
}

/// What a browser takes over the wire for the list of works, with an empty cache and with a full one.
fn weight(site: &Site) -> Result<()> {
    let page = "/publishers/bulk-1/works";
    let mut browser = Browser::open(site.program.address)?;
    let mut fetch = |path: &str, compressed| anyhow::Ok(browser.ask(&get(path, &site.cookie, compressed))?.body);
    let later = fetch(page, true)?.len();
    let (mut first, mut rare) = (later, 0);
    let (mut seen, mut unread) = (BTreeSet::new(), vec![page.to_owned()]);
    while let Some(path) = unread.pop() {
        let text = String::from_utf8_lossy(&fetch(&path, false)?).into_owned();
        for (place, _) in text.match_indices("/static/") {
            let rest = text.get(place..).unwrap_or_default();
            let file = rest.split(['"', '\'', ')', '#', ' ', '?']).next().unwrap_or_default().to_owned();
            if !seen.insert(file.clone()) {
                continue;
            }
            let bytes = fetch(&file, true)?.len();
            // Browsers fetch the font of other letters only for a page that has some.
            *(if file.contains("-ext.") { &mut rare } else { &mut first }) += bytes;
            if file.ends_with(".css") {
                unread.push(file);
            }
        }
    }
    let kilobytes = |bytes: usize| bytes as f64 / 1e3;
    let found = format!("{:.0} kB in {} files; with letters such as Ł {:.0} kB", kilobytes(first), seen.len(), kilobytes(first + rare));
    verdict(first <= 150_000, "weight of the list of works, first visit ≤ 150 kB", &found);
    verdict(later <= 15_000, "weight of the list of works, later ≤ 15 kB", &format!("{:.1} kB", kilobytes(later)));
    Ok(())
}

/// Everybody comes to work at nine: what do those notice who are there already?
fn sign_ins(site: &Site) -> Result<()> {
    let page = site.pages.iter().find(|page| page.name == "dashboard").context("the dashboard")?;
    let p99 = |length| anyhow::Ok(Load::begin(site.program.address, &page.request, 4, length).end()?.percentile(0.99));
    let idle = p99(Duration::from_secs(3))?;
    let people = SIGN_INS.min(site.case.publishers);
    let address = site.program.address;
    let signing_in: Vec<_> = (1..=people)
        .map(|n| thread::spawn(move || anyhow::Ok(Browser::open(address)?.ask(&sign_in_form(&format!("admin@bulk-{n}.test")))?.status)))
        .collect();
    let busy = p99(Duration::from_secs(3))?;
    let mut signed_in = 0;
    for one in signing_in {
        signed_in += usize::from(one.join().map_err(|_| anyhow::anyhow!("a browser panicked"))?? == 303);
    }
    let factor = busy.as_secs_f64() / idle.as_secs_f64();
    let found = format!("{factor:.1} × ({idle:.1?}, then {busy:.1?}; {signed_in} of {people} got in)");
    verdict(factor <= 2.0, &format!("p99 of the dashboard during {people} parallel sign-ins ≤ 2 ×"), &found);
    Ok(())
}

fn starts(ground: &Ground) -> Result<()> {
    let (dir, log) = (ground.dir.join("fresh"), ground.dir.join("start.log"));
    let data_dir = dir.to_str().context("a path that is text")?;
    let start = || {
        let begun = Instant::now();
        let program = Program::start(&[("DATA_DIR", data_dir)], &log)?;
        let taken = begun.elapsed();
        drop(program);
        anyhow::Ok(taken)
    };
    let (first, later) = (start()?, start()?);
    verdict(first <= Duration::from_secs(20), "first start with demo data ≤ 20 s", &format!("{first:.1?}"));
    verdict(later <= Duration::from_secs(2), "start with an existing cluster ≤ 2 s", &format!("{later:.1?}"));
    Ok(())
}
