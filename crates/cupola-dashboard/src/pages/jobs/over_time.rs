//! Jobs over time: how they ended, how long they took, how long they waited.

use cupola_store::{Counted, Counts, Measured, Partial, Query, Selection};
use maud::{Markup, html};

use super::super::chart::{Bars, Line, Lines, Mark, Stack, Steps, Unit};
use super::super::fault::Fault;
use super::super::visit::Visit;
use super::super::{deploys, show, told};
use super::FAILED;

/// How runs end, and the colour of that; the usual one lowest.
const OUTCOMES: [(&str, &str); 7] = [
    ("completed", "c2"),
    ("retried", "c4"),
    ("failed", "c5"),
    ("timed_out", "s3"),
    ("panicked", "s2"),
    ("cancelled", "c0"),
    ("unknown", "s5"),
];
/// Colours of kinds.
const KINDS: [&str; 5] = ["s1", "s2", "s3", "s4", "s5"];

#[derive(Debug)]
pub(super) struct OverTime {
    outcomes: Counted,
    kinds: Counted,
    failed: Counted,
    took: Measured,
    waited: Measured,
    /// How long runs took and waited in the time before.
    before: (Measured, Measured),
    marks: Vec<Mark>,
}

impl OverTime {
    pub(super) fn ask(visit: &Visit, query: &dyn Query, ended: &Selection) -> Result<Self, Fault> {
        let step = visit.range.step(41);
        let counts = |selection: Selection, by: &str, values| {
            query.counts(&Counts { selection, step, by: Some(by.to_owned()), values })
        };
        let failed = told::and(ended, [told::any("outcome", &FAILED)]);
        let outcomes = counts(ended.clone(), "outcome", OUTCOMES.len() + 1)?;
        let earlier = told::before(ended, &steps(&outcomes));
        let before = |number| told::spread(query, earlier.clone(), number, None, Some(step));
        Ok(Self {
            outcomes,
            kinds: counts(ended.clone(), "job_kind", 50)?,
            failed: counts(failed, "job_kind", 50)?,
            took: told::spread(query, ended.clone(), "duration_ms", None, Some(step))?,
            waited: told::spread(query, ended.clone(), "queue_latency_ms", None, Some(step))?,
            before: (before("duration_ms")?, before("queue_latency_ms")?),
            marks: deploys::marks(visit, query, visit.get("service"))?,
        })
    }

    pub(super) fn partial(&self) -> Option<Partial> {
        self.outcomes.partial.or(self.kinds.partial).or(self.took.partial)
    }

    /// How many runs of a kind ended in each step, and how many of them failed.
    pub(super) fn of_kind(&self, kind: &str) -> (Vec<f64>, Vec<f64>) {
        let of = |counted: &Counted| {
            let series = counted.series.iter().find(|series| series.value.as_deref() == Some(kind));
            series.map(|series| numbers(&series.counts)).unwrap_or_default()
        };
        (of(&self.kinds), of(&self.failed))
    }

    pub(super) fn draw(&self, visit: &Visit) -> Markup {
        let steps = steps(&self.outcomes);
        let value = |name: &str| {
            let series = self.outcomes.series.iter().find(|series| series.value.as_deref() == Some(name))?;
            Some(numbers(&series.counts))
        };
        let outcomes = OUTCOMES
            .into_iter()
            .filter_map(|(name, class)| Some(Stack { name: name.replace('_', " "), class, values: value(name)? }));
        let failed = self.failed.series.iter().take(KINDS.len()).zip(KINDS).map(|(series, class)| Stack {
            name: series.value.clone().unwrap_or_default(),
            class,
            values: numbers(&series.counts),
        });
        let bars = |title, stacks| {
            Bars { title, steps, unit: Unit::Count, stacks, marks: &self.marks, zoom: visit.here() }.draw()
        };
        let lines = |title, now, before| quantiles(title, steps, now, before, &self.marks);
        html! {
            div.grid {
                section.panel { (bars("Runs by outcome", outcomes.collect())) }
                section.panel { (bars("Failed runs by kind", failed.collect())) }
                section.panel { (lines("Duration", &self.took, &self.before.0)) }
                section.panel { (lines("Wait in the queue", &self.waited, &self.before.1)) }
            }
        }
    }
}

/// The steps of an answer.
pub(in crate::pages) fn steps(counted: &Counted) -> Steps {
    Steps { start: counted.start, step: counted.step, count: counted.others.len() }
}

/// Counts as a chart has them.
pub(in crate::pages) fn numbers(counts: &[u64]) -> Vec<f64> {
    counts.iter().copied().map(show::as_f64).collect()
}

/// Quantiles over time, the middle one over that of the time before.
pub(in crate::pages) fn quantiles(
    title: &str,
    steps: Steps,
    now: &Measured,
    before: &Measured,
    marks: &[Mark],
) -> Markup {
    let start = steps.start - (steps.end() - steps.start);
    let line = |name: &str, class, measured, start, place| {
        let values = each_step(measured, &Steps { start, ..steps }, place);
        Line { name: name.to_owned(), class, values }
    };
    let earlier = line("p95 before", "s5 before", before, start, 1);
    let lines = [(2, "p99", "s3"), (1, "p95", "s2"), (0, "p50", "s1")];
    let lines = lines.map(|(place, name, class)| line(name, class, now, steps.start, place));
    let has_before = earlier.values.iter().any(Option::is_some);
    let lines = has_before.then_some(earlier).into_iter().chain(lines).collect();
    Lines { title, steps, unit: Unit::Ms, lines, dots: Vec::new(), marks }.draw()
}

/// One of the quantiles in each step.
fn each_step(measured: &Measured, steps: &Steps, place: usize) -> Vec<Option<f64>> {
    let mut values = vec![None; steps.count];
    // Where nothing ran nothing took any time.
    for measure in measured.measures.iter().filter(|measure| measure.count > 0) {
        let step = measure.start.and_then(|start| usize::try_from((start - steps.start) / steps.step.max(1)).ok());
        if let Some(slot) = step.and_then(|step| values.get_mut(step)) {
            *slot = measure.quantiles.get(place).copied();
        }
    }
    values
}
