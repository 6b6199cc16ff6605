//! From `tracing`'s values to a line's fields, under the key policy.

use std::fmt;

use cupola_line::{EncodedFields, EncodedKey, FieldValue, LineWriter};
use cupola_redact::Verdict;
use tracing_core::Field;
use tracing_core::field::Visit;

use crate::callsite::{Plan, Slot};

/// Writes an event's fields into its line.
pub(crate) struct EventFields<'a, 'l> {
    pub(crate) line: &'a mut LineWriter<'l>,
    pub(crate) plan: &'a Plan,
}

/// Encodes a span's fields, for every line inside it.
pub(crate) struct SpanFields<'a> {
    pub(crate) fields: &'a mut EncodedFields,
    pub(crate) plan: &'a Plan,
}

/// Reads the one field that belongs into the envelope.
#[derive(Default)]
pub(crate) struct CategoryOf {
    pub(crate) index: usize,
    pub(crate) text: Option<String>,
}

/// `null`, `true` and `false` tell no secret; a number may stand under a plural such as `tokens`.
fn is_masked(verdict: Verdict, is_number: bool) -> bool {
    match verdict {
        Verdict::Keep => false,
        Verdict::MaskUnlessNumber => !is_number,
        _ => true,
    }
}

macro_rules! event_value {
    ($($record:ident($type:ty) $write:ident $number:literal;)+) => {$(
        fn $record(&mut self, field: &Field, value: $type) {
            if let Some((key, verdict)) = self.key(field) {
                if is_masked(verdict, $number) {
                    return self.line.redacted(key.key());
                }
                self.line.$write(key.key(), value);
            }
        }
    )+};
}

impl<'a> EventFields<'a, '_> {
    /// The field's key; `None` for what has its place in the envelope.
    fn key(&self, field: &Field) -> Option<(&'a EncodedKey, Verdict)> {
        match self.plan.fields.get(field.index()) {
            Some(Slot::Field(key, verdict)) => Some((key, *verdict)),
            _ => None,
        }
    }

    fn is_message(&self, field: &Field) -> bool {
        matches!(self.plan.fields.get(field.index()), Some(Slot::Message))
    }
}

impl Visit for EventFields<'_, '_> {
    event_value! {
        record_i64(i64) i64 true;
        record_u64(u64) u64 true;
        record_i128(i128) i128 true;
        record_u128(u128) u128 true;
        record_f64(f64) f64 true;
        record_bytes(&[u8]) bytes false;
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if let Some((key, _)) = self.key(field) {
            self.line.bool(key.key(), value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match self.key(field) {
            Some((key, Verdict::Keep)) => self.line.str(key.key(), value),
            Some((key, _)) => self.line.redacted(key.key()),
            None if self.is_message(field) => self.line.message(value),
            None => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match self.key(field) {
            Some((key, Verdict::Keep)) => self.line.debug(key.key(), value),
            Some((key, _)) => self.line.redacted(key.key()),
            None if self.is_message(field) => self.line.message_fmt(format_args!("{value:?}")),
            None => {}
        }
    }
}

impl SpanFields<'_> {
    fn set(&mut self, field: &Field, is_number: bool, value: FieldValue<'_>) {
        if let Some(Slot::Field(key, verdict)) = self.plan.fields.get(field.index()) {
            let masked = is_masked(*verdict, is_number);
            self.fields.set(key.key(), if masked { FieldValue::Redacted } else { value });
        }
    }
}

impl Visit for SpanFields<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, true, FieldValue::I64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, true, FieldValue::U64(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, true, FieldValue::F64(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, true, FieldValue::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, false, FieldValue::Str(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, false, FieldValue::Debug(value));
    }
}

impl Visit for CategoryOf {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.index() == self.index {
            self.text = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.index() == self.index {
            self.text = Some(format!("{value:?}"));
        }
    }
}
