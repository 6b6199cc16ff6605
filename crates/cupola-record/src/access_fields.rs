//! The fields of an access line: one table for the `tracing` event and for whoever writes the line without one.

use std::fmt::{Display, Write as _};
use std::net::IpAddr;
use std::time::Duration;

use crate::body::BodyCapture;
use crate::ended::Ended;
use crate::exchange::{Exchange, HeaderList};

/// Hands the table to another macro: its arguments, then `name = value,` for each field. The names are those of
/// [`crate::names`]; a value that is `None` is no field.
macro_rules! access_fields {
    ($with:ident($($arguments:tt)*), $exchange:ident, $ended:ident) => {
        $with! {
            $($arguments)*, $ended,
            method = $exchange.method_label(),
            route = $ended.route.as_deref(),
            path = $exchange.path(),
            status = $ended.status.map(|status| status.as_u16()),
            duration_ms = $crate::access_fields::milliseconds($ended.total),
            head_ms = $ended.head.map($crate::access_fields::milliseconds),
            outcome = $ended.outcome.as_str(),
            error_type = $ended.error_type(),
            error = $ended.error.as_ref().map(|text| text.as_str()),
            slow = $ended.slow.then_some(true),
            grpc_status = $ended.grpc_status.map(|status| status.code()),
            request_bytes = $ended.request_bytes,
            response_bytes = $ended.response_bytes,
            query = $exchange.query(),
            client_ip = $exchange.context.client_ip().map(tracing::field::display),
            user_agent = $exchange.user_agent(),
            host = $exchange.host(),
            scheme = $exchange.scheme,
            protocol = $crate::exchange::protocol_name($exchange.version),
            request_id = $exchange.context.request_id().as_str(),
            trace_id = $exchange.context.traceparent().trace_id(),
            span_id = $exchange.context.traceparent().span_id(),
            parent_span_id = $exchange.context.parent_span().map(|span| span.text()).as_deref(),
            linked_trace_id = $exchange.context.linked().map(|trace| trace.trace_id.text()).as_deref(),
            client_request_id = $exchange.client_request_id(),
            method_original = $exchange.method_original(),
            request_headers = $exchange.headers.as_deref().map($crate::access_fields::header_lines).as_deref(),
            response_headers = $ended.headers.as_deref().map($crate::access_fields::header_lines).as_deref(),
            request_body = $ended.bodies.as_deref().and_then(|bodies| $crate::access_fields::text(&bodies.request)),
            request_body_state = $ended.bodies.as_deref().map(|bodies| bodies.request.state.as_str()),
            response_body = $ended.bodies.as_deref().and_then(|bodies| $crate::access_fields::text(&bodies.response)),
            response_body_state = $ended.bodies.as_deref().map(|bodies| bodies.response.state.as_str()),
        }
    };
}
pub(crate) use access_fields;

macro_rules! names {
    (, $ended:ident, $($name:ident = $value:expr,)+) => { &[$(stringify!($name)),+] };
}

/// The names of an access line's fields, in order, as [`visit_access_fields`] counts them.
pub const ACCESS_FIELDS: &[&str] = access_fields!(names(), exchange, ended);

/// Is shown the fields of an access line. `index` counts in [`ACCESS_FIELDS`].
pub trait AccessVisitor {
    /// A text.
    fn str(&mut self, index: usize, value: &str);
    /// A whole number.
    fn u64(&mut self, index: usize, value: u64);
    /// A number.
    fn f64(&mut self, index: usize, value: f64);
    /// Yes or no.
    fn bool(&mut self, index: usize, value: bool);
    /// Whatever can be displayed.
    fn display(&mut self, index: usize, value: &dyn Display);
}

macro_rules! show {
    ($visitor:ident, $ended:ident, $($name:ident = $value:expr,)+) => {{
        let mut index = 0;
        $(
            Shown::show($value, index, $visitor);
            index += 1;
        )+
        let _ = index;
    }};
}

/// Shows the fields that the access event of this exchange has, in the same order and with the same values.
#[inline]
pub fn visit_access_fields(exchange: &Exchange, ended: &Ended, visitor: &mut impl AccessVisitor) {
    access_fields!(show(visitor), exchange, ended);
}

/// A value of the table, as a visitor is shown it.
trait Shown {
    fn show(self, index: usize, visitor: &mut impl AccessVisitor);
}

macro_rules! shown {
    ($($type:ty, $method:ident, $value:ident => $as:expr;)+) => {$(
        impl Shown for $type {
            #[inline]
            fn show(self, index: usize, visitor: &mut impl AccessVisitor) {
                let $value = self;
                visitor.$method(index, $as);
            }
        }
    )+};
}

shown! {
    &str, str, text => text;
    u16, u64, number => number.into();
    u64, u64, number => number;
    f64, f64, number => number;
    bool, bool, flag => flag;
    tracing::field::DisplayValue<IpAddr>, display, value => &value;
}

impl<T: Shown> Shown for Option<T> {
    #[inline]
    fn show(self, index: usize, visitor: &mut impl AccessVisitor) {
        if let Some(value) = self {
            value.show(index, visitor);
        }
    }
}

/// Whole microseconds, so that the text is short.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs() * 1_000_000 + u64::from(time.subsec_micros())) as f64 / 1000.0
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
        assert_eq!(milliseconds(Duration::from_nanos(1_234_567)).to_string(), "1.234");
    }

    #[test]
    fn every_field_stands_in_the_documented_table() {
        let table = include_str!("names.rs");
        for name in ACCESS_FIELDS {
            assert!(table.contains(&format!("//! | `{name}` |")), "{name} is not documented");
        }
    }
}
