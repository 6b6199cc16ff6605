//! Lines over time.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::{ABOVE, Frame, HEIGHT, Mark, Steps, Unit, WIDTH, percent};
use crate::pages::link::Link;
use crate::pages::show;

/// A chart of lines.
#[derive(Debug)]
pub(in crate::pages) struct Lines<'a> {
    pub(in crate::pages) title: &'a str,
    pub(in crate::pages) steps: Steps,
    pub(in crate::pages) unit: Unit,
    /// Those that are drawn later lie over the others.
    pub(in crate::pages) lines: Vec<Line<'a>>,
    pub(in crate::pages) dots: Vec<Dot>,
    pub(in crate::pages) marks: &'a [Mark],
}

/// One of them.
#[derive(Debug)]
pub(in crate::pages) struct Line<'a> {
    pub(in crate::pages) name: String,
    /// Its colour, and whether what is below it is filled: `s1 fill`.
    pub(in crate::pages) class: &'a str,
    /// One for each step; `None` where nothing was said, which no line crosses.
    pub(in crate::pages) values: Vec<Option<f64>>,
}

/// One example, which leads somewhere.
#[derive(Debug)]
pub(in crate::pages) struct Dot {
    pub(in crate::pages) time: i64,
    pub(in crate::pages) value: f64,
    pub(in crate::pages) link: Link,
    pub(in crate::pages) says: String,
    pub(in crate::pages) is_error: bool,
}

impl Lines<'_> {
    pub(in crate::pages) fn draw(&self) -> Markup {
        let values = self.lines.iter().flat_map(|line| line.values.iter().flatten());
        let most = values.copied().chain(self.dots.iter().map(|dot| dot.value)).fold(0.0, f64::max);
        let top = self.unit.top(most);
        let height = |value: f64| HEIGHT * (1.0 - (value / top).clamp(0.0, 1.0));
        let shapes = html! {
            @for line in &self.lines {
                @let runs = runs(&line.values, |step, value| (self.middle(step), height(value)));
                @if line.class.contains("fill") { path.area.(line.class) d=(area(&runs)) {} }
                path.line.(line.class) d=(path(&runs)) vector-effect="non-scaling-stroke" {}
            }
        };
        let over = html! {
            @for dot in &self.dots {
                a href=(dot.link) aria-label=(dot.says) {
                    circle.dot.bad[dot.is_error] cx=(percent(self.steps.place(dot.time))) cy={ (format!("{:.1}", ABOVE + height(dot.value))) } r="3.5" { title { (dot.says) } }
                }
            }
        };
        let last = self.lines.iter().filter_map(|line| {
            Some(format!("{} {}", line.name, self.unit.show(line.values.iter().rev().flatten().next().copied()?)))
        });
        let says = format!(
            "{} over time; most {}; last {}",
            self.title,
            self.unit.show(most),
            last.collect::<Vec<_>>().join(", ")
        );
        let legend = self.lines.iter().map(|line| (line.name.clone(), line.class)).collect();
        let frame = Frame {
            title: self.title,
            says,
            steps: self.steps,
            unit: self.unit,
            top,
            marks: self.marks,
            legend,
            has_links: !self.dots.is_empty(),
        };
        frame.draw(&shapes, &over, &self.table())
    }

    #[allow(clippy::cast_precision_loss, reason = "a place in a picture")]
    fn middle(&self, step: usize) -> f64 {
        (step as f64 + 0.5) / self.steps.count.max(1) as f64 * WIDTH
    }

    fn table(&self) -> Markup {
        html! {
            table.compact {
                thead { tr { th scope="col" { "Time" } @for line in &self.lines { th.num scope="col" { (line.name) } } } }
                tbody {
                    @for step in 0..self.steps.count {
                        tr {
                            th scope="row" { (show::time(self.steps.time(step))) }
                            @for line in &self.lines {
                                td { @match line.values.get(step).copied().flatten() { Some(value) => (self.unit.show(value)), None => "–" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Points that follow each other without a gap.
fn runs(values: &[Option<f64>], point: impl Fn(usize, f64) -> (f64, f64)) -> Vec<Vec<(f64, f64)>> {
    let mut runs = vec![Vec::new()];
    for (step, value) in values.iter().enumerate() {
        match (value, runs.last_mut()) {
            (Some(value), Some(run)) => run.push(point(step, *value)),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn path(runs: &[Vec<(f64, f64)>]) -> String {
    let mut d = String::new();
    for run in runs {
        for (place, (x, y)) in run.iter().enumerate() {
            let _ = write!(d, "{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' });
        }
        // A point alone is a line of no length, which is drawn with a round end.
        if run.len() == 1 {
            d.push_str("h0");
        }
    }
    d
}

fn area(runs: &[Vec<(f64, f64)>]) -> String {
    let mut d = String::new();
    for run in runs {
        let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) else { continue };
        let _ = write!(d, "{}L{last:.1} {HEIGHT}L{first:.1} {HEIGHT}Z", path(std::slice::from_ref(run)));
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_crosses_a_gap() {
        let check = |values: &[Option<f64>], expected: &str| {
            let runs = runs(values, |step, value| (f64::from(u32::try_from(step).unwrap()), value));
            assert_eq!(path(&runs), expected);
        };
        check(&[], "");
        check(&[None, None], "");
        check(&[Some(1.0), Some(2.0), None, Some(3.0)], "M0.0 1.0L1.0 2.0M3.0 3.0h0");
        check(&[None, Some(1.0), None, None, Some(2.0), Some(2.5)], "M1.0 1.0h0M4.0 2.0L5.0 2.5");
    }
}
