//! The fields of an access line: one table for the `tracing` event and for whoever writes the line without one.

use std::fmt::Write as _;
use std::time::Duration;

use cupola_context::{IdText, RequestId};

use crate::body::BodyCapture;
use crate::ended::Ended;
use crate::exchange::Exchange;
use crate::header_list::HeaderList;
use crate::ip_text::IpText;

/// Hands the table to another macro: its arguments, then `kind name = value,` for each field. The names are those of
/// [`crate::names`]; a value that is `None` is no field.
///
/// The kinds are `text`; `plain`, a text that goes into a JSON string unchanged, and so do `id` and `digits`, which may be
/// absent; `ip`, an address; `number`; `millis`, a time; and `flag`.
macro_rules! access_fields {
    ($with:ident($($arguments:tt)*), $exchange:ident, $ended:ident) => {
        $with! {
            $($arguments)*, $ended,
            text method = $exchange.method_label(),
            text route = $ended.route.as_deref(),
            text path = $exchange.path(),
            number status = $ended.status.map(|status| status.as_u16()),
            millis duration_ms = $ended.total,
            millis head_ms = $ended.head,
            millis busy_ms = $ended.busy,
            plain outcome = $ended.outcome.as_str(),
            plain error_type = $ended.error_type(),
            text error = $ended.error.as_ref().map(|text| text.as_str()),
            flag slow = $ended.slow.then_some(true),
            number grpc_status = $ended.grpc_status.map(|status| status.code()),
            number request_bytes = $ended.request_bytes,
            number response_bytes = $ended.response_bytes,
            text query = $exchange.query(),
            ip client_ip = $exchange.context.client_ip(),
            text user_agent = $exchange.user_agent(),
            text host = $exchange.host(),
            plain scheme = $exchange.scheme,
            plain protocol = $crate::exchange::protocol_name($exchange.version),
            id request_id = $exchange.context.request_id(),
            id trace_id = $exchange.context.traceparent().trace_id(),
            id span_id = $exchange.context.traceparent().span_id(),
            digits parent_span_id = $exchange.context.parent_span().map(|span| span.text()),
            digits linked_trace_id = $exchange.context.linked().map(|trace| trace.trace_id.text()),
            text client_request_id = $exchange.client_request_id(),
            text method_original = $exchange.method_original(),
            text request_headers = $exchange.headers.as_deref().map($crate::access_fields::header_lines).as_deref(),
            text response_headers = $ended.headers.as_deref().map($crate::access_fields::header_lines).as_deref(),
            text request_body = $ended.bodies.as_deref().and_then(|bodies| $crate::access_fields::text(&bodies.request)),
            plain request_body_state = $ended.bodies.as_deref().map(|bodies| bodies.request.state.as_str()),
            text response_body = $ended.bodies.as_deref().and_then(|bodies| $crate::access_fields::text(&bodies.response)),
            plain response_body_state = $ended.bodies.as_deref().map(|bodies| bodies.response.state.as_str()),
        }
    };
}
pub(crate) use access_fields;

macro_rules! names {
    (, $ended:ident, $($kind:ident $name:ident = $value:expr,)+) => { &[$(stringify!($name)),+] };
}

/// The names of an access line's fields, in order, as [`visit_access_fields`] counts them.
pub const ACCESS_FIELDS: &[&str] = access_fields!(names(), exchange, ended);

/// Is shown the fields of an access line. `index` counts in [`ACCESS_FIELDS`], and `name` is the name there as JSON has it
/// between two members: `,"name":`.
pub trait AccessVisitor {
    /// A text.
    fn text<const N: usize>(&mut self, index: usize, name: &[u8; N], value: &str);
    /// ASCII in which nothing needs escaping: an id, or a name from a closed set.
    fn plain<const N: usize>(&mut self, index: usize, name: &[u8; N], value: &[u8]);
    /// A whole number.
    fn number<const N: usize>(&mut self, index: usize, name: &[u8; N], value: u64);
    /// A time, in microseconds; the event has milliseconds.
    fn micros<const N: usize>(&mut self, index: usize, name: &[u8; N], value: u64);
    /// Yes or no.
    fn flag<const N: usize>(&mut self, index: usize, name: &[u8; N], value: bool);
}

