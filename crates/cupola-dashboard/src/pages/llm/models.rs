//! Calls by their models.

use cupola_store::{Measure, Measured, Query, Selection, Top, Topped};
use maud::{Markup, html};

use super::super::deploys::field;
use super::super::fault::Fault;
use super::super::money::money;
use super::super::red_table::name;
use super::super::visit::Visit;
use super::super::{parts, show, told};

const MODEL: &str = "model";

/// The calls of one time, by model.
#[derive(Debug)]
pub(super) struct Models {
    calls: Topped,
    failed: Topped,
    /// Those that have not failed, and of which nobody knows what they cost.
    unpriced: Topped,
    input: Vec<Measure>,
    cached: Vec<Measure>,
    output: Vec<Measure>,
    cost: Vec<Measure>,
    first: Vec<Measure>,
    took: Vec<Measure>,
    /// Of all models together.
    all_first: Measured,
    all_took: Measured,
}

impl Models {
    pub(super) fn ask(query: &dyn Query, calls: &Selection) -> Result<Self, Fault> {
        let top = |selection| query.top(&Top { selection, field: MODEL.to_owned(), limit: 50 });
        let spread = |selection: &Selection, number| -> Result<Vec<Measure>, Fault> {
            Ok(told::spread(query, selection.clone(), number, Some(MODEL), None)?.measures)
        };
        let failed = field("outcome", "failed");
        // One that fails does so quickly, and says nothing of how long answers take.
        let answered = told::and(calls, [told::not(failed.clone())]);
        Ok(Self {
            calls: top(calls.clone())?,
            failed: top(told::and(calls, [failed]))?,
            unpriced: top(told::and(&answered, [told::not(told::has("cost_micros"))]))?,
            input: spread(calls, "input_tokens")?,
            cached: spread(calls, "cache_read_tokens")?,
            output: spread(calls, "output_tokens")?,
            cost: spread(calls, "cost_micros")?,
            first: spread(&answered, "first_chunk_ms")?,
            took: spread(&answered, "duration_ms")?,
            all_first: told::spread(query, answered.clone(), "first_chunk_ms", None, None)?,
            all_took: told::spread(query, answered, "duration_ms", None, None)?,
        })
    }

    pub(super) fn calls(&self) -> u64 {
        told::all(&self.calls)
    }

    /// Which share of them.
    pub(super) fn failed(&self) -> f64 {
        told::share(told::all(&self.failed), told::all(&self.calls))
    }

    pub(super) fn unpriced(&self) -> u64 {
        told::all(&self.unpriced)
    }

    pub(super) fn input(&self) -> Option<f64> {
        together(&self.input)
    }

    pub(super) fn output(&self) -> Option<f64> {
        together(&self.output)
    }

    pub(super) fn cost(&self) -> Option<f64> {
        together(&self.cost)
    }

    pub(super) fn first_p95(&self) -> Option<f64> {
        self.all_first.measures.first()?.quantiles.get(1).copied()
    }

    pub(super) fn took_p95(&self) -> Option<f64> {
        self.all_took.measures.first()?.quantiles.get(1).copied()
    }

    /// One row each, the dearest first, then those that are called most often.
    pub(super) fn draw(&self, visit: &Visit, earlier: &Self) -> Markup {
        let mut models: Vec<(&str, u64)> = self.calls.values.iter().map(|(model, count)| (&**model, *count)).collect();
        let cost = |model: &str| total(&self.cost, model).unwrap_or_default();
        models.sort_by(|(one, calls), (other, or)| cost(other).total_cmp(&cost(one)).then(or.cmp(calls)));
        let seconds = visit.range.seconds().max(1.0);
        let table = html! {
            table {
                thead {
                    tr {
                        th scope="col" { "Model" } th.num scope="col" { "Calls" } th.num scope="col" { "Failed" }
                        th.num scope="col" { "Tokens in" } th.num scope="col" { "Out" } th.num scope="col" { "Cost" }
                        th.num scope="col" { "First chunk p50" } th.num scope="col" { "p95" } th.num scope="col" { "Duration p50" } th.num scope="col" { "p95" }
                    }
                }
                tbody { @for (model, calls) in models { tr { (self.row(visit, (model, calls), earlier, seconds)) } } }
            }
        };
        parts::scroll("Models", &table)
    }

    fn row(&self, visit: &Visit, (model, calls): (&str, u64), earlier: &Self, seconds: f64) -> Markup {
        let before = told::of_value(&earlier.calls, model);
        let failed = told::share(told::of_value(&self.failed, model), calls);
        let failed_before = told::share(told::of_value(&earlier.failed, model), before);
        let quantile = |now: &[Measure], before: &[Measure], place| {
            let (now, before) = (quantile(now, model, place), quantile(before, model, place).unwrap_or_default());
            html! { td.num { @match now { Some(ms) => { (show::duration(ms)) (parts::change(ms, before, "bad")) }, None => span.dim { "–" } } } }
        };
        let tokens = |of: &[Measure]| html! { @match total(of, model) { Some(tokens) => (show::short(tokens)), None => span.dim { "–" } } };
        let cached = total(&self.cached, model).zip(total(&self.input, model)).filter(|(_, all)| *all > 0.0);
        html! {
            th scope="row" { a href=(visit.here().set("model", model)) { (name(model)) } }
            td.num title=(format!("{} calls", show::grouped(calls))) { (show::rate(show::as_f64(calls) / seconds)) (parts::change(show::as_f64(calls), show::as_f64(before), "")) }
            td.num { span.bad-text[failed >= 0.05] { (show::percent(failed)) } (parts::change(failed, failed_before, "bad")) }
            td.num { (tokens(&self.input)) @if let Some((cached, all)) = cached { span.note-line { (show::percent(cached / all)) " cached" } } }
            td.num { (tokens(&self.output)) }
            td.num { (self.cost_of(model)) }
            (quantile(&self.first, &earlier.first, 0)) (quantile(&self.first, &earlier.first, 1))
            (quantile(&self.took, &earlier.took, 0)) (quantile(&self.took, &earlier.took, 1))
        }
    }

    /// What is known, and of how many calls nothing is.
    fn cost_of(&self, model: &str) -> Markup {
        let unpriced = told::of_value(&self.unpriced, model);
        html! {
            @match total(&self.cost, model) {
                Some(cost) => { (money(cost)) @if unpriced > 0 { span.note-line { "+ " (show::count(unpriced)) " unknown" } } },
                None => span.dim { "unknown" },
            }
        }
    }
}

fn find<'a>(measures: &'a [Measure], value: &str) -> Option<&'a Measure> {
    measures.iter().find(|measure| measure.value.as_deref() == Some(value))
}

fn quantile(measures: &[Measure], value: &str, place: usize) -> Option<f64> {
    find(measures, value)?.quantiles.get(place).copied()
}

fn total(measures: &[Measure], value: &str) -> Option<f64> {
    find(measures, value).map(|measure| measure.sum)
}

fn together(measures: &[Measure]) -> Option<f64> {
    measures.iter().map(|measure| measure.sum).reduce(|sum, more| sum + more)
}
