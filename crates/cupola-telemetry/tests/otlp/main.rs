//! Exports to collectors that are there, absent, slow, unwilling: nothing waits for them, and every item is accounted for.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod collector;
mod faults;
mod gathering;
mod grpc;
mod here;
mod logs;
#[cfg(feature = "metrics")]
mod metrics;
mod protocols;
mod support;
#[cfg(feature = "tls")]
mod tls;
