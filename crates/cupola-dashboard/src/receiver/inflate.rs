//! Decompression that ends at a limit, however much a body would become.

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::refusal::Refusal;

/// The largest window that a sender may ask for, 8 MiB: what zstd's levels up to 19 use.
const MAX_WINDOW_LOG: u32 = 23;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    pub(super) const ALL: [Self; 3] = [Self::None, Self::Gzip, Self::Zstd];

    /// Of `Content-Encoding` or `grpc-encoding`.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        let is = |known: &str| name.trim_ascii().eq_ignore_ascii_case(known.as_bytes());
        match () {
            () if name.is_empty() || is("identity") => Some(Self::None),
            () if is("gzip") || is("x-gzip") => Some(Self::Gzip),
            () if is("zstd") => Some(Self::Zstd),
            () => None,
        }
    }

    /// What a body was before it was compressed; never more than so many bytes.
    pub(super) fn inflate(self, sent: &[u8], most: usize) -> Result<Cow<'_, [u8]>, Refusal> {
        match self {
            Self::None if sent.len() > most => Err(Refusal::too_large(most)),
            Self::None => Ok(Cow::Borrowed(sent)),
            Self::Gzip => read(MultiGzDecoder::new(sent), sent.len(), most),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(sent).map_err(bad)?;
                decoder.window_log_max(MAX_WINDOW_LOG).map_err(bad)?;
                read(decoder, sent.len(), most)
            }
        }
    }
}

fn read(decoder: impl Read, sent: usize, most: usize) -> Result<Cow<'static, [u8]>, Refusal> {
    let mut whole = Vec::with_capacity(sent.saturating_mul(4).min(most));
    decoder.take(most as u64 + 1).read_to_end(&mut whole).map_err(bad)?;
    if whole.len() > most { Err(Refusal::too_large(most)) } else { Ok(Cow::Owned(whole)) }
}

#[allow(clippy::needless_pass_by_value, reason = "it is handed over by `map_err`")]
fn bad(_: io::Error) -> Refusal {
    Refusal::Bad("the message is not compressed as it says".to_owned())
}
