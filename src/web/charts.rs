//! Pictures of figures, worked out on the server: values in, positions out; `parts/chart.html` draws them.
//!
//! Across a picture positions are per cent, so that it fits any width while its type keeps its size;
//! upright they are pixels of a fixed height.

/// Height of the drawing in pixels, and where the top of the scale and its zero stand in it.
const TOP: f64 = 24.0;
const ZERO: f64 = 196.0;

/// A bar is at most this wide, in per cent of the picture, so that few columns do not turn into slabs.
const WIDEST_BAR: f64 = 4.0;

/// One column to be: its name in full ("12 November"), on the axis ("12"), and its value.
pub struct Point {
    pub label: String,
    pub tick: String,
    pub value: i64,
    /// Not counted yet but expected.
    pub forecast: bool,
}

/// A level the columns should stay under.
pub struct Limit {
    pub label: String,
    pub value: i64,
}

/// What a column chart shows, before it is measured.
pub struct Series {
    /// Names the picture within its page; ids are made from it.
    pub id: &'static str,
    pub title: String,
    /// What is counted, in the plural: "calls".
    pub unit: &'static str,
    /// Heads the first column of the table: "Day", "Month".
    pub period: &'static str,
    pub points: Vec<Point>,
    pub limit: Option<Limit>,
    /// How a value is written; [`figure`](super::figure) for counts.
    pub write: fn(i64) -> String,
}

/// A measured column chart.
pub struct Columns {
    pub id: &'static str,
    pub title: String,
    /// The picture in one sentence, for those who do not see it.
    pub text: String,
    pub unit: &'static str,
    pub period: &'static str,
    pub columns: Vec<Column>,
    pub grid: Vec<GridLine>,
    pub limit: Option<LimitLine>,
    pub has_forecast: bool,
}

pub struct Column {
    pub label: String,
    pub value: String,
    pub tick: String,
    /// "", or "minor": left away where the picture is narrow.
    pub tick_class: &'static str,
    pub forecast: bool,
    /// How much of the bar, in pixels, stands above the limit.
    pub over: Option<String>,
    pub band_x: String,
    pub band_width: String,
    pub bar_x: String,
    pub bar_width: String,
    pub centre: String,
    pub y: String,
    pub height: String,
    /// Where the value hangs on its column, so that it stays inside the picture.
    pub anchor: &'static str,
}

pub struct GridLine {
    pub y: String,
    pub text_y: String,
    pub label: String,
}

pub struct LimitLine {
    pub label: String,
    pub y: String,
    pub text_y: String,
}

impl Columns {
    /// Measures a series. The limit joins the scale unless it would flatten every column to nothing.
    pub fn of(series: Series) -> Self {
        let highest = series.points.iter().map(|p| p.value).max().unwrap_or(0);
        let limit = series.limit.filter(|limit| limit.value <= highest.saturating_mul(3));
        let top = limit.as_ref().map_or(highest, |limit| limit.value.max(highest));
        let step = round_step(top);
        let scale = Scale { end: steps_to(top, step).max(1) * step };
        let text = describe(&series.points, series.unit, limit.as_ref(), series.write);
        let count = series.points.len();
        let band = 100.0 / (count.max(1) as f64);
        let level = limit.as_ref().map(|limit| limit.value);
        let has_forecast = series.points.iter().any(|point| point.forecast);
        let columns = series.points.into_iter().enumerate();
        Columns {
            id: series.id,
            title: series.title,
            text,
            unit: series.unit,
            period: series.period,
            has_forecast,
            columns: columns.map(|(i, point)| column(point, i, count, band, &scale, level, series.write)).collect(),
            grid: scale.lines(step, series.write),
            limit: limit.map(|limit| LimitLine {
                y: pixels(scale.y(limit.value)),
                text_y: pixels(scale.y(limit.value) - 6.0),
                label: format!("{} {}", limit.label, (series.write)(limit.value)),
            }),
        }
    }
}

fn column(point: Point, i: usize, count: usize, band: f64, scale: &Scale, limit: Option<i64>, write: fn(i64) -> String) -> Column {
    let bar = (band * 0.72).min(WIDEST_BAR);
    let centre = band * (i as f64 + 0.5);
    let y = scale.y(point.value);
    let (tick, tick_class) = tick(point.tick, i, count);
    Column {
        label: point.label,
        value: write(point.value),
        tick,
        tick_class,
        forecast: point.forecast,
        over: limit.filter(|limit| point.value > *limit && !point.forecast).map(|limit| pixels(scale.y(limit) - y)),
        band_x: percent(band * i as f64),
        band_width: percent(band),
        bar_x: percent(centre - bar / 2.0),
        bar_width: percent(bar),
        centre: percent(centre),
        y: pixels(y),
        height: pixels(ZERO - y),
        anchor: match centre {
            c if c < 12.0 => "start",
            c if c > 88.0 => "end",
            _ => "middle",
        },
    }
}

/// Few columns are all named, every second one only where there is room; many are named once a week.
fn tick(text: String, i: usize, count: usize) -> (String, &'static str) {
    match count {
        0..=16 if (count - 1 - i).is_multiple_of(2) => (text, ""),
        0..=16 => (text, "minor"),
        _ if i.is_multiple_of(7) => (text, ""),
        _ => (String::new(), ""),
    }
}

