//! Everything of one trace.

use std::path::Path;
use std::time::Duration;

use super::entry::Entry;
use super::error::QueryError;
use super::scan::Scan;
use super::search::{MAX_PAGE, Search};
use super::selection::{Partial, Scanned, Selection};
use crate::language::{Operand, Relation, Test};
use crate::signal::Signal;

/// A question for everything of one trace.
#[derive(Clone, Debug)]
pub struct TraceOf {
    /// Its id, in hexadecimal.
    pub id: String,
    /// From this time on, in nanoseconds since 1970: a trace whose time is known is found sooner.
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
    /// How long may be read.
    pub deadline: Duration,
}

/// Everything of one trace.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Its spans, the earliest first.
    pub spans: Vec<Entry>,
    /// Log entries, the earliest first.
    pub logs: Vec<Entry>,
    /// There are more than [`MAX_PAGE`] of one of them; the latest are here.
    pub is_cut: bool,
    /// Why some may be missing.
    pub partial: Option<Partial>,
    /// What was done for it.
    pub scanned: Scanned,
}

impl TraceOf {
    /// At whatever time, within ten seconds.
    pub fn id(id: impl Into<String>) -> Self {
        Self { id: id.into(), since: None, until: None, deadline: Duration::from_secs(10) }
    }

    pub(super) fn answer(&self, dir: &Path) -> Result<Trace, QueryError> {
        let mut trace = Trace::default();
        trace.spans = self.entries(dir, Signal::Spans, &mut trace)?;
        trace.logs = self.entries(dir, Signal::Logs, &mut trace)?;
        Ok(trace)
    }

    fn entries(&self, dir: &Path, signal: Signal, trace: &mut Trace) -> Result<Vec<Entry>, QueryError> {
        let (name, value) = ("trace_id".to_owned(), Operand::Plain(self.id.to_ascii_lowercase(), None));
        let selection = Selection {
            expression: Some(Test::Field { name, relation: Relation::Equal, value }.into()),
            since: self.since,
            until: self.until,
            deadline: self.deadline,
            ..Selection::of(signal)
        };
        let search = Search { selection, limit: MAX_PAGE, cursor: None };
        let mut found = search.answer(Scan::new(dir, &search.selection))?;
        trace.is_cut |= found.entries.len() == MAX_PAGE;
        trace.partial = trace.partial.or(found.partial);
        trace.scanned.add(&found.scanned);
        found.entries.reverse();
        Ok(found.entries)
    }
}
