//! `cupola stats`, as it is called.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod answers;
#[path = "../triage/hostile.rs"]
mod hostile;
mod shown;
#[path = "../support/folder.rs"]
mod support;
