//! `cupola check`, `cupola trace` and `cupola errors`, run as people run them; and what all commands have in common.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod check;
mod errors;
mod executions;
mod hostile;
mod looks;
#[path = "../support/folder.rs"]
mod support;
mod trace;
