//! The table, and which figures are reached.

use crate::{
    Measured,
    ground::Case,
    pgbench::Rate,
    site::{Page, Site},
};
use std::time::Duration;

const COLUMNS: [(&str, usize); 15] = [
    ("page", 17),
    ("publ. × works", 13),
    ("conns", 5),
    ("req/s", 7),
    ("p50 ms", 7),
    ("p99 ms", 7),
    ("pgbench", 7),
    ("ratio", 6),
    ("trips", 5),
    ("after", 5),
    ("program", 7),
    ("database", 8),
    ("yardstick", 9),
    ("kB", 5),
    ("errors", 6),
];

/// One line for each page, case and number of connections.
pub fn table(sites: &[Site], measured: &[Measured]) {
    println!();
    line(COLUMNS.map(|(title, _)| title.to_owned()));
    for row in measured {
        if let Some(page) = page(sites, row) {
            line(cells(page, row));
        }
    }
}

fn cells(page: &Page, row: &Measured) -> [String; 15] {
    let milliseconds = |share| format!("{:.2}", row.asked.percentile(share).as_secs_f64() * 1e3);
    let dash = || "–".to_owned();
    let of_pgbench = |rate: Rate| format!("{:.0}", rate.cpu.as_secs_f64() * 1e6 / rate.transactions.max(1) as f64);
    [
        page.name.to_owned(),
        row.case.to_string(),
        row.connections.to_string(),
        format!("{:.0}", row.asked.per_second()),
        milliseconds(0.5),
        milliseconds(0.99),
        row.yardstick.map_or_else(dash, |yardstick| format!("{:.0}", yardstick.per_second())),
        row.ratio().map_or_else(dash, |ratio| format!("{:.0} %", ratio * 100.0)),
        page.turns.len().to_string(),
        page.turns.iter().filter(|turn| turn.tidies()).count().to_string(),
        format!("{:.0}", row.each(row.program)),
        format!("{:.0}", row.each(row.database)),
        row.yardstick.map_or_else(dash, of_pgbench),
        format!("{:.1}", page.bytes as f64 / 1e3),
        row.asked.refused.to_string(),
    ]
}

fn line(cells: [String; 15]) {
    let mut line = String::new();
    for (cell, (title, width)) in cells.iter().zip(COLUMNS) {
        line += &if title == "page" { format!("{cell:<width$}") } else { format!("  {cell:>width$}") };
    }
    println!("{line}");
}

fn page<'a>(sites: &'a [Site], row: &Measured) -> Option<&'a Page> {
    sites.iter().find(|site| site.case == row.case)?.pages.get(row.page)
}

/// One line for a figure.
pub fn verdict(reached: bool, what: &str, found: &str) {
    println!("{:<12} {what}: {found}", if reached { "reached" } else { "NOT REACHED" });
}

/// The figures that the table answers.
pub fn figures(sites: &[Site], measured: &[Measured]) {
    println!();
    let named = |name: &'static str, connections: usize| {
        measured.iter().filter(move |row| row.connections == connections && page(sites, row).is_some_and(|page| page.name == name))
    };
    for name in ["works, page 1", "works, deep", "one work", "dashboard", "search, common", "search, rare"] {
        let ratios: Vec<f64> = named(name, 4).filter_map(Measured::ratio).collect();
        let worst = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        verdict(worst >= 0.5, &format!("{name}, against pgbench ≥ 50 %"), &format!("{:.0} % at worst", worst * 100.0));
    }
    for name in ["works, page 1", "works, compressed", "works, deep", "one work", "dashboard", "search, common", "search, rare"] {
        let most = named(name, 4).map(|row| row.each(row.program)).fold(0.0, f64::max);
        verdict(most <= 250.0, &format!("{name}, CPU of the program ≤ 250 µs"), &format!("{most:.0} µs at most"));
    }
    for page in sites.last().map(|site| site.pages.as_slice()).unwrap_or_default() {
        let (all, after) = (page.turns.len(), page.turns.iter().filter(|turn| turn.tidies()).count());
        let found = format!("{}, and {after} that tidy up behind it", all - after);
        verdict(all - after <= 5, &format!("{}, round trips the page waits for ≤ 5", page.name), &found);
    }
    for name in ["works, page 1", "works, deep", "one work", "dashboard"] {
        let time = |case: Case| named(name, 4).find(|row| row.case == case).map(|row| 1.0 / row.asked.per_second());
        let factor = |from: Case, to: Case| time(to).zip(time(from)).map_or(f64::NAN, |(to, from)| to / from);
        let [(Some(first), Some(more_works)), (Some(more_publishers), _)] = corners(sites) else { continue };
        let (works, publishers) = (factor(first, more_works), factor(first, more_publishers));
        let found = format!("{works:.2} × as works grow, {publishers:.2} × as publishers do");
        verdict(works <= 1.3 && publishers <= 1.3, &format!("{name}, flat within 1.3 ×"), &found);
    }
    for name in ["search, common", "search, rare"] {
        let worst = named(name, 4).map(|row| row.asked.percentile(0.95)).max().unwrap_or_default();
        let most = sites.iter().map(|site| site.case.works).max().unwrap_or(0);
        verdict(
            worst <= Duration::from_millis(20),
            &format!("{name}, p95 ≤ 20 ms"),
            &format!("{worst:.1?} at {most} works (the figure is for 1 M)"),
        );
    }
    crowded(sites, measured);
}

/// 64 connections beside 4.
fn crowded(sites: &[Site], measured: &[Measured]) {
    let p99 = |row: &Measured| row.asked.percentile(0.99).as_secs_f64();
    let pairs = measured.iter().filter(|row| row.connections == 4).filter_map(|few| {
        let many = measured.iter().find(|row| row.connections == 64 && row.case == few.case && row.page == few.page)?;
        Some((p99(many) / p99(few), page(sites, few)?.name, few.case))
    });
    let worst = pairs.max_by(|one, other| one.0.total_cmp(&other.0));
    if let Some((factor, name, case)) = worst {
        verdict(factor <= 20.0, "p99 at 64 connections against 4 ≤ 20 ×", &format!("{factor:.1} × at worst ({name}, {case})"));
    }
    let refused: usize = measured.iter().map(|row| row.asked.refused).sum();
    verdict(refused == 0, "no error at 64 connections", &format!("{refused} answers were not 200"));
}

/// The cases, few and many works of few publishers first.
fn corners(sites: &[Site]) -> [(Option<Case>, Option<Case>); 2] {
    let case = |place: usize| sites.get(place).map(|site| site.case);
    [(case(0), case(1)), (case(2), case(3))]
}
