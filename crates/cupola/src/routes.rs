//! Cupola's own routes on the application's port: metrics and health.

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use cupola_metrics::{Family, Registry, TEXT_CONTENT_TYPE};
use cupola_telemetry::Lines;

use crate::cupola::Cupola;

/// What Cupola serves is not recorded: it never observes itself.
pub(crate) const OWN: [&str; 3] = ["/metrics", "/healthz", "/readyz"];

impl Cupola {
    /// `/metrics` in Prometheus' text format, `/healthz` and `/readyz`.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let registry = self.registry().clone();
        Router::new()
            .route("/metrics", get(move || async move { metrics(&registry) }))
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(|| async { "ok\n" }))
    }
}

fn metrics(registry: &Registry) -> impl IntoResponse + use<> {
    ([(CONTENT_TYPE, TEXT_CONTENT_TYPE)], registry.render())
}

const LINES: Family = Family::counter("cupola.log.lines", "Log lines that were accepted, by what became of them.");

/// Shows the account of the log's lines: accepted = written + dropped + waiting.
pub(crate) fn count_lines(registry: &Registry, lines: Arc<Lines>) {
    registry.source(move |encoder| {
        let counts = lines.counts();
        let mut samples = encoder.family(&LINES);
        samples.value(&[("outcome", "written")], counts.written);
        samples.value(&[("outcome", "dropped"), ("reason", "queue_full")], counts.dropped_queue_full);
        samples.value(&[("outcome", "dropped"), ("reason", "output")], counts.dropped_output);
        samples.value(&[("outcome", "dropped"), ("reason", "shutdown")], counts.dropped_shutdown);
    });
}
