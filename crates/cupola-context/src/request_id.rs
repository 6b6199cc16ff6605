//! Request ids: short validated text, held inline.

use std::fmt;
use std::str::FromStr;

use arrayvec::ArrayVec;

use crate::hex;
use crate::invalid::invalid;
use crate::trace_id::TraceId;

const MAX: usize = 128;

/// How ids are made for requests that bring none, or none that is trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestIdFormat {
    /// UUID version 7: sortable by time. The default.
    #[default]
    UuidV7,
    /// UUID version 4: random, tells no time.
    UuidV4,
    /// ULID: 26 characters, sortable by time.
    Ulid,
    /// The request's trace id, so that one id finds both.
    TraceId,
}

impl FromStr for RequestIdFormat {
    type Err = InvalidRequestId;

    fn from_str(text: &str) -> Result<Self, InvalidRequestId> {
        match text.to_ascii_lowercase().as_str() {
            "uuid7" | "uuidv7" => Ok(Self::UuidV7),
            "uuid4" | "uuidv4" => Ok(Self::UuidV4),
            "ulid" => Ok(Self::Ulid),
            "trace-id" | "trace_id" => Ok(Self::TraceId),
            _ => Err(InvalidRequestId),
        }
    }
}

/// The id of one request: 1..=128 characters of `[A-Za-z0-9._-]`, held inline.
///
/// ```
/// use cupola_context::RequestId;
///
/// let id: RequestId = "checkout-7.eu".parse()?;
/// assert_eq!(id.as_str(), "checkout-7.eu");
/// assert!("a b\r\nx: y".parse::<RequestId>().is_err());
/// # Ok::<(), cupola_context::InvalidRequestId>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId(ArrayVec<u8, MAX>);

impl RequestId {
    /// A UUID version 7 of milliseconds since the Unix epoch and random bytes.
    pub fn uuid_v7(unix_ms: u64, random: [u8; 10]) -> Self {
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
    }

    /// A UUID version 4 of random bytes.
    pub fn uuid_v4(random: [u8; 16]) -> Self {
        Self::from_uuid(uuid::Builder::from_random_bytes(random).into_uuid())
    }

    /// A ULID of milliseconds since the Unix epoch and random bytes.
    pub fn ulid(unix_ms: u64, random: [u8; 10]) -> Self {
        const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mut low = [0; 16];
        low[6..].copy_from_slice(&random);
        let mut bits = u128::from(unix_ms) << 80 | u128::from_be_bytes(low);
        let mut text = [0; 26];
        for place in text.iter_mut().rev() {
            *place = CROCKFORD[(bits & 31) as usize];
            bits >>= 5;
        }
        Self::of(&text)
    }

    /// The id as text.
    #[inline]
    pub fn as_str(&self) -> &str {
        hex::ascii(&self.0)
    }

    /// The id's characters, ASCII: cheaper than the text.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Adopts text that somebody else made, if it is 1..=128 of `[A-Za-z0-9._-]`.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidRequestId> {
        if text.is_empty() || text.len() > MAX || !text.iter().all(|byte| is_allowed(*byte)) {
            return Err(InvalidRequestId);
        }
        Ok(Self::of(text))
    }

    fn from_uuid(uuid: uuid::Uuid) -> Self {
        let mut text = *b"00000000-0000-0000-0000-000000000000";
        for (places, bytes) in [(0..8, 0..4), (9..13, 4..6), (14..18, 6..8), (19..23, 8..10), (24..36, 10..16)] {
            hex::encode(&uuid.as_bytes()[bytes], &mut text[places]);
        }
        Self::of(&text)
    }

    /// Only of ASCII.
    fn of(text: &[u8]) -> Self {
        Self(ArrayVec::try_from(text).expect("no id is longer than the longest"))
    }
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

impl From<TraceId> for RequestId {
    fn from(trace: TraceId) -> Self {
        Self::of(&trace.to_hex())
    }
}

impl FromStr for RequestId {
    type Err = InvalidRequestId;

    fn from_str(text: &str) -> Result<Self, InvalidRequestId> {
        Self::parse(text.as_bytes())
    }
}

impl AsRef<str> for RequestId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestId").field(&self.as_str()).finish()
    }
}

invalid! {
    /// The text is no request id, or names no format of one.
    InvalidRequestId, "a request id is 1 to 128 characters of A-Z a-z 0-9 . _ -"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_ids_read_as_their_formats_say() {
        let v7 = RequestId::uuid_v7(0x0198_0000_0000, [0xff; 10]);
        assert_eq!(v7.as_str(), "01980000-0000-7fff-bfff-ffffffffffff");
        assert_eq!(RequestId::uuid_v4([0; 16]).as_str(), "00000000-0000-4000-8000-000000000000");
        assert_eq!(RequestId::ulid(1_469_918_176_385, [0; 10]).as_str(), "01ARYZ6S410000000000000000");
        let trace = TraceId::from_bytes([0xab; 16]).unwrap();
        assert_eq!(RequestId::from(trace).as_str(), "abababababababababababababababab");
    }

    #[test]
    fn only_short_plain_text_is_adopted() {
        let check = |text: &[u8], ok: bool| assert_eq!(RequestId::parse(text).is_ok(), ok, "{text:?}");
        check(b"a", true);
        check(b"A.b_c-9", true);
        check(&[b'x'; 128], true);
        check(&[b'x'; 129], false);
        check(b"", false);
        check(b"a b", false);
        check(b"a\r\nset-cookie: x", false);
        check("ü".as_bytes(), false);
        check(b"\xff", false);
    }
}
