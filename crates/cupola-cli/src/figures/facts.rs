//! What is counted of one line.

use cupola_line::{Entry, Member, Members, Quotes, ScanError, Text, Value, keys, parse_timestamp, scan, schema};
use cupola_store::Level;

use crate::log::line::Head;

const TIMESTAMP: &[u8] = keys::TIMESTAMP.as_bytes();
const LEVEL: &[u8] = keys::LEVEL.as_bytes();
const TARGET: &[u8] = keys::TARGET.as_bytes();
const REQUEST_ID: &[u8] = keys::REQUEST_ID.as_bytes();
const USER_ID: &[u8] = keys::USER_ID.as_bytes();
const CLIENT_IP: &[u8] = keys::CLIENT_IP.as_bytes();

/// The fields of a line that are counted. Of a name that comes twice the last one counts, as everywhere.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts<'a> {
    /// In microseconds since 1970.
    pub(super) time: Option<i64>,
    pub(super) level: Option<Level>,
    target: Option<Text<'a>>,
    pub(super) method: Option<Text<'a>>,
    pub(super) route: Option<Text<'a>>,
    pub(super) path: Option<Text<'a>>,
    pub(super) status: Option<u16>,
    /// In milliseconds.
    pub(super) duration: Option<f64>,
    pub(super) error_type: Option<Text<'a>>,
    pub(super) request_id: Option<Value<'a>>,
    pub(super) user_id: Option<Value<'a>>,
    pub(super) client_ip: Option<Text<'a>>,
}

impl<'a> Facts<'a> {
    /// Of a line as our own writer writes it, or as it would have written it, in one pass. Behind the head of the line, if that is known.
    #[inline]
    pub(super) fn scan(json: &'a [u8], head: Option<Head<'a>>, quotes: &mut Quotes) -> Result<Self, ScanError> {
        let (mut facts, mut members) = match head {
            Some(head) => Self::of_head(json, &head, quotes),
            None => (Self::default(), Members::of(json, quotes)),
        };
        while let Some(member) = members.next() {
            if member.has_escaped_name() {
                facts.put_escaped(&member);
            } else {
                facts.put(member.name(), || member.value());
            }
        }
        for member in members.rest() {
            let (key, value) = member?;
            facts.put(key.unescape().as_bytes(), || value);
        }
        Ok(facts)
    }

    /// Begins behind the level: what stands before is known.
    #[inline]
    fn of_head<'q>(json: &'a [u8], head: &Head<'a>, quotes: &'q mut Quotes) -> (Self, Members<'a, 'q>) {
        let facts = Self { time: parse_timestamp(head.time), level: Some(head.level), ..Self::default() };
        (facts, Members::behind(json, head.level_end(), quotes))
    }

    #[cold]
    fn put_escaped(&mut self, member: &Member<'a>) {
        let name = [b"\"", member.name(), b"\":0"].concat();
        let name = [b"{", &name[..], b"}"].concat();
        if let Some(Ok((key, _))) = scan(&name).next() {
            self.put(key.unescape().as_bytes(), || member.value());
        }
    }

    /// Of a line that was read already.
    pub(super) fn of(entry: &Entry<'a>) -> Self {
        let mut facts = Self::default();
        for (key, value) in &entry.fields {
            facts.put(key.unescape().as_bytes(), || *value);
        }
        let envelope = [(TIMESTAMP, entry.timestamp), (LEVEL, entry.level), (TARGET, entry.target)];
        for (name, text) in envelope {
            text.into_iter().for_each(|text| facts.put(name, || Value::Str(text)));
        }
        facts
    }

    /// Whether the line tells how a request ended.
    pub(super) fn is_request(&self) -> bool {
        let speaks = |name| self.target.is_some_and(|target| target.is(name));
        let is_access = || self.method.is_some() && self.status.is_some() || speaks(schema::ACCESS_TARGET);
        self.duration.is_some() && is_access() && !speaks(schema::CALL_TARGET)
    }

    pub(super) fn is_error(&self) -> bool {
        self.level == Some(Level::Error) || self.status.is_some_and(|status| status >= 500)
    }

    #[inline(always)]
    fn put(&mut self, name: &[u8], value: impl FnOnce() -> Value<'a>) {
        match name {
            TIMESTAMP => put_text(&mut self.time, value(), |text| parse_timestamp(text.raw())),
            LEVEL => put_text(&mut self.level, value(), level_of),
            TARGET => put_text(&mut self.target, value(), Some),
            b"method" => self.method = said(value()),
            b"route" => self.route = said(value()),
            b"path" => self.path = said(value()),
            b"status" => self.status = status_of(&value()),
            b"duration_ms" => self.duration = milliseconds_of(&value()),
            b"error_type" | b"error.type" => self.error_type = said(value()),
            REQUEST_ID => self.request_id = id(value()),
            USER_ID => self.user_id = id(value()),
            CLIENT_IP => self.client_ip = said(value()),
            _ => {}
        }
    }
}

