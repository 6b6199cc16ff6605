//! Where a span belongs: the request that is ambient where it begins.

use cupola_context::{Context as Request, SpanId, TraceId};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, ContextGuard};

use super::span_context::span_context;

/// In an OpenTelemetry context: it descends from the server span of this id.
///
/// A span that was current before the request began, that of an instrumented `main`, has none, or that of another
/// request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Home(SpanId);

/// The context that a new span is a child of, where the current one does not belong to the ambient request.
pub(super) fn parent(current: &Context) -> Option<Context> {
    let ambient = cupola_context::current()?;
    if belongs(current, &ambient) {
        return None;
    }
    let trace = ambient.trace();
    Some(current.with_remote_span_context(span_context(trace, false)).with_value(Home(trace.span_id)))
}

/// Makes the ambient request's server span current, unless one of its own spans is.
pub(super) fn enter() -> Option<ContextGuard> {
    Context::map_current(parent).map(Context::attach)
}

/// What [`cupola_context::SpanLookup`] asks for.
pub(crate) fn innermost(request: Option<&Request>) -> Option<(TraceId, SpanId)> {
    Context::map_current(|current| {
        let ids = ids(current.span().span_context())?;
        request.is_none_or(|request| belongs(current, request)).then_some(ids)
    })
}

/// Whether the current span descends from the request's server span.
///
/// One that was begun by hand and made current by hand has lost what says so: it is in the request's trace, and is not
/// the caller's, which is current too where a process asks itself.
fn belongs(current: &Context, request: &Request) -> bool {
    if let Some(home) = current.get::<Home>() {
        return home.0 == request.trace().span_id;
    }
    let span = current.span();
    let (trace, own) = (span.span_context().trace_id().to_bytes(), span.span_context().span_id().to_bytes());
    trace == request.trace().trace_id.to_bytes() && request.parent_span().is_none_or(|parent| parent.to_bytes() != own)
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
        let found = span.is_recording() && ambient.is_none_or(|ambient| belongs(current, &ambient));
        if found {
            work(span);
        }
        found
    })
}
