//! A job on its way into a queue.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cupola_context::{Context, Scope, SpanId};
use cupola_redact::Masked;
use tracing::Level;

use super::ended::short_name;
use crate::call_trace::CallTrace;
use crate::open::Clock;
use crate::sink::{Record, Sink};

/// A job that is put into a queue; [`EnqueueEnded`] is what its end adds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Enqueue {
    /// The request that asks for it, where there is one.
    pub context: Option<Context>,
    /// The fields of what it is asked for in the course of.
    pub scope: Option<Scope>,
    /// When that began, by the wall clock.
    pub started: SystemTime,
    /// What is to be done, by its name in code: a label, so from a closed set.
    pub kind: Arc<str>,
    /// Into which queue: a label, too.
    pub queue: Arc<str>,
    /// What runs the queue, `messaging.system`.
    pub system: &'static str,
    /// The queue's id of the job, where it is known by now. Never a label.
    pub id: Option<Masked>,
    /// How long it is to wait at least.
    pub delay: Option<Duration>,
    /// How many fields its envelope had no room for.
    pub dropped_fields: u64,
    /// The trace in which this is a span, and the span's id; `None` where nobody makes spans of it, or the trace is not sampled.
    pub span: Option<(CallTrace, SpanId)>,
}

impl Enqueue {
    /// A job of a kind, into a queue, on behalf of the request that is ambient here.
    pub fn new(started: SystemTime, kind: impl Into<Arc<str>>, queue: impl Into<Arc<str>>) -> Self {
        Self {
            context: cupola_context::current(),
            scope: Scope::current(),
            started,
            kind: kind.into(),
            queue: queue.into(),
            system: "queue",
            id: None,
            delay: None,
            dropped_fields: 0,
            span: None,
        }
    }
}

/// Whether a job is in its queue now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EnqueueOutcome {
    /// It is.
    Queued,
    /// It is not.
    Failed,
    /// Nobody has waited for the answer.
    Unknown,
}

impl EnqueueOutcome {
    /// The outcome as fields name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// The line's message.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Queued => "job queued",
            Self::Failed => "job not queued",
            Self::Unknown => "job perhaps not queued",
        }
    }

    /// The level of its line.
    pub const fn level(self) -> Level {
        match self {
            Self::Queued => Level::INFO,
            Self::Unknown => Level::WARN,
            Self::Failed => Level::ERROR,
        }
    }
}

/// What became of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EnqueueEnded {
    /// What.
    pub outcome: EnqueueOutcome,
    /// How long it took.
    pub duration: Duration,
    told_type: Option<Cow<'static, str>>,
}

impl EnqueueEnded {
    /// The type of the failure; absent where there was none.
    pub fn error_type(&self) -> Option<&str> {
        match self.outcome {
            EnqueueOutcome::Queued => None,
            outcome => Some(self.told_type.as_deref().unwrap_or(outcome.as_str())),
        }
    }
}

/// A job that is on its way into a queue. Dropped without an end, it is not known whether it is there.
#[derive(Debug)]
pub struct OpenEnqueue(Option<Box<Open>>);

#[derive(Debug)]
struct Open {
    enqueue: Enqueue,
    sink: Arc<dyn Sink>,
    clock: Clock,
    began: Instant,
}

impl OpenEnqueue {
    /// It sets out.
    pub fn new(enqueue: Enqueue, sink: Arc<dyn Sink>, clock: Clock) -> Self {
        let began = clock();
        Self(Some(Box::new(Open { enqueue, sink, clock, began })))
    }

    /// What is known of it; `None` once it has ended.
    pub fn enqueue(&self) -> Option<&Enqueue> {
        self.0.as_ref().map(|open| &open.enqueue)
    }

    /// Says more of it, before its end.
    pub fn describe(&mut self, say: impl FnOnce(&mut Enqueue)) {
        if let Some(open) = &mut self.0 {
            say(&mut open.enqueue);
        }
    }

    /// It is in the queue.
    pub fn queued(&mut self) {
        self.end(EnqueueOutcome::Queued, None);
    }

    /// It is not, for a reason of this type: a short name of a closed set.
    pub fn failed(&mut self, error_type: impl Into<Cow<'static, str>>) {
        self.end(EnqueueOutcome::Failed, Some(error_type.into()));
    }

    fn end(&mut self, outcome: EnqueueOutcome, error_type: Option<Cow<'static, str>>) {
        let Some(open) = self.0.take() else { return };
        let duration = (open.clock)().saturating_duration_since(open.began);
        let ended = EnqueueEnded { outcome, duration, told_type: error_type.map(short_name) };
        open.sink.record(Record::Enqueue(&open.enqueue, &ended));
    }
}

impl Drop for OpenEnqueue {
    fn drop(&mut self) {
        self.end(EnqueueOutcome::Unknown, None);
    }
}
