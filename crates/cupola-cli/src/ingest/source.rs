//! Which file a file is, whatever it is called by now.

use std::io::Read;

use crate::log::input::Input;
use crate::log::open::open;

/// A file is known by its first line, of which so much counts: lines begin with their time, to the microsecond.
const HEAD: u64 = 4096;

/// The number of an input, which stays the same when it grows, is renamed, or is compressed. Standard input, and what has no whole line yet,
/// has none.
pub(super) fn of(input: &Input) -> Option<u64> {
    input.path.as_ref().filter(|_| !input.is_live())?;
    let mut head = Vec::new();
    open(input, None).ok()?.0.reader.take(HEAD).read_to_end(&mut head).ok()?;
    let line = match memchr::memchr(b'\n', &head) {
        Some(end) => &head[..end],
        None if head.len() as u64 == HEAD => &head,
        None => return None,
    };
    Some(cupola_store::ingest::source(line))
}
