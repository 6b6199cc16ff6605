//! The crate from outside: what is exposed, and what counting costs.

mod application;
mod promtool;
mod routes;
mod support;
