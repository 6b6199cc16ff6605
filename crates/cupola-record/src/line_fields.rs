//! What a table of a line's fields is used for: the `tracing` event, and the line of whoever writes it without one.
//!
//! A table is a macro that hands another one, with its arguments, the record's end and `kind name = value,` for each field. A value
//! that is `None` is no field. The kinds are `text`; `plain`, a text that goes into a JSON string unchanged, and so do `id` and
//! `digits`, which may be absent; `ip`, an address; `number`; `millis`, a time; and `flag`.

use std::fmt::Write as _;
use std::time::Duration;

use cupola_context::{IdText, RequestId};

use crate::body::BodyCapture;
use crate::header_list::HeaderList;

/// Is shown the fields of a line. `index` counts in the line's list of names, and `name` is the name there as JSON has it between
/// two members: `,"name":`.
pub trait LineVisitor {
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

macro_rules! names {
    (, $ended:ident, $($kind:ident $name:ident = $value:expr,)+) => { &[$(stringify!($name)),+] };
}
pub(crate) use names;

macro_rules! show {
    ($visitor:ident, $ended:ident, $($kind:ident $name:ident = $value:expr,)+) => {{
        let mut index = 0;
        $(
            if let Some(value) = $crate::line_fields::Field::from($value).0 {
                const NAME: &str = concat!(",\"", stringify!($name), "\":");
                const BYTES: &[u8; NAME.len()] = NAME.as_bytes().first_chunk().expect("it is as long as itself");
                $crate::line_fields::show_one!($kind, $visitor, (index, BYTES), value);
            }
            index += 1;
        )+
        let _ = index;
    }};
}
pub(crate) use show;

macro_rules! show_one {
    (millis, $visitor:ident, ($($field:tt)+), $value:ident) => { $visitor.micros($($field)+, $crate::line_fields::micros($value)) };
    (number, $visitor:ident, ($($field:tt)+), $value:ident) => { $visitor.number($($field)+, $value.into()) };
    (ip, $visitor:ident, ($($field:tt)+), $value:ident) => { $visitor.plain($($field)+, $crate::ip_text::IpText::of($value).as_bytes()) };
    (text, $visitor:ident, ($($field:tt)+), $value:ident) => { $visitor.text($($field)+, $value) };
    (flag, $visitor:ident, ($($field:tt)+), $value:ident) => { $visitor.flag($($field)+, $value) };
    ($ascii:ident, $visitor:ident, ($($field:tt)+), $value:ident) => { $visitor.plain($($field)+, $value.as_bytes()) };
}
pub(crate) use show_one;

/// A value of the table: there, or not.
pub(crate) struct Field<T>(pub(crate) Option<T>);

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

macro_rules! event {
    ($target:expr, $level:expr, $ended:ident, $($kind:ident $name:ident = $value:expr,)+) => {
        tracing::event!(
            target: $target, $level, message = $ended.outcome.message(), $($name = $crate::line_fields::in_event!($kind, $value),)+
        )
    };
}
pub(crate) use event;

macro_rules! in_event {
    (millis, $value:expr) => {
        $crate::line_fields::Milliseconds::milliseconds($value)
    };
    (ip, $value:expr) => {
        $value.map(tracing::field::display)
    };
    (id, $value:expr) => {
        $value.as_str()
    };
    (digits, $value:expr) => {
        $value.as_deref()
    };
    ($kind:ident, $value:expr) => {
        $value
    };
}
pub(crate) use in_event;

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
pub(crate) fn micros(time: Duration) -> u64 {
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
}
