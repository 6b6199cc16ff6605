//! Calls of models over time.

use cupola_store::{Counted, Counts, Measured, Partial, Query, Selection};
use maud::{Markup, html};

use super::super::chart::{Bars, Mark, Stack, Steps, Unit};
use super::super::deploys::{self, field};
use super::super::fault::Fault;
use super::super::jobs::{numbers, quantiles_over_time, steps_of};
use super::super::told;
use super::super::visit::Visit;

/// Colours of models; those of further ones are the last.
const COLOURS: [&str; 5] = ["s1", "s2", "s4", "s3", "s5"];

#[derive(Debug)]
pub(super) struct OverTime {
    calls: Counted,
    failed: Counted,
    cost: Measured,
    input: Measured,
    cached: Measured,
    output: Measured,
    first: Measured,
    took: Measured,
    /// How soon calls were answered in the time before: their first chunk, and all.
    before: (Measured, Measured),
    marks: Vec<Mark>,
}

impl OverTime {
    pub(super) fn ask(visit: &Visit, query: &dyn Query, calls: &Selection) -> Result<Self, Fault> {
        let step = visit.range.step(41);
        let counts = |selection: Selection, by: Option<&str>| {
            query.counts(&Counts { selection, step, by: by.map(str::to_owned), values: COLOURS.len() })
        };
        let spread = |selection: &Selection, number, by| told::spread(query, selection.clone(), number, by, Some(step));
        let failed = field("outcome", "failed");
        let answered = told::and(calls, [told::not(failed.clone())]);
        let all = counts(calls.clone(), Some("model"))?;
        let earlier = told::before(&answered, &steps_of(&all));
        Ok(Self {
            calls: all,
            failed: counts(told::and(calls, [failed]), None)?,
            cost: spread(calls, "cost_micros", Some("model"))?,
            input: spread(calls, "input_tokens", None)?,
            cached: spread(calls, "cache_read_tokens", None)?,
            output: spread(calls, "output_tokens", None)?,
            first: spread(&answered, "first_chunk_ms", None)?,
            took: spread(&answered, "duration_ms", None)?,
            before: (spread(&earlier, "first_chunk_ms", None)?, spread(&earlier, "duration_ms", None)?),
            marks: deploys::marks(visit, query, visit.get("service"))?,
        })
    }

    pub(super) fn partial(&self) -> Option<Partial> {
        self.calls.partial.or(self.cost.partial).or(self.took.partial)
    }

    pub(super) fn draw(&self, visit: &Visit) -> Markup {
        let steps = steps_of(&self.calls);
        let models: Vec<&str> = self.calls.series.iter().filter_map(|series| series.value.as_deref()).collect();
        let mut calls: Vec<Stack<'_>> = self
            .calls
            .series
            .iter()
            .zip(COLOURS)
            .map(|(series, class)| Stack {
                name: series.value.clone().unwrap_or_else(|| "(not said)".to_owned()),
                class,
                values: numbers(&series.counts),
            })
            .collect();
        if self.calls.others.iter().any(|count| *count > 0) {
            calls.push(Stack { name: "others".to_owned(), class: "c0", values: numbers(&self.calls.others) });
        }
        let cost: Vec<_> = models
            .iter()
            .zip(COLOURS)
            .filter_map(|(model, class)| {
                let values = sums(&self.cost, Some(model), &steps);
                values.iter().any(|cost| *cost > 0.0).then(|| Stack { name: (*model).to_owned(), class, values })
            })
            .collect();
        let (input, cached) = (sums(&self.input, None, &steps), sums(&self.cached, None, &steps));
        let fresh = input.iter().zip(&cached).map(|(all, cached)| (all - cached).max(0.0)).collect();
        let tokens = vec![
            Stack { name: "in".to_owned(), class: "s1", values: fresh },
            Stack { name: "in, cached".to_owned(), class: "c3", values: cached },
            Stack { name: "out".to_owned(), class: "s4", values: sums(&self.output, None, &steps) },
        ];
        let failed = vec![Stack {
            name: "failed".to_owned(),
            class: "c5",
            values: self.failed.series.first().map(|series| numbers(&series.counts)).unwrap_or_default(),
        }];
        let marks = &self.marks[..];
        let bars = |title, unit, stacks| Bars { title, steps, unit, stacks, marks, zoom: visit.here() }.draw();
        let lines = |title, now, before| quantiles_over_time(title, steps, now, before, marks);
        html! {
            div.grid {
                section.panel { (bars("Calls by model", Unit::Count, calls)) }
                @if !cost.is_empty() { section.panel { (bars("Cost, where it is known", Unit::Money, cost)) } }
                section.panel { (bars("Tokens", Unit::Count, tokens)) }
                @if self.failed.total > 0 { section.panel { (bars("Failed calls", Unit::Count, failed)) } }
                section.panel { (lines("Time to the first chunk", &self.first, &self.before.0)) }
                section.panel { (lines("Duration", &self.took, &self.before.1)) }
            }
        }
    }
}

/// What was added up in each step.
fn sums(measured: &Measured, value: Option<&str>, steps: &Steps) -> Vec<f64> {
    let mut sums = vec![0.0; steps.count];
    for measure in measured.measures.iter().filter(|measure| value.is_none() || measure.value.as_deref() == value) {
        let step = measure.start.and_then(|start| usize::try_from((start - steps.start) / steps.step.max(1)).ok());
        if let Some(sum) = step.and_then(|step| sums.get_mut(step)) {
            *sum += measure.sum;
        }
    }
    sums
}
