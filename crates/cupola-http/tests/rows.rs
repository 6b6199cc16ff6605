//! Each way in which a request can begin, go on and end, shown by a test: with real servers where sockets matter, with
//! tokio's paused clock where time does.

#![allow(missing_docs, clippy::unwrap_used)]

#[cfg(feature = "tower-http")]
mod agreement;
mod bodies;
mod busy;
mod choices;
mod grpc;
mod health;
mod hostile;
mod identity;
mod lifecycle;
mod panics;
mod routes;
mod stacking;
mod support;
mod timeouts;
mod trust;
mod upgrades;
