//! Each attempt of a finished call is one span, as the conventions want it.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cupola_context::{Context, Fresh, Identify, RequestIdFormat, SpanId, TraceFlags};
use cupola_record::{
    Call, CallOutcome, CallTrace, Choices, ErrorKind, KnownMethods, OpenCall, Reason, Sink, StopReason, Target,
};
use cupola_redact::KeyPolicy;
use cupola_telemetry::otel_0_33::HttpSpans;
use http::{Method, StatusCode, Version};
use opentelemetry_sdk::trace::{BatchSpanProcessor, InMemorySpanExporter, SpanData};

const URL: &str = "https://ana:hunter2@api.example.com/users/17?page=2&access_token=s3cr3t";

fn started() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

thread_local! {
    #[allow(clippy::disallowed_methods, reason = "read once, for somewhere to begin")]
    static NOW: Cell<Instant> = Cell::new(Instant::now());
    static IDS: Cell<u8> = const { Cell::new(0) };
}

fn pass(milliseconds: u64) {
    NOW.set(NOW.get() + Duration::from_millis(milliseconds));
}

/// 1, 2, 3 and so on.
fn span_ids() -> SpanId {
    IDS.set(IDS.get() + 1);
    SpanId::from_bytes([IDS.get(); 8]).unwrap()
}

fn context() -> Context {
    Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]))
}

fn target(method: &Method, url: &str) -> Target {
    Target::new(&KeyPolicy::default(), &KnownMethods::default(), method, &url.parse().unwrap())
}

/// A call within a request, to be seen to its end.
fn call(url: &str) -> Call {
    let (context, method) = (context(), Method::GET);
    let mut call = context.enter(|| Call::new(started(), method));
    call.mask(&KeyPolicy::default(), &KnownMethods::default(), &url.parse().unwrap());
    call.trace = Some(CallTrace::within(&context));
    call.template = Some("/users/{id}".into());
    call
}

/// The spans that a call leaves when `work` has its way with it.
fn spans(call: Call, work: impl FnOnce(&mut OpenCall)) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let spans = HttpSpans::new("billing", BatchSpanProcessor::builder(exporter.clone()).build());
    IDS.set(0);
    let mut open = OpenCall::new(call, Arc::new(spans.clone()), || NOW.get()).span_ids(span_ids);
    work(&mut open);
    drop(open);
    spans.flush().unwrap();
    exporter.get_finished_spans().unwrap()
}

fn first(open: &mut OpenCall) {
    open.attempt(Reason::First, Duration::ZERO);
}

/// `name=value`, in order.
fn attributes(span: &SpanData) -> Vec<String> {
    span.attributes.iter().map(|attribute| format!("{}={}", attribute.key, attribute.value)).collect()
}

fn error_type(span: &SpanData) -> Option<String> {
    attributes(span).iter().find_map(|pair| pair.strip_prefix("error.type=").map(str::to_owned))
}

#[test]
fn each_attempt_is_a_span_and_they_have_one_parent() {
    let mut call = call(URL);
    call.dependency = Some("users".into());
    let parent = call.context.clone().unwrap();
    let spans = spans(call, |open| {
        first(open);
        assert_eq!(open.span(), SpanId::from_bytes([1; 8]), "it is known before the head is");
        pass(10);
        open.head(StatusCode::SERVICE_UNAVAILABLE);
        open.version(Version::HTTP_11);
        pass(2);
        open.discarded();
        assert_eq!(open.span(), None);
        pass(100);
        open.attempt(Reason::Retry, Duration::from_millis(100));
        pass(20);
        open.head(StatusCode::OK);
        open.version(Version::HTTP_2);
        open.received(7);
        pass(30);
        open.end(CallOutcome::Complete);
    });
    assert_eq!(spans.len(), 2);
    for (number, span) in (1..).zip(&spans) {
        assert_eq!(span.name, "GET /users/{id}");
        assert_eq!(format!("{:?}", span.span_kind), "Client");
        assert_eq!(span.span_context.span_id().to_bytes(), [number; 8]);
        assert_eq!(span.span_context.trace_id().to_bytes(), parent.trace().trace_id.to_bytes());
        assert_eq!(span.parent_span_id.to_bytes(), parent.trace().span_id.to_bytes());
        assert!(!span.parent_span_is_remote && span.span_context.is_sampled());
    }
    let times = |span: &SpanData| {
        let since = |time: SystemTime| time.duration_since(started()).unwrap().as_millis();
        (since(span.start_time), since(span.end_time))
    };
    assert_eq!((times(&spans[0]), times(&spans[1])), ((0, 12), (112, 162)), "to the end of the body");
    let url = "url.full=https://api.example.com/users/17?page=2&access_token=[REDACTED]";
    let asked = ["http.request.method=GET", "server.address=api.example.com", "server.port=443", url];
    let failed = ["url.template=/users/{id}", "http.response.status_code=503", "error.type=503"];
    let rest = ["network.protocol.version=1.1", "cupola.dependency=users"];
    assert_eq!(attributes(&spans[0]), [&asked[..], &failed, &rest].concat());
    let good = ["url.template=/users/{id}", "http.response.status_code=200", "http.request.resend_count=1"];
    let rest = ["network.protocol.version=2", "cupola.dependency=users"];
    assert_eq!(attributes(&spans[1]), [&asked[..], &good, &rest].concat());
    assert!(matches!(spans[0].attributes[2].value, opentelemetry::Value::I64(443)));
}

