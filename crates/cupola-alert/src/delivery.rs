//! From the outbox to those who are to be told.

mod outgoing;

pub use outgoing::{Delivered, Deliveries, Outgoing};
