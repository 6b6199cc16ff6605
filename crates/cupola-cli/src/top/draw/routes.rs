//! Rate, errors and duration of each route.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::lines::{Pen, first_shown};
use crate::terminal::grouped;
use crate::terminal::paint::{Tone, cut, upright, width};
use crate::top::routes::{Bar, Route, Sort};
use crate::top::state::{Pane, State};

/// A column of numbers: how it is called, by what it sorts, and how wide it is.
type Column = (&'static str, Sort, usize);

const COLUMNS: [Column; 5] = [
    ("req/s", Sort::Rate, 8),
    ("err %", Sort::Errors, 7),
    ("p50 ms", Sort::Quantile(0), 8),
    ("p95 ms", Sort::Quantile(1), 8),
    ("p99 ms", Sort::Quantile(2), 8),
];

/// A route has at least so many columns for itself.
const NAME: usize = 24;
/// A trend is no wider.
const TREND: usize = 24;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, state: &State, pen: Pen) {
    let (rows, is_chosen) = (state.rows(), state.pane == Pane::Routes);
    let title = Rect { height: area.height.min(1), ..area };
    let errors = if state.errors_only { ", with errors only" } else { "" };
    let stale = state.routes.stale(state.now).map(|age| format!("stale for {age} s  "));
    let partial = state.routes.value.as_ref().is_some_and(|routes| routes.is_partial);
    let partial = partial.then(|| "not all has been read  ".to_owned());
    let right: Vec<Span<'_>> = [stale, partial].into_iter().flatten().map(|text| pen.span(Tone::Red, text)).collect();
    let right = right.into_iter().chain([pen.span(Tone::Dim, format!("by {}", state.sort.name()))]);
    let count = pen.span(Tone::Dim, format!("{}{errors}", rows.len()));
    pen.title(buffer, title, ("Routes", is_chosen), count.into(), Line::from(right.collect::<Vec<_>>()));
    let plan = Plan::of(usize::from(area.width));
    pen.line(buffer, area, 1, plan.names(state, pen));
    if rows.is_empty() {
        return pen.line(buffer, area, 2, pen.span(Tone::Dim, format!(" {}", nothing(state))).into());
    }
    let has_services = rows.iter().any(|route| route.named.service != rows[0].named.service);
    let place = state.route_place();
    let height = area.height.saturating_sub(2);
    let first = first_shown(place, usize::from(height));
    for (row, (at, route)) in (2..2 + height).zip(rows.iter().enumerate().skip(first)) {
        pen.line(buffer, area, row, plan.row(route, has_services, pen));
        if is_chosen && at == place {
            pen.choose(buffer, area, row);
        }
    }
}

/// Why there is no route.
fn nothing(state: &State) -> String {
    let has_any = state.routes.value.as_ref().is_some_and(|routes| !routes.rows.is_empty());
    match has_any {
        true => "no route has failed: e shows all".to_owned(),
        false => format!("no request was told of in the last {}: + asks of more time", state.range.name()),
    }
}

/// Which columns there is room for.
struct Plan {
    name: usize,
    columns: Vec<Column>,
    trend: usize,
}

impl Plan {
    /// The trend gives way first, then the median, then what is beyond the 95th.
    fn of(columns: usize) -> Self {
        let mut shown = COLUMNS.to_vec();
        let needed = |shown: &[Column]| shown.iter().map(|(_, _, width)| width).sum::<usize>() + 1;
        for giving_way in [Sort::Quantile(0), Sort::Quantile(2), Sort::Errors, Sort::Quantile(1)] {
            if needed(&shown) + NAME.min(16) > columns {
                shown.retain(|(_, sort, _)| *sort != giving_way);
            }
        }
        let left = columns.saturating_sub(needed(&shown));
        let trend = left.saturating_sub(NAME + 2).min(TREND);
        let trend = if trend < 6 { 0 } else { trend };
        Self { name: left - if trend > 0 { trend + 2 } else { 0 }, columns: shown, trend }
    }

