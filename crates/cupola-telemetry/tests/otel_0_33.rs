//! A finished exchange is one span, as the conventions want it.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use cupola_context::{Fresh, Identify, TrustPolicy};
use cupola_record::{Duties, Exchange, GrpcStatus, KnownMethods, OpenExchange, Outcome, RawTexts, Sink};
use cupola_redact::KeyPolicy;
use cupola_telemetry::otel_0_33::HttpSpans;
use http::{HeaderMap, HeaderName, Method, StatusCode, Version};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, InMemorySpanExporter, SimpleSpanProcessor, SpanData, SpanExporter,
};

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03";
const NOT_SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
const LASTED: Duration = Duration::from_millis(250);

fn started() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

/// Each reading is later than the one before by [`LASTED`]; an exchange without a head is read twice.
fn steps() -> Instant {
    static LAST: OnceLock<Mutex<Instant>> = OnceLock::new();
    #[allow(clippy::disallowed_methods, reason = "read once, for somewhere to begin")]
    let mut last = LAST.get_or_init(|| Mutex::new(Instant::now())).lock().unwrap();
    *last += LASTED;
    *last
}

/// The same each time, for exchanges whose length does not matter.
fn frozen() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    #[allow(clippy::disallowed_methods, reason = "read once")]
    *START.get_or_init(Instant::now)
}

/// A request with these trace headers, under this policy, from a private address.
fn exchange(trust: TrustPolicy, method: &str, trace: &[(&'static str, &str)]) -> Exchange {
    let headers: HeaderMap =
        trace.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
    let mut identify = Identify::default();
    identify.trust = trust;
    let peer: IpAddr = [10, 0, 0, 1].into();
    let context = identify.open(&headers, Some(peer), &Fresh::new(1, [9; 40])).context;
    let mut exchange = Exchange::server(context, started(), method.parse::<Method>().unwrap());
    let mut raw = RawTexts::new("/api/v1/vms/7");
    raw.query = Some("limit=1&token=abc");
    raw.user_agent = Some(b"vmctl/2.4.1");
    raw.host = Some(b"[2001:db8::1]:8443");
    exchange.mask(&KeyPolicy::default(), &KnownMethods::default(), &raw);
    exchange.route = Some("/api/v1/vms/{id}".into());
    exchange
}

fn get() -> Exchange {
    exchange(TrustPolicy::Private, "GET", &[])
}

/// The spans that an exchange leaves when `end` has its way with it.
fn spans(exchange: Exchange, end: impl FnOnce(&mut OpenExchange)) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let spans = HttpSpans::new("billing", BatchSpanProcessor::builder(exporter.clone()).build());
    let mut open = OpenExchange::new(exchange, Arc::new(spans.clone()), frozen);
    end(&mut open);
    drop(open);
    spans.flush().unwrap();
    exporter.get_finished_spans().unwrap()
}

fn span(exchange: Exchange, end: impl FnOnce(&mut OpenExchange)) -> SpanData {
    let [span] = <[SpanData; 1]>::try_from(spans(exchange, end)).unwrap();
    span
}

fn answer(status: u16, outcome: Outcome) -> impl FnOnce(&mut OpenExchange) {
    move |open| {
        open.head(StatusCode::from_u16(status).unwrap());
        open.end(outcome);
    }
}

/// `name=value`, in order.
fn attributes(span: &SpanData) -> Vec<String> {
    span.attributes.iter().map(|attribute| format!("{}={}", attribute.key, attribute.value)).collect()
}

fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == key);
    found.map(|attribute| attribute.value.to_string())
}

#[test]
fn a_request_is_a_server_span() {
    let mut exchange = get();
    exchange.scheme = "https";
    exchange.version = Version::HTTP_2;
    let span = span(exchange, answer(200, Outcome::Complete));
    assert_eq!(span.name, "GET /api/v1/vms/{id}");
    assert_eq!(format!("{:?} {:?}", span.span_kind, span.status), "Server Unset");
    assert_eq!(span.instrumentation_scope.name(), "cupola");
    assert_eq!(
        attributes(&span),
        [
            "http.request.method=GET",
            "url.scheme=https",
            "url.path=/api/v1/vms/7",
            "url.query=limit=1&token=[REDACTED]",
            "network.protocol.version=2",
            "server.address=2001:db8::1",
            "server.port=8443",
            "client.address=10.0.0.1",
            "user_agent.original=vmctl/2.4.1",
            "http.route=/api/v1/vms/{id}",
            "http.response.status_code=200",
        ]
    );
    assert!(matches!(span.attributes[10].value, opentelemetry::Value::I64(200)));
}

