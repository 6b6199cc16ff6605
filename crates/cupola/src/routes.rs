//! Cupola's own routes on the application's port: metrics and health.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response};
use axum::routing::get;
use cupola_metrics::Registry;

use crate::cupola::Cupola;
use crate::health;

impl Cupola {
    /// `/metrics` in the format that whoever asks likes best: Prometheus text, OpenMetrics or protobuf; `/healthz` while
    /// the process is well, by its [`health_check`](Self::health_check)s; `/readyz` while it can take requests, by its
    /// [`ready_check`](Self::ready_check)s, until it is told to end.
    ///
    /// The status of the last two is for everybody; which check fails, and why, is told as JSON to clients that the
    /// trust policy trusts and nobody hides behind a proxy.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let (registry, alive, ready) = (self.registry().clone(), self.clone(), self.clone());
        Router::new()
            .route("/metrics", get(move |headers| metrics(registry.clone(), headers)))
            .route("/healthz", get(move |request| health::alive(alive.clone(), request)))
            .route("/readyz", get(move |request| health::ready(ready.clone(), request)))
    }
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
