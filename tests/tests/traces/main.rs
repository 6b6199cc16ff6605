//! Spans, from a request to a collector.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod calls;
#[path = "../../../crates/cupola-telemetry/tests/otlp/collector.rs"]
mod collector;
mod exporting;
mod helpers;
mod llm;
#[cfg(target_os = "linux")]
mod memory;
mod nesting;
mod queries;
mod rotel;
mod traced;