#[test]
fn it_lasts_as_long_as_the_exchange() {
    let kept = Kept::default();
    let spans = HttpSpans::new("billing", SimpleSpanProcessor::new(kept.clone()));
    OpenExchange::new(get(), Arc::new(spans), steps).end(Outcome::Complete);
    let (spans, _) = &*kept.0.lock().unwrap();
    assert_eq!((spans[0].start_time, spans[0].end_time), (started(), started() + LASTED));
}

#[test]
fn a_method_that_is_not_known_is_kept_apart() {
    let mut exchange = exchange(TrustPolicy::Private, "PURGE", &[]);
    exchange.route = None;
    let span = span(exchange, answer(404, Outcome::Complete));
    assert_eq!(span.name, "HTTP");
    assert_eq!(attribute(&span, "http.request.method").as_deref(), Some("_OTHER"));
    assert_eq!(attribute(&span, "http.request.method_original").as_deref(), Some("PURGE"));
    assert_eq!(attribute(&span, "http.route"), None);
}

#[test]
fn what_the_application_made_known_is_shown() {
    let mut exchange = exchange(TrustPolicy::Private, "PURGE", &[]);
    exchange.mask(&KeyPolicy::default(), &KnownMethods::only(["PURGE"]), &RawTexts::new("/"));
    exchange.route = None;
    let span = span(exchange, answer(200, Outcome::Complete));
    assert_eq!(span.name, "PURGE");
    assert_eq!(
        attributes(&span),
        [
            "http.request.method=PURGE",
            "url.scheme=http",
            "url.path=/",
            "network.protocol.version=1.1",
            "client.address=10.0.0.1",
            "http.response.status_code=200",
        ]
    );
}

#[test]
fn a_trusted_caller_is_the_parent() {
    let trace = [("traceparent", TRACEPARENT), ("tracestate", "congo=t61,rojo=00f0")];
    let exchange = exchange(TrustPolicy::Always, "GET", &trace);
    let own = exchange.context.trace().span_id.text().to_string();
    let span = span(exchange, answer(200, Outcome::Complete));
    assert_eq!(span.span_context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span.span_context.span_id().to_string(), own);
    assert_eq!(span.span_context.trace_flags().to_u8(), 3);
    assert_eq!(span.span_context.trace_state().header(), "congo=t61,rojo=00f0");
    assert!(!span.span_context.is_remote());
    assert_eq!((span.parent_span_id.to_string().as_str(), span.parent_span_is_remote), ("b7ad6b7169203331", true));
    assert!(span.links.is_empty());
}

