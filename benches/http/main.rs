//! What pages cost: the program as delivered, on a PostgreSQL of its own with the settings of production, beside pgbench
//! that runs the same statements on the same server.
//!
//! ```text
//! cargo bench --bench http                 all of it: some 20 minutes
//! cargo bench --bench http -- --quick      a smoke run on small databases; its figures mean little
//! cargo bench --bench http -- --explain    also the plan of every statement, in the largest case
//! ```
//!
//! Four databases are filled: one publisher or 500, and 1,000 or 100,000 works in the one that is looked at (200 in each
//! other). Somebody signs in by the form and asks for pages over kept-alive connections, 4 or 64, each again and again as
//! soon as it has its answer; all answers come from memory that is warm, on both sides of the comparison.
//!
//! What a page says to the database is recorded word for word by a socket between the two (`wire`). What the page waits for
//! is replayed by pgbench with a rollback at the end: the same round trips, prepared, as the same role with the same
//! settings, on no more connections than the program may use for pages. Program and pgbench take turns, case by case and
//! page by page, so that whatever else the machine does hits both; so the ratio is worth more than the rates.
//!
//! In the table: `trips` are round trips to the database for one page, `after` those of them that tidy a connection up,
//! for which the page does not wait and pgbench has no counterpart; `program` and `database` the CPU time of one request,
//! `yardstick` the database's for one transaction of pgbench, all in microseconds. Below it, one line for each figure that
//! is to be reached.

mod explain;
mod figures;
mod ground;
mod load;
mod pgbench;
mod program;
mod report;
mod script;
mod site;
mod wire;

use anyhow::{Context, Result};
use ground::{Case, Ground};
use load::{Load, Outcome};
use pgbench::Rate;
use site::{Page, Site};
use std::time::{Duration, Instant};

/// Connections of the program's pool for pages, by its default settings.
const POOL: usize = 10;

/// How much is measured.
struct Scale {
    publishers: [usize; 2],
    works: [usize; 2],
    works_elsewhere: usize,
    connections: [usize; 2],
    rounds: usize,
    /// Of one page in one round.
    turn: Duration,
}

const FULL: Scale = Scale {
    publishers: [1, 500],
    works: [1_000, 100_000],
    works_elsewhere: 200,
    connections: [4, 64],
    rounds: 3,
    turn: Duration::from_secs(2),
};
const QUICK: Scale =
    Scale { publishers: [1, 20], works: [300, 2_000], works_elsewhere: 20, connections: [4, 64], rounds: 1, turn: Duration::from_secs(1) };

/// One page of one case at one number of connections, over all rounds.
pub struct Measured {
    pub case: Case,
    pub page: usize,
    pub connections: usize,
    pub asked: Outcome,
    /// CPU time of the program, and of the server meanwhile.
    pub program: Duration,
    pub database: Duration,
    /// None for a page that asks the database nothing.
    pub yardstick: Option<Rate>,
}

fn main() -> Result<()> {
    let asked = |flag: &str| std::env::args().any(|arg| arg == flag);
    if !asked("--bench") {
        println!("nothing is tested here: run `cargo bench --bench http`");
        return Ok(());
    }
    let scale = if asked("--quick") { &QUICK } else { &FULL };
    let begun = Instant::now();
    let ground = Ground::open()?;
    let mut sites = Vec::new();
    for publishers in scale.publishers {
        for works in scale.works {
            let case = Case { publishers, works };
            ground.fill(case, scale.works_elsewhere)?;
            sites.push(Site::open(&ground, case)?);
        }
    }
    let measured = measure(&ground, &sites, scale)?;
    report::table(&sites, &measured);
    report::figures(&sites, &measured);
    if let Some(largest) = sites.last() {
        if asked("--explain") {
            explain::pages(&ground, largest)?;
        }
        figures::others(&ground, largest)?;
    }
    println!("\nmeasured in {:.0?}", begun.elapsed());
    Ok(())
}

/// Rounds within which everything takes its turn, so that a busy minute of the machine hits all alike.
fn measure(ground: &Ground, sites: &[Site], scale: &Scale) -> Result<Vec<Measured>> {
    let mut measured: Vec<Measured> = Vec::new();
    for round in 1..=scale.rounds {
        eprintln!("round {round} of {}", scale.rounds);
        let mut places = measured.iter_mut();
        let mut found = Vec::new();
        for connections in scale.connections {
            for site in sites {
                for (page, what) in site.pages.iter().enumerate() {
                    let turn = take_turn(ground, site, (page, what), connections, scale.turn)?;
                    match places.next() {
                        Some(place) => place.join(turn),
                        None => found.push(turn),
                    }
                }
            }
        }
        measured.extend(found);
    }
    Ok(measured)
}

fn take_turn(ground: &Ground, site: &Site, (place, page): (usize, &Page), connections: usize, length: Duration) -> Result<Measured> {
    let load = Load::begin(site.program.address, &page.request, connections, length);
    let before = (site.program.cpu()?, ground.cpu()?);
    let asked = load.end()?;
    let (program, database) = (site.program.cpu()? - before.0, ground.cpu()? - before.1);
    let yardstick = match page.turns.is_empty() {
        true => None,
        false => {
            let rate = pgbench::run(ground, site.case, &page.script, connections.min(POOL), length);
            Some(rate.with_context(|| format!("the yardstick of {} ({})", page.name, site.case))?)
        }
    };
    Ok(Measured { case: site.case, page: place, connections, asked, program, database, yardstick })
}

impl Measured {
    fn join(&mut self, other: Measured) {
        self.asked.join(other.asked);
        self.program += other.program;
        self.database += other.database;
        if let (Some(all), Some(one)) = (&mut self.yardstick, other.yardstick) {
            all.join(one);
        }
    }

    /// Requests answered for each transaction of pgbench.
    pub fn ratio(&self) -> Option<f64> {
        self.yardstick.map(|yardstick| self.asked.per_second() / yardstick.per_second())
    }

    /// CPU time of one request, in microseconds.
    pub fn each(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / self.asked.latencies.len().max(1) as f64
    }
}
