//! Answers about what the store holds.

mod cancel;
mod counts;
mod cursor;
mod entry;
mod error;
mod failures;
mod json;
mod judge;
mod keys;
mod need;
mod opened;
mod page;
mod points;
mod quantiles;
mod reader;
mod requests;
mod rows;
mod scan;
mod search;
mod select;
mod selection;
mod sketch;
mod steps;
mod tail;
mod team;
mod top;
mod trace;
mod walk;
mod wanted;

pub use cancel::Cancel;
pub use counts::{Counted, Counts, Series};
pub use cursor::Cursor;
pub use entry::Entry;
pub use error::QueryError;
pub use failures::{Failed, FailureGroup, Failures};
pub use points::{How, PointSeries, Pointed, Points};
pub use quantiles::{Measure, Measured, Quantiles};
pub use reader::Reader;
pub use requests::{RequestExemplar, RequestRow, Requested, Requests, RequestsBy};
pub use search::{Found, MAX_PAGE, Search};
pub use selection::{Partial, Scanned, Selection};
pub use steps::MAX_STEPS;
pub use tail::{Tail, Tails, Told, TooManyTails};
pub use top::{Top, Topped};
pub use trace::{Trace, TraceOf};
pub use walk::Walked;

use std::fmt;

#[cfg(test)]
mod stored;
#[cfg(test)]
mod tests;

/// What answers questions about entries. Each answer is bounded by its deadline and budget, and says where it is partial for that.
///
/// All of them fail where the store cannot be read, and where what was asked makes no sense ([`QueryError::is_of_asker`]).
#[allow(clippy::missing_errors_doc, reason = "they are all alike, and are told above")]
pub trait Query: fmt::Debug + Send + Sync {
    /// Entries, the newest first, page by page.
    fn search(&self, search: &Search) -> Result<Found, QueryError>;

    /// How many entries there were over time, by the values of a field if so asked.
    fn counts(&self, counts: &Counts) -> Result<Counted, QueryError>;

    /// The most frequent values of a field.
    fn top(&self, top: &Top) -> Result<Topped, QueryError>;

    /// How the numbers of a field are spread.
    fn quantiles(&self, quantiles: &Quantiles) -> Result<Measured, QueryError>;

    /// How many requests there were, how many failed and how long they took.
    fn requests(&self, requests: &Requests) -> Result<Requested, QueryError>;

    /// The same for many questions. Those that differ in `by`, `step`, `shares` and `limit` alone, with steps of one length, cost little more than
    /// the finest of them.
    fn requests_all(&self, requests: &[Requests]) -> Result<Vec<Requested>, QueryError> {
        requests.iter().map(|requests| self.requests(requests)).collect()
    }

    /// A metric over time.
    fn points(&self, points: &Points) -> Result<Pointed, QueryError>;

    /// All spans and log entries of one trace.
    fn trace(&self, trace: &TraceOf) -> Result<Trace, QueryError>;

    /// Errors, those that are alike as one.
    fn failures(&self, failures: &Failures) -> Result<Failed, QueryError>;
}
