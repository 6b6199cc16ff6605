//! Opening an input: what is compressed is known by its first bytes, not by its name.

use std::fs::File;
use std::io::{self, Chain, Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::excerpt::Excerpt;
use super::input::Input;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// An open input.
pub(crate) struct Opened {
    pub(crate) reader: Box<dyn Read + Send>,
    /// Whether more may come at any time, so that what is there must not wait for it.
    pub(crate) live: bool,
}

/// Opens an input, or what is wanted of it, and says how many lines that leaves out.
pub(crate) fn open(input: &Input, excerpt: Option<&Excerpt>) -> io::Result<(Opened, u64)> {
    let Some(path) = &input.path else { return Ok((Opened { reader: decoded(io::stdin())?, live: true }, 0)) };
    let mut file = File::open(path)?;
    let kind = file.metadata()?;
    if kind.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    match excerpt {
        // Between then and now there may have come another file.
        Some(excerpt) if kind.is_file() && excerpt.is_of(&mut file)? => {
            Ok((Opened { live: false, reader: excerpt.reader(file)? }, excerpt.passed()))
        }
        _ => Ok((Opened { live: !kind.is_file(), reader: decoded(file)? }, 0)),
    }
}

/// Whether these are the first bytes of something compressed.
pub(crate) fn is_packed(head: &[u8]) -> bool {
    head.starts_with(GZIP) || head.starts_with(ZSTD)
}

/// Whether these are the first bytes of something compressed by zstd.
pub(crate) fn is_zstd(head: &[u8]) -> bool {
    head.starts_with(ZSTD)
}

/// What the bytes of an input say, whatever they are packed in.
pub(crate) fn decoded(mut input: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut head = Vec::new();
    while head.len() < ZSTD.len() && !head.contains(&b'\n') {
        let mut rest = [0; ZSTD.len()];
        let length = ZSTD.len() - head.len();
        match input.read(&mut rest[..length]) {
            Ok(0) => break,
            Ok(length) => head.extend_from_slice(&rest[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let packed = (head.starts_with(GZIP), head.starts_with(ZSTD));
    let whole: Chain<Cursor<Vec<u8>>, _> = Cursor::new(head).chain(input);
    Ok(match packed {
        (true, _) => Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(64 * 1024, whole))),
        (_, true) => Box::new(zstd::Decoder::new(whole)?),
        _ => Box::new(whole),
    })
}
