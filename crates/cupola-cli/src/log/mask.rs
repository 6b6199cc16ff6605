//! Lines without what nobody may see.

use cupola_redact::{End, KeyPolicy, Media, Stream, Surface};

use super::block::RawLine;

/// A line, masked: an entry as JSON, another one as text.
pub(crate) fn mask(policy: &KeyPolicy, is_entry: bool, line: RawLine<'_>) -> Vec<u8> {
    let media = if is_entry { Media::NdJson } else { Media::Text };
    let mut stream = Stream::of(policy, &Surface::from(media));
    let mut masked = stream.feed(line.bytes).to_vec();
    masked.extend_from_slice(&stream.finish(End::Complete).rest);
    masked.truncate(masked.trim_ascii_end().len());
    masked
}
