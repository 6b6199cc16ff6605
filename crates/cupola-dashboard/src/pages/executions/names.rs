//! Executions by their names.

use cupola_store::{Measure, Query, Selection, Top, Topped};
use maud::{Markup, html};

use super::super::deploys::field;
use super::super::fault::Fault;
use super::super::money::money;
use super::super::red_table::name;
use super::super::visit::Visit;
use super::super::{parts, show, told};

const NAME: &str = "execution_name";

/// The executions that have ended in one time, by name.
#[derive(Debug)]
pub(super) struct Names {
    ended: Topped,
    failed: Topped,
    retried: Topped,
    took: Vec<Measure>,
    input: Vec<Measure>,
    output: Vec<Measure>,
    cost: Vec<Measure>,
    /// Quantiles of how long all took; nothing of none.
    pub(super) all: Vec<f64>,
}

impl Names {
    /// Asks for last lines, and for the lines of attempts that have failed, of the same time.
    pub(super) fn ask(query: &dyn Query, over: &Selection, all: &Selection) -> Result<Self, Fault> {
        let top = |selection| query.top(&Top { selection, field: NAME.to_owned(), limit: 50 });
        let spread = |number| -> Result<Vec<Measure>, Fault> {
            Ok(told::spread(query, over.clone(), number, Some(NAME), None)?.measures)
        };
        let same_time = Selection { since: over.since, until: over.until, ..all.clone() };
        let retried = told::and(&same_time, [field("execution_state", "pending"), told::has("error_type")]);
        let of_all = told::spread(query, over.clone(), "duration_ms", None, None)?;
        Ok(Self {
            ended: top(over.clone())?,
            failed: top(told::and(over, [field("execution_state", "failed")]))?,
            retried: top(retried)?,
            took: spread("duration_ms")?,
            input: spread("llm_input_tokens")?,
            output: spread("llm_output_tokens")?,
            cost: spread("llm_cost_micros")?,
            all: of_all.measures.into_iter().next().map(|measure| measure.quantiles).unwrap_or_default(),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ended.values.is_empty()
    }

    pub(super) fn ended(&self) -> u64 {
        told::all(&self.ended)
    }

    /// Which share of them.
    pub(super) fn failed(&self) -> f64 {
        told::share(told::all(&self.failed), told::all(&self.ended))
    }

    /// Attempts that were followed by another.
    pub(super) fn retried(&self) -> u64 {
        told::all(&self.retried)
    }

    /// Of all of them; `None` where nobody says.
    pub(super) fn tokens(&self) -> Option<f64> {
        self.input.iter().chain(&self.output).map(|measure| measure.sum).reduce(|sum, more| sum + more)
    }

    /// The same.
    pub(super) fn cost(&self) -> Option<f64> {
        self.cost.iter().map(|measure| measure.sum).reduce(|sum, more| sum + more)
    }

    pub(super) fn draw(&self, visit: &Visit, earlier: &Self) -> Markup {
        let table = html! {
            table {
                thead {
                    tr {
                        th scope="col" { "Name" } th.num scope="col" { "Ended" } th.num scope="col" { "Failed" } th.num scope="col" { "Tried again" }
                        th.num scope="col" { "Duration p50" } th.num scope="col" { "p95" } th.num scope="col" { "p99" }
                        th.num scope="col" { "Tokens" } th.num scope="col" { "Cost" }
                    }
                }
                tbody { @for (name, count) in &self.ended.values { tr { (self.row(visit, (name, *count), earlier)) } } }
            }
        };
        parts::scroll("Names of executions", &table)
    }

    fn row(&self, visit: &Visit, (one, count): (&str, u64), earlier: &Self) -> Markup {
        let before = told::of_value(&earlier.ended, one);
        let failed = told::share(told::of_value(&self.failed, one), count);
        let failed_before = told::share(told::of_value(&earlier.failed, one), before);
        let quantile = |place: usize| {
            let now = find(&self.took, one).and_then(|measure| measure.quantiles.get(place).copied());
            let before = find(&earlier.took, one).and_then(|measure| measure.quantiles.get(place).copied());
            html! { td.num { @match now { Some(ms) => { (show::duration(ms)) (parts::change(ms, before.unwrap_or_default(), "bad")) }, None => span.dim { "–" } } } }
        };
        let tokens = [&self.input, &self.output].into_iter().filter_map(|of| find(of, one)).map(|measure| measure.sum);
        let (tokens, cost) = (tokens.reduce(|sum, more| sum + more), find(&self.cost, one).map(|measure| measure.sum));
        html! {
            th scope="row" { a href=(visit.here().set("name", one)) { (name(one)) } }
            td.num { (show::count(count)) (parts::change(show::as_f64(count), show::as_f64(before), "")) }
            td.num { span.bad-text[failed >= 0.01] { (show::percent(failed)) } (parts::change(failed, failed_before, "bad")) }
            td.num { (show::count(told::of_value(&self.retried, one))) }
            (quantile(0)) (quantile(1)) (quantile(2))
            td.num { @match tokens { Some(tokens) => (show::short(tokens)), None => span.dim { "–" } } }
            td.num { @match cost { Some(cost) => (money(cost)), None => span.dim { "unknown" } } }
        }
    }
}

fn find<'a>(measures: &'a [Measure], value: &str) -> Option<&'a Measure> {
    measures.iter().find(|measure| measure.value.as_deref() == Some(value))
}