#[test]
fn a_stranger_is_a_link() {
    let trace = [("traceparent", TRACEPARENT), ("tracestate", "congo=t61")];
    let span = span(exchange(TrustPolicy::Never, "GET", &trace), answer(200, Outcome::Complete));
    assert_ne!(span.span_context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!((span.parent_span_id.to_string().as_str(), span.parent_span_is_remote), ("0000000000000000", false));
    let [link] = &span.links[..] else { panic!("{:?}", span.links) };
    assert_eq!(link.span_context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(link.span_context.span_id().to_string(), "b7ad6b7169203331");
    assert!(link.span_context.is_remote());
}

#[test]
fn what_is_not_sampled_or_recorded_elsewhere_is_no_span() {
    let unsampled = exchange(TrustPolicy::Always, "GET", &[("traceparent", NOT_SAMPLED)]);
    assert_eq!(spans(unsampled, answer(500, Outcome::Complete)), []);
    let mut served = get();
    served.served = Duties::LOG | Duties::SPAN;
    assert_eq!(spans(served, answer(200, Outcome::Complete)), []);
    let mut logged = get();
    logged.served = Duties::LOG;
    assert_eq!(spans(logged, answer(200, Outcome::Complete)).len(), 1);
}

#[test]
fn the_status_is_an_error_where_the_server_failed() {
    let check = |status: Option<u16>, grpc: Option<&str>, outcome, expected: &str, error_type: Option<&str>| {
        let span = span(get(), |open| {
            if let Some(status) = status {
                open.head(StatusCode::from_u16(status).unwrap());
            }
            if let Some(code) = grpc {
                open.grpc_status(GrpcStatus::parse(code.as_bytes()).unwrap());
            }
            open.end(outcome);
        });
        assert_eq!(format!("{:?}", span.status), expected, "{status:?} {outcome:?}");
        assert_eq!(attribute(&span, "error.type").as_deref(), error_type, "{status:?} {outcome:?}");
        let code = status.map(|status| status.to_string());
        assert_eq!(attribute(&span, "http.response.status_code"), code, "{status:?} {outcome:?}");
    };
    let (unset, error) = ("Unset", r#"Error { description: "" }"#);
    check(Some(204), None, Outcome::Complete, unset, None);
    check(Some(404), None, Outcome::Complete, unset, None);
    check(Some(503), None, Outcome::Complete, error, Some("503"));
    check(Some(200), Some("13"), Outcome::Complete, error, Some("INTERNAL"));
    check(Some(200), Some("5"), Outcome::Complete, unset, None);
    check(Some(101), None, Outcome::Upgraded, unset, None);
    check(None, None, Outcome::ServiceError, error, Some("service_error"));
    check(Some(200), None, Outcome::BodyError, error, Some("body_error"));
    check(Some(504), None, Outcome::TimedOut, error, Some("timed_out"));
    check(None, None, Outcome::ClosedBeforeHead, unset, Some("closed_before_head"));
    check(Some(200), None, Outcome::ClosedMidBody, unset, Some("closed_mid_body"));
    check(Some(500), None, Outcome::ClosedMidBody, error, Some("closed_mid_body"));
}

#[test]
fn an_aborted_request_is_a_span_too() {
    let span = span(get(), |_| {});
    assert_eq!(attribute(&span, "error.type").as_deref(), Some("closed_before_head"));
}

#[test]
fn the_description_is_the_masked_error() {
    let span = span(get(), |open| {
        open.error(KeyPolicy::default().text("no reply: password=hunter2"));
        open.end(Outcome::Panicked);
    });
    let status = format!("{:?}", span.status);
    assert!(status.contains("no reply") && !status.contains("hunter2"), "{status}");
}

/// Keeps what it is told after its shutdown too.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<(Vec<SpanData>, String)>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().0.extend(batch);
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        let pairs = resource.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>();
        self.0.lock().unwrap().1 = pairs.join(",");
    }
}

#[test]
fn the_last_handle_exports_what_is_queued_under_the_services_name() {
    let kept = Kept::default();
    let spans = HttpSpans::new("billing", BatchSpanProcessor::builder(kept.clone()).build());
    OpenExchange::new(get(), Arc::new(spans), frozen).end(Outcome::Complete);
    let (spans, resource) = &*kept.0.lock().unwrap();
    assert_eq!((spans.len(), resource.as_str()), (1, "service.name=billing"));
}

#[test]
fn after_the_shutdown_spans_are_dropped() {
    let kept = Kept::default();
    let spans = HttpSpans::new("billing", BatchSpanProcessor::builder(kept.clone()).build());
    spans.shutdown(Duration::from_secs(5)).unwrap();
    OpenExchange::new(get(), Arc::new(spans), frozen).end(Outcome::Complete);
    assert_eq!(kept.0.lock().unwrap().0.len(), 0);
}

/// Takes a batch, and is stuck with it until the other end is dropped.
#[derive(Debug)]
struct Stuck(Mutex<Receiver<()>>, Sender<()>);

impl SpanExporter for Stuck {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        self.1.send(()).unwrap();
        let _ = self.0.lock().unwrap().recv();
        Ok(())
    }
}

#[test]
fn a_stuck_exporter_holds_up_no_request() {
    let (release, released) = channel();
    let (stuck, is_stuck) = channel();
    let config = BatchConfigBuilder::default().with_max_queue_size(1).with_max_export_batch_size(1).build();
    let exporter = Stuck(Mutex::new(released), stuck);
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
    let sink: Arc<dyn Sink> = Arc::new(HttpSpans::new("billing", processor));
    OpenExchange::new(get(), sink.clone(), frozen).end(Outcome::Complete);
    is_stuck.recv().unwrap();
    // It returns at all: the exporter takes nothing until the line after.
    (0..1000).for_each(|_| OpenExchange::new(get(), sink.clone(), frozen).end(Outcome::Complete));
    drop(release);
}

/// As exporters do that want a runtime and find none.
#[derive(Debug)]
struct Panics(Arc<AtomicBool>);

impl SpanExporter for Panics {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        self.0.store(true, Ordering::Relaxed);
        panic!("there is no reactor running")
    }
}

#[test]
fn a_panicking_exporter_fails_no_request() {
    let asked = Arc::new(AtomicBool::new(false));
    let spans = HttpSpans::new("billing", SimpleSpanProcessor::new(Panics(asked.clone())));
    OpenExchange::new(get(), Arc::new(spans), frozen).end(Outcome::Complete);
    assert!(asked.load(Ordering::Relaxed));
}
