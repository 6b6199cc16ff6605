//! What the codecs accept goes both ways, and nothing panics.
#![no_main]

use cupola_context::{Baggage, Envelope, RequestId, TraceContext, TraceState};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(trace) = TraceContext::from_traceparent(bytes) {
        let again = TraceContext::from_traceparent(trace.traceparent().as_str().as_bytes());
        assert_eq!(again.as_ref(), Ok(&trace));
    }
    let lines = || bytes.split(|byte| *byte == b'\n');
    if let Ok(state) = TraceState::from_lines(lines()) {
        assert_eq!(TraceState::from_lines([state.as_str().as_bytes()].into_iter()).as_ref(), Ok(&state));
    }
    if let Ok(baggage) = Baggage::from_lines(lines()) {
        let text = baggage.to_string();
        assert_eq!(Baggage::from_lines([text.as_bytes()].into_iter()).map(|again| again.to_string()), Ok(text));
    }
    if let Some(envelope) = std::str::from_utf8(bytes).ok().and_then(|text| Envelope::decode(text).ok()) {
        let again = Envelope::decode(&envelope.encode()).map(|again| format!("{again:?}"));
        assert_eq!(again, Ok(format!("{envelope:?}")));
    }
    if let Ok(id) = RequestId::parse(bytes) {
        assert_eq!(id.as_str().as_bytes(), bytes);
    }
});
