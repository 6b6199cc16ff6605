//! For tests of services: what a request logs and records, captured per test.
//!
//! ```
//! use axum::{Router, body::Body, http::Request, routing::get};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let captured = cupola::testing::capture();
//! let app = Router::new().route("/vms/{id}", get(|| async { "up" })).layer(captured.layer());
//! app.oneshot(Request::get("/vms/7").body(Body::empty()).unwrap()).await.unwrap();
//!
//! let line = &captured.lines()[0];
//! assert_eq!((line["route"].as_str(), line["status"].as_u64()), (Some("/vms/{id}"), Some(200)));
//! # }
//! ```

use std::time::Duration;

use cupola_context::{Identify, TrustPolicy};
use cupola_http::ObserveLayer;
use cupola_record::{AccessLog, Capture, Sink};
use cupola_telemetry::{Config, Memory, Telemetry};
use tracing::dispatcher::DefaultGuard;

/// Captures what happens on this thread until it is dropped. Tests in parallel do not see each other's.
///
/// # Panics
/// Where no thread can be started for it.
pub fn capture() -> Captured {
    let memory = Memory::new();
    let mut config = Config::default();
    config.filter = Some("trace".to_owned());
    let telemetry =
        Telemetry::builder(config).output(memory.clone()).build().expect("a plain configuration is accepted");
    let guard = tracing::dispatcher::set_default(telemetry.dispatch());
    Captured { memory, records: Capture::new(), telemetry, _guard: guard }
}

/// See [`capture`].
#[derive(Debug)]
pub struct Captured {
    memory: Memory,
    records: Capture,
    telemetry: Telemetry,
    _guard: DefaultGuard,
}

impl Captured {
    /// A layer that logs into this capture, and records into it. It believes every incoming id: a test's peer is the
    /// test.
    pub fn layer(&self) -> ObserveLayer {
        let mut identify = Identify::default();
        identify.trust = TrustPolicy::Always;
        cupola_http::layer(AccessLog::new().and(self.records.clone())).identify(identify)
    }

    /// The lines so far, each as JSON.
    ///
    /// # Panics
    /// Where a line is no JSON, which the writer rules out.
    pub fn lines(&self) -> Vec<serde_json::Value> {
        self.telemetry.flush(Duration::from_secs(5));
        self.memory.text().lines().map(|line| serde_json::from_str(line).expect("lines are JSON")).collect()
    }

    /// The records so far.
    pub const fn records(&self) -> &Capture {
        &self.records
    }
}
