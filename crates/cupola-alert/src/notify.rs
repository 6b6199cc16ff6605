//! Those who tell somebody: chats, mailboxes, programs, the log.

mod log;
mod text;

pub use log::Log;
