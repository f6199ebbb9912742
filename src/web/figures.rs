//! Small pictures beside a figure: the shape of a series, how much of an allowance is used, the shares of a work. Written
//! out by `parts/figure.html`.

use super::charts::percent;

/// A line without axes, for a figure card: only the shape matters.
pub struct Sparkline {
    pub label: String,
    pub line: String,
    pub under: String,
}

impl Sparkline {
    /// Drawn in a box of 100 by 32. Fewer than two values have no shape and give none.
    pub fn of(label: impl Into<String>, values: &[i64]) -> Option<Self> {
        let steps = values.len().checked_sub(1).filter(|steps| *steps > 0)?;
        let highest = values.iter().copied().max().unwrap_or(0).max(1);
        let line: String = values
            .iter()
            .enumerate()
            .map(|(i, value)| {
                let x = 100.0 * i as f64 / steps as f64;
                let y = 30.0 - 28.0 * (*value as f64 / highest as f64);
                format!("{}{x:.2} {y:.2}", if i == 0 { 'M' } else { 'L' })
            })
            .collect();
        let under = format!("{line}L100 32L0 32Z");
        Some(Sparkline { label: label.into(), line, under })
    }
}

/// How much of an allowance is used, and where it is heading.
pub struct Meter {
    pub label: String,
    /// "18 of 25", or with no limit "18".
    pub text: String,
    pub used: i64,
    pub limit: Option<i64>,
    pub fill: String,
    /// The forecast's end of the bar; "" when none was given.
    pub ahead: String,
    /// "", "warning" from nine tenths or when the forecast passes the limit, "danger" at the limit.
    pub kind: &'static str,
}

impl Meter {
    pub fn of(label: impl Into<String>, used: i64, limit: Option<i64>, forecast: Option<i64>, write: fn(i64) -> String) -> Self {
        let share = |value: i64| limit.map_or(0.0, |limit| (value as f64 / limit.max(1) as f64).min(1.0) * 100.0);
        let kind = match limit {
            Some(limit) if used >= limit => "danger",
            Some(limit) if used.saturating_mul(10) >= limit.saturating_mul(9) || forecast.is_some_and(|f| f > limit) => "warning",
            _ => "",
        };
        Meter {
            label: label.into(),
            text: limit.map_or_else(|| write(used), |limit| format!("{} of {}", write(used), write(limit))),
            used,
            limit,
            fill: percent(share(used)),
            ahead: forecast.map(|forecast| percent(share(forecast))).unwrap_or_default(),
            kind,
        }
    }
}

/// The shares of a work laid end to end. Shares that fall short of the whole leave an open end.
pub struct Split {
    pub parts: Vec<SplitPart>,
    pub open: Option<(String, String)>,
    /// All parts in words, for those who do not see the bar.
    pub text: String,
}

pub struct SplitPart {
    pub name: String,
    pub share: String,
    pub x: String,
    pub width: String,
    /// 1 to 6; the seventh part and later share 0.
    pub series: usize,
}

impl Split {
    /// Takes names with their shares in per cent; the second text is the share as it is to be read.
    pub fn of(shares: Vec<(String, f64, String)>) -> Self {
        let sum: f64 = shares.iter().map(|(_, share, _)| share).sum();
        let whole = sum.max(100.0);
        let text = shares.iter().map(|(name, _, words)| format!("{name} {words}")).collect::<Vec<_>>().join(", ");
        let mut x = 0.0;
        let parts = shares.into_iter().enumerate().map(|(i, (name, share, words))| {
            let width = 100.0 * share / whole;
            let part = SplitPart { name, share: words, x: percent(x), width: percent(width), series: if i < 6 { i + 1 } else { 0 } };
            x += width;
            part
        });
        let parts = parts.collect();
        let open = (sum < 99.999).then(|| (percent(x), percent(100.0 - x)));
        Split { parts, open, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::figure;

    #[test]
    fn a_sparkline_runs_from_edge_to_edge() {
        let line = Sparkline::of("Works", &[1, 2, 4]).unwrap().line;
        assert_eq!(line, "M0.00 23.00L50.00 16.00L100.00 2.00");
        assert!(Sparkline::of("Works", &[7]).is_none());
    }

    #[test]
    fn a_meter_warns_before_the_limit_and_when_the_forecast_passes_it() {
        let kind = |used, forecast| Meter::of("Calls", used, Some(100), forecast, figure).kind;
        assert_eq!([kind(50, None), kind(90, None), kind(50, Some(130)), kind(100, None)], ["", "warning", "warning", "danger"]);
        assert_eq!(Meter::of("Seats", 18, Some(25), None, figure).text, "18 of 25");
        assert_eq!(Meter::of("Seats", 18, None, None, figure).fill, "0.000%");
    }

    #[test]
    fn a_split_short_of_the_whole_leaves_an_open_end() {
        let part = |name: &str, share: f64| (name.to_owned(), share, format!("{share:.2}%"));
        let split = Split::of(vec![part("Okafor", 50.0), part("Lind", 25.0)]);
        assert_eq!(split.open, Some(("75.000%".into(), "25.000%".into())));
        assert_eq!(split.text, "Okafor 50.00%, Lind 25.00%");
        assert!(Split::of(vec![part("Okafor", 100.0)]).open.is_none());
        assert_eq!(Split::of(vec![part("A", 100.0), part("B", 100.0)]).parts[1].x, "50.000%");
    }
}
