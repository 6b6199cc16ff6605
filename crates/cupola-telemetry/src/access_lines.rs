//! The access line's short way: from the record into the line, where nobody else could see the event in between.

use cupola_line::{LineBuffer, LineWriter, Scratch, TimestampText};
use cupola_record::{
    ACCESS_FIELDS, AccessLog, Duties, Ended, Exchange, Outcome, Record, Sink, TARGET, visit_access_fields,
};
use cupola_redact::KeyPolicy;
use tracing::Level;

use crate::context_keys::{TRACE_FLAGS, trace_flags};
use crate::known_lines::{KnownLines, past_the_event};
use crate::line_layer::LineLayer;

/// Writes exchanges as [`AccessLog`] does, and cheaper where the subscriber is the one of a [`crate::Telemetry`].
///
/// Elsewhere, or inside a span, it *is* an [`AccessLog`]: the line is the same, a test holds them together.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccessLines(AccessLog);

impl AccessLines {
    /// The same lines as this log's.
    pub const fn new(log: AccessLog) -> Self {
        Self(log)
    }
}

impl Sink for AccessLines {
    fn opened(&self, exchange: &Exchange) {
        self.0.opened(exchange);
    }

    fn record(&self, record: Record<'_>) {
        let written = match record {
            Record::Exchange(exchange, ended) if !exchange.served.contains(Duties::LOG) => {
                let level = ended.level();
                !self.0.keeps(exchange, ended)
                    || !is_enabled(level)
                    || past_the_event(LineLayer::is_alone, |layer| layer.write_exchange(level, exchange, ended))
            }
            _ => false,
        };
        if !written {
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
        Level::ERROR => tracing::enabled!(target: TARGET, Level::ERROR),
        Level::WARN => tracing::enabled!(target: TARGET, Level::WARN),
        Level::INFO => tracing::enabled!(target: TARGET, Level::INFO),
        Level::DEBUG => tracing::enabled!(target: TARGET, Level::DEBUG),
        Level::TRACE => tracing::enabled!(target: TARGET, Level::TRACE),
    }
}

/// What is decided once of access lines.
pub(crate) fn access_lines(policy: &KeyPolicy) -> KnownLines {
    KnownLines::new(TARGET, &Outcome::ALL.map(Outcome::message), ACCESS_FIELDS, &[TRACE_FLAGS], policy)
}

/// Begins the line of an exchange: everything but its context's fields. `flags` says whether its trace's are wanted.
pub(crate) fn begin<'a>(
    lines: &'a KnownLines,
    memory: (&'a mut LineBuffer, &'a mut Scratch),
    timestamp: &TimestampText,
    level: Level,
    (exchange, ended): (&Exchange, &Ended),
    flags: bool,
) -> LineWriter<'a> {
    lines.begin(memory, timestamp, (level, ended.outcome.message()), |fields| {
        visit_access_fields(exchange, ended, fields);
        if flags {
            let traceparent = exchange.context.traceparent();
            fields.line.plain(ACCESS_FIELDS.len(), br#","trace_flags":"#, trace_flags(traceparent));
        }
    })
}
