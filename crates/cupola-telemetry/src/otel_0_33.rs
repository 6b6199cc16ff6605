//! Spans for OpenTelemetry 0.33: every sampled request as one server span, each attempt of its calls to others
//! as one client span, by the stable HTTP conventions, and the application's own spans under it.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Instant, SystemTime};
//! use cupola_context::{Context, Fresh, RequestIdFormat};
//! use cupola_record::{AccessLog, Exchange, OpenExchange, Outcome, Sink};
//! use cupola_telemetry::otel_0_33::HttpSpans;
//! use opentelemetry_sdk::trace::{BatchSpanProcessor, InMemorySpanExporter};
//!
//! let exporter = InMemorySpanExporter::default();
//! let spans = HttpSpans::new("billing", BatchSpanProcessor::builder(exporter.clone()).build());
//! let sink: Arc<dyn Sink> = Arc::new(AccessLog::new().and(spans.clone()));
//! # let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
//! # let exchange = Exchange::server(context, SystemTime::UNIX_EPOCH, http::Method::GET);
//! # #[allow(clippy::disallowed_methods)]
//! OpenExchange::new(exchange, sink, Instant::now).end(Outcome::Complete);
//! spans.flush()?;
//! assert_eq!(exporter.get_finished_spans()?[0].name, "GET");
//! # Ok::<(), opentelemetry_sdk::error::OTelSdkError>(())
//! ```
//!
//! The ids, the parent and the sampling decision are those that the request's context has had since it began, so that a
//! span is built in one step when the exchange ends, without a tracer and without anything global.

//!
//! [`Traces`] is the whole pipeline: these, the spans that the application makes with `tracing` or a [`Tracer`], and the
//! exporters. [`crate::Builder::traces`] makes one. [`tracer`] and [`set`] are for code inside requests.

mod attributes;
mod authority;
mod client_span;
mod config;
mod console;
mod current;
mod encode;
pub(crate) mod home;
mod http_spans;
mod job_span;
mod layer;
mod llm_span;
mod mask;
mod processor;
mod query_span;
mod sampling;
mod server_span;
mod setup;
mod span_context;
mod tracer;
mod traces;

pub use config::TracesConfig;
pub use current::{set, tracer};
pub use http_spans::HttpSpans;
pub use layer::{After, Before, SpanLayer};
pub(crate) use setup::Setup;
pub use tracer::{Span, Tracer};
pub use traces::Traces;
