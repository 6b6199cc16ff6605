//! A place in a trace, as OpenTelemetry's SDK has it.

use cupola_context::TraceContext;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

pub(super) fn span_context(trace: &TraceContext, is_remote: bool) -> SpanContext {
    SpanContext::new(
        TraceId::from_bytes(trace.trace_id.to_bytes()),
        SpanId::from_bytes(trace.span_id.to_bytes()),
        TraceFlags::new(trace.flags.to_byte()),
        is_remote,
        trace_state(trace.state.as_str()),
    )
}

/// The SDK takes the keys of Level 1 only, and refuses a list for one of Level 2: then the others go on without it.
fn trace_state(list: &str) -> TraceState {
    if list.is_empty() {
        return TraceState::NONE;
    }
    list.parse().unwrap_or_else(|_| {
        let members = list.split(',').filter_map(|member| member.split_once('='));
        let accepted = members.filter(|member| TraceState::from_key_value([*member]).is_ok());
        TraceState::from_key_value(accepted).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_state_keeps_what_the_sdk_accepts() {
        let check = |list: &str, kept: &str| assert_eq!(trace_state(list).header(), kept, "{list}");
        check("", "");
        check("congo=t61rcWkgMzE,rojo=00f0", "congo=t61rcWkgMzE,rojo=00f0");
        check("a=1,0a@b@c=2,b=3", "a=1,b=3");
        check("0a@b@c=2", "");
    }
}
