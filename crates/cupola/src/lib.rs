//! Observability for Tower and Axum services: one `init`, one `.layer()`.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let cupola = cupola::init("hello")?;
//!     let app = Router::new()
//!         .route("/hello/{name}", get(|| async { "hello" }))
//!         .merge(cupola.routes())
//!         .layer(cupola.layer());
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     Ok(cupola.serve(listener, app).await?)
//! }
//! ```
//!
//! Every request then has an id, a place in a W3C trace, one JSON line with its outcome, and its share in the metrics
//! on `/metrics`. What else can be switched on, and by which variable, stands in [`init`].
//!
//! Servers that are not axum's take the same [`Cupola::layer`]. They insert [`http::Peer`], so that it is known whose
//! ids to believe, and call [`Cupola::shutdown`] when they have ended.
//!
//! # Where this sits
//! The roof: names, and the one paved path through them. It decides nothing that a crate below can decide, and it is
//! the only library crate that reads the environment. Each crate below is usable alone.
//!
//! # Features
//! - `axum` (on): routes, peers and extractors as axum 0.8 knows them, `Cupola::routes` and `Cupola::serve`.
//! - `client` (on): [`Cupola::call_layer`], [`Cupola::llm`] and [`Cupola::queries`], for calls to other services, calls of language
//!   models, and queries of databases.
//! - `host` (on): CPU, memory, disks and network, of the host and of this process, on `/metrics`; `nvidia`: GPUs too.
//! - `serde`: what is known of an execution can be serialised.
//! - `jobs` (on): [`Cupola::jobs`], for background jobs, and [`Cupola::executions`], for units of work; `apalis`: workers and queues of apalis 1, as `job::apalis_1`.
//! - `metrics_0_24`: what libraries tell the `metrics` facade is on `/metrics` too.
//! - `otel` (on): spans and metrics, exported by OTLP where variables say so; [`tracer`] and the module `span`.
//! - `reqwest`: `Cupola::client`, a client on reqwest 0.13 that sends again, follows redirects, and keeps calls within limits.
//! - `redis`, `sqlx`: [`Cupola::queries`] for commands of redis-rs 1 and queries of sqlx 0.9, as `client::redis_1` and `client::sqlx_0_9`.
//! - `store`: what the service says is kept beside it, and [`Cupola::store`] asks for it; `alerts`: rules judge that, and people are told;
//!   `dashboard`: pages show it.
//! - `tls`: the same to collectors behind https.
//! - `tower-http`: tower-http's `RequestId` extension is read and filled.
//! - `testing`: the module of that name, which captures lines and records in tests of services.

mod builder;
#[cfg(feature = "client")]
mod calls;
#[cfg(feature = "axum")]
mod connections;
mod cupola;
mod error;
#[cfg(feature = "jobs")]
mod executions;
#[cfg(feature = "axum")]
mod health;
mod in_flight;
#[cfg(feature = "jobs")]
mod jobs;
mod keeping;
#[cfg(feature = "client")]
mod llm;
mod machine;
mod monitoring;
mod own;
mod push;
#[cfg(feature = "client")]
mod queries;
#[cfg(feature = "axum")]
mod routes;
#[cfg(feature = "axum")]
mod serve;
mod shield;
mod showing;
#[cfg(feature = "otel")]
pub mod span;
mod spans;
mod summary;
#[cfg(feature = "testing")]
pub mod testing;
mod who;
mod wiring;

pub use crate::builder::Builder;
pub use crate::cupola::{Cupola, init};
pub use crate::error::InitError;

/// Rules, alerts, and those who are told.
#[cfg(feature = "alerts")]
pub use cupola_alert as alert;
/// Calls to other services.
#[cfg(feature = "client")]
pub use cupola_client as client;
/// Identity that travels: request ids, trace context, fields.
pub use cupola_context as context;
/// The pages, and who may look at them.
#[cfg(feature = "dashboard")]
pub use cupola_dashboard as dashboard;
/// The layer and what can be chosen of it.
pub use cupola_http as http;
/// Background jobs.
#[cfg(feature = "jobs")]
pub use cupola_job as job;
/// Metrics.
pub use cupola_metrics as metrics;
/// The nouns, and the sinks that are told of them.
pub use cupola_record as record;
/// What may leave the process.
pub use cupola_redact as redact;
/// The store: what is kept of logs, spans and metrics, and questions about it.
#[cfg(feature = "store")]
pub use cupola_store as store;
/// The log pipeline.
pub use cupola_telemetry as telemetry;

/// Begins spans by OpenTelemetry's own interface, as children of the request that is being worked on.
#[cfg(feature = "otel")]
pub use cupola_telemetry::otel_0_33::tracer;

#[cfg(feature = "axum")]
pub use cupola_context::ClientIp;
pub use cupola_context::{Context, RequestId, WithContext, spawn, spawn_blocking};
pub use cupola_http::UpgradeWatch;
pub use cupola_record::{Choices, choose, log_api, log_error, log_operation, log_performance, mute};
pub use cupola_telemetry::{OperationContext, logged, logged_any, logged_sync, logged_sync_value, logged_value};