/// A name of the envelope that holds no text is a field like any other, and of no account here.
#[inline]
fn put_text<'a, T>(place: &mut Option<T>, value: Value<'a>, read: impl FnOnce(Text<'a>) -> Option<T>) {
    if let Value::Str(text) = value {
        *place = read(text);
    }
}

#[inline]
fn level_of(text: Text<'_>) -> Option<Level> {
    Level::canonical(text.raw()).or_else(|| Level::parse(&text.unescape()))
}

#[inline]
fn said(value: Value<'_>) -> Option<Text<'_>> {
    value.as_text().filter(|text| !text.raw().is_empty())
}

#[inline]
fn id(value: Value<'_>) -> Option<Value<'_>> {
    match value {
        Value::Number(_) => Some(value),
        other => said(other).map(Value::Str),
    }
}

#[inline]
fn status_of(value: &Value<'_>) -> Option<u16> {
    match value {
        Value::Number([first @ b'1'..=b'9', second, third]) => {
            let digit = |byte: &u8| u16::from(byte.wrapping_sub(b'0'));
            let is_number = digit(second) < 10 && digit(third) < 10;
            is_number.then(|| digit(first) * 100 + digit(second) * 10 + digit(third))
        }
        _ => None,
    }
}

#[inline]
fn milliseconds_of(value: &Value<'_>) -> Option<f64> {
    let Value::Number(digits) = value else { return None };
    let number = decimal(digits).or_else(|| value.as_f64())?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

/// A number of few digits, `12.345`, exactly as the standard library reads it: both its parts are doubles without a rest, so that
/// their quotient is rounded once.
#[inline]
fn decimal(digits: &[u8]) -> Option<f64> {
    const POWERS: [f64; 10] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
    if digits.len() > 15 {
        return None;
    }
    let (mut number, mut point) = (0_u64, digits.len());
    for (at, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            number = number * 10 + u64::from(digit);
        } else if *byte == b'.' {
            point = at + 1;
        } else {
            return None;
        }
    }
    Some(number as f64 / POWERS.get(digits.len() - point)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_find_the_same() {
        let line = br#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"WARN","target":"cupola::http","route":"/a","rou\u0074e":"/b",
"status":503,"duration_ms":1.5,"user_id":7,"client_ip":"10.0.0.1","level":30,"error_type":null,"request_id":""}"#;
        let (one, other) = (
            Facts::scan(line, Head::of(line), &mut Quotes::default()).unwrap(),
            Facts::of(&Entry::read(line).unwrap()),
        );
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        let without_head = Facts::scan(line, None, &mut Quotes::default()).unwrap();
        assert_eq!(format!("{one:?}"), format!("{without_head:?}"));
        assert!(one.route.unwrap().is("/b") && one.is_request() && one.is_error());
        assert_eq!((one.time, one.level), (Some(1_795_232_762_123_456), Some(Level::Warn)));
        assert_eq!((one.status, one.duration), (Some(503), Some(1.5)));
        assert!(one.error_type.is_none() && one.request_id.is_none());
        assert!(Facts::scan(br#"{"level":"INFO""#, None, &mut Quotes::default()).is_err());
    }

    #[test]
    fn a_call_of_another_service_is_no_request_of_this_one() {
        let line = |target: &str| format!(r#"{{"target":"{target}","method":"GET","status":200,"duration_ms":1.5}}"#);
        let is_request = |line: &str| Facts::scan(line.as_bytes(), None, &mut Quotes::default()).unwrap().is_request();
        assert!(is_request(&line("nginx")) && is_request(&line("cupola::http")));
        assert!(!is_request(&line("cupola::client")));
    }

    #[test]
    fn numbers_are_those_of_the_standard_library() {
        for digits in ["0", "0.001", "12.345", "999999999.99999", "1234567.891", "0.1", "0.000000001", "30000"] {
            assert_eq!(decimal(digits.as_bytes()), digits.parse().ok(), "{digits}");
        }
        for digits in ["1e3", "-1", "0.0000000001", "1234567890123456"] {
            assert_eq!(decimal(digits.as_bytes()), None, "{digits}");
        }
        assert_eq!(milliseconds_of(&Value::Number(b"1e3")), Some(1000.0));
        assert_eq!(milliseconds_of(&Value::Number(b"-1")), None);
    }
}
