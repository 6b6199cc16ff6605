//! The fields of an access line: one table for the `tracing` event and for whoever writes the line without one.

use crate::ended::Ended;
use crate::exchange::Exchange;
use crate::line_fields::{LineVisitor, names, show};

/// Hands the table to another macro, as [`crate::line_fields`] says. The names are those of [`crate::names`].
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
            text request_headers = $exchange.headers.as_deref().map($crate::line_fields::header_lines).as_deref(),
            text response_headers = $ended.headers.as_deref().map($crate::line_fields::header_lines).as_deref(),
            text request_body = $ended.bodies.as_deref().and_then(|bodies| $crate::line_fields::text(&bodies.request)),
            plain request_body_state = $ended.bodies.as_deref().map(|bodies| bodies.request.state.as_str()),
            text response_body = $ended.bodies.as_deref().and_then(|bodies| $crate::line_fields::text(&bodies.response)),
            plain response_body_state = $ended.bodies.as_deref().map(|bodies| bodies.response.state.as_str()),
        }
    };
}
pub(crate) use access_fields;

/// The names of an access line's fields, in order, as [`visit_access_fields`] counts them.
pub const ACCESS_FIELDS: &[&str] = access_fields!(names(), exchange, ended);

/// Shows the fields that the access event of this exchange has, in the same order and with the same values.
#[inline]
pub fn visit_access_fields(exchange: &Exchange, ended: &Ended, visitor: &mut impl LineVisitor) {
    access_fields!(show(visitor), exchange, ended);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stands_in_the_documented_table() {
        let table = include_str!("names.rs");
        for name in ACCESS_FIELDS {
            assert!(table.contains(&format!("//! | `{name}` |")), "{name} is not documented");
        }
    }
}