fn describe(points: &[Point], unit: &str, limit: Option<&Limit>, write: fn(i64) -> String) -> String {
    let counted = || points.iter().filter(|point| !point.forecast);
    let Some(highest) = counted().filter(|point| point.value > 0).max_by_key(|point| point.value) else {
        return format!("No {unit} yet.");
    };
    let sum = counted().map(|point| point.value).sum();
    let mut text = format!("{} {unit} in all; most on {}: {}.", write(sum), highest.label, write(highest.value));
    if let Some(limit) = limit {
        text.push_str(&format!(" {}: {}.", limit.label, write(limit.value)));
    }
    if points.iter().any(|point| point.forecast) {
        text.push_str(" Later columns are a forecast.");
    }
    text
}

/// The upright axis, from zero to a round end.
struct Scale {
    end: i64,
}

impl Scale {
    fn y(&self, value: i64) -> f64 {
        ZERO - (ZERO - TOP) * (value as f64 / self.end as f64)
    }

    fn lines(&self, step: i64, write: fn(i64) -> String) -> Vec<GridLine> {
        (0..=self.end / step)
            .map(|i| i * step)
            .map(|value| GridLine { y: pixels(self.y(value)), text_y: pixels(self.y(value) + 4.0), label: write(value) })
            .collect()
    }
}

/// The smallest 1, 2 or 5 times a power of ten that gives at most five lines above zero.
fn round_step(top: i64) -> i64 {
    let mut power = 1_i64;
    loop {
        for factor in [1, 2, 5] {
            let step = power.saturating_mul(factor);
            if steps_to(top, step) <= 5 {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

fn steps_to(top: i64, step: i64) -> i64 {
    top / step + i64::from(top % step != 0)
}

pub(super) fn percent(value: f64) -> String {
    format!("{value:.3}%")
}

fn pixels(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::figure;

    fn series(values: &[i64], limit: Option<i64>) -> Series {
        let points = values.iter().enumerate();
        Series {
            id: "calls",
            title: "API calls".into(),
            unit: "calls",
            period: "Day",
            points: points
                .map(|(i, value)| Point { label: format!("{} November", i + 1), tick: (i + 1).to_string(), value: *value, forecast: false })
                .collect(),
            limit: limit.map(|value| Limit { label: "Limit".into(), value }),
            write: figure,
        }
    }

    #[test]
    fn the_axis_ends_on_a_round_number_above_the_highest_value() {
        let chart = Columns::of(series(&[120, 4_210, 990], None));
        let labels: Vec<_> = chart.grid.iter().map(|line| line.label.as_str()).collect();
        assert_eq!(labels, ["0", "1,000", "2,000", "3,000", "4,000", "5,000"]);
    }

    #[test]
    fn columns_stand_on_zero_and_fill_the_width() {
        let chart = Columns::of(series(&[0, 50, 100], None));
        let foot = |column: &Column| column.y.parse::<f64>().unwrap() + column.height.parse::<f64>().unwrap();
        assert!(chart.columns.iter().all(|column| (foot(column) - ZERO).abs() < 0.11));
        assert_eq!(chart.columns[1].centre, "50.000%");
        assert_eq!(chart.columns[0].height, "0.0");
    }

    #[test]
    fn a_limit_is_drawn_and_marks_the_columns_over_it() {
        let chart = Columns::of(series(&[80, 120], Some(100)));
        assert_eq!(chart.limit.unwrap().label, "Limit 100");
        assert_eq!(chart.columns.iter().map(|column| column.over.is_some()).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_limit_far_above_every_value_does_not_flatten_them() {
        let chart = Columns::of(series(&[3, 5], Some(1_000_000)));
        assert!(chart.limit.is_none());
        assert_eq!(chart.grid.last().unwrap().label, "5");
    }

    #[test]
    fn a_picture_of_nothing_says_so() {
        assert_eq!(Columns::of(series(&[], None)).text, "No calls yet.");
        let zeros = Columns::of(series(&[0, 0], None));
        assert_eq!((zeros.text.as_str(), zeros.grid.len()), ("No calls yet.", 2));
    }

    #[test]
    fn the_description_names_sum_peak_and_forecast() {
        let mut input = series(&[10, 30, 20], None);
        input.points[2].forecast = true;
        assert_eq!(Columns::of(input).text, "40 calls in all; most on 2 November: 30. Later columns are a forecast.");
    }

    #[test]
    fn thirteen_months_are_all_named_and_a_month_of_days_weekly() {
        let months = Columns::of(series(&[1; 13], None));
        assert!(months.columns.iter().all(|column| !column.tick.is_empty()));
        assert_eq!(months.columns.last().unwrap().tick_class, "");
        let days = Columns::of(series(&[1; 30], None));
        let named: Vec<_> = days.columns.iter().filter(|c| !c.tick.is_empty()).map(|c| c.tick.as_str()).collect();
        assert_eq!(named, ["1", "8", "15", "22", "29"]);
    }

    #[test]
    fn the_largest_counts_do_not_overflow() {
        let chart = Columns::of(series(&[i64::MAX / 4, 1], Some(i64::MAX / 2)));
        assert_eq!(chart.columns[0].label, "1 November");
    }
}
