//! The router over a real store, asked over HTTP and gRPC.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod alerts;
mod alerts_live;
mod api;
mod browser;
mod clients;
mod demo;
mod mask;
mod openapi;
mod pages;
mod pages_errors;
mod pages_logs;
mod pages_traces;
mod receiver;
mod schemathesis;
mod security;
mod settings_store;
mod store;
mod support;
mod views;
mod works;
