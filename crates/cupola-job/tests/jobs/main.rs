//! Jobs from outside: what is said of them, whose they are, and what they leave behind.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod any_queue;
#[cfg(feature = "apalis")]
mod apalis_1;
mod support;
