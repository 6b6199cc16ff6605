//! One execution of a job, as it is known when it begins.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cupola_context::{Context, InvalidEnvelope, Relation, RequestId, TraceId};
use cupola_redact::Masked;

/// One attempt at a job out of a queue; [`crate::JobEnded`] is what its end adds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Job {
    /// The context that it is worked on in: its own, made of what its envelope says.
    pub context: Context,
    /// When it began, by the wall clock.
    pub started: SystemTime,
    /// What is to be done, by its name in code: a label, so from a closed set.
    pub kind: Arc<str>,
    /// Which queue it came from: a label, too.
    pub queue: Arc<str>,
    /// What runs the queue, `messaging.system`.
    pub system: &'static str,
    /// The queue's id of the job. Never a label.
    pub id: Option<Masked>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// How many there may be.
    pub max_attempts: Option<u32>,
    /// From when it was due, which is when it was queued unless somebody wanted it later, to its beginning.
    pub queue_latency: Option<Duration>,
    /// Who asked for it.
    pub origin: JobOrigin,
    /// What its trace is to that of who asked.
    pub relation: Relation,
    /// Why its envelope was not believed.
    pub refused: Option<InvalidEnvelope>,
    /// It was wanted before it began.
    pub past_deadline: bool,
}

/// Who asked for a job, as far as its envelope tells.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct JobOrigin {
    /// The request.
    pub request_id: Option<RequestId>,
    /// Its trace.
    pub trace_id: Option<TraceId>,
    /// The service.
    pub service: Option<Masked>,
}

impl Job {
    /// The first attempt at a job of a kind, out of a queue.
    pub fn new(context: Context, started: SystemTime, kind: impl Into<Arc<str>>, queue: impl Into<Arc<str>>) -> Self {
        Self {
            context,
            started,
            kind: kind.into(),
            queue: queue.into(),
            system: "queue",
            id: None,
            attempt: 1,
            max_attempts: None,
            queue_latency: None,
            origin: JobOrigin::default(),
            relation: Relation::default(),
            refused: None,
            past_deadline: false,
        }
    }

    /// The queue's id of the job, masked.
    pub fn id(&self) -> Option<&str> {
        self.id.as_ref().map(Masked::as_str)
    }

    /// The request that asked, where it is another one than the job's own context has.
    pub fn origin_request_id(&self) -> Option<&RequestId> {
        self.origin.request_id.as_ref().filter(|id| *id != self.context.request_id())
    }

    /// The trace of who asked, where it is another one.
    pub fn origin_trace_id(&self) -> Option<TraceId> {
        self.origin.trace_id.filter(|trace| *trace != self.context.trace().trace_id)
    }
}
