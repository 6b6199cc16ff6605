//! Stacked bars over time.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::{Frame, HEIGHT, Mark, Steps, Unit, WIDTH};
use crate::pages::link::Link;
use crate::pages::show;

/// A chart of bars that stand on each other.
#[derive(Debug)]
pub(in crate::pages) struct Bars<'a> {
    pub(in crate::pages) title: &'a str,
    pub(in crate::pages) steps: Steps,
    pub(in crate::pages) unit: Unit,
    /// The lowest first.
    pub(in crate::pages) stacks: Vec<Stack<'a>>,
    pub(in crate::pages) marks: &'a [Mark],
    /// The page of which a step's time shows more.
    pub(in crate::pages) zoom: Link,
}

/// What stands in each bar.
#[derive(Debug)]
pub(in crate::pages) struct Stack<'a> {
    pub(in crate::pages) name: String,
    /// Its colour.
    pub(in crate::pages) class: &'a str,
    pub(in crate::pages) values: Vec<f64>,
}

impl Bars<'_> {
    pub(in crate::pages) fn draw(&self) -> Markup {
        let sums: Vec<f64> =
            (0..self.steps.count).map(|step| self.stacks.iter().map(|stack| stack.at(step)).sum()).collect();
        let top = self.unit.top(sums.iter().copied().fold(0.0, f64::max));
        let mut below = vec![0.0; self.steps.count];
        let mut paths = Vec::new();
        for stack in &self.stacks {
            paths.push((stack.class, self.path(stack, &mut below, top)));
        }
        let shapes = html! { @for (class, d) in &paths { path.block.(class) d=(d) {} } };
        let parts =
            self.stacks.iter().map(|stack| format!("{} {}", stack.name, self.unit.show(stack.values.iter().sum())));
        let says = format!("{} over time; together {}", self.title, parts.collect::<Vec<_>>().join(", "));
        let legend = self.stacks.iter().map(|stack| (stack.name.clone(), stack.class)).collect();
        let frame = Frame {
            title: self.title,
            says,
            steps: self.steps,
            unit: self.unit,
            top,
            marks: self.marks,
            legend,
            has_links: false,
        };
        frame.draw(&shapes, &html! {}, &self.table())
    }

    /// One path for all bars of a stack.
    #[allow(clippy::cast_precision_loss, reason = "places in a picture")]
    fn path(&self, stack: &Stack<'_>, below: &mut [f64], top: f64) -> String {
        let width = WIDTH / self.steps.count.max(1) as f64;
        let mut d = String::new();
        for (step, below) in below.iter_mut().enumerate() {
            let value = stack.at(step);
            if value > 0.0 {
                let (x, bottom) = (step as f64 * width + width * 0.1, HEIGHT * (1.0 - *below / top));
                // What is there can be seen, however little it is.
                let height = (HEIGHT * value / top).max(1.0);
                let _ = write!(d, "M{x:.1} {bottom:.1}v-{height:.1}h{:.1}v{height:.1}z", width * 0.8);
                *below += value;
            }
        }
        d
    }

    fn table(&self) -> Markup {
        html! {
            table.compact {
                thead { tr { th scope="col" { "Time" } @for stack in &self.stacks { th.num scope="col" { (stack.name) } } } }
                tbody {
                    @for step in 0..self.steps.count {
                        tr {
                            th scope="row" { a href=(self.zoom.clone().between(self.steps.time(step), self.steps.time(step + 1))) { (show::time(self.steps.time(step))) } }
                            @for stack in &self.stacks { td { (self.unit.show(stack.at(step))) } }
                        }
                    }
                }
            }
        }
    }
}

impl Stack<'_> {
    fn at(&self, step: usize) -> f64 {
        self.values.get(step).copied().unwrap_or_default()
    }
}
