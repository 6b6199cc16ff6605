//! What strangers send: nothing of it becomes a label, grows a table, or shows a secret.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use cupola_http::layer;
use cupola_record::{AccessLog, Record, Sink};
use http::{Method, Request};

use crate::support::{Lines, Raw, Records, call, get as request, raw, read, serve};

/// All that becomes a label, as route metrics would see it.
#[derive(Clone, Default)]
struct Labels(Arc<Mutex<BTreeSet<String>>>);

impl Sink for Labels {
    fn record(&self, record: Record<'_>) {
        let Record::Exchange(exchange, ended) = record else { return };
        let (method, route) = (exchange.method_label(), ended.route.as_deref());
        let label = format!("{method} {route:?} {:?} {}", ended.status, ended.outcome.as_str());
        self.0.lock().unwrap().insert(label);
    }
}

#[tokio::test]
async fn ten_thousand_distinct_paths_methods_hosts_and_ids() {
    let (labels, records) = (Labels::default(), Records::new());
    let layer = layer(labels.clone());
    let app = Router::new().route("/vms/{id}", get(|| async {})).layer(records.layer().skip("*")).layer(layer.clone());
    for n in 0..10_000 {
        let paths = [format!("/scan/{n}"), format!("/vms/{n}?q={n}")];
        for path in paths {
            let asked = Request::builder()
                .method(Method::from_bytes(format!("M{n}").as_bytes()).unwrap())
                .uri(path)
                .header("host", format!("{n}.example"))
                .header("x-request-id", format!("{n}"))
                .body(Body::empty())
                .unwrap();
            read(call(app.clone(), asked).await).await;
        }
    }
    let labels = labels.0.lock().unwrap();
    let expected = ["_OTHER None Some(404) complete", "_OTHER Some(\"/vms/{id}\") Some(405) complete"];
    assert_eq!(labels.iter().collect::<Vec<_>>(), expected);
    assert!(format!("{layer:?}").contains("Routes(1)"), "{layer:?}");
    records.now(0);
}

#[tokio::test]
async fn a_strange_method_is_other_and_shown_apart() {
    let records = Records::new();
    let app = Router::new().route("/", get(|| async {})).layer(records.layer());
    let asked = Request::builder().method("PURGE").body(Body::empty()).unwrap();
    read(call(app, asked).await).await;
    let (exchange, ended) = records.one();
    assert_eq!((exchange.method_label(), exchange.method_original()), ("_OTHER", Some("PURGE")));
    assert_eq!(ended.route.as_deref(), Some("/"));
}

#[tokio::test]
async fn the_start_line_names_queries_without_their_values() {
    let (lines, _guard) = Lines::capture();
    let app = Router::new().route("/", get(|| async {})).layer(layer(AccessLog::new().start_line(true)));
    let query = "cursor=value-1&token=hunter2&next=https://a.example/?code=value-2;x=value-3&empty=";
    read(call(app, request(&format!("/?{query}"))).await).await;
    let [_, start, end] = &lines.all()[..] else { panic!("the peer, the start, the end: {lines:?}") };
    assert_eq!(start.message(), "request started");
    assert_eq!(start.get("query_names"), "cursor,token,next,empty");
    let text = format!("{start:?}");
    assert!(!text.contains("value-") && !text.contains("hunter2"), "{text}");
    assert!(end.get("query").starts_with("cursor=value-1&token=[REDACTED]&"), "{end:?}");
}

#[tokio::test]
async fn secrets_in_paths_queries_and_headers_are_masked() {
    let (lines, _guard) = Lines::capture();
    let app = Router::new().layer(layer(AccessLog::new()).headers());
    let asked = Request::get("/cart;jsessionid=hunter2?password=hunter2")
        .header("authorization", "Bearer hunter2")
        .header("cookie", "session=hunter2")
        .header("x-api-key", "hunter2")
        .header("x-anything-else", "hunter2")
        .header("user-agent", "tests/1.0")
        .body(Body::empty())
        .unwrap();
    read(call(app, asked).await).await;
    let lines = lines.all();
    let text = format!("{lines:?}");
    assert!(!text.contains("hunter2"), "{text}");
    let line = lines.last().unwrap();
    assert_eq!(line.get("path"), "/cart;jsessionid=[REDACTED]");
    assert!(line.get("request_headers").contains("x-anything-else: [REDACTED]"), "{text}");
    assert!(line.get("response_headers").contains("x-request-id: "), "{text}");
}

