//! The fields of a call's line: one table for the `tracing` event and for whoever writes the line without one.

use crate::attempt::Attempt;
use crate::call::Call;
use crate::call_ended::CallEnded;
use crate::line_fields::{LineVisitor, names, show};

/// Hands the table to another macro, as [`crate::line_fields`] says. What the fields are stands at [`crate::CallLog`].
macro_rules! call_fields {
    ($with:ident($($arguments:tt)*), $call:ident, $ended:ident) => {
        $with! {
            $($arguments)*, $ended,
            text dependency = $call.dependency.as_deref(),
            text method = $call.method_label(),
            text url_template = $call.template.as_deref(),
            text host = $call.host(),
            text path = $call.path(),
            text query = $call.query(),
            number status = $ended.status().map(|status| status.as_u16()),
            plain outcome = $ended.outcome.as_str(),
            plain error_type = $ended.error_type($call),
            plain stop_reason = $ended.stopped.map($crate::StopReason::as_str),
            number attempts = $ended.attempts_known.then_some($ended.attempt_count),
            text attempt_log = $crate::call_fields::attempt_log($ended).as_deref(),
            millis dns_ms = $crate::call_fields::last($ended).and_then(|attempt| attempt.dns),
            millis connect_ms = $crate::call_fields::last($ended).and_then(|attempt| attempt.connect),
            millis head_ms = $ended.head(),
            millis duration_ms = $ended.total,
            number request_bytes = $ended.request_bytes,
            number response_bytes = $ended.status().map(|_| $ended.response_bytes),
            text request_headers = $call.headers.as_deref().map($crate::line_fields::header_lines).as_deref(),
            text response_headers = $ended.headers.as_deref().map($crate::line_fields::header_lines).as_deref(),
            text request_body = $ended.request_body.as_deref().and_then($crate::line_fields::text),
            plain request_body_state = $ended.request_body.as_deref().map(|body| body.state.as_str()),
            text response_body = $ended.response_body.as_deref().and_then($crate::line_fields::text),
            plain response_body_state = $ended.response_body.as_deref().map(|body| body.state.as_str()),
        }
    };
}
pub(crate) use call_fields;

/// The names of the fields of a call's line, in order, as [`visit_call_fields`] counts them.
pub const CALL_FIELDS: &[&str] = call_fields!(names(), call, ended);

/// Shows the fields that the event of this call has, in the same order and with the same values.
#[inline]
pub fn visit_call_fields(call: &Call, ended: &CallEnded, visitor: &mut impl LineVisitor) {
    call_fields!(show(visitor), call, ended);
}

pub(crate) fn last(ended: &CallEnded) -> Option<&Attempt> {
    ended.attempts.last()
}

pub(crate) fn attempt_log(ended: &CallEnded) -> Option<String> {
    let lines = || ended.attempts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    (ended.attempts.len() > 1).then(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stands_in_the_documented_table() {
        let rows: Vec<&str> = include_str!("call_log.rs").lines().filter(|line| line.starts_with("/// | `")).collect();
        for name in CALL_FIELDS {
            assert!(rows.iter().any(|row| row.contains(&format!("`{name}`"))), "{name} is not documented");
        }
    }
}
