//! Jobs by their kinds.

use cupola_store::{Measure, Query, Selection, Top, Topped};
use maud::{Markup, html};

use super::super::deploys::field;
use super::super::fault::Fault;
use super::super::red_table::name;
use super::super::visit::Visit;
use super::super::{chart, parts, show, told};
use super::FAILED;
use super::over_time::OverTime;

/// So many kinds are told apart.
const KINDS: usize = 50;

/// The runs of one time, by kind.
#[derive(Debug)]
pub(super) struct Kinds {
    /// How often each ended.
    ended: Topped,
    failed: Topped,
    retried: Topped,
    took: Vec<Measure>,
    waited: Vec<Measure>,
    /// Quantiles of how long all took, and of how long all waited; nothing of none.
    pub(super) all: (Vec<f64>, Vec<f64>),
}

impl Kinds {
    pub(super) fn ask(query: &dyn Query, ended: &Selection) -> Result<Self, Fault> {
        let top = |selection| query.top(&Top { selection, field: "job_kind".to_owned(), limit: KINDS });
        let by_kind = |number| told::spread(query, ended.clone(), number, Some("job_kind"), None);
        let of_all = |number| -> Result<Vec<f64>, Fault> {
            let measured = told::spread(query, ended.clone(), number, None, None)?;
            Ok(measured.measures.into_iter().next().map(|measure| measure.quantiles).unwrap_or_default())
        };
        Ok(Self {
            ended: top(ended.clone())?,
            failed: top(told::and(ended, [told::any("outcome", &FAILED)]))?,
            retried: top(told::and(ended, [field("outcome", "retried")]))?,
            took: by_kind("duration_ms")?.measures,
            waited: by_kind("queue_latency_ms")?.measures,
            all: (of_all("duration_ms")?, of_all("queue_latency_ms")?),
        })
    }

    pub(super) fn ended(&self) -> u64 {
        told::all(&self.ended)
    }

    pub(super) fn failed(&self) -> u64 {
        told::all(&self.failed)
    }

    pub(super) fn retried(&self) -> u64 {
        told::all(&self.retried)
    }

    /// Of all that ended.
    pub(super) fn share(&self, some: u64) -> f64 {
        told::share(some, self.ended())
    }

    /// One row each, those that fail most often first.
    pub(super) fn draw(&self, visit: &Visit, earlier: &Self, over_time: &OverTime) -> Markup {
        let mut kinds: Vec<(&str, u64)> = self.ended.values.iter().map(|(kind, count)| (&**kind, *count)).collect();
        kinds.sort_by_key(|(kind, count)| std::cmp::Reverse((told::of_value(&self.failed, kind), *count)));
        let seconds = visit.range.seconds().max(1.0);
        let table = html! {
            table {
                thead {
                    tr {
                        th scope="col" { "Kind" } th.num scope="col" { "Runs" } th.num scope="col" { "Failed" } th.num scope="col" { "Tried again" }
                        th.num scope="col" { "Wait p50" } th.num scope="col" { "p95" }
                        th.num scope="col" { "Duration p50" } th.num scope="col" { "p95" } th.num scope="col" { "p99" } th scope="col" { "Over time" }
                    }
                }
                tbody { @for (kind, count) in kinds { tr { (self.row(visit, (kind, count), earlier, over_time, seconds)) } } }
            }
        };
        parts::scroll("Kinds of jobs", &table)
    }

    fn row(
        &self,
        visit: &Visit,
        (kind, count): (&str, u64),
        earlier: &Self,
        over_time: &OverTime,
        seconds: f64,
    ) -> Markup {
        let failed = told::of_value(&self.failed, kind);
        let retried = told::of_value(&self.retried, kind);
        let before = told::of_value(&earlier.ended, kind);
        let failed_before = told::share(told::of_value(&earlier.failed, kind), before);
        let of = |measures: &[Measure], place: usize| {
            let measure = measures.iter().find(|measure| measure.value.as_deref() == Some(kind));
            measure.and_then(|measure| measure.quantiles.get(place).copied())
        };
        let quantile = |measures: &[Measure], earlier: &[Measure], place| {
            let (now, before) = (of(measures, place), of(earlier, place).unwrap_or_default());
            html! { td.num { @match now { Some(ms) => { (show::duration(ms)) (parts::change(ms, before, "bad")) }, None => span.dim { "–" } } } }
        };
        let says = format!("{} runs, {} failed", show::grouped(count), show::grouped(failed));
        html! {
            th scope="row" { a href=(visit.here().set("kind", kind)) { (name(kind)) } }
            td.num title=(says) { (show::rate(show::as_f64(count) / seconds)) (parts::change(show::as_f64(count), show::as_f64(before), "")) }
            td.num title=(says) { span.bad-text[told::share(failed, count) >= 0.01] { (show::percent(told::share(failed, count))) } (parts::change(told::share(failed, count), failed_before, "bad")) }
            td.num { (show::percent(told::share(retried, count))) }
            (quantile(&self.waited, &earlier.waited, 0)) (quantile(&self.waited, &earlier.waited, 1))
            (quantile(&self.took, &earlier.took, 0)) (quantile(&self.took, &earlier.took, 1)) (quantile(&self.took, &earlier.took, 2))
            td { @let (all, failed) = over_time.of_kind(kind); (chart::spark(&all, &failed, &says)) }
        }
    }
}
