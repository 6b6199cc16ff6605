//! The crate from outside: what is exposed, and what counting costs.

#![allow(clippy::unwrap_used)] // clippy lets tests unwrap, but not what they call

mod application;
mod bounds;
mod everything;
mod extras;
mod openmetrics;
mod prometheus;
mod promtool;
mod protobuf;
mod routes;
mod serving;
mod support;
