//! The crate from outside: what is exposed, and what counting costs.

#![allow(clippy::unwrap_used)] // clippy lets tests unwrap, but not what they call

mod application;
mod promtool;
mod routes;
mod support;
