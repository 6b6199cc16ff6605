//! A job on its way into a queue.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cupola_context::{Envelope, Inject, SpanId, TraceId};
use cupola_record::{CallTrace, Duties, Enqueue, OpenEnqueue};

use crate::fresh::{now, random};
use crate::jobs::{ENVELOPE_KEY, Jobs, Settings};

/// A job that somebody is putting into a queue, with the envelope that belongs beside it. It ends with [`Sending::queued`] or
/// [`Sending::failed`]; dropped before, nobody knows what became of it.
#[derive(Debug)]
#[must_use = "dropped, it says that the job is perhaps not queued"]
pub struct Sending {
    jobs: Jobs,
    envelope: Envelope,
    open: OpenEnqueue,
}

impl Jobs {
    /// A job of a kind sets out, on behalf of the request that is ambient here.
    pub fn send(&self, kind: impl Into<Arc<str>>) -> Sending {
        let (settings, started) = (self.settings(), SystemTime::now());
        let mut enqueue = Enqueue::new(started, kind, settings.queue.clone());
        enqueue.system = settings.system;
        enqueue.span = settings.trace(&enqueue).map(|trace| (trace, SpanId::from_random(random())));
        let envelope = settings.envelope_for(&enqueue);
        enqueue.dropped_fields = envelope.dropped();
        Sending { jobs: self.clone(), envelope, open: OpenEnqueue::new(enqueue, settings.sink.clone(), now) }
    }
}

impl Sending {
    /// It is to wait so long at least.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.open.describe(|enqueue| enqueue.delay = Some(delay));
        self
    }

    /// It is wanted until then.
    pub const fn deadline(mut self, deadline: SystemTime) -> Self {
        self.envelope.deadline = Some(deadline);
        self
    }

    /// Which attempt it will be, from 1, for a queue that does not count.
    pub const fn attempt(mut self, attempt: u32) -> Self {
        self.envelope.attempt = attempt;
        self
    }

    /// The envelope's text: one line of printable ASCII, 8 KiB at most.
    pub fn envelope(&self) -> String {
        self.jobs.settings().trusted.encode(&self.envelope)
    }

    /// Puts the envelope into headers or a string map, as [`ENVELOPE_KEY`]; one that was there is replaced.
    pub fn inject(&self, carrier: &mut impl Inject) {
        carrier.put(ENVELOPE_KEY, &self.envelope());
    }

    /// It is in the queue, which knows it by this id.
    pub fn queued(mut self, id: Option<&str>) {
        self.name(id);
        self.open.queued();
    }

    /// It is not: for a reason of this type, a short name of a closed set.
    pub fn failed(mut self, error_type: impl Into<Cow<'static, str>>) {
        self.open.failed(error_type);
    }

    /// It is in the queue, which knew its id before.
    #[cfg(feature = "apalis")]
    pub(crate) fn settle(mut self) {
        self.open.queued();
    }

    /// The queue's id of it.
    pub(crate) fn name(&mut self, id: Option<&str>) {
        let id = id.map(|id| self.jobs.settings().policy.text(id));
        self.open.describe(|enqueue| enqueue.id = id);
    }
}

impl Settings {
    /// The trace in which queueing is a span. Where nobody makes spans, nothing is paid for it.
    fn trace(&self, enqueue: &Enqueue) -> Option<CallTrace> {
        if !self.sink.duties().contains(Duties::SPAN) {
            return None;
        }
        match &enqueue.context {
            Some(context) => CallTrace::recorded(context),
            None => Some(CallTrace::outside(&self.identify, || TraceId::from_random(random()))),
        }
    }

    fn envelope_for(&self, enqueue: &Enqueue) -> Envelope {
        let mut envelope = match &enqueue.context {
            Some(context) => {
                Envelope::of(context).with_fields(context, |name, value| self.share.choose(&self.policy, name, value))
            }
            None => Envelope::new(),
        };
        match enqueue.span {
            Some((_, span)) if envelope.trace.is_some() => envelope = envelope.asked_by(span),
            Some((trace, span)) => envelope.trace = Some(trace.context(span)),
            None => {}
        }
        if let Some(context) = enqueue.context.as_ref().filter(|_| self.baggage) {
            envelope.baggage = context.baggage().clone();
        }
        envelope.origin.clone_from(&self.service);
        envelope.queued = Some(enqueue.started);
        envelope.deadline = self.wanted_for.and_then(|time| enqueue.started.checked_add(time));
        envelope
    }
}
