//! Answers about what the store holds.

mod columns;
mod entry;
mod error;
mod json;
mod need;
mod opened;
mod rows;
mod select;
mod wanted;

pub use entry::Entry;
pub use error::QueryError;

#[cfg(test)]
mod tests;
