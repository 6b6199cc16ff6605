//! Envelopes: what a durable queue carries of the request that asked for a job.

mod decode;
mod encode;
mod invalid;
mod resume;
#[cfg(feature = "seal")]
mod seal;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use crate::baggage::Baggage;
use crate::context::Context;
use crate::fields::{FieldValue, Fields};
use crate::request_id::RequestId;
use crate::trace_context::TraceContext;
use crate::trace_id::SpanId;

pub use invalid::InvalidEnvelope;
#[cfg(feature = "seal")]
pub use seal::Seal;

/// The most bytes that an envelope's text has. Of fields it has as many as a context at most.
pub const MAX_ENVELOPE_BYTES: usize = 8 * 1024;

/// A snapshot of a request, to be put beside a job into a queue, and read again by whoever works on it, perhaps days and releases
/// later.
///
/// Its text is one line of printable ASCII without quotes and backslashes, so that it fits into any header, string map or column:
/// `cupola/1 attempt=1;request=…;trace=…;s.vm_id=vm-7`. Keys that a reader does not know it leaves alone; an envelope of another
/// major version it does not read. What is over the bounds is dropped and counted when it is written.
///
/// ```
/// use cupola_context::{Context, Envelope, Fresh, Identify, Relation, RequestIdFormat};
///
/// let request = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
/// request.set("vm_id", "vm-7");
/// request.set("password", "hunter2");
/// let envelope = Envelope::of(&request).with_fields(&request, |name, value| (name == "vm_id").then(|| value.clone()));
/// let text = envelope.encode();
///
/// let envelope = Envelope::decode(&text)?;
/// let job = Identify::default().resume(&envelope, Relation::Link, &Fresh::new(0, [2; 40]));
/// assert_eq!(job.request_id(), request.request_id());
/// assert_eq!(job.linked().map(|trace| trace.trace_id), Some(request.trace().trace_id));
/// assert_eq!(job.field("vm_id"), Some("vm-7".into()));
/// assert_eq!(job.field("password"), None);
/// # Ok::<(), cupola_context::InvalidEnvelope>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Envelope {
    /// The id of the request that asked; `None` where none did.
    pub request_id: Option<RequestId>,
    /// The trace and the span that asked.
    pub trace: Option<TraceContext>,
    /// What the request's caller sent along; nothing unless somebody wants it to go on.
    pub baggage: Baggage,
    /// Which service has asked.
    pub origin: Option<Arc<str>>,
    /// When it was put into the queue.
    pub queued: Option<SystemTime>,
    /// Until when it is wanted.
    pub deadline: Option<SystemTime>,
    /// Which attempt this is, from 1, for queues that do not count themselves.
    pub attempt: u32,
    fields: Fields,
}

impl Envelope {
    /// Of a job that no request asks for.
    pub fn new() -> Self {
        Self {
            request_id: None,
            trace: None,
            baggage: Baggage::EMPTY,
            origin: None,
            queued: None,
            deadline: None,
            attempt: 1,
            fields: Fields::default(),
        }
    }

    /// Of a job that this request asks for: its id, and its trace with the innermost span as the one that asks. Neither fields nor
    /// baggage go along unless they are chosen.
    pub fn of(context: &Context) -> Self {
        let span = context.innermost_span().unwrap_or(context.trace().span_id);
        let mut envelope = Self::new();
        envelope.request_id = Some(context.request_id().clone());
        envelope.trace = Some(context.trace().clone());
        envelope.asked_by(span)
    }

    /// This span is the one that asks, where there is a trace.
    #[must_use]
    pub fn asked_by(mut self, span: SpanId) -> Self {
        if let Some(trace) = &mut self.trace {
            trace.span_id = span;
        }
        self
    }

    /// With those fields of the request that `choose` gives back, as it gives them: a queue keeps what it is given for long, and
    /// shows it to others. `choose` must not touch the context.
    #[must_use]
    pub fn with_fields(
        mut self,
        context: &Context,
        mut choose: impl FnMut(&str, &FieldValue) -> Option<FieldValue>,
    ) -> Self {
        if context.has_notes() {
            context.each_field(|name, value| {
                if let Some(chosen) = choose(name, value) {
                    self.fields.set(name.clone(), chosen);
                }
            });
        }
        self
    }

    /// With one field more; `false` where it has no room.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) -> bool {
        self.fields.set(name.into(), value.into())
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&FieldValue> {
        self.fields.get(name)
    }

    /// The fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &FieldValue)> {
        self.fields.list().iter().map(|(name, value)| (&**name, value))
    }

    /// How much has found no room, here and on the way.
    pub const fn dropped(&self) -> u64 {
        self.fields.dropped()
    }
}

impl Default for Envelope {
    fn default() -> Self {
        Self::new()
    }
}
