//! Sinks: whoever is told of a record.

use std::fmt;
use std::sync::Arc;

use crate::call::Call;
use crate::call_ended::CallEnded;
use crate::duties::Duties;
use crate::ended::Ended;
use crate::exchange::Exchange;
use crate::execution::{Execution, ExecutionEvent};
use crate::job::{Enqueue, EnqueueEnded, Job, JobEnded};
use crate::llm::{LlmCall, LlmEnded};
use crate::query::Query;
use crate::query_ended::QueryEnded;
use crate::upgraded::Upgraded;

/// Something happened, and is over; of a job also that it begins.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Record<'a> {
    /// An exchange, and how it ended.
    Exchange(&'a Exchange, &'a Ended),
    /// A connection of another protocol has ended; its exchange ended long before, as upgraded.
    Upgraded(&'a Upgraded),
    /// A call to another service, and how it ended.
    Call(&'a Call, &'a CallEnded),
    /// A call of a language model, and how it ended.
    Llm(&'a LlmCall, &'a LlmEnded),
    /// A query of a database, and how it ended.
    Query(&'a Query, &'a QueryEnded),
    /// A job was put into a queue, or was to be.
    Enqueue(&'a Enqueue, &'a EnqueueEnded),
    /// A job begins. What is counted up here is counted down at its end, which follows for certain.
    JobBegun(&'a Job),
    /// An attempt at a job, and how it ended.
    Job(&'a Job, &'a JobEnded),
    /// An execution, and what has just happened to it.
    Execution(&'a Execution, &'a ExecutionEvent),
}

/// Whoever is told of records. It is called on the request path: it must not block, fail or panic.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use cupola_record::{AccessLog, Record, Sink};
///
/// struct Failures(AtomicU64);
///
/// impl Sink for Failures {
///     fn record(&self, record: Record<'_>) {
///         if let Record::Exchange(_, ended) = record {
///             self.0.fetch_add(u64::from(ended.error_type().is_some()), Ordering::Relaxed);
///         }
///     }
/// }
///
/// let sink = AccessLog::new().and(Failures(AtomicU64::new(0)));
/// # let _ = sink;
/// ```
pub trait Sink: Send + Sync + 'static {
    /// An exchange begins. What is counted up here is counted down in [`Self::record`], which follows for certain.
    fn opened(&self, exchange: &Exchange) {
        let _ = exchange;
    }

    /// Something is over.
    fn record(&self, record: Record<'_>);

    /// What this sink does that must be done once per exchange, however many layers stand around it.
    fn duties(&self) -> Duties {
        Duties::NONE
    }

    /// This sink, then another.
    fn and<S: Sink>(self, other: S) -> And<Self, S>
    where
        Self: Sized,
    {
        And(self, other)
    }
}

/// Two sinks, told in order.
#[derive(Clone, Copy, Debug, Default)]
pub struct And<A, B>(A, B);

impl<A: Sink, B: Sink> And<A, B> {
    /// The first, then the second; `first.and(second)` where the first is no `Option`.
    pub const fn new(first: A, second: B) -> Self {
        Self(first, second)
    }
}

impl<A: Sink, B: Sink> Sink for And<A, B> {
    fn opened(&self, exchange: &Exchange) {
        self.0.opened(exchange);
        self.1.opened(exchange);
    }

    fn record(&self, record: Record<'_>) {
        self.0.record(record);
        self.1.record(record);
    }

    fn duties(&self) -> Duties {
        self.0.duties() | self.1.duties()
    }
}

/// Tells nobody: for a layer that only identifies requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Empty;

impl Sink for Empty {
    fn record(&self, _: Record<'_>) {}
}

/// A sink that may be absent.
impl<S: Sink> Sink for Option<S> {
    fn opened(&self, exchange: &Exchange) {
        if let Some(sink) = self {
            sink.opened(exchange);
        }
    }

    fn record(&self, record: Record<'_>) {
        if let Some(sink) = self {
            sink.record(record);
        }
    }

    fn duties(&self) -> Duties {
        self.as_ref().map_or(Duties::NONE, Sink::duties)
    }
}

impl<S: Sink + ?Sized> Sink for Arc<S> {
    fn opened(&self, exchange: &Exchange) {
        (**self).opened(exchange);
    }

    fn record(&self, record: Record<'_>) {
        (**self).record(record);
    }

    fn duties(&self) -> Duties {
        (**self).duties()
    }
}

impl fmt::Debug for dyn Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("duties", &self.duties()).finish()
    }
}
