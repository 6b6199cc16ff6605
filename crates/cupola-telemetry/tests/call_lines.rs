//! The short way of a call's line writes what the long way writes.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cupola_context::{Context, Fresh, RequestIdFormat, Scope};
use cupola_record::{Call, CallLog, CallOutcome, ErrorKind, KnownMethods, OpenCall, Reason, Sink, StopReason};
use cupola_redact::KeyPolicy;
use cupola_telemetry::{CallLines, Config, Memory, Telemetry};
use http::{Method, StatusCode, Uri};
use tracing::level_filters::LevelFilter;

fn frozen() -> Instant {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    #[allow(clippy::disallowed_methods, reason = "read once, so that both ways measure the same")]
    *START.get_or_init(Instant::now)
}

fn begun(sink: &Arc<dyn Sink>, policy: &KeyPolicy, method: Method) -> OpenCall {
    let uri = Uri::from_static("https://ana:hunter2@api.example.com:8443/users/17?page=2&access_token=s3cr3t");
    let mut call = Call::new(SystemTime::UNIX_EPOCH, method);
    call.mask(policy, &KnownMethods::default(), &uri);
    (call.dependency, call.template) = (Some("us\u{202e}ers".into()), Some("/users/{id}".into()));
    OpenCall::new(call, Arc::clone(sink), frozen)
}

/// One line of each kind of end, through `sink`: within a request and a scope, within either, and within neither.
fn drive(sink: &Arc<dyn Sink>, policy: &KeyPolicy) {
    let context = Context::root(RequestIdFormat::Ulid, &Fresh::new(1, [9; 40]));
    context.set("vm_id", "vm-7");
    context.set("api_key", "k");
    context.add("tokens", 3u64);
    let scope = Scope::new()
        .with("operation", "sync")
        .with("password", "p")
        .with("status", 7)
        .with("giant", "x".repeat(100_000));
    let calls = || calls(sink, policy);
    context.enter(|| scope.enter(calls));
    context.enter(calls);
    scope.enter(calls);
    calls();
}

fn calls(sink: &Arc<dyn Sink>, policy: &KeyPolicy) {
    let mut whole = begun(sink, policy, Method::GET);
    whole.attempt(Reason::First, Duration::ZERO);
    whole.head(StatusCode::OK);
    whole.received(512);
    whole.end(CallOutcome::Complete);
    let mut retried = begun(sink, policy, "PURGE".parse().unwrap());
    retried.attempt(Reason::First, Duration::ZERO);
    retried.head(StatusCode::SERVICE_UNAVAILABLE);
    retried.discarded();
    retried.attempt(Reason::Retry, Duration::from_millis(250));
    retried.connect_times(Some(Duration::from_micros(1500)), Some(Duration::from_millis(3)));
    retried.head(StatusCode::OK);
    retried.end(CallOutcome::DroppedMidBody);
    let mut failed = begun(sink, policy, Method::POST);
    failed.attempt(Reason::First, Duration::ZERO);
    failed.stopped(StopReason::NotIdempotent);
    failed.end(CallOutcome::Failed(ErrorKind::Connect));
    drop(begun(sink, policy, Method::GET));
}

const LINES: usize = 16;

fn lines(sink: impl Sink, policy: &KeyPolicy, config: Config) -> Vec<String> {
    let memory = Memory::new();
    let telemetry = Telemetry::builder(config).policy(policy.clone()).output(memory.clone()).build().unwrap();
    let sink: Arc<dyn Sink> = Arc::new(sink);
    tracing::dispatcher::with_default(telemetry.dispatch(), || drive(&sink, policy));
    telemetry.shutdown(Duration::from_secs(5));
    let after_time = |line: &str| line.split_once("\",").unwrap().1.to_owned();
    memory.text().lines().map(after_time).collect()
}

#[test]
fn both_ways_write_the_same() {
    let strict = KeyPolicy::builder().deny("host").deny("attempts").build().unwrap();
    for policy in [KeyPolicy::default(), strict] {
        let short = lines(CallLines::new(CallLog::new()), &policy, Config::default());
        let long = lines(CallLog::new(), &policy, Config::default());
        assert_eq!(short, long);
        assert_eq!(short.len(), LINES);
        assert!(short[0].contains(r#""operation":"sync","password":"[REDACTED]""#), "{}", short[0]);
        assert!(short[0].contains(r#""vm_id":"vm-7","api_key":"[REDACTED]"}"#), "{}", short[0]);
    }
    let few = lines(CallLines::new(CallLog::new().errors_only()), &KeyPolicy::default(), Config::default());
    assert!(few.len() == LINES / 4 && few.iter().all(|line| line.contains(r#""error_type":"connect""#)), "{few:?}");
}

#[test]
fn what_changes_lines_changes_these() {
    let check = |expected: usize, change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        let policy = KeyPolicy::default();
        let (short, long) = (CallLines::new(CallLog::new()), CallLog::new());
        let (mut short, mut long) = (lines(short, &policy, config.clone()), lines(long, &policy, config));
        // Those that count others come in no order.
        short.sort();
        long.sort();
        assert_eq!(short, long);
        assert_eq!(short.len(), expected, "{short:?}");
    };
    check(0, |config| config.filter = Some("off".to_owned()));
    check(LINES / 4, |config| config.filter = Some("warn,cupola::client=error".to_owned()));
    check(LINES / 4, |config| {
        (config.filter, config.hold_back) = (Some("error".to_owned()), Some(LevelFilter::DEBUG));
    });
    check(LINES / 2, |config| config.collapse = Some(Duration::from_secs(60)));
}
