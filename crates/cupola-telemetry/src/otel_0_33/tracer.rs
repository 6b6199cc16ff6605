//! The tracer: spans that the application begins, as children of the request that they belong to.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::SystemTime;

use cupola_record::{CALL_TARGET, TARGET};
use opentelemetry::trace::{SpanBuilder, SpanContext, Status, TracerProvider as _};
use opentelemetry::{Context, InstrumentationScope, KeyValue, trace};
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, Span as SdkSpan};

use super::home;

/// Begins spans by OpenTelemetry's own interface. What is begun within a request, and has no other parent there, is a
/// child of its server span.
#[derive(Clone, Debug)]
pub struct Tracer {
    inner: SdkTracer,
    /// Whether the parent is still to be found; the `tracing` layer has found it earlier.
    finds_parent: bool,
}

/// Gives tracers. It is what `install` makes OpenTelemetry's global one, for libraries that ask for it.
#[derive(Clone, Debug)]
pub(crate) struct Provider(pub(super) SdkTracerProvider);

/// A span that takes no events about requests and calls, which have spans of their own: the access line of an exchange within an instrumented `main` would be one
/// of that span's, for ever.
#[derive(Debug)]
pub struct Span(SdkSpan);

impl Tracer {
    pub(super) const fn new(inner: SdkTracer) -> Self {
        Self { inner, finds_parent: true }
    }

    pub(super) const fn with_known_parents(inner: SdkTracer) -> Self {
        Self { inner, finds_parent: false }
    }

    /// The spans of this one go nowhere.
    pub(super) fn nowhere() -> Self {
        static NOWHERE: LazyLock<SdkTracer> = LazyLock::new(|| {
            let provider = SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOff);
            provider.with_resource(opentelemetry_sdk::Resource::builder_empty().build()).build().tracer("nowhere")
        });
        Self::new(NOWHERE.clone())
    }
}

impl trace::TracerProvider for Provider {
    type Tracer = Tracer;

    fn tracer_with_scope(&self, scope: InstrumentationScope) -> Tracer {
        Tracer::new(self.0.tracer_with_scope(scope))
    }
}

impl trace::Tracer for Tracer {
    type Span = Span;

    fn build_with_context(&self, mut builder: SpanBuilder, parent: &Context) -> Span {
        if let Some(events) = &mut builder.events {
            events.retain(|event| !is_of_a_request(&event.attributes));
        }
        let found = self.finds_parent.then(|| home::parent(parent)).flatten();
        Span(self.inner.build_with_context(builder, found.as_ref().unwrap_or(parent)))
    }
}

/// The `tracing` layer tells an event's target as an attribute.
fn is_of_a_request(attributes: &[KeyValue]) -> bool {
    let target = attributes.iter().find(|attribute| attribute.key.as_str() == "target");
    target.is_some_and(|target| [TARGET, CALL_TARGET].contains(&target.value.as_str().as_ref()))
}

impl trace::Span for Span {
    fn add_event_with_timestamp<T>(&mut self, name: T, timestamp: SystemTime, attributes: Vec<KeyValue>)
    where
        T: Into<Cow<'static, str>>,
    {
        if !is_of_a_request(&attributes) {
            self.0.add_event_with_timestamp(name, timestamp, attributes);
        }
    }

    fn span_context(&self) -> &SpanContext {
        self.0.span_context()
    }

    fn is_recording(&self) -> bool {
        self.0.is_recording()
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        self.0.set_attribute(attribute);
    }

    fn set_status(&mut self, status: Status) {
        self.0.set_status(status);
    }

    fn update_name<T>(&mut self, name: T)
    where
        T: Into<Cow<'static, str>>,
    {
        self.0.update_name(name);
    }

    fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
        self.0.add_link(span_context, attributes);
    }

    fn end_with_timestamp(&mut self, timestamp: SystemTime) {
        self.0.end_with_timestamp(timestamp);
    }
}
