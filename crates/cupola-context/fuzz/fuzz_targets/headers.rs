//! Whole heads: identity, forwarded headers and B3, from peers of every trust. What goes out comes in again.
#![no_main]

use std::net::IpAddr;

use cupola_context::{Fresh, Identify, Propagators, Trust, extract_baggage, inject};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 14] = [
    "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "b3", "x-b3-traceid", "x-b3-spanid",
    "x-b3-sampled", "x-b3-flags", "traceparent", "tracestate", "baggage", "x-request-id", "via",
];
const POLICIES: [&str; 8] = [
    "never", "private", "always", "always;hops=1", "private;hops=2", "always;hops=16",
    "peers:10.0.0.0/8,::1;hops=3;header=forwarded", "peers:0.0.0.0/0;hops=2;header=x-forwarded",
];
const FORMATS: [&str; 5] = ["none", "tracecontext,baggage", "b3", "b3multi", "tracecontext,baggage,b3,b3multi"];

fuzz_target!(|bytes: &[u8]| {
    let [policy, formats, peer, rest @ ..] = bytes else { return };
    let mut headers = HeaderMap::new();
    for line in rest.split(|byte| *byte == b'\n') {
        let Some((name, value)) = line.split_first() else { continue };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(NAMES[usize::from(*name) % NAMES.len()], value);
        }
    }
    let mut identify = Identify::default();
    identify.trust = POLICIES[usize::from(*policy) % POLICIES.len()].parse().expect("a policy");
    identify.propagators = FORMATS[usize::from(*formats) % FORMATS.len()].parse().expect("a list");
    let peer = IpAddr::from([10, 0, 0, *peer]);
    let found = identify.open(&headers, Some(peer), &Fresh::new(1, [3; 40]));

    let trust = identify.trust.of(Some(peer));
    let client = found.context.client_ip().expect("the peer at least");
    if trust.hops == 0 {
        assert_eq!((client, found.forwarded_scheme, found.forwarded_host.is_none()), (peer, None, true));
    }
    assert!(!found.conflict || client == peer);
    if trust == Trust::NONE {
        assert!(found.context.parent_span().is_none() && found.context.baggage().is_empty());
        assert!(!identify.trusts_client(&headers, Some(peer)));
    }
    let mut out = HeaderMap::new();
    inject(&found.context, &mut out);
    if identify.propagators != Propagators::NONE && identify.propagators != Propagators::BAGGAGE {
        let trace = identify.propagators.extract_trace(&out).expect("it has just been written");
        assert_eq!(trace.trace_id, found.context.trace().trace_id);
    }
    assert_eq!(extract_baggage(&out).to_string(), found.context.baggage().to_string());
});
