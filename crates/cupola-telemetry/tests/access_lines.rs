//! The access line's short way writes what the long way writes.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cupola_context::{Context, Fresh, Identify, RequestIdFormat, TrustPolicy};
use cupola_record::{AccessLog, Exchange, GrpcStatus, KnownMethods, OpenExchange, Outcome, RawTexts, Sink};
use cupola_redact::KeyPolicy;
use cupola_telemetry::{AccessLines, Config, Memory, Telemetry};
use http::{HeaderMap, Method, StatusCode};

fn frozen() -> Instant {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    #[allow(clippy::disallowed_methods, reason = "read once, so that both ways measure the same")]
    *START.get_or_init(Instant::now)
}

fn exchange(context: Context, method: Method, policy: &KeyPolicy) -> Exchange {
    let mut exchange = Exchange::server(context, SystemTime::UNIX_EPOCH, method);
    let mut raw = RawTexts::new("/vms/\u{202e}7");
    raw.query = Some("limit=1&token=abc");
    raw.user_agent = Some(b"curl/8.5 \"x\"");
    raw.host = Some(b"example.com");
    raw.client_request_id = Some(b"a b");
    exchange.mask(policy, &KnownMethods::default(), &raw);
    exchange.route = Some("/vms/{id}".into());
    exchange
}

/// One line of each kind of end, through `sink`.
fn drive(sink: Arc<dyn Sink>, policy: &KeyPolicy) {
    let fresh = Fresh::new(1, [9; 40]);
    let headers: HeaderMap = [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .into_iter()
        .collect();
    for trust in [TrustPolicy::Never, TrustPolicy::Always] {
        let mut identify = Identify::default();
        identify.trust = trust;
        let context = identify.open(&headers, Some([10, 0, 0, 1].into()), &fresh).context;
        context.set("vm_id", "vm-7");
        context.set("api_key", "k");
        context.set("method", "the event's own wins");
        context.add("tokens", 3u64);
        context.set("giant", "x".repeat(100_000));
        for outcome in [Outcome::Complete, Outcome::BodyError, Outcome::ClosedBeforeHead, Outcome::TimedOut] {
            let method: Method = if outcome == Outcome::BodyError { "PURGE".parse().unwrap() } else { Method::GET };
            let exchange = exchange(context.clone(), method, policy);
            let mut open = OpenExchange::new(exchange, sink.clone(), frozen).slow_after(Duration::ZERO);
            if outcome != Outcome::ClosedBeforeHead {
                open.head(StatusCode::OK);
                open.grpc_status(GrpcStatus::parse(b"12").unwrap());
                open.error(policy.text("it broke"));
            }
            context.enter(|| open.end(outcome));
        }
    }
    drop(OpenExchange::new(
        Exchange::server(Context::root(RequestIdFormat::Ulid, &fresh), SystemTime::UNIX_EPOCH, Method::GET),
        sink,
        frozen,
    ));
}

fn lines(sink: Arc<dyn Sink>, policy: &KeyPolicy) -> Vec<String> {
    let memory = Memory::new();
    let builder = Telemetry::builder(Config::default()).policy(policy.clone()).output(memory.clone());
    let telemetry = builder.build().unwrap();
    tracing::dispatcher::with_default(telemetry.dispatch(), || drive(sink, policy));
    assert_eq!(telemetry.shutdown(Duration::from_secs(5)).written, 9);
    let after_time = |line: &str| line.split_once("\",").unwrap().1.to_owned();
    memory.text().lines().map(after_time).collect()
}

#[test]
fn both_ways_write_the_same() {
    let strict = KeyPolicy::builder().deny("user_agent").deny("host").build().unwrap();
    for policy in [KeyPolicy::default(), strict] {
        let short = lines(Arc::new(AccessLines::new(AccessLog::new())), &policy);
        let long = lines(Arc::new(AccessLog::new()), &policy);
        assert_eq!(short[..8], long[..8]);
        assert!(short[0].contains(r#""dropped_context_fields":1,"#), "{}", short[0]);
        assert!(short[0].contains(r#""vm_id":"vm-7","api_key":"[REDACTED]","tokens":3"#), "{}", short[0]);
    }
}

#[test]
fn a_closed_gate_closes_both_ways() {
    let mut config = Config::default();
    config.filter = Some("off".to_owned());
    let telemetry = Telemetry::builder(config).output(Memory::new()).build().unwrap();
    let policy = KeyPolicy::default();
    tracing::dispatcher::with_default(telemetry.dispatch(), || {
        drive(Arc::new(AccessLines::new(AccessLog::new())), &policy);
    });
    assert_eq!(telemetry.shutdown(Duration::from_secs(5)).accepted, 0);
}
