//! What strangers forge, over sockets and down to the line: through variables, as a user sets them.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use axum::Router;
use axum::routing::get;
use cupola_tests::{Line, Process, Service};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const FORGED: &str = "X-Request-Id: forged\r\nTraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\
                      Baggage: tenant=forged\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n\
                      X-Forwarded-Host: shop.example\r\n";

/// The baggage that a handler sees, and the flags of the trace that would go on.
async fn seen() -> String {
    let context = cupola::context::current().unwrap();
    format!("{} {}", context.baggage(), &context.traceparent().as_str()[53..])
}

fn app() -> Router {
    Router::new().route("/", get(seen))
}

/// What the handler saw of such a request from this machine, and its line.
fn ask(trust: &str) -> (String, Line) {
    let service = Service::start(&[("CUPOLA_TRUST", trust)], app());
    let answer = service.client().get("/", FORGED);
    (answer.text(), service.stop().access().remove(0))
}

#[test]
fn each_policy_believes_what_it_says_and_no_more() {
    let check = |trust: &str, ids: bool, baggage: bool, client: [&str; 3]| {
        let (seen, line) = ask(trust);
        assert_eq!((line["request_id"] == "forged", line["trace_id"] == TRACE), (ids, ids), "{trust}: {line}");
        assert_eq!(line["client_request_id"] == "forged", !ids, "{trust}: {line}");
        assert_eq!(line["linked_trace_id"] == TRACE, !ids, "{trust}: {line}");
        assert_eq!(seen.starts_with("tenant=forged "), baggage, "{trust}: {seen}");
        let found = [line.text("client_ip"), line.text("scheme"), line.text("host")];
        assert_eq!(found, client, "{trust}: {line}");
    };
    let (peer, forwarded) = (["127.0.0.1", "http", "test"], ["203.0.113.7", "https", "shop.example"]);
    check("never", false, false, peer);
    check("private", true, false, peer);
    check("private;hops=1", true, false, forwarded);
    check("private;hops=1;header=forwarded", true, false, peer);
    check("always", true, true, peer);
    check("always;hops=1", true, true, forwarded);
    check("peers:127.0.0.0/8", true, true, peer);
    check("peers:127.0.0.0/8,::1;hops=2;header=x-forwarded", true, true, forwarded);
    check("peers:10.0.0.0/8;hops=1", false, false, peer);
}

#[test]
fn a_foreign_sampled_flag_raises_sampling_only_so_often() {
    let sampled = |trust: &str, limit: &str| {
        let sampler = [("OTEL_TRACES_SAMPLER", "parentbased_always_off"), ("CUPOLA_TRUST", trust)];
        let vars = [sampler[0], sampler[1], ("CUPOLA_FOREIGN_SAMPLED_PER_SECOND", limit)];
        let service = Service::start(&vars, app());
        let mut client = service.client();
        let count = (0..40).filter(|_| client.get("/", FORGED).text().ends_with(" 01")).count();
        let told = service.stop().text.matches("callers sample more traces than they may").count();
        (count, told)
    };
    assert_eq!(sampled("private", "0"), (0, 1));
    assert_eq!(sampled("private", "1000000"), (40, 0));
    assert_eq!(sampled("always", "0"), (40, 0));
    assert_eq!(sampled("never", "1000000"), (0, 0));
}

#[test]
fn b3_is_read_and_passed_on_where_a_variable_says_so() {
    async fn passes_on() -> String {
        let mut out = std::collections::BTreeMap::<String, String>::new();
        cupola::context::inject(&cupola::context::current().unwrap(), &mut out);
        out.keys().map(String::as_str).collect::<Vec<_>>().join(" ")
    }
    let service = Service::start(&[("OTEL_PROPAGATORS", "b3,b3multi")], Router::new().route("/", get(passes_on)));
    let sent = format!("b3: {TRACE}-b7ad6b7169203331-1\r\nTraceparent: 00-{}-b7ad6b7169203331-01\r\n", "1".repeat(32));
    let out = service.client().get("/", &sent).text();
    assert_eq!(out, "b3 x-b3-sampled x-b3-spanid x-b3-traceid x-request-id");
    let line = service.stop().access().remove(0);
    assert_eq!((line.text("trace_id"), line.text("parent_span_id")), (TRACE, "b7ad6b7169203331"));
}

#[test]
fn the_first_line_names_the_policy_in_force() {
    let start = |trust: &str| {
        let process = Process::start(env!("CARGO_BIN_EXE_service"), &[("CUPOLA_TRUST", trust)]);
        process.terminate();
        let (status, lines) = process.end();
        assert!(status.success());
        lines.iter().find(|line| line["message"] == "cupola is on").unwrap().text("trust").to_owned()
    };
    assert_eq!(start(""), "private");
    assert_eq!(start("Never"), "never");
    assert_eq!(start("peers: 10.0.0.0/8, FD00::/8 ;hops=2"), "peers:10.0.0.0/8,fd00::/8;hops=2");
}
