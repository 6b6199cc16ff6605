//! What code says of its own accord is masked as what strangers say is, and nothing else of it changes.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use cupola_context::{Context, Fresh, RequestIdFormat};
use cupola_telemetry::{Config, Memory, Telemetry};
use tracing::field::Empty;

/// The lines that `work` writes.
fn lines(work: impl FnOnce()) -> Vec<String> {
    let memory = Memory::new();
    let telemetry = Telemetry::builder(Config::default()).output(memory.clone()).build().unwrap();
    tracing::dispatcher::with_default(telemetry.dispatch(), work);
    let _ = telemetry.shutdown(Duration::from_secs(5));
    memory.text().lines().map(str::to_owned).collect()
}

fn only_line(work: impl FnOnce()) -> serde_json::Value {
    let lines = lines(work);
    assert_eq!(lines.len(), 1, "{lines:?}");
    serde_json::from_str(&lines[0]).unwrap()
}

fn context() -> Context {
    Context::root(RequestIdFormat::Ulid, &Fresh::new(1, [9; 40]))
}

#[test]
fn a_secret_inside_a_text_does_not_come_out() {
    for (text, expected) in [
        ("https://bob:s3cr3t@x/?access_token=s3cr3t", "https://[REDACTED]@x/?access_token=[REDACTED]"),
        ("GET /?api_key=s3cr3t failed", "GET /?api_key=[REDACTED] failed"),
        ("/login?token=s3cr3t&page=2", "/login?token=[REDACTED]&page=2"),
        ("/login?token%3Ds3cr3t", "/login?token%3D[REDACTED]"),
        ("authorization: Bearer s3cr3t", "authorization: [REDACTED]"),
        ("{\"authorization\": \"Bearer s3cr3t\", \"a\": 1}", "{\"authorization\": \"[REDACTED]\", \"a\": 1}"),
        ("password=s3cr3t user=bob", "password=[REDACTED] user=bob"),
        ("got ghp_s3cr3ts3cr3ts3cr3ts3cr3t", "got [REDACTED]"),
    ] {
        let line = only_line(|| {
            let span = tracing::info_span!("request", uri = %text, own = text, later = Empty);
            span.record("later", text);
            span.in_scope(|| tracing::info!(url = text, error = %text, category = text, debug = ?Raw(text), "{text}"));
        });
        for name in ["uri", "own", "later", "url", "error", "debug", "category", "message"] {
            assert_eq!(line[name], expected, "{name}");
        }
        assert!(!line.to_string().contains("s3cr3t"), "{line}");
        let context = context();
        context.set("note", text.to_owned());
        assert_eq!(only_line(|| context.enter(|| tracing::info!("x")))["note"], expected);
    }
}

/// Shows itself for debugging as it is.
struct Raw<'a>(&'a str);

impl fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[test]
fn a_map_of_headers_keeps_its_harmless_ones() {
    let headers = BTreeMap::from([("authorization", "Bearer s3cr3t"), ("host", "example.org"), ("x-api-key", "k3y")]);
    let line = only_line(|| tracing::info!(?headers, "got {headers:?}"));
    let expected = r#"{"authorization": "[REDACTED]", "host": "example.org", "x-api-key": "[REDACTED]"}"#;
    assert_eq!(line["headers"], expected);
    assert_eq!(line["message"], format!("got {expected}"));
}

#[test]
fn ordinary_texts_stay_as_they_are() {
    for text in [
        "tokens=12",
        "key=value",
        "user_id=7",
        "max_tokens: 512",
        "a=b&c=d",
        "took 12ms at 2026-11-21T03:46:02.123456Z",
        "6f1c9c1e-8b57-4c4a-9d0e-411111111111",
        "SELECT id, token FROM sessions WHERE id = 7 AND name LIKE '%x%' -- 100%",
        r#"{"id":7,"total_tokens":53,"url":"https://example.org/a?page=2"}"#,
        "vm-7: started; state: Some(Running { cpus: 2, tags: [\"a\", \"b\"] })",
        "error in my_app::auth::session::Token::parse",
        "called `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound }",
        "src/auth.rs:12:30",
        "[::1]:8080 -> 10.0.0.1:443, 50% done",
        "author: bob, keyboard=us, sort_key=name, status_code=404",
        "C:\\Users\\bob \u{1F980} é \t\n",
        "",
    ] {
        let line = only_line(|| {
            let span = tracing::info_span!("request", own = text, own_debug = ?Raw(text));
            span.in_scope(|| tracing::info!(text, debug = ?Raw(text), "{text}"));
        });
        for name in ["own", "own_debug", "text", "debug", "message"] {
            assert_eq!(line[name], text, "{name}");
        }
    }
}

struct Panics;

impl fmt::Display for Panics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("token=abc ")?;
        panic!("in a formatter, for the test")
    }
}

#[test]
fn a_panicking_formatter_loses_no_line_and_no_secret() {
    let line = only_line(|| tracing::info!(bad = %Panics, after = 1, "said {Panics}"));
    assert_eq!(line["bad"], "token=[REDACTED] …[formatter panicked]");
    assert_eq!(line["message"], "said token=[REDACTED] …[formatter panicked]");
    assert_eq!(line["after"], 1);
}

#[test]
fn a_giant_is_looked_at_as_far_as_it_is_shown() {
    let giant = format!("{} password=abc", "x".repeat(16_000));
    let giant = giant + &"y".repeat(1_000_000);
    let line = only_line(|| tracing::info!(giant, "x"));
    let shown = line["giant"].as_str().unwrap();
    assert!(shown.contains("password=[REDACTED]…[+") && !shown.contains("abc"), "{}", &shown[shown.len() - 60..]);
}

/// Records on the span that it is recorded on.
struct RecordsAgain(tracing::Span);

impl fmt::Display for RecordsAgain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.record("inner", count());
        f.write_str("outer")
    }
}

/// Another number each time.
fn count() -> u64 {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

#[test]
fn a_value_that_records_on_its_own_span_ends_and_loses_nothing() {
    let line = only_line(|| {
        let span = tracing::info_span!("request", first = 1, outer = Empty, inner = Empty);
        span.record("outer", tracing::field::display(RecordsAgain(span.clone())));
        span.in_scope(|| tracing::info!("x"));
    });
    assert_eq!((&line["first"], &line["outer"]), (&1.into(), &"outer".into()));
    assert!(line["inner"].is_u64(), "{line}");
}

#[test]
fn a_context_that_had_no_room_says_so() {
    let context = context();
    assert!(only_line(|| context.enter(|| tracing::info!("x"))).get("dropped_context_fields").is_none());
    context.set("dropped_context_fields", "nothing at all");
    context.set("giant", "x".repeat(100_000));
    context.set("giant", "x".repeat(100_000));
    let line = only_line(|| context.enter(|| tracing::info!("x")));
    assert_eq!(line["dropped_context_fields"], 2);
}
