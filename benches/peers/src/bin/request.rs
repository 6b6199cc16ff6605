//! What a user assembles today around an axum router, measured one request at a time.
//!
//! `request MODE COUNT [post] [--allocations]`, where each of `tower-http`, `tower-http+prometheus` and `all-peers` adds to the one before it:
//!
//! | mode | stack |
//! |---|---|
//! | `bare` | nothing |
//! | `axum-prometheus` | axum-prometheus with its own recorder, alone |
//! | `tower-http` | request id set and propagated, `TraceLayer` with span, request and response at INFO, as JSON lines |
//! | `tower-http+prometheus` | axum-prometheus with its own recorder |
//! | `all-peers` | axum-tracing-opentelemetry, every span sampled and handed in batches to an exporter |
//! | `lean+prometheus` | `tower-http+prometheus` with one line a request: `on_request` stays at its default, DEBUG |
//! | `lean-all-peers` | `all-peers` with one line and one exported span a request, neither repeating the other |
//!
//! The lean modes say everything once, which takes a filter for each layer that no readme shows. In `all-peers` both
//! spans of a request are exported and both stand in its lines, and the JSON formatter parses a span's fields and writes
//! them anew each time that one is recorded.
//!
//! Each part stands as its own documentation shows it: tower-http's three layers in one `ServiceBuilder`, in the order
//! of its `request_id` module, which is also axum's advice for several layers; the layers of axum-prometheus and
//! axum-tracing-opentelemetry each through `Router::layer`, as in their readmes. Lines go to `/dev/null`, one write a
//! line behind a lock, as the default writer of tracing-subscriber would write them to standard output.

use std::{fs::File, process::ExitCode, sync::Mutex};

use axum::Router;
use axum_prometheus::PrometheusMetricLayer;
use axum_tracing_opentelemetry::middleware::{OtelAxumLayer, OtelInResponseLayer};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracer, SdkTracerProvider, SpanData, SpanExporter},
};
use tower::ServiceBuilder;
use tower_http::{
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::{DefaultMakeSpan, DefaultOnRequest, DefaultOnResponse, TraceLayer},
};
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

#[path = "../../../src/driver.rs"]
mod driver;

use driver::Mode;

#[cfg(feature = "allocations")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

const MODES: [Mode; 7] = [
    Mode { name: "bare", wrap: |app| app },
    Mode { name: "axum-prometheus", wrap: metrics },
    Mode { name: "tower-http", wrap: tower_http },
    Mode { name: "tower-http+prometheus", wrap: tower_http_and_prometheus },
    Mode { name: "all-peers", wrap: all_peers },
    Mode { name: "lean+prometheus", wrap: lean_and_prometheus },
    Mode { name: "lean-all-peers", wrap: lean_all_peers },
];

fn main() -> ExitCode {
    driver::main(&MODES, allocations())
}

#[cfg(feature = "allocations")]
fn allocations() -> Option<fn() -> usize> {
    Some(|| {
        let stats = ALLOCATOR.stats();
        stats.allocations + stats.reallocations
    })
}

#[cfg(not(feature = "allocations"))]
fn allocations() -> Option<fn() -> usize> {
    None
}

fn tower_http(app: Router) -> Router {
    lines();
    ids_and_trace(app, Level::INFO)
}

fn tower_http_and_prometheus(app: Router) -> Router {
    metrics(tower_http(app))
}

fn all_peers(app: Router) -> Router {
    let lines = fmt::layer().json().with_writer(Mutex::new(dev_null()));
    let spans = tracing_opentelemetry::layer().with_tracer(tracer());
    tracing_subscriber::registry().with(levels()).with(spans).with(lines).init();
    spans_around(metrics(ids_and_trace(app, Level::INFO)))
}

fn lean_and_prometheus(app: Router) -> Router {
    lines();
    metrics(ids_and_trace(app, Level::DEBUG))
}

fn lean_all_peers(app: Router) -> Router {
    let lines = fmt::layer().json().with_writer(Mutex::new(dev_null())).with_filter(LevelFilter::INFO);
    let spans = tracing_opentelemetry::layer().with_tracer(tracer()).with_filter(without_trace_layer());
    tracing_subscriber::registry().with(spans).with(lines).init();
    spans_around(metrics(ids_and_trace(app, Level::DEBUG)))
}

fn lines() {
    fmt().json().with_max_level(Level::INFO).with_writer(Mutex::new(dev_null())).init();
}

fn ids_and_trace(app: Router, on_request: Level) -> Router {
    let trace = TraceLayer::new_for_http()
        .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
        .on_request(DefaultOnRequest::new().level(on_request))
        .on_response(DefaultOnResponse::new().level(Level::INFO));
    app.layer(
        ServiceBuilder::new()
            // Before the trace, so that a span made by hand could name the id.
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(trace)
            // Inside the trace, so that the response has the id when its line is written.
            .layer(PropagateRequestIdLayer::x_request_id()),
    )
}

fn metrics(app: Router) -> Router {
    let (layer, _handle) = PrometheusMetricLayer::pair();
    app.layer(layer)
}

fn spans_around(app: Router) -> Router {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    app.layer(OtelInResponseLayer).layer(OtelAxumLayer::default())
}

/// INFO, and the one target below it whose spans axum-tracing-opentelemetry makes at TRACE.
fn levels() -> Targets {
    Targets::new().with_default(LevelFilter::INFO).with_target("otel::tracing", LevelFilter::TRACE)
}

/// The same without the span of `TraceLayer`, which tells an exporter nothing that the span around it does not.
fn without_trace_layer() -> Targets {
    levels().with_target("tower_http", LevelFilter::OFF)
}

fn tracer() -> SdkTracer {
    let provider = SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOn).with_batch_exporter(Discard).build();
    let tracer = provider.tracer("peers");
    // The last handle of a provider shuts it down when it goes; this one must outlive every request.
    opentelemetry::global::set_tracer_provider(provider);
    tracer
}

fn dev_null() -> File {
    File::options().write(true).open("/dev/null").expect("every Unix has /dev/null")
}

/// Takes every batch and keeps nothing: what encoding and sending cost is left out.
#[derive(Debug)]
struct Discard;

impl SpanExporter for Discard {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}
