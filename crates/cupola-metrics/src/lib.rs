//! Counts what a service does: request metrics by route, and a registry for the application's own.
//!
//! ```
//! use cupola_metrics::{Family, Registry, RouteMetrics};
//!
//! let registry = Registry::new();
//! let routes = RouteMetrics::new(&registry); // a `Sink`: hand it to the layer
//! let done = registry.counter("jobs.done", "Jobs that are done.", "{job}")?;
//! const DEPTH: Family = Family::gauge("queue.depth", "Jobs that wait.").unit("{job}");
//! registry.source(|encoder| encoder.family(&DEPTH).value(&[("queue", "mail")], 3));
//! done.increment();
//! let text = registry.render();
//! assert!(text.contains("# TYPE jobs_done_total counter\njobs_done_total 1\n"));
//! assert!(text.contains("queue_depth{queue=\"mail\"} 3\n"));
//! # let _ = routes;
//! # Ok::<(), cupola_metrics::RegisterError>(())
//! ```
//!
//! # Where this sits
//! Floor 2: on cupola-context, cupola-record and `http`. It must not know a runtime, an HTTP server or a `tracing`
//! subscriber: durations are handed in, and whoever serves `/metrics` takes [`Registry::respond`]. The wall clock is read
//! where a series begins and where the metrics are asked for, through [`Builder::clock`].
//!
//! Names, units and attributes are OpenTelemetry's; what Prometheus reads is made of them when it asks.
//!
//! # What it costs
//! With a handle that is kept, recording is one or two atomic additions: no lock, no allocation, and threads that meet in
//! a cell get cells of their own. Whoever asks for the metrics reads the same cells, and stops nobody.
//!
//! # Features
//! - `gzip` (on): [`Registry::respond`] packs what it gives to whoever accepts it.
//! - `host`: CPU, memory, disks, network and process, sampled in the background: the module of that name.
//! - `metrics_0_24`, `otel_0_33`: libraries that use the `metrics` facade or OpenTelemetry's meters land in the registry
//!   too: the modules of those names.
//! - `nvidia`: NVIDIA GPUs, where their library is there at run time: the module [`gpu`].
//! - `tokio`: the workers and queues of a tokio runtime: the module [`runtime`].
//! - `otlp`: the metrics as messages for a collector: the module of that name.

mod by;
mod call_metrics;
mod cells;
mod counter;
mod distribution;
mod encoder;
mod error;
mod execution_metrics;
mod exposition;
mod family;
#[cfg(any(feature = "metrics_0_24", feature = "otel_0_33"))]
mod foreign;
mod gauge;
#[cfg(feature = "nvidia")]
pub mod gpu;
mod histogram;
#[cfg(feature = "host")]
pub mod host;
mod instrument;
mod job_metrics;
mod labels;
mod llm_metrics;
#[cfg(feature = "metrics_0_24")]
pub mod metrics_0_24;
mod name;
#[cfg(feature = "otel_0_33")]
pub mod otel_0_33;
#[cfg(feature = "otlp")]
pub mod otlp;
mod overflow;
mod query_metrics;
pub mod ready;
mod registry;
mod route_metrics;
#[cfg(feature = "tokio")]
pub mod runtime;
mod snapshot;
mod sync;
mod table;
mod texts;
mod wire;

pub use by::By;
pub use call_metrics::CallMetrics;
pub use counter::{Counter, FloatCounter};
pub use encoder::{Encoder, Number, Samples};
pub use error::RegisterError;
pub use execution_metrics::ExecutionMetrics;
pub use exposition::{Format, TEXT_CONTENT_TYPE};
pub use family::Family;
pub use gauge::{FloatGauge, Gauge};
pub use histogram::{DURATION_BUCKETS, DurationHistogram, Histogram, SIZE_BUCKETS};
pub use job_metrics::JobMetrics;
pub use labels::{Label, LabelSet, Values};
pub use llm_metrics::LlmMetrics;
pub use query_metrics::QueryMetrics;
pub use registry::{Builder, DEFAULT_SERIES_LIMIT, Registry};
pub use route_metrics::{Builder as RouteMetricsBuilder, RouteMetrics, UNMATCHED_ROUTE};
