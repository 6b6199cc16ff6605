//! Charts: pictures that need no script, with a table of the same numbers for those who listen, read or copy.

mod bars;
mod lines;
mod scale;
mod spark;

use maud::{Markup, html};

pub(super) use bars::{Bars, Stack};
pub(super) use lines::{Dot, Line, Lines};
pub(super) use spark::spark;

use super::money::money;
use super::show;

/// The steps of time that a chart tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    /// When the first one begins, in nanoseconds since 1970.
    pub(super) start: i64,
    /// How long each is, in nanoseconds.
    pub(super) step: i64,
    pub(super) count: usize,
}

impl Steps {
    /// When a step begins.
    pub(super) fn time(&self, step: usize) -> i64 {
        self.start.saturating_add(self.step.saturating_mul(i64::try_from(step).unwrap_or(i64::MAX)))
    }

    /// When the last one ends.
    pub(super) fn end(&self) -> i64 {
        self.time(self.count)
    }

    /// Where a moment lies, from 0 to 1.
    #[allow(clippy::cast_precision_loss, reason = "a place in a picture")]
    pub(super) fn place(&self, time: i64) -> f64 {
        let length = (self.end() - self.start).max(1);
        (time.saturating_sub(self.start) as f64 / length as f64).clamp(0.0, 1.0)
    }
}

/// A moment that is marked in every chart: a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) time: i64,
    pub(super) says: String,
}

/// How numbers of a chart are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Count,
    Rate,
    Share,
    Ms,
    Bytes,
    BytesRate,
    Money,
    Number,
}

impl Unit {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are whole and no less than none"
    )]
    pub(super) fn show(self, number: f64) -> String {
        match self {
            Self::Count => show::count(number.max(0.0).round() as u64),
            Self::Rate => show::rate(number),
            Self::Share => show::percent(number),
            Self::Ms => show::duration(number),
            Self::Bytes => show::bytes(number.max(0.0) as u64),
            Self::BytesRate => format!("{}/s", show::bytes(number.max(0.0) as u64)),
            Self::Money => money(number),
            Self::Number => show::short(number),
        }
    }

    /// The top of a chart: the least round number that is no less, as it is written.
    fn top(self, most: f64) -> f64 {
        match self {
            Self::Bytes | Self::BytesRate if most >= 1_024.0 => {
                let unit = 1_024_f64.powf((most.ln() / 1_024_f64.ln()).floor());
                scale::top(most / unit) * unit
            }
            _ => scale::top(most),
        }
    }
}

/// How high the drawn part is, in pixels, and what is above it.
const HEIGHT: f64 = 140.0;
const ABOVE: f64 = 8.0;
/// How wide the field is on which shapes are drawn, before it is stretched.
const WIDTH: f64 = 1_000.0;

/// What is around the shapes: a heading, the axes, the marks, and the table.
struct Frame<'a> {
    title: &'a str,
    /// What it shows in one sentence.
    says: String,
    steps: Steps,
    unit: Unit,
    top: f64,
    marks: &'a [Mark],
    /// Names of the series and the classes of their colours.
    legend: Vec<(String, &'a str)>,
    /// Something in it leads elsewhere: it is more than a picture.
    has_links: bool,
}

impl Frame<'_> {
    fn draw(&self, shapes: &Markup, over: &Markup, table: &Markup) -> Markup {
        let ticks = scale::ticks(&self.steps);
        html! {
            figure.chart data-start=(self.steps.start / 1_000_000) data-end=(self.steps.end() / 1_000_000) data-steps=(self.steps.count) {
                figcaption {
                    span.chart-title { (self.title) }
                    @if self.legend.len() > 1 {
                        ul.legend { @for (name, class) in &self.legend { li { span.key.(class) {} (name) } } }
                    }
                }
                div.plot {
                    svg.axis width="48" height="176" aria-hidden="true" {
                        @for part in [1.0, 0.5, 0.0] {
                            text x="42" y=(ABOVE + HEIGHT * (1.0 - part) + 4.0) { (self.unit.show(self.top * part)) }
                        }
                    }
                    svg.field width="100%" height="176" role=(if self.has_links { "group" } else { "img" }) aria-label=(self.says) {
                        @for part in [0.0, 0.5, 1.0] {
                            line.grid x1="0" x2="100%" y1=(ABOVE + HEIGHT * part) y2=(ABOVE + HEIGHT * part) {}
                        }
                        svg x="0" y=(ABOVE) width="100%" height=(HEIGHT) viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" { (shapes) }
                        @for mark in self.marks {
                            @let x = percent(self.steps.place(mark.time));
                            line.mark x1=(x) x2=(x) y1="0" y2=(ABOVE + HEIGHT) {}
                            circle.mark cx=(x) cy="4" r="4" { title { (mark.says) } }
                        }
                        (over)
                        @for (place, time, pattern) in &ticks {
                            text.tick x=(percent(*place)) y="168" data-tick=(time / 1_000_000) data-form=(pattern.name()) { (show::clock(*time, pattern.pattern())) }
                        }
                    }
                }
                details.numbers {
                    summary { "Numbers" span.unseen { " of " (self.title) } }
                    div.scroll tabindex="0" role="region" aria-label={ "Numbers of " (self.title) } { (table) }
                }
            }
        }
    }
}

/// A place from 0 to 1 as a length of SVG.
fn percent(place: f64) -> String {
    format!("{:.2}%", place * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_round_numbers_of_their_own() {
        let check = |unit: Unit, most: f64, top: &str, half: &str| {
            let found = unit.top(most);
            assert!(found >= most * 0.999_999, "{most} {found}");
            let shown = [found, found / 2.0].map(|number| unit.show(number).replace('\u{202f}', " "));
            assert_eq!(shown, [top, half], "{most}");
        };
        check(Unit::Bytes, 1_500_000_000.0, "2 GiB", "1 GiB");
        check(Unit::Bytes, 700.0, "800 B", "400 B");
        check(Unit::BytesRate, 5.0 * 1_048_576.0, "5 MiB/s", "2.5 MiB/s");
        check(Unit::Number, 1_500.0, "2000", "1000");
    }
}