    fn names(&self, state: &State, pen: Pen) -> Line<'static> {
        let marked = |name: &str, sort| if state.sort == sort { format!("▼{name}") } else { name.to_owned() };
        let mut text = format!(" {}", padded(&marked("route", Sort::Name), self.name));
        for (name, sort, width) in &self.columns {
            text.push_str(&format!("{:>width$}", marked(name, *sort)));
        }
        if self.trend > 0 {
            text.push_str("  trend");
        }
        pen.span(Tone::Dim, text).into()
    }

    fn row(&self, route: &Route, has_services: bool, pen: Pen) -> Line<'static> {
        let (name, service) = route.named.shown();
        let name = cut(&name, self.name.saturating_sub(1));
        // A few letters of a service would tell nothing.
        let left = self.name.saturating_sub(width(&name));
        let service = if has_services && left > 4 { format!(" {service}") } else { String::new() };
        let service = padded(&service, left.saturating_sub(1)) + " ";
        let mut spans = vec![pen.span(Tone::Plain, format!(" {name}")), pen.span(Tone::Dim, service)];
        for (_, sort, width) in &self.columns {
            let (text, tone) = cell(route, *sort);
            spans.push(pen.span(tone, format!("{text:>width$}")));
        }
        if self.trend > 0 {
            spans.push(Span::raw("  "));
            spans.extend(trend(&route.trend, self.trend, pen));
        }
        Line::from(spans)
    }
}

fn cell(route: &Route, sort: Sort) -> (String, Tone) {
    match sort {
        Sort::Rate => (number(route.rate), Tone::Plain),
        Sort::Errors => {
            let tone = match route.failed {
                ..=0.0 => Tone::Dim,
                0.05.. => Tone::Red,
                _ => Tone::Yellow,
            };
            (share(route.failed), tone)
        }
        Sort::Quantile(which) => (number(route.quantiles_ms[which]), Tone::Plain),
        Sort::Impact | Sort::Name => (String::new(), Tone::Plain),
    }
}

/// To three digits, so that columns can be compared: `0.012`, `1.25`, `48.1`, `812`, `12,345`.
fn number(value: f64) -> String {
    match value {
        ..=0.0 => "0".to_owned(),
        ..0.0005 => "<0.001".to_owned(),
        ..1.0 => format!("{value:.3}"),
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => grouped(value.round() as u64),
    }
}

/// In per cent.
fn share(share: f64) -> String {
    match share * 100.0 {
        ..=0.0 => "0".to_owned(),
        ..0.05 => "<0.1".to_owned(),
        percent => format!("{percent:.1}"),
    }
}

/// The last steps, one a column; those in which something failed are red.
fn trend(bars: &[Bar], columns: usize, pen: Pen) -> Vec<Span<'static>> {
    let most = bars.iter().map(|bar| bar.rate).fold(0.0, f64::max);
    let parts = |rate: f64| (rate / most.max(f64::MIN_POSITIVE) * 1e6) as u64;
    let shown = &bars[bars.len().saturating_sub(columns)..];
    let span = |bar: &Bar| {
        let tone = if bar.has_errors { Tone::Red } else { Tone::Cyan };
        pen.span(tone, upright(parts(bar.rate), 1_000_000, 0, 1))
    };
    shown.iter().map(span).collect()
}

fn padded(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let space = columns.saturating_sub(width(&text));
    text + &" ".repeat(space)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let values = [0.0, 0.0001, 0.01234, 1.254, 48.12, 812.4, 12_345.0];
        assert_eq!(values.map(number), ["0", "<0.001", "0.012", "1.25", "48.1", "812", "12,345"]);
        assert_eq!([0.0, 0.0001, 0.1234, 1.0].map(share), ["0", "<0.1", "12.3", "100.0"]);
    }

    #[test]
    fn columns_give_way_to_the_route() {
        let plan = |columns| {
            let plan = Plan::of(columns);
            (plan.name, plan.columns.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(" "), plan.trend)
        };
        assert_eq!(plan(120), (54, "req/s err % p50 ms p95 ms p99 ms".to_owned(), 24));
        assert_eq!(plan(80), (24, "req/s err % p50 ms p95 ms p99 ms".to_owned(), 14));
        assert_eq!(plan(60), (20, "req/s err % p50 ms p95 ms p99 ms".to_owned(), 0));
        assert_eq!(plan(50), (18, "req/s err % p95 ms p99 ms".to_owned(), 0));
        assert_eq!(plan(30).1, "req/s");
    }
}