macro_rules! show {
    ($visitor:ident, $ended:ident, $($kind:ident $name:ident = $value:expr,)+) => {{
        let mut index = 0;
        $(
            if let Some(value) = Field::from($value).0 {
                const NAME: &str = concat!(",\"", stringify!($name), "\":");
                const BYTES: &[u8; NAME.len()] = NAME.as_bytes().first_chunk().expect("it is as long as itself");
                show_one!($kind, $visitor, (index, BYTES), value);
            }
            index += 1;
        )+
        let _ = index;
    }};
}

macro_rules! show_one {
    (millis, $visitor:ident, ($($field:tt)+), $value:ident) => { $visitor.micros($($field)+, micros($value)) };
    (number, $visitor:ident, ($($field:tt)+), $value:ident) => { $visitor.number($($field)+, $value.into()) };
    (ip, $visitor:ident, ($($field:tt)+), $value:ident) => { $visitor.plain($($field)+, IpText::of($value).as_bytes()) };
    (text, $visitor:ident, ($($field:tt)+), $value:ident) => { $visitor.text($($field)+, $value) };
    (flag, $visitor:ident, ($($field:tt)+), $value:ident) => { $visitor.flag($($field)+, $value) };
    ($ascii:ident, $visitor:ident, ($($field:tt)+), $value:ident) => { $visitor.plain($($field)+, $value.as_bytes()) };
}

/// A value of the table: there, or not.
struct Field<T>(Option<T>);

impl<T> From<Option<T>> for Field<T> {
    #[inline]
    fn from(value: Option<T>) -> Self {
        Self(value)
    }
}

macro_rules! fields {
    ($($type:ty),+) => {$(
        impl<'a> From<$type> for Field<$type> {
            #[inline]
            fn from(value: $type) -> Self {
                Self(Some(value))
            }
        }
    )+};
}

fields!(&'a str, &'a RequestId, IdText, u64, Duration);

/// Shows the fields that the access event of this exchange has, in the same order and with the same values.
#[inline]
pub fn visit_access_fields(exchange: &Exchange, ended: &Ended, visitor: &mut impl AccessVisitor) {
    access_fields!(show(visitor), exchange, ended);
}

/// Milliseconds, as the event has them: whole microseconds, so that the text is short.
pub(crate) trait Milliseconds {
    /// One number, or none.
    type Value;
    fn milliseconds(self) -> Self::Value;
}

impl Milliseconds for Duration {
    type Value = f64;

    fn milliseconds(self) -> f64 {
        micros(self) as f64 / 1000.0
    }
}

impl Milliseconds for Option<Duration> {
    type Value = Option<f64>;

    fn milliseconds(self) -> Option<f64> {
        self.map(Milliseconds::milliseconds)
    }
}

#[inline]
fn micros(time: Duration) -> u64 {
    time.as_secs() * 1_000_000 + u64::from(time.subsec_micros())
}

pub(crate) fn text(body: &BodyCapture) -> Option<&str> {
    Some(body.text.as_str()).filter(|text| !text.is_empty())
}

pub(crate) fn header_lines(headers: &HeaderList) -> String {
    let mut lines = String::new();
    for (name, value) in headers {
        let separator = if lines.is_empty() { "" } else { "\n" };
        write!(lines, "{separator}{name}: {value}").expect("a String takes all");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_microseconds() {
        assert_eq!(Duration::from_nanos(1_234_567).milliseconds().to_string(), "1.234");
    }

    #[test]
    fn every_field_stands_in_the_documented_table() {
        let table = include_str!("names.rs");
        for name in ACCESS_FIELDS {
            assert!(table.contains(&format!("//! | `{name}` |")), "{name} is not documented");
        }
    }
}
