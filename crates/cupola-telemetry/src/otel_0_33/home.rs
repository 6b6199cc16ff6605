//! Where a span belongs: the request that is ambient where it begins.

use cupola_context::{SpanId, TraceContext, TraceId};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, ContextGuard};

use super::span::span_context;

/// In an OpenTelemetry context: it descends from the server span of this id.
///
/// A span that was current before the request began, that of an instrumented `main`, has none, or that of another
/// request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Home(SpanId);

/// The context that a new span is a child of, where the current one does not belong to the ambient request.
pub(super) fn parent(current: &Context) -> Option<Context> {
    let ambient = cupola_context::current()?;
    let trace = ambient.trace();
    if belongs(current, trace) {
        return None;
    }
    Some(current.with_remote_span_context(span_context(trace, false)).with_value(Home(trace.span_id)))
}

/// Makes the ambient request's server span current, unless one of its own spans is.
pub(super) fn enter() -> Option<ContextGuard> {
    Context::map_current(parent).map(Context::attach)
}

/// The innermost recorded span of the ambient request, or of no request where none is ambient.
///
/// It is what [`cupola_context::SpanLookup`] asks.
pub(crate) fn innermost(request: Option<&TraceContext>) -> Option<(TraceId, SpanId)> {
    Context::map_current(|current| {
        let span = current.span();
        let ids = ids(span.span_context())?;
        request.is_none_or(|trace| belongs(current, trace)).then_some(ids)
    })
}

fn belongs(current: &Context, trace: &TraceContext) -> bool {
    current.get() == Some(&Home(trace.span_id))
}

fn ids(span: &SpanContext) -> Option<(TraceId, SpanId)> {
    let (trace, own) = (span.trace_id().to_bytes(), span.span_id().to_bytes());
    span.is_sampled().then_some(())?;
    Some((TraceId::from_bytes(trace)?, SpanId::from_bytes(own)?))
}

/// Does `work` to the innermost recorded span of the ambient request; `false` where there is none but the server's.
pub(super) fn on_innermost(work: impl FnOnce(opentelemetry::trace::SpanRef<'_>)) -> bool {
    let ambient = cupola_context::current();
    Context::map_current(|current| {
        let span = current.span();
        let found = span.is_recording() && ambient.is_none_or(|ambient| belongs(current, ambient.trace()));
        if found {
            work(span);
        }
        found
    })
}
