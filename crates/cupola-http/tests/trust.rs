//! Forged ids, flags, baggage and forwarded headers: what shows on the record, and what does not.

use std::sync::Arc;

use axum::body::Body;
use cupola_context::{ClientIp, Identify, RaiseLimit, Sampler, Trust, TrustPolicy};
use cupola_http::Peer;
use cupola_record::Exchange;
use http::{Request, Response};
use tower::Layer;
use tracing::Level;

use crate::support::{Lines, Raw, Records, answer, call, header, serve};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn identify(trust: TrustPolicy) -> Identify {
    let mut identify = Identify::default();
    identify.trust = trust;
    identify
}

/// What becomes of a request from this peer with these header lines.
async fn exchange(identify: Identify, peer: &str, lines: &[(&str, &str)]) -> Exchange {
    let records = Records::new();
    let service = records.layer().identify(identify).layer(answer(|| Response::new(Body::empty())));
    let mut asked = Request::get("/").header("host", "service.internal:8080");
    for (name, value) in lines {
        asked = asked.header(*name, *value);
    }
    let mut asked = asked.body(Body::empty()).unwrap();
    asked.extensions_mut().insert(Peer(peer.parse().unwrap()));
    let response = call(service, asked).await;
    let (exchange, _) = records.one();
    assert_eq!(header(&response, "x-request-id"), exchange.context.request_id().as_str());
    exchange
}

/// All that a stranger can say of itself.
const FORGED: [(&str, &str); 9] = [
    ("x-request-id", "forged"),
    ("traceparent", PARENT),
    ("tracestate", "vendor=forged"),
    ("baggage", "tenant=forged"),
    ("forwarded", "for=198.51.100.1;proto=https;host=forged.example"),
    ("x-forwarded-for", "198.51.100.1"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "forged.example"),
    ("x-real-ip", "198.51.100.1"),
];

#[tokio::test]
async fn nothing_that_a_stranger_forges_is_believed() {
    let strangers = [
        ("never", "127.0.0.1"),
        ("private", "203.0.113.7"),
        ("private;hops=1", "203.0.113.7"),
        ("peers:10.0.0.0/8;hops=2", "192.168.0.1"),
        ("peers:2001:db8::/32", "127.0.0.1"),
    ];
    for (policy, peer) in strangers {
        let mut identify = identify(policy.parse().unwrap());
        identify.sampler = Sampler::always_off().parent_based();
        let exchange = exchange(identify, peer, &FORGED).await;
        let context = &exchange.context;
        assert_ne!(context.request_id().as_str(), "forged", "{policy}");
        assert_eq!(exchange.client_request_id(), Some("forged"));
        assert_ne!(&*context.traceparent().trace_id(), &PARENT[3..35]);
        assert_eq!(
            (context.parent_span(), context.linked().unwrap().span_id.to_string().as_str()),
            (None, &PARENT[36..52])
        );
        assert!(!context.trace().flags.is_sampled() && context.trace().state.is_empty());
        assert!(context.baggage().is_empty());
        assert_eq!(context.client_ip().unwrap().to_string(), peer);
        assert_eq!((exchange.scheme, exchange.host()), ("http", Some("service.internal:8080")));
    }
}

#[tokio::test]
async fn client_scheme_and_host_are_those_that_a_trusted_proxy_tells() {
    let families: [&[(&str, &str)]; 3] = [&FORGED[4..5], &FORGED[5..8], &FORGED[4..8]];
    for lines in families {
        let exchange = exchange(identify("peers:10.0.0.0/8;hops=1".parse().unwrap()), "10.0.0.1", lines).await;
        assert_eq!(exchange.context.client_ip().unwrap().to_string(), "198.51.100.1");
        assert_eq!((exchange.scheme, exchange.host()), ("https", Some("forged.example")));
    }
    // Its hop count is not stated.
    let exchange = exchange(identify(TrustPolicy::Private), "10.0.0.1", &FORGED).await;
    assert_eq!(exchange.context.client_ip().unwrap().to_string(), "10.0.0.1");
    assert_eq!((exchange.scheme, exchange.host()), ("http", Some("service.internal:8080")));
}

