//! Whatever strangers send, each entry stays one line of valid JSON, and nothing of it moves a terminal's cursor.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use axum::Router;
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::routing::get;
use cupola_tests::{Client, Ended, Service};
use serde::Deserialize;
use tracing::Instrument;

/// Texts that try to end a line, a string or a colour, to forge an entry, or to hide what they say.
const TEXTS: [&str; 12] = [
    "\u{1b}[2J\u{1b}[31mred\u{7}",
    "\u{9b}31mred \u{90}q\u{9c}",
    "one\r\ntwo\nthree\rfour",
    "\"}\n{\"timestamp\":\"2026-01-01T00:00:00.000000Z\",\"level\":\"ERROR\",\"message\":\"forged",
    "\n03:46:02.123 ERROR forged",
    "\u{2028}next\u{2029}next\u{85}next\u{b}next\u{c}next",
    "\u{202e}reversed\u{2066}isolated\u{200f}",
    "back\\slash \"quote\" \\\" \\n {} {:?} %s ${x}",
    "\0\u{7f}\u{ad}\u{feff}",
    "héllo wörld ✓ 日本語 🦀",
    "\u{fffd}\u{ffff}\u{10ffff}",
    "'<script>alert(1)</script>",
];

#[derive(Deserialize)]
struct Said {
    q: String,
}

/// Says all that a stranger has sent, everywhere.
async fn repeat(Path(path): Path<String>, Query(Said { q }): Query<Said>, headers: HeaderMap) -> &'static str {
    cupola::context::set("note", q.clone());
    cupola::context::set(format!("key {q}"), true);
    cupola::context::add(format!("total {q}"), 1_u64);
    let span = tracing::info_span!("inside", in_span = %q, debug_in_span = ?q);
    let agent = headers.get("user-agent").map(|agent| agent.as_bytes());
    async { tracing::warn!(said = %q, path_said = path, ?headers, debug = ?q, agent, category = %q, "said: {q}") }
        .instrument(span)
        .await;
    "ok"
}

