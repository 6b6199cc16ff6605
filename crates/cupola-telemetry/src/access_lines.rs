//! The access line's short way: from the record into the line, where nobody else could see the event in between.

use cupola_line::{EncodedHead, Envelope, KnownFields, KnownKeys, LineBuffer, LineWriter, Scratch, TimestampText};
use cupola_record::{
    ACCESS_FIELDS, AccessLog, AccessVisitor, Category, Duties, Ended, Exchange, Outcome, Record, Sink, TARGET,
    visit_access_fields,
};
use cupola_redact::{KeyPolicy, Verdict};
use tracing::{Dispatch, Level};

use crate::context_keys::{TRACE_FLAGS, trace_flags};
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
                    || tracing::dispatcher::get_default(|here| write(here, level, exchange, ended))
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

/// `false` where the event has to go the long way.
fn write(here: &Dispatch, level: Level, exchange: &Exchange, ended: &Ended) -> bool {
    let layer = here.downcast_ref::<LineLayer>().filter(|layer| layer.is_alone());
    let in_span = || here.current_span().id().is_some();
    let layer = layer.filter(|_| !in_span());
    layer.inspect(|layer| layer.write_exchange(level, exchange, ended)).is_some()
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

/// What is decided once: how lines begin, the names of their fields, and which of them are masked.
#[derive(Debug)]
pub(crate) struct AccessPlan {
    heads: Box<[(Level, Outcome, EncodedHead)]>,
    keys: KnownKeys,
    masked: Masked,
}

/// One bit for each field that the policy masks.
#[derive(Clone, Copy, Debug, Default)]
struct Masked {
    texts: u64,
    numbers: u64,
}

impl AccessPlan {
    pub(crate) fn new(policy: &KeyPolicy) -> Self {
        let levels = [Level::INFO, Level::WARN, Level::ERROR, Level::DEBUG, Level::TRACE];
        let heads =
            levels.iter().flat_map(|level| Outcome::ALL.map(|outcome| (*level, outcome, head(*level, outcome))));
        let mut masked = Masked::default();
        for (index, name) in ACCESS_FIELDS.iter().enumerate() {
            let verdict = policy.verdict(name);
            masked.texts |= u64::from(verdict != Verdict::Keep) << index;
            masked.numbers |= u64::from(verdict == Verdict::Mask) << index;
        }
        let keys = KnownKeys::new(&[ACCESS_FIELDS, &[TRACE_FLAGS]].concat());
        Self { heads: heads.collect(), keys, masked }
    }

    fn head(&self, level: Level, outcome: Outcome) -> &EncodedHead {
        let known = self.heads.iter().find(|head| head.0 == level && head.1 == outcome);
        &known.unwrap_or(&self.heads[0]).2
    }

    /// Begins the line of an exchange: everything but its context's fields. `flags` says whether its trace's are wanted.
    pub(crate) fn begin<'a>(
        &'a self,
        (buffer, scratch): (&'a mut LineBuffer, &'a mut Scratch),
        timestamp: &TimestampText,
        level: Level,
        exchange: &Exchange,
        ended: &Ended,
        flags: bool,
    ) -> LineWriter<'a> {
        let head = self.head(level, ended.outcome);
        LineWriter::begin_known(buffer, scratch, timestamp, head, &self.keys, |line| {
            visit_access_fields(exchange, ended, &mut Fields { line, masked: self.masked });
            if flags {
                let traceparent = exchange.context.traceparent();
                line.plain(ACCESS_FIELDS.len(), br#","trace_flags":"#, trace_flags(traceparent));
            }
        })
    }
}

fn head(level: Level, outcome: Outcome) -> EncodedHead {
    let envelope = Envelope { level: level.as_str(), target: TARGET, category: Category::Api.as_str() };
    EncodedHead::new(&envelope, outcome.message())
}

struct Fields<'f, 'w, 'l> {
    line: &'f mut KnownFields<'w, 'l>,
    masked: Masked,
}

macro_rules! visit {
    ($($method:ident($type:ty) $masked:ident => $write:ident;)+) => {$(
        #[inline(always)]
        fn $method<const N: usize>(&mut self, index: usize, name: &[u8; N], value: $type) {
            if self.masked.$masked & (1 << index) == 0 {
                self.line.$write(index, name, value);
            } else {
                self.line.redacted(index, name);
            }
        }
    )+};
}

impl AccessVisitor for Fields<'_, '_, '_> {
    visit! {
        text(&str) texts => str;
        plain(&[u8]) texts => plain;
        number(u64) numbers => u64;
        micros(u64) numbers => thousandths;
    }

    #[inline]
    fn flag<const N: usize>(&mut self, index: usize, name: &[u8; N], value: bool) {
        self.line.bool(index, name, value);
    }
}
