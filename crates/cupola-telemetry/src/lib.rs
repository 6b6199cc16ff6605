//! Installs the log pipeline: one `tracing` layer that writes JSON lines, and an output that accounts for every line.
//!
//! ```
//! use cupola_telemetry::{Config, Memory, Telemetry};
//!
//! let memory = Memory::new();
//! let telemetry = Telemetry::builder(Config::default()).output(memory.clone()).build()?;
//! tracing::dispatcher::with_default(telemetry.dispatch(), || tracing::info!(vm_id = "vm-7", "machine is up"));
//! let counts = telemetry.shutdown(std::time::Duration::from_secs(1));
//! assert_eq!((counts.accepted, counts.written), (1, 1));
//! assert!(memory.text().contains(r#""message":"machine is up","vm_id":"vm-7""#));
//! # Ok::<(), cupola_telemetry::BuildError>(())
//! ```
//!
//! By choice it tells of requests that do not end ([`Watchdog`]), and holds lines back until it is known whether their
//! request fails ([`HeldLines`]).
//!
//! # Where this sits
//! Floor 3: on cupola-context, cupola-line, cupola-metrics, cupola-record and cupola-redact. It is the only crate that touches what is
//! global to a process, and only in [`Telemetry::install`]. It must not know routers or dashboards, and of HTTP only
//! what a record says.
//!
//! # Features
//! - `otlp`: the module of that name, which exports spans, metrics and log records to a collector; `logs` sends the log's
//!   own lines.
//! - `metrics`: the module of that name, which sends a registry's metrics to a collector.
//! - `metrics_0_24`: the recorder of the `metrics` facade.
//! - `tls`: the same to collectors behind https.
//! - `pack`: closed log files are packed, by zstd or gzip.
//! - `otel_0_33`: the module of that name, which makes OpenTelemetry spans of records.

mod access_lines;
mod background;
mod call_lines;
mod callsite;
mod collapse;
mod config;
mod context_keys;
mod counts;
mod deadline;
mod exports;
mod files;
mod held;
mod hold_back;
mod known_lines;
mod levels;
mod line_layer;
#[cfg(feature = "otlp")]
pub mod logs;
mod memory;
#[cfg(feature = "metrics")]
pub mod metrics;
mod operation_context;
#[cfg(feature = "otel_0_33")]
pub mod otel_0_33;
#[cfg(feature = "otlp")]
pub mod otlp;
mod output;
mod own_line;
mod panic_hook;
mod queue;
mod render;
mod system;
mod telemetry;
mod texts;
mod thread_state;
mod visit;
mod voice;
mod watchdog;
mod work;
mod writer;

pub use access_lines::AccessLines;
pub use background::Background;
pub use call_lines::CallLines;
pub use config::{Config, Console, Format};
pub use counts::Counts;
pub use files::{FilesConfig, Layout, OutputCounts, Sync};
pub use hold_back::HeldLines;
pub use levels::{Levels, LevelsError};
pub use line_layer::LineLayer;
pub use memory::Memory;
pub use operation_context::OperationContext;
pub use queue::Lines;
pub use system::SystemFields;
pub use telemetry::{AlreadyInstalled, BuildError, Builder, Telemetry};
pub use voice::Voice;
pub use watchdog::Watchdog;
pub use work::{logged, logged_any, logged_sync, logged_sync_value, logged_value};
