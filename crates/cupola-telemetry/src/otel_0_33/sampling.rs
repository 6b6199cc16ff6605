//! The one sampler, as the SDK asks it about spans outside of requests.

use cupola_context::{Sampler, TraceFlags, TraceId};
use opentelemetry::trace::{Link, SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue, trace};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

/// Decides as the layer does for requests.
#[derive(Clone, Debug)]
pub(super) struct Sampling(pub(super) Sampler);

impl ShouldSample for Sampling {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: trace::TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let parent = parent.map(|context| context.span().span_context().clone()).filter(|span| span.is_valid());
        let flags = parent.as_ref().map(|span| TraceFlags::from_byte(span.trace_flags().to_u8()));
        let sampled = TraceId::from_bytes(trace.to_bytes()).is_some_and(|id| self.0.flags(flags, id).is_sampled());
        // What is a child within this process follows its parent: a trace has no holes.
        let local = parent.as_ref().filter(|span| !span.is_remote());
        let sampled = local.map_or(sampled, |span| span.is_sampled());
        let decision = if sampled { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop };
        let trace_state = parent.map(|span| span.trace_state().clone()).unwrap_or_default();
        SamplingResult { decision, attributes: Vec::new(), trace_state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{SpanContext, SpanId, TraceState};

    fn decides(sampler: Sampler, parent: Option<(u8, bool)>) -> bool {
        let id = trace::TraceId::from(0x80ff_ffff_ffff_ffff);
        let parent = parent.map(|(flags, remote)| {
            let flags = trace::TraceFlags::new(flags);
            let span = SpanContext::new(id, SpanId::from(1), flags, remote, TraceState::NONE);
            Context::new().with_remote_span_context(span)
        });
        let result = Sampling(sampler).should_sample(parent.as_ref(), id, "", &SpanKind::Internal, &[], &[]);
        result.decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn a_child_within_the_process_follows_its_parent() {
        let (on, off) = (Sampler::always_on(), Sampler::always_off());
        assert!(decides(on, None) && !decides(off, None));
        assert!(!decides(on, Some((0, false))) && decides(off, Some((1, false))));
        assert!(decides(on, Some((0, true))) && !decides(off, Some((1, true))));
        assert!(!decides(on.parent_based(), Some((0, true))) && decides(off.parent_based(), Some((1, true))));
    }
}
