//! Traces: which there are, and each from its beginning to its end.

mod found;
mod linked;
mod list;
mod one;
mod span;
mod tree;
mod waterfall;

pub(super) use list::page;
pub(super) use one::page as one;

use cupola_store::Entry;

use super::entry_fields::text;

/// What a span, or the line that stands for one, is called.
fn name(entry: &Entry) -> String {
    let said = |name: &str| Some(text(entry, name)).filter(|text| !text.is_empty());
    let request = || Some(format!("{} {}", said("method")?, said("route").or_else(|| said("path"))?));
    let call = || Some(format!("{} {}", said("dependency")?, said("method").unwrap_or_default()));
    let named = said("name").or_else(request).or_else(|| said("job_kind")).or_else(call);
    named.or_else(|| said("model")).or_else(|| said("message")).unwrap_or_else(|| "(no name)".to_owned())
}

/// How long it took, in milliseconds.
fn duration(entry: &Entry) -> f64 {
    entry
        .get("duration_ms")
        .and_then(|value| value.as_f64())
        .filter(|ms| ms.is_finite() && *ms >= 0.0)
        .unwrap_or_default()
}

/// Whether it failed: by its status, or by its level if it is a line.
fn is_failed(entry: &Entry) -> bool {
    let is_fatal =
        entry.get("status").and_then(|value| value.as_f64()).is_some_and(|status| (500.0..600.0).contains(&status));
    is_fatal || text(entry, "otel.status_code") == "ERROR" || text(entry, "level") == "ERROR"
}
