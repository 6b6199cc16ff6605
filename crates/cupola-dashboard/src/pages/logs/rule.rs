//! An alert rule of what was looked for: more such entries than there mostly are.

use serde::Serialize;

use crate::pages::link::Link;
use crate::pages::visit::Visit;

/// So many seconds such a rule looks back, and so many characters of the search are in its name.
const WINDOW: f64 = 300.0;
const NAMED: usize = 60;

/// A rule as one types it, in the order in which one reads it.
#[derive(Serialize)]
struct Typed {
    name: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    threshold: u64,
    window: &'static str,
    severity: &'static str,
}

/// The editor of rules, with one filled in that fires at twice as many as there were on the average of the range.
pub(super) fn link(visit: &Visit, search: &str, total: u64) -> Link {
    let windows = (visit.range.seconds() / WINDOW).max(1.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count is no less than none")]
    let threshold = (2.0 * crate::pages::show::as_f64(total) / windows) as u64;
    let search = search.trim();
    let said: String = search.chars().map(|c| if c == '/' || c.is_control() { ' ' } else { c }).take(NAMED).collect();
    let name = if said.trim().is_empty() { "many log entries".to_owned() } else { format!("many of {}", said.trim()) };
    let filter = (!search.is_empty()).then(|| search.to_owned());
    let typed = Typed { name, kind: "logs", filter, threshold, window: "5m", severity: "warning" };
    visit.link("/rule").set("text", toml::to_string(&typed).unwrap_or_default())
}
