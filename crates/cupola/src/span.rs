//! The current span: what handlers and jobs say on it.
//!
//! ```
//! async fn show_vm() -> &'static str {
//!     cupola::span::set("vm.state", "running");
//!     "up"
//! }
//! # let _ = show_vm;
//! ```

pub use cupola_telemetry::otel_0_33::set;
