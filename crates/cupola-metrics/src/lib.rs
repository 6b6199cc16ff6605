//! Counts what a service does: request metrics by route, and a registry for the application's own.
//!
//! ```
//! use cupola_metrics::{Family, Registry, RouteMetrics};
//!
//! let registry = Registry::new();
//! let routes = RouteMetrics::new(&registry); // a `Sink`: hand it to the layer
//! let done = registry.counter("jobs.done", "Jobs that are done.")?;
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
//! Floor 2: on cupola-record and `http`. It must not know a runtime, an HTTP server, a `tracing` subscriber or a clock:
//! durations are handed in, and whoever serves `/metrics` takes [`Registry::render`] and [`TEXT_CONTENT_TYPE`].
//!
//! Names, units and attributes are OpenTelemetry's; what Prometheus reads is made of them when it asks.

mod counter;
mod duration_histogram;
mod encoder;
mod error;
mod family;
mod gauge;
mod name;
mod registry;
mod route_metrics;
mod snapshot;
mod table;
mod text;

pub use counter::Counter;
pub use duration_histogram::{DURATION_BUCKETS, DurationHistogram};
pub use encoder::{Encoder, Number, Samples};
pub use error::RegisterError;
pub use family::Family;
pub use gauge::Gauge;
pub use registry::{DEFAULT_SERIES_LIMIT, Registry};
pub use route_metrics::{RouteMetrics, UNMATCHED_ROUTE};
pub use text::TEXT_CONTENT_TYPE;
