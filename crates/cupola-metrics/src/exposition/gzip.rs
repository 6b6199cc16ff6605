//! Packing.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Packs quickly rather than well: expositions repeat themselves so much that the first level takes nine tenths away.
pub(super) fn pack(plain: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::with_capacity(plain.len() / 8), Compression::fast());
    packer.write_all(plain).and_then(|()| packer.finish()).expect("a Vec takes all")
}
