//! Where in a trace the attempts of a call stand.

use cupola_context::{Context, Identify, SpanId, TraceContext, TraceFlags, TraceId};

use crate::choices::Choices;

/// The trace in which each attempt of a call is a span of its own. The attempts have one parent: what was the innermost span
/// where the call began.
///
/// ```
/// use cupola_context::{Context, Fresh, RequestIdFormat};
/// use cupola_record::CallTrace;
///
/// let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
/// let trace = CallTrace::within(&context);
/// assert_eq!(trace.trace_id, context.trace().trace_id);
/// assert_eq!(trace.parent, Some(context.trace().span_id), "nobody makes spans within the request");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallTrace {
    /// The trace.
    pub trace_id: TraceId,
    /// Sampled, random: only what is sampled is recorded.
    pub flags: TraceFlags,
    /// The span that the attempts are children of; `None` where the call begins a trace.
    pub parent: Option<SpanId>,
}

impl CallTrace {
    /// In this trace, below this span.
    pub const fn new(trace_id: TraceId, flags: TraceFlags, parent: Option<SpanId>) -> Self {
        Self { trace_id, flags, parent }
    }

    /// In the trace of the request that is being served, below the span that is innermost here.
    pub fn within(context: &Context) -> Self {
        let trace = context.trace();
        Self::new(trace.trace_id, trace.flags, Some(context.innermost_span().unwrap_or(trace.span_id)))
    }

    /// The same where that trace is recorded: it is sampled, and nobody has said that it is not to be.
    pub fn recorded(context: &Context) -> Option<Self> {
        let choices = Choices::of(context);
        let dropped = choices.is_muted() || choices.is_sampled() == Some(false);
        (context.trace().flags.is_sampled() && !dropped).then(|| Self::within(context))
    }

    /// Outside of any request: below the span that is current, else a trace of its own, of this id, if the sampler wants it.
    pub fn outside(identify: &Identify, fresh: impl FnOnce() -> TraceId) -> Self {
        if let Some((trace, span)) = identify.spans.and_then(|spans| spans.find(None)) {
            return Self::new(trace, TraceFlags::SAMPLED, Some(span));
        }
        let trace = fresh();
        Self::new(trace, identify.sampler.flags(None, trace), None)
    }

    /// What the attempt of this span tells whom it asks, where there is no request whose trace state it could pass on.
    pub const fn context(&self, span: SpanId) -> TraceContext {
        TraceContext::new(self.trace_id, span, self.flags)
    }
}