#[tokio::test]
async fn a_header_that_a_handler_marks_as_sensitive_is_masked() {
    let records = Records::new();
    let handler = || async {
        let mut value = http::HeaderValue::from_static("text/hunter2");
        value.set_sensitive(true);
        [("content-type", value)]
    };
    let app = Router::new().route("/", get(handler)).layer(records.layer().headers());
    read(call(app, request("/")).await).await;
    let (_, ended) = records.one();
    let headers = format!("{:?}", ended.headers);
    assert!(headers.contains("content-type") && !headers.contains("hunter2"), "{headers}");
}

#[tokio::test]
async fn hostile_ids_over_a_socket_are_neither_adopted_nor_echoed() {
    // Loopback is trusted by default, and yet only a plain short text is an id.
    let long = "a".repeat(64 * 1024);
    let ids = [long.as_bytes(), b"\xff\xfe\x80", b"", b"  ", b"a b", b"\xc3\xbc", b"<script>", b"a,b", b"\"a\""];
    for id in ids {
        let records = Records::new();
        let address = serve(Router::new().route("/", get(|| async {})).layer(records.layer())).await;
        let asked = [b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-request-id: ", id, b"\r\n\r\n"].concat();
        let seen = Raw::send(address, asked).await.read_all().await;
        let (exchange, _) = records.ended().await;
        let made = exchange.context.request_id().as_str();
        assert_eq!(made.len(), 36, "{made}");
        assert!(seen.starts_with("HTTP/1.1 200") && seen.contains(&format!("x-request-id: {made}\r\n")), "{seen}");
        let kept = exchange.client_request_id().unwrap_or_default();
        assert!(kept.len() <= 256 && !kept.chars().any(char::is_control), "{kept:?}");
        assert_eq!(kept.is_empty(), id.trim_ascii().is_empty());
    }
}

#[tokio::test]
async fn line_breaks_in_a_header_end_it() {
    let records = Records::new();
    let address = serve(Router::new().route("/", get(|| async {})).layer(records.layer())).await;
    let asked = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-request-id: a\r\nset-cookie: b\r\n\r\n";
    let seen = Raw::send(address, asked).await.read_all().await;
    assert!(seen.contains("x-request-id: a\r\n") && !seen.contains("set-cookie"), "{seen}");
    for torn in ["a\rset-cookie: b", "a\0b"] {
        let asked = format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-request-id: {torn}\r\n\r\n");
        assert!(Raw::send(address, asked).await.read_all().await.starts_with("HTTP/1.1 400"));
    }
    records.now(1);
}

#[tokio::test]
async fn strange_bytes_in_other_headers_are_kept_short_and_valid() {
    let records = Records::new();
    let app = Router::new().route("/", get(|| async {})).layer(records.layer());
    let mut asked = request("/");
    let long = [b"\xff\x09<b>".as_slice(), &[b'a'; 64 * 1024]].concat();
    for name in ["user-agent", "host"] {
        asked.headers_mut().insert(name, http::HeaderValue::from_bytes(&long).unwrap());
    }
    read(call(app, asked).await).await;
    let (exchange, _) = records.one();
    assert!(exchange.user_agent().is_some_and(|text| text.len() <= 256));
    assert!(exchange.host().is_some_and(|text| text.len() <= 256));
}

#[tokio::test]
async fn what_is_no_http_is_no_exchange() {
    let records = Records::new();
    let address = serve(Router::new().layer(records.layer())).await;
    Raw::send(address, "\x16\x03\x01 not http\r\n\r\n").await.read_all().await;
    raw(address, "GET", "/").await;
    records.ended().await;
}

#[tokio::test]
async fn a_password_in_the_authority_is_not_the_host() {
    for (target, host) in [("http://bob:hunter2@example.org:80/", "x"), ("/", "bob:hunter2@example.org:80")] {
        let records = Records::new();
        let app = Router::new().route("/", get(|| async {})).layer(records.layer());
        let asked = Request::get(target).header("host", host).body(Body::empty()).unwrap();
        call(app, asked).await;
        let (exchange, _) = records.one();
        assert_eq!((exchange.host(), exchange.scheme), (Some("example.org:80"), "http"));
    }
}
