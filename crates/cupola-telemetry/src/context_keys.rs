//! Context fields on a line: each name is encoded and judged once per thread.

use std::borrow::Cow;

use cupola_context::{Amount, Context, FieldValue, IdText, Scope, SpanId, TraceId, Traceparent};
use cupola_line::{EncodedKey, Key, LineWriter, keys};
use cupola_redact::{End, KeyPolicy, Verdict};
use rustc_hash::FxHashMap;

/// The most names that are held. Context names come from code as a rule; where a stranger makes them, they are judged
/// anew sooner than remembered.
const MAX: usize = 256;

/// A longer name is not held.
const MAX_NAME: usize = 128;

const REQUEST_ID: Key<'static> = Key::new(keys::REQUEST_ID);
const TRACE_ID: Key<'static> = Key::new(keys::TRACE_ID);
const SPAN_ID: Key<'static> = Key::new(keys::SPAN_ID);

/// The flags of the request's trace, two hex digits, on lines that are exported.
pub(crate) const TRACE_FLAGS: &str = "trace_flags";
const DROPPED_CONTEXT_FIELDS: Key<'static> = Key::new(keys::DROPPED_CONTEXT_FIELDS);

/// Names that were judged by one policy.
#[derive(Debug, Default)]
pub(crate) struct ContextKeys(FxHashMap<Cow<'static, str>, (EncodedKey, Verdict)>);

impl ContextKeys {
    /// Writes what the request's handlers have said of it, and how much of that found no room.
    pub(crate) fn write(&mut self, line: &mut LineWriter<'_>, context: &Context, policy: &KeyPolicy) {
        if !context.has_notes() {
            return;
        }
        // Before the fields: one of this name must not speak for it.
        match context.dropped_fields() {
            0 => {}
            dropped => line.u64(DROPPED_CONTEXT_FIELDS, dropped),
        }
        context.each_field(|name, value| {
            self.judged(name, policy, |key, verdict| write_field(line, key, verdict, value, policy));
        });
    }

    /// Writes what the work that is being done has said of itself. Fields that had no room are counted with the context's.
    pub(crate) fn write_scope(&mut self, line: &mut LineWriter<'_>, scope: &Scope, policy: &KeyPolicy) {
        match scope.dropped_fields() {
            0 => {}
            dropped => {
                let of_context = cupola_context::current().map_or(0, |context| context.dropped_fields());
                line.u64(DROPPED_CONTEXT_FIELDS, dropped + of_context);
            }
        }
        scope.each_field(|name, value| {
            self.judged(name, policy, |key, verdict| write_field(line, key, verdict, value, policy));
        });
    }

    /// Writes the sums of the request.
    pub(crate) fn write_totals(&mut self, line: &mut LineWriter<'_>, context: &Context, policy: &KeyPolicy) {
        if !context.has_notes() {
            return;
        }
        context.each_total(|name, sum| {
            self.judged(name, policy, |key, verdict| match sum {
                _ if verdict == Verdict::Mask => line.redacted(key),
                Amount::Whole(number) => line.u64(key, number),
                number => line.f64(key, number.as_f64()),
            });
        });
    }

    #[expect(clippy::ptr_arg, reason = "a name that is code is kept as it is: no allocation")]
    fn judged(&mut self, name: &Cow<'static, str>, policy: &KeyPolicy, show: impl FnOnce(Key<'_>, Verdict)) {
        if let Some((key, verdict)) = self.0.get(&**name) {
            return show(key.key(), *verdict);
        }
        let verdict = policy.verdict(name);
        show(Key::new(name), verdict);
        if name.len() <= MAX_NAME {
            if self.0.len() >= MAX {
                self.0.clear();
            }
            self.0.insert(name.clone(), (EncodedKey::new(name), verdict));
        }
    }
}

/// Writes who the request is.
pub(crate) fn write_ids(line: &mut LineWriter<'_>, context: &Context) {
    line.plain(REQUEST_ID, context.request_id().as_bytes());
    line.plain(TRACE_ID, context.traceparent().trace_id().as_bytes());
    line.plain(SPAN_ID, innermost_span(context).as_bytes());
}

/// The span that is innermost here, else the request's own.
pub(crate) fn innermost_span(context: &Context) -> IdText {
    context.innermost_span().map_or_else(|| context.traceparent().span_id(), SpanId::text)
}

/// Writes the flags of the request's trace: a collector keeps them with the ids.
pub(crate) fn write_flags(line: &mut LineWriter<'_>, context: &Context) {
    const KEY: Key<'static> = Key::new(TRACE_FLAGS);
    line.plain(KEY, trace_flags(context.traceparent()));
}

/// Two hex digits.
pub(crate) fn trace_flags(traceparent: &Traceparent) -> &[u8] {
    &traceparent.as_str().as_bytes()[FLAGS_AT..]
}

/// Where they stand in a `traceparent`.
const FLAGS_AT: usize = 53;

/// Writes where a line belongs that is of no request: to a span of its own.
pub(crate) fn write_span(line: &mut LineWriter<'_>, (trace, span): (TraceId, SpanId)) {
    line.plain(TRACE_ID, trace.text().as_bytes());
    line.plain(SPAN_ID, span.text().as_bytes());
}

fn write_field(line: &mut LineWriter<'_>, key: Key<'_>, verdict: Verdict, value: &FieldValue, policy: &KeyPolicy) {
    let number = matches!(value, FieldValue::I64(_) | FieldValue::U64(_) | FieldValue::F64(_));
    let shown = verdict == Verdict::Keep || (number && verdict == Verdict::MaskUnlessNumber);
    match value {
        FieldValue::Bool(flag) => line.bool(key, *flag),
        _ if !shown => line.redacted(key),
        FieldValue::Str(text) => line.str(key, &policy.free_text(text, End::Complete)),
        FieldValue::I64(number) => line.i64(key, *number),
        FieldValue::U64(number) => line.u64(key, *number),
        FieldValue::F64(number) => line.f64(key, *number),
        other => line.display(key, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_strangers_are_not_held() {
        let (mut held, policy) = (ContextKeys::default(), KeyPolicy::default());
        let mut judge = |name: String, expected| {
            held.judged(&name.into(), &policy, |_, verdict| assert_eq!(verdict, expected));
            held.0.len()
        };
        assert_eq!(judge(format!("{}_password", "x".repeat(MAX_NAME)), Verdict::Mask), 0);
        assert_eq!(judge("x".repeat(MAX_NAME), Verdict::Keep), 1);
        for number in 0..3 * MAX {
            assert!(judge(format!("name {number}"), Verdict::Keep) <= MAX);
        }
    }
}
