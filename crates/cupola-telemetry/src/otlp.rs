//! OTLP: the one way by which spans, metrics and log records leave for a collector.
//!
//! ```
//! use cupola_telemetry::otlp::{Config, Message, Signal};
//! use cupola_telemetry::Telemetry;
//! use std::time::Duration;
//!
//! let telemetry = Telemetry::builder(cupola_telemetry::Config::default()).output(std::io::sink()).build()?;
//! let vars = |name: &str| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| "http://127.0.0.1:1".to_owned());
//! let metrics = telemetry.export(Signal::Metrics, &Config::from_vars(Signal::Metrics, &vars)?)?;
//! // The bytes of an `ExportMetricsServiceRequest`, and how many data points are in it.
//! metrics.offer(Message::new(vec![], 3));
//! telemetry.shutdown(Duration::from_secs(5));
//! assert_eq!((metrics.counts().accepted, metrics.counts().dropped()), (3, 3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A message is sent over http/protobuf or gRPC from telemetry's own thread, and again where that may help, with growing
//! pauses, for five minutes. What waits is bounded in bytes; what is lost is counted by reason, and the log says so.

mod backoff;
mod client;
mod config;
mod counts;
mod exporter;
mod gather;
mod grpc;
mod names;
mod queue;
mod reply;
mod report;
mod resource;
mod taker;
mod tls;
mod way;
pub(crate) mod wire;
mod worker;

pub(crate) use config::has_endpoint;
pub use config::{Config, Protocol};
pub use counts::ExportCounts;
pub use exporter::{ExportError, Exporter};
pub use gather::{Gather, ScopeId};
pub use names::Signal;
pub use queue::Message;
pub use resource::Resource;
pub use taker::Taker;
