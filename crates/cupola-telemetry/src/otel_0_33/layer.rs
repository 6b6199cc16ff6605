//! The `tracing` layer: the application's spans, nested under the requests that they belong to.

use std::cell::RefCell;

use opentelemetry::ContextGuard;
use tracing::Subscriber;
use tracing_core::span::{Attributes, Id};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, Layered};
use tracing_subscriber::registry::LookupSpan;

use super::home;
use super::tracer::Tracer;

/// Makes OpenTelemetry's spans of `tracing`'s: `tracing_opentelemetry`'s own layer, and one before and one after it that
/// show it the ambient request.
///
/// Around it would not do: what `tracing_opentelemetry::OpenTelemetrySpanExt` looks for must be found in the subscriber,
/// and only its own layer can say where.
pub type SpanLayer<S> = Layered<After, Layered<OpenTelemetryLayer<S, Tracer>, Before, S>, S>;

/// Stands before, so that a span without a parent finds the server span where it looks for one.
#[derive(Debug)]
pub struct Before {
    pub(super) tracer: Tracer,
}

/// Stands after, and puts back what was current.
#[derive(Debug)]
pub struct After(());

thread_local! {
    static ENTERED: RefCell<Option<ContextGuard>> = const { RefCell::new(None) };
}

pub(super) fn layer<S>(tracer: Tracer, for_spans: Tracer) -> SpanLayer<S>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    let spans = tracing_opentelemetry::layer().with_tracer(for_spans);
    // What each line says of threads and places would be said of each span once more.
    let spans = spans.with_location(false).with_threads(false).with_tracked_inactivity(false);
    Before { tracer }.and_then(spans).and_then(After(()))
}

impl<S: Subscriber> Layer<S> for Before {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if attributes.is_contextual() {
            put(home::enter());
        }
    }
}

impl<S: Subscriber> Layer<S> for After {
    fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        put(None);
    }
}

fn put(guard: Option<ContextGuard>) {
    // Where the thread is being torn down, the guard is dropped, which puts back what was current.
    let before = ENTERED
        .try_with(|entered| entered.try_borrow_mut().ok().map(|mut entered| std::mem::replace(&mut *entered, guard)));
    drop(before);
}
