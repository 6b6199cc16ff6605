//! When another version of a service came to work: seen by what its entries say of themselves.

use std::time::Duration;

use cupola_store::language::{Expression, Operand, Relation, Test};
use cupola_store::{Counts, Query, Search, Selection, Signal};

use super::chart::Mark;
use super::fault::Fault;
use super::visit::Visit;

/// The field that says so.
const VERSION: &str = "service_version";
/// So many versions are told apart.
const VERSIONS: usize = 20;

/// A version that was not there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deploy {
    /// When its first entry came, to the step.
    pub(super) time: i64,
    pub(super) version: String,
    /// Of whom, if it was asked for.
    pub(super) service: Option<String>,
}

impl Deploy {
    pub(super) fn mark(&self) -> Mark {
        let service = self.service.as_deref().map(|service| format!("{service} ")).unwrap_or_default();
        Mark { time: self.time, says: format!("{service}{} began to work", self.version) }
    }
}

/// The deployments of the range, the first one first.
pub(super) fn find(visit: &Visit, query: &dyn Query, service: Option<&str>) -> Result<Vec<Deploy>, Fault> {
    let has_version = Test::Has(VERSION.to_owned());
    let of_service = service.map(|service| field("service", service));
    let expression = Expression::all([Some(has_version.into()), of_service].into_iter().flatten().collect());
    let selection = Selection { expression, deadline: Duration::from_secs(2), ..visit.all_of(Signal::Logs) };
    let counts = Counts { selection, step: visit.range.step(61), by: Some(VERSION.to_owned()), values: VERSIONS };
    let counted = query.counts(&counts)?;
    let first = |counts: &[u64]| counts.iter().position(|count| *count > 0);
    let steps = || counted.series.iter().filter_map(|series| Some((first(&series.counts)?, series.value.as_deref()?)));
    // The earliest one was there before, for all we know.
    let Some(begin) = steps().map(|(step, _)| step).min() else { return Ok(Vec::new()) };
    let time = |step: usize| counted.start + counted.step * i64::try_from(step).unwrap_or_default();
    let mut found = Vec::new();
    for (step, version) in steps().filter(|(step, _)| *step > begin) {
        let deploy = Deploy { time: time(step), version: version.to_owned(), service: service.map(str::to_owned) };
        // One that is seldom heard of may only not have been heard of since the range began.
        if !was_there(visit, query, &deploy)? {
            found.push(deploy);
        }
    }
    found.sort_by_key(|deploy| deploy.time);
    Ok(found)
}

/// The same as marks of a chart.
pub(super) fn marks(visit: &Visit, query: &dyn Query, service: Option<&str>) -> Result<Vec<Mark>, Fault> {
    Ok(find(visit, query, service)?.iter().map(Deploy::mark).collect())
}

/// Whether the version was there before, within the time before the range.
fn was_there(visit: &Visit, query: &dyn Query, deploy: &Deploy) -> Result<bool, Fault> {
    let of_service = deploy.service.as_deref().map(|service| field("service", service));
    let expression =
        Expression::all([Some(field(VERSION, &deploy.version)), of_service].into_iter().flatten().collect());
    let selection = Selection {
        expression,
        since: Some(visit.range.before().since),
        until: Some(deploy.time),
        deadline: Duration::from_secs(1),
        ..visit.all_of(Signal::Logs)
    };
    Ok(!query.search(&Search { selection, limit: 1, cursor: None })?.entries.is_empty())
}

/// Says of whom a deployment was.
pub(super) fn whose(visit: &Visit, query: &dyn Query, deploy: &mut Deploy) -> Result<(), Fault> {
    let selection = Selection {
        expression: Some(field(VERSION, &deploy.version)),
        since: Some(deploy.time),
        deadline: Duration::from_secs(1),
        ..visit.all_of(Signal::Logs)
    };
    let found = query.search(&Search { selection, limit: 1, cursor: None })?;
    deploy.service = found.entries.first().and_then(|entry| Some(entry.get("service")?.text().into_owned()));
    Ok(())
}

/// A field that is exactly this.
pub(super) fn field(name: &str, value: &str) -> Expression {
    Test::Field { name: name.to_owned(), relation: Relation::Equal, value: Operand::plain(value) }.into()
}
