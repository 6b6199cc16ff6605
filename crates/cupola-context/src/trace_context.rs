//! The W3C trace context: `traceparent` read and written without allocation.

use std::fmt;

use crate::hex;
use crate::invalid::invalid;
use crate::trace_flags::TraceFlags;
use crate::trace_id::{IdText, SpanId, TraceId};
use crate::trace_state::TraceState;

const LEN: usize = 55;

/// Where in a trace a piece of work stands.
///
/// ```
/// use cupola_context::TraceContext;
///
/// let header = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let context = TraceContext::from_traceparent(header)?;
/// assert!(context.flags.is_sampled());
/// assert_eq!(context.traceparent().as_str().as_bytes(), header);
/// # Ok::<(), cupola_context::InvalidTraceparent>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The span that is the parent of whatever comes next.
    pub span_id: SpanId,
    /// Sampled, random.
    pub flags: TraceFlags,
    /// What vendors want carried along, as received.
    pub state: TraceState,
}

impl TraceContext {
    /// A context of its parts, with no trace state.
    pub const fn new(trace_id: TraceId, span_id: SpanId, flags: TraceFlags) -> Self {
        Self { trace_id, span_id, flags, state: TraceState::EMPTY }
    }

    /// Reads one `traceparent` header value, of version 00 or of a later one.
    pub fn from_traceparent(value: &[u8]) -> Result<Self, InvalidTraceparent> {
        parse(value).ok_or(InvalidTraceparent)
    }

    /// The header value that names this context.
    pub fn traceparent(&self) -> Traceparent {
        let mut out = *b"00-00000000000000000000000000000000-0000000000000000-00";
        hex::encode(&self.trace_id.to_bytes(), &mut out[3..35]);
        hex::encode(&self.span_id.to_bytes(), &mut out[36..52]);
        hex::encode(&[self.flags.to_byte()], &mut out[53..]);
        Traceparent(out)
    }
}

fn parse(value: &[u8]) -> Option<TraceContext> {
    let (head, rest) = value.split_at_checked(LEN)?;
    let version = hex::byte(*head.first_chunk()?)?;
    let dashes = [head[2], head[35], head[52]] == [b'-'; 3];
    let ends = if version == 0 { rest.is_empty() } else { rest.first().is_none_or(|byte| *byte == b'-') };
    if version == 0xff || !dashes || !ends {
        return None;
    }
    let flags = hex::byte(*head.last_chunk()?)?;
    let (trace_id, span_id) = (TraceId::from_hex(&head[3..35])?, SpanId::from_hex(&head[36..52])?);
    Some(TraceContext::new(trace_id, span_id, TraceFlags::from_byte(flags)))
}

/// A `traceparent` header value, held inline.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Traceparent([u8; LEN]);

impl Traceparent {
    /// The value as text.
    #[inline]
    pub fn as_str(&self) -> &str {
        hex::ascii(&self.0)
    }

    /// The value's characters, ASCII: cheaper than the text.
    #[inline]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The trace id's digits.
    #[inline]
    pub fn trace_id(&self) -> IdText {
        IdText::of(self.0[3..].first_chunk::<32>().expect("they end at 35"))
    }

    /// The span id's digits.
    #[inline]
    pub fn span_id(&self) -> IdText {
        IdText::of(self.0[36..].first_chunk::<16>().expect("they end at 52"))
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Traceparent({self})")
    }
}

invalid! {
    /// The value is no `traceparent`: the request starts a new trace.
    InvalidTraceparent, "a traceparent is version-traceid-spanid-flags in 2-32-16-2 lower-case hexadecimal digits"
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn reads_what_the_specification_allows() {
        let check = |value: &str, ok: bool| {
            assert_eq!(TraceContext::from_traceparent(value.as_bytes()).is_ok(), ok, "{value}");
        };
        check(GOOD, true);
        check(&GOOD.replacen("00-", "cc-", 1), true);
        check(&format!("{}-what-comes-later", GOOD.replacen("00-", "cc-", 1)), true);
        check(&format!("{}.x", GOOD.replacen("00-", "cc-", 1)), false);
        check(&GOOD.replacen("00-", "ff-", 1), false);
        check(&format!("{GOOD}-"), false);
        check(&GOOD.to_uppercase(), false);
        check("00-00000000000000000000000000000000-b7ad6b7169203331-01", false);
        check("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false);
        check("00-1-1-1", false);
        check("0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false);
        check("", false);
    }

    #[test]
    fn the_random_flag_is_kept_and_unknown_ones_are_not() {
        let flags = |digits: &str| {
            let value = format!("{}{digits}", &GOOD[..53]);
            TraceContext::from_traceparent(value.as_bytes()).unwrap().traceparent().as_str()[53..].to_owned()
        };
        assert_eq!(flags("03"), "03");
        assert_eq!(flags("02"), "02");
        assert_eq!(flags("ff"), "03");
    }
}
