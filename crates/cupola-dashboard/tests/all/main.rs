//! The router over a real store, asked over HTTP and gRPC.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod api;
mod clients;
mod mask;
mod receiver;
mod support;
