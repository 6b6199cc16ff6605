//! The span pipeline: from the two sources of spans to where they are exported.

use std::sync::Arc;

use cupola_context::Sampler;
use cupola_redact::KeyPolicy;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanLimits, SpanProcessor};
use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;

use super::http_spans::HttpSpans;
use super::layer::{SpanLayer, layer};
use super::processor::Shared;
use super::sampling::Sampling;
use super::tracer::{Provider, Tracer};

/// Spans of exchanges and calls, and the application's own from `tracing` and from [`super::tracer`], through one
/// pipeline.
#[derive(Clone, Debug)]
pub struct Traces {
    http: HttpSpans,
    provider: SdkTracerProvider,
    /// The scope of the application's spans.
    service: Arc<str>,
}

impl Traces {
    /// Spans of `resource` go to each processor. A processor is called where spans end: take those that never block.
    pub fn new(
        resource: &Resource,
        processors: Vec<Box<dyn SpanProcessor>>,
        sampler: Sampler,
        policy: KeyPolicy,
    ) -> Self {
        let mut processors = processors;
        processors.iter_mut().for_each(|processor| processor.set_resource(resource));
        let shared = Shared(processors.into());
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.clone())
            .with_span_limits(SpanLimits::default())
            .with_sampler(Box::new(Sampling(sampler)) as Box<_>)
            .with_span_processor(shared.clone())
            .build();
        let name = resource.get(&opentelemetry::Key::from_static_str("service.name"));
        let service = name.map_or_else(|| Arc::from("app"), |name| Arc::from(name.as_str().as_ref()));
        Self { http: HttpSpans::with_resource(resource, shared).policy(policy), provider, service }
    }

    /// The sink that makes a span of each request, and of each attempt of a call.
    pub const fn http_spans(&self) -> &HttpSpans {
        &self.http
    }

    /// Begins spans under the service's name.
    pub fn tracer(&self) -> Tracer {
        Tracer::new(self.provider.tracer(self.service.to_string()))
    }

    /// The layer that makes spans of `tracing`'s.
    pub fn layer<S>(&self) -> SpanLayer<S>
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        layer(self.tracer(), Tracer::with_known_parents(self.provider.tracer(self.service.to_string())))
    }

    pub(crate) fn provider(&self) -> Provider {
        Provider(self.provider.clone())
    }
}
