//! A VM-provisioning API on axum, watched by Cupola.
//!
//! ```no_run
//! use clap::Parser;
//! use vm_provisioner::config::Config;
//!
//! # async fn example() -> anyhow::Result<()> {
//! vm_provisioner::server::run(Config::parse()).await
//! # }
//! ```
//!
//! # Where this sits
//! Above everything: an application, which knows Cupola only through its facade. Three places touch it: `server` calls
//! `init` and `shutdown`, `app` adds the layer and the routes, and whoever knows something about a request says so with
//! `cupola::context::set`. The modules are public for the tests and for reading; nothing here is a library.

pub mod ansible;
pub mod api;
pub mod app;
pub mod auth;
pub mod business;
pub mod config;
pub mod conformance;
pub mod hypervisor;
pub mod ip_pool;
mod lines;
pub mod marketplace;
mod named;
pub mod problem;
pub mod process;
pub mod progress;
pub mod role;
pub mod secret;
pub mod server;
pub mod store;
#[cfg(test)]
mod temporary;
pub mod traffic;
pub mod vm;
pub mod worker;
