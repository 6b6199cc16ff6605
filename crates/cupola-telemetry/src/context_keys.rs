//! Context fields on a line: each name is encoded and judged once per thread.

use std::borrow::Cow;

use cupola_context::{Amount, Context, FieldValue};
use cupola_line::{EncodedKey, Key, LineWriter, keys};
use cupola_redact::{KeyPolicy, Verdict};
use rustc_hash::FxHashMap;

/// The most names that are held; context names come from code, so that this is never reached unless by mistake.
const MAX: usize = 1024;

const REQUEST_ID: Key<'static> = Key::new(keys::REQUEST_ID);
const TRACE_ID: Key<'static> = Key::new(keys::TRACE_ID);
const SPAN_ID: Key<'static> = Key::new(keys::SPAN_ID);

/// Names that were judged by one policy.
#[derive(Debug, Default)]
pub(crate) struct ContextKeys(FxHashMap<Cow<'static, str>, (EncodedKey, Verdict)>);

impl ContextKeys {
    /// Writes what the request's handlers have said of it.
    pub(crate) fn write(&mut self, line: &mut LineWriter<'_>, context: &Context, policy: &KeyPolicy) {
        context.each_field(|name, value| {
            let (key, verdict) = self.judged(name, policy);
            write_field(line, key.key(), *verdict, value);
        });
    }

    /// Writes the sums of the request.
    pub(crate) fn write_totals(&mut self, line: &mut LineWriter<'_>, context: &Context, policy: &KeyPolicy) {
        context.each_total(|name, sum| {
            let (key, verdict) = self.judged(name, policy);
            match sum {
                _ if *verdict == Verdict::Mask => line.redacted(key.key()),
                Amount::Whole(number) => line.u64(key.key(), number),
                number => line.f64(key.key(), number.as_f64()),
            }
        });
    }

    #[allow(clippy::ptr_arg, reason = "a name that is code is kept as it is: no allocation")]
    fn judged(&mut self, name: &Cow<'static, str>, policy: &KeyPolicy) -> &(EncodedKey, Verdict) {
        if self.0.len() >= MAX && !self.0.contains_key(&**name) {
            self.0.clear();
        }
        self.0.entry(name.clone()).or_insert_with(|| (EncodedKey::new(name), policy.verdict(name)))
    }
}

/// Writes who the request is.
pub(crate) fn write_ids(line: &mut LineWriter<'_>, context: &Context) {
    line.str(REQUEST_ID, context.request_id().as_str());
    line.str(TRACE_ID, context.traceparent().trace_id());
    line.str(SPAN_ID, context.traceparent().span_id());
}

fn write_field(line: &mut LineWriter<'_>, key: Key<'_>, verdict: Verdict, value: &FieldValue) {
    let number = matches!(value, FieldValue::I64(_) | FieldValue::U64(_) | FieldValue::F64(_));
    let shown = verdict == Verdict::Keep || (number && verdict == Verdict::MaskUnlessNumber);
    match value {
        FieldValue::Bool(flag) => line.bool(key, *flag),
        _ if !shown => line.redacted(key),
        FieldValue::Str(text) => line.str(key, text),
        FieldValue::I64(number) => line.i64(key, *number),
        FieldValue::U64(number) => line.u64(key, *number),
        FieldValue::F64(number) => line.f64(key, *number),
        other => line.display(key, other),
    }
}
