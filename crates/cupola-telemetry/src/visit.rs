//! From `tracing`'s values to a line's fields, under the key policy: by their names, and texts by what they hold.

use std::borrow::Cow;
use std::fmt;

use cupola_line::{EncodedFields, EncodedKey, Ending, FieldValue, LineWriter};
use cupola_redact::Verdict;
use tracing_core::Field;
use tracing_core::field::Visit;

use crate::callsite::{Plan, Slot};
use crate::texts::Texts;

/// Writes an event's fields into its line.
pub(crate) struct EventFields<'a, 'l> {
    pub(crate) line: &'a mut LineWriter<'l>,
    pub(crate) plan: &'a Plan,
    pub(crate) texts: Texts<'a>,
}

/// Encodes a span's fields, for every line inside it.
pub(crate) struct SpanFields<'a> {
    pub(crate) fields: &'a mut EncodedFields,
    pub(crate) plan: &'a Plan,
    pub(crate) texts: Texts<'a>,
}

/// Reads the one field that belongs into the envelope.
pub(crate) struct CategoryOf<'a> {
    pub(crate) index: usize,
    pub(crate) text: Option<String>,
    pub(crate) texts: Texts<'a>,
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

    /// Writes a text, which is made only where it is shown.
    fn text<'t>(&'t mut self, field: &Field, text: impl FnOnce(&'t mut Texts<'a>) -> (Cow<'t, str>, Ending)) {
        match self.key(field) {
            Some((key, Verdict::Keep)) => {
                let (text, ending) = text(&mut self.texts);
                self.line.text(key.key(), &text, ending);
            }
            Some((key, _)) => self.line.redacted(key.key()),
            None if self.is_message(field) => {
                let (text, ending) = text(&mut self.texts);
                self.line.message_text(&text, ending);
            }
            None => {}
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
        self.text(field, |texts| texts.str(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, |texts| texts.debug(value));
    }
}

impl<'a> SpanFields<'a> {
    fn set(&mut self, field: &Field, value: FieldValue<'_>) {
        if let Some(Slot::Field(key, verdict)) = self.plan.fields.get(field.index()) {
            let masked = is_masked(*verdict, true);
            self.fields.set(key.key(), if masked { FieldValue::Redacted } else { value });
        }
    }

    /// Sets a text, which is made only where it is shown.
    fn text<'t>(&'t mut self, field: &Field, text: impl FnOnce(&'t mut Texts<'a>) -> (Cow<'t, str>, Ending)) {
        match self.plan.fields.get(field.index()) {
            Some(Slot::Field(key, Verdict::Keep)) => {
                let (text, ending) = text(&mut self.texts);
                self.fields.set(key.key(), FieldValue::Text(&text, ending));
            }
            Some(Slot::Field(key, _)) => self.fields.set(key.key(), FieldValue::Redacted),
            _ => {}
        }
    }
}

impl Visit for SpanFields<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, FieldValue::I64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, FieldValue::U64(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, FieldValue::F64(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, FieldValue::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, |texts| texts.str(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, |texts| texts.debug(value));
    }
}

impl Visit for CategoryOf<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.index() == self.index {
            self.text = Some(self.texts.str(value).0.into_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.index() == self.index {
            self.text = Some(self.texts.debug(value).0.into_owned());
        }
    }
}
