//! The access line's short way: from the record into the line, where nobody else could see the event in between.

use std::fmt::Display;

use cupola_line::{EncodedEnvelope, EncodedKey, Envelope, LineWriter};
use cupola_record::{
    ACCESS_FIELDS, AccessLog, AccessVisitor, Category, Duties, Ended, Exchange, Record, Sink, TARGET,
    visit_access_fields,
};
use cupola_redact::{KeyPolicy, Verdict};
use tracing::{Dispatch, Level};

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
                !self.0.keeps(exchange, ended)
                    || !is_enabled(ended.level())
                    || tracing::dispatcher::get_default(|here| write(here, exchange, ended))
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
fn write(here: &Dispatch, exchange: &Exchange, ended: &Ended) -> bool {
    let layer = here.downcast_ref::<LineLayer>().filter(|layer| layer.is_alone());
    let in_span = || here.current_span().id().is_some();
    let layer = layer.filter(|_| !in_span());
    layer.inspect(|layer| layer.write_exchange(exchange, ended)).is_some()
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

/// What is decided once: the envelopes, and which fields are masked.
#[derive(Debug)]
pub(crate) struct AccessPlan {
    envelopes: [(Level, EncodedEnvelope); 5],
    fields: Box<[(EncodedKey, Verdict)]>,
}

impl AccessPlan {
    pub(crate) fn new(policy: &KeyPolicy) -> Self {
        let levels = [Level::INFO, Level::WARN, Level::ERROR, Level::DEBUG, Level::TRACE];
        let envelope = |level: Level| {
            let category = Category::Api.as_str();
            (level, EncodedEnvelope::new(&Envelope { level: level.as_str(), target: TARGET, category }))
        };
        let fields = ACCESS_FIELDS.iter().map(|name| (EncodedKey::new(name), policy.verdict(name)));
        Self { envelopes: levels.map(envelope), fields: fields.collect() }
    }

    pub(crate) fn envelope(&self, level: Level) -> &EncodedEnvelope {
        let known = self.envelopes.iter().find(|(known, _)| *known == level);
        &known.unwrap_or(&self.envelopes[0]).1
    }

    pub(crate) fn write(&self, line: &mut LineWriter<'_>, exchange: &Exchange, ended: &Ended) {
        line.message(ended.outcome.message());
        visit_access_fields(exchange, ended, &mut Fields { line, fields: &self.fields });
    }
}

struct Fields<'a, 'l> {
    line: &'a mut LineWriter<'l>,
    fields: &'a [(EncodedKey, Verdict)],
}

macro_rules! visit {
    ($($method:ident($type:ty) $number:literal;)+) => {$(
        #[inline]
        fn $method(&mut self, index: usize, value: $type) {
            let (key, verdict) = &self.fields[index];
            match verdict {
                Verdict::Keep => self.line.$method(key.key(), value),
                Verdict::MaskUnlessNumber if $number => self.line.$method(key.key(), value),
                _ => self.line.redacted(key.key()),
            }
        }
    )+};
}

impl AccessVisitor for Fields<'_, '_> {
    visit! {
        str(&str) false;
        u64(u64) true;
        f64(f64) true;
        display(&dyn Display) false;
    }

    #[inline]
    fn bool(&mut self, index: usize, value: bool) {
        self.line.bool(self.fields[index].0.key(), value);
    }
}
