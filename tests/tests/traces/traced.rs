//! A service in process whose spans and lines are kept.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use cupola::Cupola;
use cupola::http::Peer;
use cupola::telemetry::Memory;
use cupola_tests::{Line, builder, lines};
use http_body_util::BodyExt;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tower::ServiceExt;

use crate::collector::{Answer, Collector};

/// What a run leaves behind.
#[derive(Debug)]
pub(crate) struct Traced {
    pub(crate) spans: Vec<Named>,
    pub(crate) lines: Vec<Line>,
    pub(crate) text: String,
    pub(crate) requests: Vec<ExportTraceServiceRequest>,
}

/// A span, and the scope that it came under.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) scope: String,
    pub(crate) span: Span,
}

/// Exports to a collector what happens in `work`, which is given the application with the layer around it.
pub(crate) fn run<F>(vars: &[(&str, &str)], app: Router, work: impl FnOnce(Cupola, Router) -> F) -> Traced
where
    F: Future<Output = ()>,
{
    let collector = Collector::start(vec![Answer::ok()]);
    let (memory, url) = (Memory::new(), collector.url());
    let spans_only = [("OTEL_METRICS_EXPORTER", "none"), ("OTEL_LOGS_EXPORTER", "none")];
    let vars = [&[("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())], &spans_only[..], vars].concat();
    let cupola = builder(&vars).output(memory.clone()).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let app = app.layer(cupola.layer());
    tracing::dispatcher::with_default(cupola.telemetry().dispatch(), || {
        runtime.block_on(work(cupola.clone(), app));
    });
    let counts = cupola.telemetry().exporters().first().map(|exporter| {
        cupola.telemetry().shutdown(Duration::from_secs(10));
        exporter.counts()
    });
    cupola.telemetry().shutdown(Duration::from_secs(10));
    let (text, mut requests) = (memory.text(), Vec::new());
    let mut left = counts.map_or(0, |counts| counts.exported) as usize;
    while left > 0 {
        let request = ExportTraceServiceRequest::decode(&*collector.next().body).unwrap();
        left -= spans(&request).len();
        requests.push(request);
    }
    Traced { spans: requests.iter().flat_map(spans).collect(), lines: lines(&text), text, requests }
}

pub(crate) fn spans(request: &ExportTraceServiceRequest) -> Vec<Named> {
    let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    let named = scopes.flat_map(|scope| {
        let name = scope.scope.as_ref().unwrap().name.clone();
        scope.spans.iter().map(move |span| Named { scope: name.clone(), span: span.clone() })
    });
    named.collect()
}

/// A GET from this machine, to the last byte of its answer.
pub(crate) async fn get(app: &Router, path: &str, headers: &[(&'static str, &str)]) -> HeaderMap {
    let mut request = Request::get(path).extension(Peer([127, 0, 0, 1].into()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    body.collect().await.unwrap();
    head.headers
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Traced {
    /// The one span of this name.
    ///
    /// # Panics
    /// Where there is none, or more than one.
    pub(crate) fn span(&self, name: &str) -> &Span {
        let mut found = self.spans.iter().filter(|named| named.span.name == name);
        let span = found.next().unwrap_or_else(|| panic!("no {name}: {:?}", self.names()));
        assert!(found.next().is_none(), "{name} twice");
        &span.span
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.spans.iter().map(|named| named.span.name.as_str()).collect()
    }

    /// Whether one span is the parent of the other, in one trace.
    pub(crate) fn is_parent(&self, parent: &str, child: &str) -> bool {
        let (parent, child) = (self.span(parent), self.span(child));
        parent.span_id == child.parent_span_id && parent.trace_id == child.trace_id
    }

    /// The one line with this message.
    pub(crate) fn line(&self, message: &str) -> &Line {
        self.lines.iter().find(|line| line["message"] == message).unwrap_or_else(|| panic!("{}", self.text))
    }
}

/// An attribute as text.
pub(crate) fn attribute(span: &Span, key: &str) -> Option<String> {
    let pair = span.attributes.iter().find(|pair| pair.key == key)?;
    let value = pair.value.as_ref()?.value.as_ref()?;
    Some(format!("{value:?}"))
}
