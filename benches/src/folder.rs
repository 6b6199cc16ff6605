//! What a folder takes.

use std::fs;

/// Bytes of all files below a folder.
pub(crate) fn bytes_below(folder: &std::path::Path) -> u64 {
    let entries = fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("it is there"));
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_below(&entry.path()),
            data => data.map_or(0, |data| data.len()),
        })
        .sum()
}
