//! One `traceparent` in and one out: `traceparent COUNT`.
//!
//! | row | what it does |
//! |---|---|
//! | `cupola, text` | a header's bytes in, 55 bytes in place out |
//! | `cupola, headers` | out of a `HeaderMap`, and into one |
//! | `opentelemetry, headers` | the same with the SDK's `TraceContextPropagator`, which a user would take instead |

use std::hint::black_box;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use cupola::context::{SpanId, TraceContext, extract_trace};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn main() -> ExitCode {
    let Some(count) = std::env::args().nth(1).and_then(|count| count.parse().ok()).filter(|count| *count > 0) else {
        eprintln!("usage: traceparent COUNT");
        return ExitCode::from(64);
    };
    match run(count) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("standard output: {error}");
            ExitCode::from(74)
        }
    }
}

fn run(count: u32) -> std::io::Result<()> {
    let headers = request();
    let propagator = TraceContextPropagator::new();
    let rows: [(&str, &dyn Fn()); 3] = [
        ("cupola, text", &|| text(black_box(PARENT.as_bytes()))),
        ("cupola, headers", &|| ours(black_box(&headers))),
        ("opentelemetry, headers", &|| peers(&propagator, black_box(&headers))),
    ];
    let each = fastest(count, rows.map(|(_, work)| work));
    let mut out = std::io::stdout().lock();
    for ((name, _), each_here) in rows.iter().zip(each) {
        writeln!(out, "{name}: {each_here:.1} ns, {:.2}x", each_here / each[2])?;
    }
    Ok(())
}

/// The headers of a request, `traceparent` among them.
fn request() -> HeaderMap {
    let pairs = [("host", "localhost:3000"), ("user-agent", "curl/8.5.0"), ("accept", "*/*"), ("traceparent", PARENT)];
    pairs.into_iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

/// Nanoseconds a turn, the best of ten rounds in which the rows take turns: what disturbs a round only makes it longer.
fn fastest<const N: usize>(count: u32, rows: [&dyn Fn(); N]) -> [f64; N] {
    let mut best = [f64::INFINITY; N];
    for _ in 0..10 {
        for (best, work) in best.iter_mut().zip(rows) {
            let round = time(|| (0..count).for_each(|_| work())).as_secs_f64();
            *best = best.min(round * 1e9 / f64::from(count));
        }
    }
    best
}

#[expect(clippy::disallowed_methods, reason = "the wall clock is what is measured here, and no test pauses it")]
fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn text(value: &[u8]) {
    let mut trace = TraceContext::from_traceparent(value).expect("it is well formed");
    trace.span_id = SpanId::from_random(black_box([7; 8]));
    black_box(trace.traceparent());
}

fn ours(headers: &HeaderMap) {
    let mut trace = extract_trace(headers).expect("it is well formed");
    trace.span_id = SpanId::from_random(black_box([7; 8]));
    let mut out = HeaderMap::with_capacity(4);
    let value = HeaderValue::from_str(trace.traceparent().as_str()).expect("it is ASCII");
    out.insert(HeaderName::from_static("traceparent"), value);
    black_box(out);
}

fn peers(propagator: &TraceContextPropagator, headers: &HeaderMap) {
    let context = propagator.extract_with_context(&Context::new(), &Carrier(headers));
    let mut out = HeaderMap::with_capacity(4);
    propagator.inject_context(&context, &mut Target(&mut out));
    black_box(out);
}

struct Carrier<'a>(&'a HeaderMap);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct Target<'a>(&'a mut HeaderMap);

impl Injector for Target<'_> {
    fn set(&mut self, key: &str, value: String) {
        let pair = HeaderName::from_bytes(key.as_bytes()).ok().zip(HeaderValue::try_from(value).ok());
        if let Some((name, value)) = pair {
            self.0.insert(name, value);
        }
    }
}
