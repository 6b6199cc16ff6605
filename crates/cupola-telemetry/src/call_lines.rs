//! The short way of a call's line: from the record into the line, where nobody else could see the event in between.

use cupola_context::Context;
use cupola_line::keys;
use cupola_record::{CALL_FIELDS, CALL_TARGET, CallLog, CallOutcome, Duties, ErrorKind, Record, Sink};
use cupola_redact::KeyPolicy;
use tracing::Level;

use crate::context_keys::innermost_span;
use crate::known_lines::{Fields, KnownLines, past_the_event};
use crate::line_layer::LineLayer;

/// Writes calls as [`CallLog`] does, and cheaper where the subscriber is the one of a [`crate::Telemetry`].
///
/// Elsewhere, inside a span, and where lines are held back or counted in one another, it *is* a [`CallLog`]: the line is the
/// same, a test holds them together.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallLines(CallLog);

impl CallLines {
    /// The same lines as this log's.
    pub const fn new(log: CallLog) -> Self {
        Self(log)
    }
}

impl Sink for CallLines {
    fn record(&self, record: Record<'_>) {
        let Record::Call(call, ended) = record else { return };
        if !self.0.keeps(call, ended) {
            return;
        }
        let level = ended.level(call);
        let write = |layer: &LineLayer| call.within(|| layer.write_call(level, call, ended));
        if is_enabled(level) && !past_the_event(LineLayer::takes_calls, write) {
            self.0.record(record);
        }
    }

    fn duties(&self) -> Duties {
        self.0.duties()
    }
}

/// A level is part of a callsite, and each keeps by itself whether anybody listens.
fn is_enabled(level: Level) -> bool {
    match level {
        Level::ERROR => tracing::enabled!(target: CALL_TARGET, Level::ERROR),
        Level::WARN => tracing::enabled!(target: CALL_TARGET, Level::WARN),
        _ => tracing::enabled!(target: CALL_TARGET, Level::INFO),
    }
}

/// What is decided once of the lines of calls.
pub(crate) fn call_lines(policy: &KeyPolicy) -> KnownLines {
    let outcomes = [
        CallOutcome::Complete,
        CallOutcome::Failed(ErrorKind::Connect),
        CallOutcome::DroppedBeforeHead,
        CallOutcome::DroppedMidBody,
    ];
    KnownLines::new(CALL_TARGET, &outcomes.map(CallOutcome::message), CALL_FIELDS, &IDS, policy)
}

/// They follow the fields of the call.
const IDS: [&str; 3] = [keys::REQUEST_ID, keys::TRACE_ID, keys::SPAN_ID];

/// Writes who the request is, on whose behalf the call was made.
pub(crate) fn write_ids(fields: &mut Fields<'_, '_, '_>, context: &Context) {
    let (line, at) = (&mut *fields.line, CALL_FIELDS.len());
    line.plain(at, br#","request_id":"#, context.request_id().as_bytes());
    line.plain(at + 1, br#","trace_id":"#, context.traceparent().trace_id().as_bytes());
    line.plain(at + 2, br#","span_id":"#, innermost_span(context).as_bytes());
}
