//! Cupola's own routes on the application's port: metrics and health.

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use cupola_metrics::{Registry, TEXT_CONTENT_TYPE};

use crate::cupola::Cupola;

impl Cupola {
    /// `/metrics` in Prometheus' text format, `/healthz` while the process lives, `/readyz` until it is told to end.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let (registry, cupola) = (self.registry().clone(), self.clone());
        Router::new()
            .route("/metrics", get(move || async move { metrics(&registry) }))
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(move || async move { ready(&cupola) }))
    }
}

fn ready(cupola: &Cupola) -> (StatusCode, &'static str) {
    if cupola.is_draining() { (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n") } else { (StatusCode::OK, "ok\n") }
}

fn metrics(registry: &Registry) -> impl IntoResponse + use<> {
    ([(CONTENT_TYPE, TEXT_CONTENT_TYPE)], registry.render())
}