#[test]
fn what_failed_is_an_error_and_what_was_dropped_is_none() {
    let check = |status: Option<u16>, end: Option<CallOutcome>, error: Option<&str>| {
        let mut call = call(URL);
        call.expected = vec![StatusCode::NOT_FOUND];
        let spans = spans(call, |open| {
            first(open);
            if let Some(status) = status {
                open.head(StatusCode::from_u16(status).unwrap());
            }
            if let Some(outcome) = end {
                open.end(outcome);
            }
        });
        assert_eq!(error_type(&spans[0]).as_deref(), error, "{status:?} {end:?}");
        let expected = if error.is_some() { r#"Error { description: "" }"# } else { "Unset" };
        assert_eq!(format!("{:?}", spans[0].status), expected, "{status:?} {end:?}");
    };
    let complete = Some(CallOutcome::Complete);
    check(Some(204), complete, None);
    check(Some(302), complete, None);
    check(Some(404), complete, None);
    check(Some(410), complete, Some("410"));
    check(Some(503), complete, Some("503"));
    check(None, Some(CallOutcome::Failed(ErrorKind::Dns)), Some("dns"));
    check(Some(200), Some(CallOutcome::Failed(ErrorKind::Body)), Some("body"));
    check(Some(404), Some(CallOutcome::Failed(ErrorKind::Body)), Some("body"));
    check(None, None, None);
    check(Some(200), None, None);
    // Its head has said that it failed, whoever reads the rest.
    check(Some(503), None, Some("503"));
}

#[test]
fn a_redirect_shows_where_it_led() {
    let spans = spans(call(URL), |open| {
        first(open);
        open.head(StatusCode::SEE_OTHER);
        open.discarded();
        open.attempt(Reason::Redirect, Duration::ZERO);
        open.moved(target(&"PURGE".parse().unwrap(), "http://ben:pw@[::1]:8080/elsewhere?sig=abc"));
        open.failed(ErrorKind::Connect);
        open.stopped(StopReason::NotIdempotent);
        open.end(CallOutcome::Failed(ErrorKind::Connect));
    });
    assert_eq!((spans[0].name.as_ref(), spans[1].name.as_ref()), ("GET /users/{id}", "HTTP"));
    assert_eq!(
        attributes(&spans[1]),
        [
            "http.request.method=_OTHER",
            "http.request.method_original=PURGE",
            "server.address=::1",
            "server.port=8080",
            "url.full=http://[::1]:8080/elsewhere?sig=[REDACTED]",
            "error.type=connect",
            "http.request.resend_count=1",
        ]
    );
    let all = format!("{spans:?}");
    assert!(!all.contains("hunter2") && !all.contains("s3cr3t") && !all.contains("ben"), "{all}");
}

#[test]
fn without_a_template_the_name_is_the_method_alone() {
    let mut call = call("http://billing:8080/users/17");
    call.template = None;
    let spans = spans(call, first);
    assert_eq!(spans[0].name, "GET");
}

#[test]
fn what_is_not_to_be_traced_leaves_none() {
    let leaves = |change: fn(&mut Call)| {
        let mut call = call(URL);
        change(&mut call);
        spans(call, first).len()
    };
    assert_eq!(leaves(|_| {}), 1);
    assert_eq!(leaves(|call| call.trace = None), 0);
    assert_eq!(leaves(|call| call.trace.as_mut().unwrap().flags = TraceFlags::RANDOM), 0);
    assert_eq!(leaves(|call| Choices::new().mute().apply(call.context.as_ref().unwrap())), 0);
    assert_eq!(leaves(|call| Choices::new().sampled(false).apply(call.context.as_ref().unwrap())), 0);
}

#[test]
fn a_trace_state_goes_along() {
    let mut headers = http::HeaderMap::new();
    headers.insert("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03".parse().unwrap());
    headers.insert("tracestate", "congo=t61".parse().unwrap());
    let peer = Some([127, 0, 0, 1].into());
    let context = Identify::default().open(&headers, peer, &Fresh::new(1, [9; 40])).context;
    let mut call = call(URL);
    (call.trace, call.context) = (Some(CallTrace::within(&context)), Some(context));
    let spans = spans(call, first);
    assert_eq!(spans[0].span_context.trace_state().header(), "congo=t61");
    assert_eq!(spans[0].span_context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
}

#[test]
fn the_sink_says_that_it_makes_spans() {
    let spans = HttpSpans::new("billing", BatchSpanProcessor::builder(InMemorySpanExporter::default()).build());
    assert!(spans.duties().contains(cupola_record::Duties::SPAN));
}
