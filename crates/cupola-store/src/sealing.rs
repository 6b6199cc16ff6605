//! Turns what waits into blocks in files: one thread, which has others help it to encode.

mod aside;
mod buffer;
mod encode;
mod keeper;
mod merge;
mod retention;
mod thread;

pub(crate) use aside::{Aside, GiveBack};
pub(crate) use keeper::{Keeper, chain, clock};
pub(crate) use merge::merge_small;
pub(crate) use retention::{remove, sizes};
pub(crate) use thread::run;
