//! Errors that are alike, as one row each.

use std::collections::BTreeMap;
use std::time::Duration;

use cupola_store::{Failed, FailureGroup, Failures, Level, Query, Selection, Signal, Value};
use maud::{Markup, html};

use super::fault::Fault;
use super::visit::Visit;
use super::{parts, show};

/// How far back is looked whether an error is new.
const LOOK_BACK: i64 = 24 * HOUR;
const HOUR: i64 = 3_600_000_000_000;

/// Errors of the range, and when each was first seen before it.
#[derive(Debug)]
pub(super) struct Groups {
    pub(super) failed: Failed,
    /// By fingerprint; those that are not here are new.
    earlier: BTreeMap<String, i64>,
}

impl Groups {
    /// Asks for those of a selection of log entries.
    pub(super) fn ask(visit: &Visit, query: &dyn Query, selection: Selection, limit: usize) -> Result<Self, Fault> {
        // Of whole hours it is told at once; what came after the range began is no earlier.
        let hour = |time: i64| time.div_euclid(HOUR).saturating_mul(HOUR);
        let since = visit.range.since.saturating_sub(LOOK_BACK.max(visit.range.length()));
        let before = Selection {
            since: Some(hour(since)),
            until: Some(hour(visit.range.since.saturating_add(HOUR - 1))),
            deadline: Duration::from_secs(2),
            ..selection.clone()
        };
        let ask = |selection: Selection, besides: &[&str], limit| {
            let besides = besides.iter().map(ToString::to_string).collect();
            query.failures(&Failures { selection, level: Level::Error, besides, step: None, examples: false, limit })
        };
        // The line of a request that failed says that it did; what else was said of it says why. Where nothing was, the line has to do.
        let mut failed = ask(selection.clone(), &["cupola::http"], limit)?;
        if failed.groups.is_empty() {
            failed = ask(selection, &[], limit)?;
        }
        let earlier = if failed.groups.is_empty() { Failed::default() } else { ask(before, &[], 1_000)? };
        let is_earlier = |group: &&FailureGroup| group.first < visit.range.since;
        let earlier = earlier.groups.iter().filter(is_earlier);
        let earlier = earlier.map(|group| (group.fingerprint.to_string(), group.first)).collect();
        Ok(Self { failed, earlier })
    }

    /// Draws them; `has_service` where they are of one service, which is not said again.
    pub(super) fn draw(&self, visit: &Visit, has_service: bool) -> Markup {
        let now = visit.moment();
        let table = html! {
            table {
                thead { tr { th scope="col" { "Error" } th scope="col" { "Where" } th.num scope="col" { "Count" } th.num scope="col" { "First seen" } th.num scope="col" { "Last seen" } } }
                tbody { @for group in &self.failed.groups { (self.row(visit, group, now, has_service)) } }
            }
        };
        html! {
            (parts::partial(self.failed.partial))
            (parts::scroll("Errors that are alike", &table))
        }
    }

    fn row(&self, visit: &Visit, group: &FailureGroup, now: i64, has_service: bool) -> Markup {
        let text = |name: &str| group.example.get(name).map(|value| value.text().into_owned()).unwrap_or_default();
        let fingerprint = group.fingerprint.to_string();
        let earlier = self.earlier.get(&fingerprint);
        let (kind, service, route) = (text("error_type"), text("service"), text("route"));
        let link = visit.link("/errors").below(&fingerprint);
        html! {
            tr {
                th scope="row" {
                    div.stack {
                        span.cut { a href=(link) title=(text("message")) { (titled(group)) } @if earlier.is_none() { " " (parts::badge("new", "new")) } }
                        @if !kind.is_empty() { span.dim.small-text { (kind) } }
                    }
                }
                td {
                    div.stack {
                        @if !service.is_empty() && !has_service { a href=(visit.link("/service").set("service", &*service)) { (service) } }
                        @if !route.is_empty() { a.small-text href=(visit.link("/route").set("service", &*service).set("route", &*route)) { (route) } }
                    }
                }
                td.num { (show::count(group.count)) }
                td.num { (show::ago(earlier.copied().unwrap_or(group.first), now)) }
                td.num { (show::ago(group.last, now)) }
            }
        }
    }
}

/// What a group is called: what its errors say, without what differs.
fn titled(group: &FailureGroup) -> String {
    let fallback =
        || group.example.get("error_type").map_or(Value::Text("(no text)"), |value| value).text().into_owned();
    if group.template.is_empty() { fallback() } else { group.template.clone() }
}

/// All log entries of the range.
pub(super) fn all(visit: &Visit) -> Selection {
    visit.all_of(Signal::Logs)
}