#[tokio::test]
async fn what_a_client_puts_before_the_proxys_entry_is_not_reached() {
    let lines = [("x-forwarded-for", "198.51.100.66, 127.0.0.1"), ("x-forwarded-for", "203.0.113.7, 10.0.0.2")];
    for (hops, client) in [(1, "10.0.0.2"), (2, "203.0.113.7"), (3, "203.0.113.7"), (16, "203.0.113.7")] {
        let policy = TrustPolicy::peers(["10.0.0.0/8".parse().unwrap()], hops);
        let exchange = exchange(identify(policy), "10.0.0.1", &lines).await;
        assert_eq!(exchange.context.client_ip().unwrap().to_string(), client, "{hops}");
    }
}

#[tokio::test]
async fn a_function_decides_for_each_peer() {
    let decide = |peer: std::net::IpAddr| if peer.is_loopback() { Trust::ALL.hops(1) } else { Trust::NONE };
    let policy = TrustPolicy::Custom(Arc::new(decide));
    let known = exchange(identify(policy.clone()), "127.0.0.1", &FORGED).await;
    assert_eq!((known.context.request_id().as_str(), known.scheme), ("forged", "https"));
    assert_eq!(known.context.baggage().get("tenant"), Some("forged"));
    let unknown = exchange(identify(policy), "10.0.0.1", &FORGED).await;
    assert_eq!((unknown.client_request_id(), unknown.scheme), (Some("forged"), "http"));
}

#[tokio::test]
async fn headers_that_contradict_each_other_are_told_of_once() {
    let (lines, _guard) = Lines::capture();
    let records = Records::new();
    let layer = records.layer().identify(identify("private;hops=1".parse().unwrap()));
    let service = layer.layer(answer(|| Response::new(Body::empty())));
    for _ in 0..3 {
        let mut asked = Request::get("/")
            .header("forwarded", "for=198.51.100.1")
            .header("x-forwarded-for", "203.0.113.7")
            .body(Body::empty())
            .unwrap();
        asked.extensions_mut().insert(Peer([127, 0, 0, 1].into()));
        call(service.clone(), asked).await;
    }
    for (exchange, _) in records.now(3) {
        assert_eq!(exchange.context.client_ip().unwrap().to_string(), "127.0.0.1");
    }
    let [line] = &lines.all()[..] else { panic!("{lines:?}") };
    assert_eq!((line.level, line.get("trust")), (Level::WARN, "private;hops=1"));
    assert!(line.message().contains(";header=x-forwarded") && line.message().contains("CUPOLA_TRUST"));
}

#[tokio::test]
async fn a_peer_of_chosen_networks_that_is_not_known_is_told_of() {
    let (lines, _guard) = Lines::capture();
    let records = Records::new();
    let layer = records.layer().identify(identify("peers:10.0.0.0/8;hops=1".parse().unwrap()));
    call(layer.layer(answer(|| Response::new(Body::empty()))), Request::new(Body::empty())).await;
    let [line] = &lines.all()[..] else { panic!("{lines:?}") };
    assert_eq!((line.level, line.get("trust")), (Level::WARN, "peers:10.0.0.0/8;hops=1"));
    assert!(line.message().contains("cupola.serve(listener, app)"));
}

#[tokio::test]
async fn over_a_socket_the_extractor_tells_the_forwarded_client() {
    let records = Records::new();
    let layer = records.layer().identify(identify("private;hops=1".parse().unwrap()));
    let handler = |ClientIp(ip): ClientIp| async move { ip.to_string() };
    let address = serve(axum::Router::new().route("/", axum::routing::get(handler)).layer(layer)).await;
    let asked = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-forwarded-for: 198.51.100.66\r\n\
                 X-Forwarded-For: \"\", 2001:db8::7\r\nX-FORWARDED-PROTO: https\r\n\r\n";
    let seen = Raw::send(address, asked).await.read_all().await;
    assert!(seen.ends_with("2001:db8::7"), "{seen}");
    assert_eq!(records.ended().await.0.scheme, "https");
}

