//! `cupola check`, `cupola trace` and `cupola errors`, run as people run them.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod check;
mod errors;
mod hostile;
#[path = "../support/folder.rs"]
mod support;
mod trace;
