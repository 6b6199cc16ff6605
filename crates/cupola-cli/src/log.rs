//! Reading logs: what every subcommand that looks at log files stands on.
//!
//! Files go through in blocks that end at line ends. Workers, one a core, take the next block, do the subcommand's work on it, and
//! hand the result over in the order of the blocks; so memory is bounded whatever the size of a file.
//!
//! ```text
//! inputs::expand(paths) → Input …          which files, and which of them keep the same entries
//! pool::each_block(inputs, work, take)      work(Block) on every core → take(Done) in order
//!   excerpt::excerpts(inputs, ask)          … without what the indexes of closed files say does not match
//!   Block::lines()                          the lines, without line ends, with their offsets
//!   line::read(raw, scratch)                 Line::Entry(canonical JSON) | Line::Other(why not)
//!     dialect::rewrite                      … of another logger, as our own writer would have written it
//! ```

pub(crate) mod block;
pub(crate) mod collect;
pub(crate) mod dialect;
pub(crate) mod excerpt;
pub(crate) mod filter;
pub(crate) mod input;
pub(crate) mod line;
pub(crate) mod mask;
pub(crate) mod open;
pub(crate) mod pool;
pub(crate) mod tally;
pub(crate) mod twins;
