//! Cupola's own routes on the application's port: metrics and health.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::get;
use cupola_metrics::Registry;

use crate::cupola::Cupola;

impl Cupola {
    /// `/metrics` in the format that whoever asks likes best: Prometheus text, OpenMetrics or protobuf, `/healthz` while the process lives, `/readyz` until it is told to end.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let (registry, cupola) = (self.registry().clone(), self.clone());
        Router::new()
            .route("/metrics", get(move |headers| metrics(registry.clone(), headers)))
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(move || async move { ready(&cupola) }))
    }
}

fn ready(cupola: &Cupola) -> (StatusCode, &'static str) {
    if cupola.is_draining() { (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n") } else { (StatusCode::OK, "ok\n") }
}

/// Thousands of series are some milliseconds of work, for which no other request should wait.
async fn metrics(registry: Registry, headers: HeaderMap) -> Response<Body> {
    let asked = headers.clone();
    let answer = tokio::task::spawn_blocking({
        let registry = registry.clone();
        move || registry.respond(&asked)
    });
    answer.await.unwrap_or_else(|_| registry.respond(&headers)).map(Body::from)
}
