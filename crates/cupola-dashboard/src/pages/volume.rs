//! How many log entries of each level came over time.

use cupola_store::{Counted, Counts, Query, Selection};
use maud::Markup;

use super::chart::{Bars, Mark, Stack, Steps, Unit};
use super::fault::Fault;
use super::show;
use super::visit::Visit;

/// The levels as bars stand on each other, the most serious lowest; and how others are called.
const LEVELS: [(&str, &str); 5] = [
    ("ERROR", "level-error"),
    ("WARN", "level-warn"),
    ("INFO", "level-info"),
    ("DEBUG", "level-debug"),
    ("TRACE", "level-trace"),
];

/// Counts entries by level.
pub(super) fn ask(visit: &Visit, query: &dyn Query, selection: Selection) -> Result<Counted, Fault> {
    Ok(query.counts(&Counts { selection, step: visit.range.step(61), by: Some("level".to_owned()), values: 10 })?)
}

/// Draws them; a bar's time shows more of the same page.
pub(super) fn draw(visit: &Visit, counted: &Counted, marks: &[Mark]) -> Markup {
    let steps = Steps { start: counted.start, step: counted.step, count: counted.others.len() };
    let numbers = |counts: &[u64]| counts.iter().copied().map(show::as_f64).collect::<Vec<_>>();
    let of_level = |(level, class): (&str, &'static str)| {
        let series = counted.series.iter().find(|series| series.value.as_deref() == Some(level))?;
        Some(Stack { name: level.to_lowercase(), class, values: numbers(&series.counts) })
    };
    let mut stacks: Vec<Stack<'_>> = LEVELS.into_iter().filter_map(of_level).collect();
    let mut others = numbers(&counted.others);
    let is_known = |value: Option<&str>| LEVELS.iter().any(|(level, _)| Some(*level) == value);
    for series in counted.series.iter().filter(|series| !is_known(series.value.as_deref())) {
        others.iter_mut().zip(&series.counts).for_each(|(sum, count)| *sum += show::as_f64(*count));
    }
    if others.iter().any(|count| *count > 0.0) {
        stacks.push(Stack { name: "other".to_owned(), class: "c0", values: others });
    }
    let zoom = visit.here().without("cursor");
    Bars { title: "Log entries", steps, unit: Unit::Count, stacks, marks, zoom }.draw()
}
