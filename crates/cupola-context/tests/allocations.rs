//! What identity costs in memory: nothing for a `traceparent`, and nothing that a million strangers leave behind.

#![allow(missing_docs, clippy::unwrap_used)]

use std::net::IpAddr;

use allocation_counter::measure;
use cupola_context::{
    Context, Fresh, Identify, Inject, RequestIdFormat, Sampler, SpanId, TraceContext, TrustPolicy, extract_trace,
    inject, inject_span,
};
use http::{HeaderMap, HeaderValue};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Keeps the last `traceparent` in place, as a client does that writes it to a buffer of its own.
struct Buffer([u8; 55]);

impl Inject for Buffer {
    fn put(&mut self, name: &'static str, value: &str) {
        if name == "traceparent" {
            self.0.copy_from_slice(value.as_bytes());
        }
    }
}

fn headers(lines: &[(&'static str, String)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn a_traceparent_is_read_and_written_without_an_allocation() {
    let headers = headers(&[("host", "a".to_owned()), ("traceparent", PARENT.to_owned())]);
    let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    let mut buffer = Buffer([0; 55]);
    let spent = measure(|| {
        let trace = extract_trace(&headers).unwrap();
        assert_eq!(trace, TraceContext::from_traceparent(PARENT.as_bytes()).unwrap());
        assert_eq!(trace.traceparent().as_str(), PARENT);
        inject(&context, &mut buffer);
        inject_span(&context, SpanId::from_random([7; 8]), &mut buffer);
    });
    assert_eq!(spent.count_total, 0, "{spent:?}");
    assert!(buffer.0.ends_with(b"-0707070707070707-03"));
}

#[test]
fn a_request_with_a_traceparent_costs_its_context_and_no_more() {
    let (identify, fresh) = (Identify::default(), Fresh::new(0, [1; 40]));
    let with = headers(&[("traceparent", PARENT.to_owned()), ("x-forwarded-for", "1.1.1.1".to_owned())]);
    let open = |headers: &HeaderMap| {
        let peer = Some(IpAddr::from([10, 0, 0, 9]));
        measure(|| drop(identify.open(headers, peer, &fresh))).count_total
    };
    assert_eq!((open(&with), open(&HeaderMap::new())), (1, 1));
    let mut proxied = Identify::default();
    proxied.trust = "private;hops=1".parse().unwrap();
    let peer = Some(IpAddr::from([10, 0, 0, 9]));
    let spent = measure(|| {
        let found = proxied.open(&with, peer, &fresh);
        assert_eq!(found.context.client_ip(), Some([1, 1, 1, 1].into()));
    });
    assert_eq!(spent.count_total, 1, "whom a proxy names costs none either");
}

#[test]
fn a_million_distinct_traces_and_baggage_keys_leave_nothing_behind() {
    let mut identify = Identify::default();
    (identify.trust, identify.sampler) = (TrustPolicy::internal(), Sampler::ratio(0.5));
    let stranger = Identify::default();
    let mut headers = HeaderMap::new();
    let mut one = |number: u64| {
        let fresh = Fresh::new(number, [number as u8; 40]);
        let value = |text: String| HeaderValue::try_from(text).unwrap();
        headers.insert("traceparent", value(format!("00-{number:032x}-{number:016x}-01")));
        headers.insert("baggage", value(format!("key{number}={number}")));
        let context = identify.open(&headers, None, &fresh).context;
        assert_eq!(context.baggage().iter().count(), 1);
        // What strangers send and what goes out is looked at now and then: the debug build is slow.
        if number % 16 == 0 {
            let theirs = stranger.open(&headers, Some([8, 8, 8, 8].into()), &fresh).context;
            assert!(theirs.baggage().is_empty() && theirs.linked().is_some());
            let mut out = HeaderMap::new();
            inject(&context, &mut out);
            assert_eq!(out.len(), 3);
        }
    };
    one(0xffff);
    let left = measure(|| (0x1_0000..0x1_0000 + 1_000_000).for_each(&mut one));
    // The last request's headers take the place of the first's, which were as long.
    assert_eq!(left.count_current, 0, "{left:?}");
    assert!(left.bytes_current < 64, "{left:?}");
    assert!(left.bytes_max < 16 * 1024, "{left:?}");
}

/// As large as servers let heads be, and larger.
#[test]
fn a_header_bomb_costs_no_more_memory_than_it_brings() {
    let lines = [
        ("traceparent", PARENT.to_owned()),
        ("tracestate", "a=1,".repeat(16_000)),
        ("baggage", "k=v,".repeat(16_000)),
        ("baggage", format!("k={}", "%ff".repeat(20_000))),
        ("forwarded", "for=\"\\[\\:\\:1\\]\",".repeat(4_000)),
        ("x-forwarded-for", "1.1.1.1,".repeat(8_000)),
        ("x-forwarded-host", "h".repeat(64_000)),
        ("b3", "-".repeat(64_000)),
    ];
    let bomb = headers(&lines);
    let mut identify = Identify::default();
    identify.trust = "always;hops=16".parse().unwrap();
    identify.propagators = "b3,b3multi,tracecontext,baggage".parse().unwrap();
    let spent = measure(|| drop(identify.open(&bomb, None, &Fresh::new(0, [1; 40]))));
    assert!(spent.bytes_max < 64 * 1024, "{spent:?}");
}
