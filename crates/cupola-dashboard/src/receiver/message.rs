//! A message on its way into the store, and once more out of the journal.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{BufMut as _, Bytes, BytesMut};
use cupola_redact::KeyPolicy;
use cupola_store::otlp::{Decoded, Encoding, decode};
use cupola_store::{Batch, DecodeError, Kept, Signal};

use super::Receiver;
use super::inflate::Compression;
use super::mask::mask;
use super::refusal::Refusal;

/// The kinds of records that a [`Receiver`](super::Receiver) has the journal keep; [`replay`] reads them.
pub const KINDS: RangeInclusive<u8> = 16..=33;

/// So long a message that has been decoded waits for room in the store, before its sender is told to come again.
const PATIENCE: Duration = Duration::from_millis(500);

/// A record of the journal begins with the time at which its message was received.
const TIME_BYTES: usize = size_of::<i64>();

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    format: Format,
    received: i64,
    sent: Bytes,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) signal: Signal,
    pub(super) encoding: Encoding,
    pub(super) compression: Compression,
}

/// A message has been taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// So many of its entries are not kept.
    pub(super) rejected: u64,
    /// Why.
    pub(super) why: String,
}

impl Format {
    const ENCODINGS: [Encoding; 2] = [Encoding::Protobuf, Encoding::Json];

    fn all() -> impl Iterator<Item = Self> {
        let of = |signal, encoding| Compression::ALL.map(|compression| Self { signal, encoding, compression });
        Signal::ALL.into_iter().flat_map(move |signal| Self::ENCODINGS.into_iter().flat_map(move |as_| of(signal, as_)))
    }

    fn kind(self) -> Option<u8> {
        KINDS.zip(Self::all()).find(|(_, format)| *format == self).map(|(kind, _)| kind)
    }

    fn of_kind(kind: u8) -> Option<Self> {
        KINDS.zip(Self::all()).find(|(known, _)| *known == kind).map(|(_, format)| format)
    }

    fn decode(self, sent: &[u8], received: i64, most: usize, policy: Option<&KeyPolicy>) -> Result<Decoded, Refusal> {
        let whole = self.compression.inflate(sent, most)?;
        let mut decoded = decode(self.signal, self.encoding, &whole, received)?;
        policy.into_iter().for_each(|policy| mask(policy, &mut decoded.batch));
        Ok(decoded)
    }
}

impl Message {
    /// One that is received now.
    pub(super) fn new(format: Format, sent: Bytes) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { format, received: i64::try_from(since.as_nanos()).unwrap_or(i64::MAX), sent }
    }

    /// Decodes it and keeps its entries.
    pub(super) fn keep(&self, receiver: &Receiver) -> Result<Taken, Refusal> {
        let (most, policy) = (receiver.limits.decompressed_bytes, receiver.policy.as_ref());
        let decoded = self.format.decode(&self.sent, self.received, most, policy)?;
        let Some(kind) = self.format.kind() else { return Err(Refusal::Unavailable("the message has no kind")) };
        let mut raw = BytesMut::with_capacity(TIME_BYTES + self.sent.len());
        raw.put_i64_le(self.received);
        raw.extend_from_slice(&self.sent);
        // To be sent again costs both sides all of this a second time.
        receiver.write.wait_for_room(&decoded.batch, PATIENCE);
        let kept = receiver.write.keep(kind, &raw, vec![decoded.batch])?;
        Ok(Taken::new(decoded.rejected, decoded.reason, &kept))
    }
}

impl Taken {
    fn new(rejected: u64, reason: Option<&str>, kept: &Kept) -> Self {
        let refused = &kept.refused;
        let reasons = [
            (rejected, reason.unwrap_or_default()),
            (refused.future, "their time is more than a day ahead"),
            (refused.too_old, "their time is longer ago than entries are kept"),
        ];
        let said = reasons.iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count}: {why}"));
        Self { rejected: rejected + refused.all(), why: said.collect::<Vec<_>>().join("; ") }
    }
}

/// Makes entries of a record of the journal again; for [`Store::open`](cupola_store::Store::open), at least for the kinds of [`KINDS`]. They are
/// masked by the default policy.
///
/// # Errors
/// The record is of another kind, or not what was acknowledged.
pub fn replay(kind: u8, raw: &[u8]) -> Result<Vec<Batch>, DecodeError> {
    replay_with(Some(&KeyPolicy::default()), kind, raw)
}

/// The same, masked by the policy that the receiver was given.
///
/// # Errors
/// The record is of another kind, or not what was acknowledged.
pub fn replay_with(policy: Option<&KeyPolicy>, kind: u8, raw: &[u8]) -> Result<Vec<Batch>, DecodeError> {
    let (Some(format), Some((time, sent))) = (Format::of_kind(kind), raw.split_first_chunk::<TIME_BYTES>()) else {
        return Err(format!("a record of kind {kind} is none of the receiver's").into());
    };
    // It was within the limits when it was acknowledged, whatever they are now.
    let decoded = format.decode(sent, i64::from_le_bytes(*time), usize::MAX >> 1, policy);
    match decoded {
        Ok(decoded) => Ok(vec![decoded.batch]),
        Err(refusal) => Err(refusal.message().to_owned().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Journals outlive versions: what a kind means stays.
    #[test]
    fn kinds_stay_what_they_are() {
        let check = |kind, signal, encoding, compression| {
            let format = Format { signal, encoding, compression };
            assert_eq!((format.kind(), Format::of_kind(kind)), (Some(kind), Some(format)));
        };
        check(16, Signal::Logs, Encoding::Protobuf, Compression::None);
        check(17, Signal::Logs, Encoding::Protobuf, Compression::Gzip);
        check(18, Signal::Logs, Encoding::Protobuf, Compression::Zstd);
        check(19, Signal::Logs, Encoding::Json, Compression::None);
        check(22, Signal::Spans, Encoding::Protobuf, Compression::None);
        check(28, Signal::Metrics, Encoding::Protobuf, Compression::None);
        check(33, Signal::Metrics, Encoding::Json, Compression::Zstd);
        assert_eq!((Format::of_kind(15), Format::of_kind(34)), (None, None));
    }
}
