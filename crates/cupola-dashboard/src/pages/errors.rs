//! Errors that are alike: which there are, and each group from its first one to its last.

mod backtrace;
mod list;
mod occurrences;
mod one;

pub(super) use list::page;
pub(super) use one::page as one;

use cupola_store::{FailureGroup, Selection, Signal};

use super::entry_fields::text;
use super::visit::Visit;

/// How far back is looked whether an error is new, at least.
const LOOK_BACK: i64 = 86_400_000_000_000;

/// What a group is called: what its errors say, without what differs.
fn title(group: &FailureGroup) -> String {
    let said = [group.template.clone(), text(&group.example, "error"), text(&group.example, "error_type")];
    said.into_iter().find(|said| !said.is_empty()).unwrap_or_else(|| "(no text)".to_owned())
}

/// The time before that of the page, as long as it and no less than a day.
fn before(visit: &Visit, selection: &Selection) -> Selection {
    let since = visit.range.since.saturating_sub(LOOK_BACK.max(visit.range.length()));
    let deadline = std::time::Duration::from_secs(2);
    Selection {
        since: Some(since),
        until: Some(visit.range.since),
        deadline,
        signal: Signal::Logs,
        ..selection.clone()
    }
}
