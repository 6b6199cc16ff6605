//! An envelope out of its text: strict where it is ours, blind for what it does not know.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::encode::is_plain;
use super::{Envelope, InvalidEnvelope, MAX_ENVELOPE_BYTES};
use crate::baggage::Baggage;
use crate::fields::FieldValue;
use crate::hex;
use crate::request_id::RequestId;
use crate::trace_context::TraceContext;
use crate::trace_state::TraceState;

impl Envelope {
    /// Reads an envelope.
    ///
    /// # Errors
    /// Where it is none, too long, of another major version, or not written as this one is: then nothing of it is believed.
    pub fn decode(text: &str) -> Result<Self, InvalidEnvelope> {
        let items = items(text)?;
        let mut reader = Reader { envelope: Self::new(), seen: 0, state: None, dropped: 0 };
        let mut rest = Some(items);
        while let Some(items) = rest {
            let (item, behind) = cut(items, b';');
            reader.item(item).ok_or(InvalidEnvelope::Malformed)?;
            rest = behind;
        }
        Ok(reader.finish())
    }
}

/// What is before this character, and what is behind it, where it is there. Items are short: a loop finds it sooner than a search does
/// that is made for long texts.
fn cut(text: &str, at: u8) -> (&str, Option<&str>) {
    match text.bytes().position(|byte| byte == at) {
        Some(place) => (&text[..place], Some(&text[place + 1..])),
        None => (text, None),
    }
}

/// What follows magic and version. Another major version is refused before anything else is looked at.
fn items(text: &str) -> Result<&str, InvalidEnvelope> {
    let rest = text.strip_prefix("cupola/").ok_or(InvalidEnvelope::Foreign)?;
    let digits = rest.bytes().take(4).take_while(u8::is_ascii_digit).count();
    let (major, rest) = rest.split_at(digits);
    if major != "1" {
        return Err(if major.is_empty() { InvalidEnvelope::Foreign } else { InvalidEnvelope::UnknownVersion });
    }
    if text.len() > MAX_ENVELOPE_BYTES {
        return Err(InvalidEnvelope::TooLong);
    }
    // A minor version only adds keys.
    let (minor, items) = rest.split_once(' ').ok_or(InvalidEnvelope::Malformed)?;
    let known = minor.is_empty() || minor.starts_with('.');
    if known { Ok(items) } else { Err(InvalidEnvelope::Malformed) }
}

struct Reader {
    envelope: Envelope,
    /// The keys that were there, a bit each: none may come twice.
    seen: u16,
    state: Option<TraceState>,
    dropped: u64,
}

const ATTEMPT: u16 = 1;
const REQUEST: u16 = 1 << 1;
const TRACE: u16 = 1 << 2;
const STATE: u16 = 1 << 3;
const ORIGIN: u16 = 1 << 4;
const QUEUED: u16 = 1 << 5;
const DEADLINE: u16 = 1 << 6;
const BAGGAGE: u16 = 1 << 7;
const DROPPED: u16 = 1 << 8;

impl Reader {
    fn item(&mut self, item: &str) -> Option<()> {
        let (key, value) = cut(item, b'=');
        let value = value?;
        let envelope = &mut self.envelope;
        let key = match key {
            "attempt" => (envelope.attempt = number(value)?.try_into().ok()?, ATTEMPT).1,
            "request" => (envelope.request_id = Some(RequestId::parse(value.as_bytes()).ok()?), REQUEST).1,
            "trace" => (envelope.trace = Some(TraceContext::from_traceparent(value.as_bytes()).ok()?), TRACE).1,
            "state" => (self.state = Some(state(value)?), STATE).1,
            "origin" => (envelope.origin = Some(unescaped(value)?.into()), ORIGIN).1,
            "queued" => (envelope.queued = Some(time(value)?), QUEUED).1,
            "deadline" => (envelope.deadline = Some(time(value)?), DEADLINE).1,
            "baggage" => (envelope.baggage = baggage(value)?, BAGGAGE).1,
            "dropped" => (self.dropped = number(value)?, DROPPED).1,
            other => return self.field(other, value),
        };
        let again = self.seen & key != 0;
        self.seen |= key;
        (!again).then_some(())
    }

    /// A field's key says its type before its name. What is neither a field nor known is of a later version.
    fn field(&mut self, key: &str, value: &str) -> Option<()> {
        let Some((kind @ ("s" | "i" | "u" | "f" | "b"), name)) = key.split_once('.') else { return Some(()) };
        let name = unescaped(name)?;
        let value = match kind {
            "s" => FieldValue::Str(unescaped(value)?.into_owned().into()),
            "i" => FieldValue::I64(value.parse().ok()?),
            "u" => FieldValue::U64(number(value)?),
            "f" => FieldValue::F64(value.parse().ok()?),
            _ => FieldValue::Bool(value.parse().ok()?),
        };
        let fields = &mut self.envelope.fields;
        let fits = fields.get(&name).is_none() && fields.set(name.into_owned().into(), value);
        fits.then_some(())
    }

    fn finish(mut self) -> Envelope {
        // A state without its trace says nothing.
        if let (Some(trace), Some(state)) = (&mut self.envelope.trace, self.state) {
            trace.state = state;
        }
        self.envelope.fields.refuse_so_many(self.dropped);
        self.envelope
    }
}

/// Digits alone: no sign.
fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

fn time(digits: &str) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_micros(number(digits)?))
}

fn state(value: &str) -> Option<TraceState> {
    TraceState::from_lines([unescaped(value)?.as_bytes()].into_iter()).ok()
}

fn baggage(value: &str) -> Option<Baggage> {
    Baggage::from_lines([unescaped(value)?.as_bytes()].into_iter()).ok()
}

/// The text that was escaped; none where it was not escaped as we do, or is no UTF-8.
fn unescaped(value: &str) -> Option<Cow<'_, str>> {
    if value.bytes().all(is_plain) {
        return Some(Cow::Borrowed(value));
    }
    let (mut bytes, mut rest) = (Vec::with_capacity(value.len()), value.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        let (byte, tail) = match first {
            b'%' => (hex::byte(*tail.first_chunk()?)?, &tail[2..]),
            plain => (is_plain(*plain).then_some(*plain)?, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}
