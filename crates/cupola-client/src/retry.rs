//! When a request is sent again, and when not.

mod after;
mod budget;
mod policy;
mod verdict;

pub(crate) use after::retry_after;
pub(crate) use budget::Budget;
pub use policy::RetryPolicy;
pub(crate) use verdict::{Asked, Failure, Verdict};
