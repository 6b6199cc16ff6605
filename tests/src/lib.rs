//! What the whole-system tests share: a service behind a real socket, a client that says anything, outputs that fail.
//!
//! ```
//! use axum::{Router, routing::get};
//! use cupola_tests::Service;
//!
//! let service = Service::start(&[], Router::new().route("/vms/{id}", get(|| async { "up" })));
//! assert_eq!(service.get("/vms/7").status, 200);
//! let ended = service.stop();
//! assert_eq!(ended.access()[0].text("route"), "/vms/{id}");
//! ```

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod client;
mod lines;
mod outputs;
mod pattern;
mod process;
mod service;

pub use client::{Answer, Client};
pub use lines::{Line, lines, said};
pub use outputs::{Gate, GateKeeper};
pub use pattern::{JSON_HEAD, JSON_TAIL, Pattern};
pub use process::Process;
pub use service::{Ended, Service, builder, eventually, metric};

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

/// The guide's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guide.md")]
mod guide {}

/// What one migrates to compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/migrating.md")]
mod migrating {}
