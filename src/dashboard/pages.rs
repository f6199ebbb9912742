//! The front page.

use super::figures::{self, COUNTED, Change, Figures, OwnWork};
use crate::{
    access::{Reach, Read, Routes, Tenant, permission::PublisherRead},
    error::Result,
    pages,
    web::{
        self, Moment, Shell,
        charts::{Columns, Limit, Point, Series},
        figure,
        figures::Meter,
    },
};
use askama::Template;
use axum::response::Response;
use time::{Date, Duration, OffsetDateTime};

pub fn routes() -> Routes {
    Routes::new().get("/publishers/{slug}", show)
}

#[derive(Template)]
#[template(path = "dashboard/show.html", blocks = ["content"])]
struct DashboardPage {
    shell: Shell,
    now: OffsetDateTime,
    publisher: String,
    base: String,
    figures: Figures,
    seats: Meter,
    /// Calls this month and up to the same day of last month.
    calls: i64,
    calls_before: i64,
    calls_meter: Meter,
    usage: Columns,
    needs: Vec<Need>,
    changes: Vec<Change>,
    may_invite: bool,
    may_add_works: bool,
    may_import: bool,
    /// Empty for whoever may not see members.
    members_url: String,
}

/// One thing that waits for somebody.
struct Need {
    icon: &'static str,
    text: String,
    why: &'static str,
    count: String,
    url: String,
}

#[derive(Template)]
#[template(path = "dashboard/creator.html", blocks = ["content"])]
struct CreatorPage {
    shell: Shell,
    publisher: String,
    base: String,
    works: Vec<OwnWork>,
}

pages!(DashboardPage, CreatorPage);

async fn show(mut at: Read<PublisherRead>) -> Result<Response> {
    if let Reach::Own(songwriter) = at.reach {
        let works = figures::own_works(&mut at, songwriter, 12).await?;
        return web::page(&CreatorPage { shell: at.shell(), publisher: at.publisher.name.clone(), base: at.url(""), works });
    }
    let figures = figures::figures(&mut at).await?;
    let days = figures::calls_by_day(&mut at).await?;
    let changes = figures::last_changes(&mut at, 8).await?;
    let today = at.now().date();
    let (calls, calls_before) = month_to_date(&days, today);
    let expected = expected_by_month_end(calls, today);
    web::page(&DashboardPage {
        shell: at.shell(),
        now: at.now(),
        publisher: at.publisher.name.clone(),
        base: at.url(""),
        seats: Meter::of("Seats", figures.seats_used, Some(figures.seats_licensed), None, figure),
        calls_meter: Meter::of("API calls", calls, Some(figures.calls_limit), Some(expected), figure),
        usage: usage(&days, today, figures.calls_limit),
        needs: needs(&at, &figures, expected),
        may_invite: at.may("members:invite"),
        may_add_works: at.may("works:create"),
        may_import: at.may("imports:run"),
        members_url: if at.may("members:read") { at.url("/members") } else { String::new() },
        calls,
        calls_before,
        figures,
        changes,
    })
}

/// Calls since the first of this month, and over as many days of the last.
fn month_to_date(days: &[(Date, i64)], today: Date) -> (i64, i64) {
    let this = |day: &Date| (day.year(), day.month()) == (today.year(), today.month());
    let now = days.iter().filter(|(day, _)| this(day)).map(|(_, calls)| calls).sum();
    let before = days.iter().filter(|(day, _)| !this(day) && day.day() <= today.day()).map(|(_, calls)| calls).sum();
    (now, before)
}

/// At the pace of this month so far.
fn expected_by_month_end(calls: i64, today: Date) -> i64 {
    let length = i64::from(today.month().length(today.year()));
    calls * length / i64::from(today.day())
}

/// The last 30 days; the limit line is the pace at which a month just uses up its calls.
fn usage(days: &[(Date, i64)], today: Date, limit: i64) -> Columns {
    let points = (0..30).rev().map(|back| {
        let day = today - Duration::days(back);
        let value = days.iter().find(|(counted, _)| *counted == day).map_or(0, |(_, calls)| *calls);
        let label = web::day(day);
        let tick = label.rsplit_once(' ').map_or_else(String::new, |(day_and_month, _)| day_and_month.to_owned());
        Point { label, tick, value, forecast: false }
    });
    let daily = limit / i64::from(today.month().length(today.year()));
    Columns::of(Series {
        id: "usage",
        title: "API calls by day".into(),
        unit: "calls",
        period: "Day",
        points: points.collect(),
        limit: Some(Limit { label: "Even pace".into(), value: daily }),
        write: figure,
    })
}

fn needs(at: &Tenant, figures: &Figures, expected: i64) -> Vec<Need> {
    let mut needs = Vec::new();
    let mut add = |when: bool, icon, text: &str, why, count: String, url: String| {
        if when {
            needs.push(Need { icon, text: text.to_owned(), why, count, url });
        }
    };
    let counted = |n: i64| if n >= COUNTED { format!("{COUNTED} or more") } else { n.to_string() };
    let invitations = at.url("/invitations");
    let (members, works) = (at.may("members:read"), at.may("works:update"));
    add(
        works && figures.works_off_balance > 0,
        "split",
        "Splits that do not add up to 100\u{a0}%",
        "These works cannot be registered",
        counted(figures.works_off_balance),
        at.url("/works?splits=open"),
    );
    add(
        members && figures.mail_failed > 0,
        "mail",
        "Invitations that could not be delivered",
        "Check the address and send again",
        counted(figures.mail_failed),
        invitations.clone(),
    );
    add(
        at.may("members:invite") && figures.invitations_lapsed > 0,
        "clock",
        "Lapsed invitations",
        "Send a new link or revoke them",
        counted(figures.invitations_lapsed),
        format!("{invitations}?state=lapsed"),
    );
    add(
        members && figures.seats_used >= figures.seats_licensed,
        "users",
        "Every seat is taken",
        "Nobody else can join until one is free",
        format!("{}/{}", figures.seats_used, figures.seats_licensed),
        at.url("/members"),
    );
    add(
        at.may("usage:read") && figures.calls_limit > 0 && expected > figures.calls_limit,
        "activity",
        "API calls run out this month",
        "At the pace of the last weeks",
        format!("{} %", expected * 100 / figures.calls_limit.max(1)),
        at.url(""),
    );
    if let Some(ends) = figures.trial_ends_at.filter(|ends| *ends > at.now()) {
        add(
            at.may("account:read"),
            "calendar",
            "The trial ends soon",
            "Until then everything of the plan is open",
            format!("{} days", (ends - at.now()).whole_days()),
            at.url(""),
        );
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn months_are_compared_day_for_day() {
        let days = [(date!(2026 - 10 - 03), 5), (date!(2026 - 10 - 23), 7), (date!(2026 - 11 - 01), 11), (date!(2026 - 11 - 22), 13)];
        assert_eq!(month_to_date(&days, date!(2026 - 11 - 22)), (24, 5));
    }

    #[test]
    fn the_pace_is_carried_to_the_end_of_the_month() {
        assert_eq!(expected_by_month_end(2200, date!(2026 - 11 - 22)), 3000);
        assert_eq!(expected_by_month_end(10, date!(2026 - 02 - 01)), 280);
    }
}
