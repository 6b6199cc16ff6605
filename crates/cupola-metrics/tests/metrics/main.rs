//! The crate from outside: what is exposed, and what counting costs.

#![allow(clippy::unwrap_used)] // clippy lets tests unwrap, but not what they call

mod application;
mod bounds;
#[cfg(all(feature = "metrics_0_24", feature = "otel_0_33"))]
mod bridges;
mod everything;
mod extras;
#[cfg(all(feature = "host", feature = "tokio"))]
mod host;
mod openmetrics;
#[cfg(feature = "otlp")]
mod otlp;
mod prometheus;
mod promtool;
mod protobuf;
mod routes;
mod serving;
mod support;