fn app() -> Router {
    Router::new().route("/repeat/{text}", get(repeat))
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// Sends each text in every place that HTTP has for it.
fn attack(service: &Service) {
    let mut client = service.client();
    for text in TEXTS {
        let text = encoded(text);
        assert_eq!(client.get(&format!("/repeat/{text}?q={text}&{text}"), "").status, 200);
        assert_eq!(client.get(&format!("/{text}?{text}"), &format!("X-Request-Id: {text}\r\n")).status, 404);
    }
    for text in TEXTS {
        raw(service, text.as_bytes());
    }
    for bytes in [&b"\xff\xfe\x80caf\xe9"[..], b"\xe2\x28\xa1", b"\xed\xa0\x80", b"\xf0\x9f", b"tab\there"] {
        raw(service, bytes);
    }
}

/// Sends bytes as they are; a server may refuse them, and then nothing is to be logged of them.
fn raw(service: &Service, bytes: &[u8]) {
    let names = ["User-Agent", "X-Request-Id", "Host", "Traceparent", "Tracestate", "Baggage", "X-Forwarded-For"];
    let mut requests: Vec<Vec<u8>> = names
        .iter()
        .map(|name| [b"GET /repeat/a?q=b HTTP/1.1\r\n", name.as_bytes(), b": ", bytes, b"\r\n\r\n"].concat())
        .collect();
    requests.push([b"GET /repeat/", bytes, b"?q=", bytes, b" HTTP/1.1\r\nHost: test\r\n\r\n"].concat());
    requests.push([bytes, b" /repeat/a?q=b HTTP/1.1\r\nHost: test\r\n\r\n"].concat());
    for request in requests {
        let mut client = service.client();
        client.send(request);
        let status = client.head().status;
        assert!(status < 500, "{status} for {:?}", String::from_utf8_lossy(bytes));
    }
}

/// Whether a character may stand in a log: none that moves a cursor, ends a line elsewhere, or turns the writing around.
fn is_tame(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = matches!(character, '\u{2028}' | '\u{2029}');
    character == '\n' || !(character.is_control() || turns || breaks)
}

fn all_is_tame(ended: &Ended) {
    let wild = ended.text.lines().find(|line| !line.chars().all(is_tame));
    assert!(wild.is_none(), "{wild:?}");
}

#[test]
fn every_entry_stays_one_line_of_valid_json_with_unique_keys() {
    let service = Service::start(&[("CUPOLA_HEADERS", "true"), ("CUPOLA_REQUEST_START", "true")], app());
    attack(&service);
    let ended = service.stop();
    all_is_tame(&ended);
    let lines = ended.lines();
    assert_eq!(lines.len() as u64, ended.counts.written, "each line is an entry");
    for line in &lines {
        assert_eq!(line.keys()[..5], ["timestamp", "level", "target", "category", "message"], "{line}");
        assert!(line.text("timestamp").starts_with("20") && line.text("message") != "forged", "{line}");
    }
    for text in TEXTS {
        let line = lines.iter().find(|line| line["said"] == text).unwrap_or_else(|| panic!("{text:?} is not said"));
        assert_eq!((line.text("in_span"), line.text("note"), line.text("path_said")), (text, text, text));
        assert_eq!((line.text("message"), line.text("category")), (format!("said: {text}").as_str(), text));
        assert_eq!(line[format!("key {text}").as_str()], true, "{line}");
    }
}

#[test]
fn nothing_reaches_a_terminal_raw_and_no_text_passes_for_a_line() {
    let service = Service::start(&[("CUPOLA_HEADERS", "true"), ("LOG_FORMAT", "pretty")], app());
    attack(&service);
    let ended = service.stop();
    all_is_tame(&ended);
    let (begin, inner): (Vec<&str>, Vec<&str>) = ended.text.lines().partition(|line| !line.starts_with("    "));
    assert_eq!(begin.len() as u64, ended.counts.written, "each line that begins at the margin is an entry");
    for line in &begin {
        assert!(line.as_bytes()[2] == b':' && !line.contains("\n"), "{line}");
    }
    assert!(
        inner.iter().any(|line| line.contains("│ 03:46:02.123 ERROR forged")),
        "what is forged stands behind a bar"
    );
}

/// Sends a request with one giant part; whoever refuses it must say so.
fn giant(client: &mut Client, path: &str, header: &str) -> u16 {
    let answer = client.get(path, header);
    assert!([200, 404, 414, 431].contains(&answer.status), "{}", answer.status);
    answer.status
}

#[test]
fn giant_ids_agents_paths_and_queries_are_cut_or_refused() {
    let service = Service::start(&[("CUPOLA_HEADERS", "true")], app());
    let long = "x".repeat(64 * 1024);
    for name in ["X-Request-Id", "User-Agent", "Host", "Traceparent", "Tracestate", "Baggage", "Cookie", "X-Other"] {
        giant(&mut service.client(), "/repeat/a?q=b", &format!("{name}: {long}\r\n"));
    }
    let long = &long[..60 * 1024];
    assert_eq!(giant(&mut service.client(), &format!("/{long}"), ""), 404);
    assert_eq!(giant(&mut service.client(), &format!("/repeat/a?q={long}"), ""), 200);
    assert_eq!(giant(&mut service.client(), &format!("/repeat/{long}?q=b"), ""), 200);
    let ended = service.stop();
    assert_eq!(ended.counts.dropped(), 0);
    assert_eq!(ended.access().len(), 11, "{}", ended.text.len());
    for line in ended.lines() {
        let longest = line.keys().into_iter().filter_map(|key| line[key].as_str()).map(str::len).max();
        assert!(longest <= Some(17 * 1024), "{longest:?} bytes");
        assert!(line.to_string().len() <= 256 * 1024);
        assert!(line["client_request_id"].as_str().is_none_or(|id| id.len() <= 300));
        assert!(line["user_agent"].as_str().is_none_or(|agent| agent.len() <= 300));
    }
}

#[test]
fn a_method_of_a_strangers_own_is_no_label_and_no_method() {
    let service = Service::start(&[], app());
    let mut client = service.client();
    client.send("ATTACK\u{21}{} /repeat/a?q=b HTTP/1.1\r\nHost: test\r\n\r\n".replace("{}", "%1b"));
    assert_eq!(client.answer().status, 405);
    let metrics = service.metrics();
    assert!(metrics.contains("_OTHER") && !metrics.contains("ATTACK"), "{metrics}");
    let ended = service.stop();
    let line = &ended.access()[0];
    assert_eq!((line.text("method"), line.text("method_original")), ("_OTHER", "ATTACK!%1b"));
}
