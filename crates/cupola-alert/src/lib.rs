//! Rules over what was observed, the life of an alert, and those who are told of it.
//!
//! # Where this sits
//! Floor 3: on cupola-store, behind its traits `Query`, for what was observed, and `Metadata`, for what was decided. It must not know where
//! the store is, read the environment, install anything, or draw pages.

mod message;
mod notifier;

pub use message::{Message, MessageKind, Notice, Severity};
pub use notifier::{Notifier, SendError, Sending, Sent};
