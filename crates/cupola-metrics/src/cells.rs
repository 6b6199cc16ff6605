//! Cells: what is counted, in memory that threads write without waiting for each other.
//!
//! A cell begins as one shared by all threads. Where two of them are seen to meet in it, it grows stripes, and from then on
//! each thread writes to its own: memory is spent where there is contention, and only there.

pub(crate) mod exemplar;
pub(crate) mod histogram;
pub(crate) mod layout;
pub(crate) mod shard;
pub(crate) mod stripe;
pub(crate) mod striped;