#[tokio::test]
async fn callers_that_sample_too_much_are_told_of_once() {
    let (lines, _guard) = Lines::capture();
    let records = Records::new();
    let mut identify = identify(TrustPolicy::Private);
    identify.sampler = Sampler::always_off().parent_based();
    identify.raise_limit = RaiseLimit::per_second(0);
    let service = records.layer().identify(identify).layer(answer(|| Response::new(Body::empty())));
    for _ in 0..3 {
        let mut asked = Request::get("/").header("traceparent", PARENT).body(Body::empty()).unwrap();
        asked.extensions_mut().insert(Peer([127, 0, 0, 1].into()));
        call(service.clone(), asked).await;
    }
    for (exchange, _) in records.now(3) {
        let trace = exchange.context.trace();
        assert!(
            !trace.flags.is_sampled() && trace.trace_id.to_string() == PARENT[3..35],
            "it is continued all the same"
        );
    }
    let [line] = &lines.all()[..] else { panic!("{lines:?}") };
    assert!(line.level == Level::WARN && line.message().contains("CUPOLA_FOREIGN_SAMPLED_PER_SECOND"));
}

#[tokio::test]
async fn a_layer_further_in_tells_the_same_client() {
    let (outer, inner) = (Records::new(), Records::new());
    let layer = |records: &Records| records.layer().identify(identify("private;hops=1".parse().unwrap()));
    let service = layer(&outer).layer(layer(&inner).layer(answer(|| Response::new(Body::empty()))));
    let mut asked = Request::get("/").header("host", "service.internal:8080").header(FORGED[5].0, FORGED[5].1);
    for (name, value) in &FORGED[6..8] {
        asked = asked.header(*name, *value);
    }
    let mut asked = asked.body(Body::empty()).unwrap();
    asked.extensions_mut().insert(Peer([127, 0, 0, 1].into()));
    call(service, asked).await;
    for (exchange, _) in [outer.one(), inner.one()] {
        assert_eq!(exchange.context.client_ip().unwrap().to_string(), "198.51.100.1");
        assert_eq!((exchange.scheme, exchange.host()), ("https", Some("forged.example")));
    }
}

/// A request whose headers are as large and as many as anybody lets through.
fn bomb() -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("tracestate", "a=1,".repeat(4_000)),
        ("tracestate", format!("{}=1", "k".repeat(8_000))),
        ("baggage", (0..2_000).map(|n| format!("key{n}=%ff%ff%ff,")).collect()),
        ("forwarded", "for=1.1.1.1;proto=http,".repeat(700)),
        ("forwarded", format!("for=\"{}", "\\\"".repeat(8_000))),
        ("x-forwarded-for", "1.1.1.1,".repeat(2_000)),
        ("x-forwarded-proto", ",".repeat(16_000)),
        ("x-forwarded-host", "h".repeat(16_000)),
        ("b3", "-".repeat(16_000)),
        ("x-request-id", "x".repeat(16_000)),
    ];
    lines.extend((0..100).map(|n| ("baggage", format!("line{n}={}", "v".repeat(n * 10)))));
    lines.extend((0..50).map(|_| ("traceparent", PARENT.to_owned())));
    lines
}

#[tokio::test]
async fn a_header_bomb_is_bounded_work_and_leaves_valid_ids() {
    let bomb = bomb();
    let lines: Vec<(&str, &str)> = bomb.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for policy in ["never", "private", "private;hops=16", "always;hops=16"] {
        let mut identify = identify(policy.parse().unwrap());
        identify.propagators = "tracecontext,baggage,b3,b3multi".parse().unwrap();
        let exchange = exchange(identify, "10.0.0.1", &lines).await;
        let context = &exchange.context;
        assert!(context.parent_span().is_none() && context.linked().is_none(), "fifty parents are none");
        assert!(context.baggage().to_string().len() <= 8192 && context.baggage().iter().count() <= 64);
        assert!(exchange.host().unwrap().len() <= 300 && exchange.client_request_id().unwrap().len() <= 300);
        assert_eq!(context.client_ip().unwrap().to_string(), "10.0.0.1", "{policy}");
    }
}
