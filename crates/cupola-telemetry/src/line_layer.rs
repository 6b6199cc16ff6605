//! The `tracing` layer: every event becomes one line, with its spans' and its request's fields.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use cupola_context::{Context, SpanLookup, current, with_scope};
use cupola_line::{EncodedFields, Formatted, LineWriter, Written};
use cupola_record::{Call, CallEnded, Ended, Exchange, visit_call_fields};
use cupola_redact::KeyPolicy;
use tracing::{Event, Level, Subscriber};
use tracing_core::span::{Attributes, Id, Record};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context as LayerContext;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::access_lines::{self, access_lines};
use crate::call_lines::{self, call_lines};
use crate::callsite::{Plan, Plans};
use crate::collapse::Collapse;
use crate::context_keys::{ContextKeys, write_flags, write_ids, write_span};
use crate::held::Held;
use crate::hold_back::HELD_BACK;
use crate::known_lines::KnownLines;
use crate::queue::Lines;
use crate::system::SystemFields;
use crate::texts::Texts;
use crate::thread_state::{self, ThreadState};
use crate::visit::{CategoryOf, EventFields, SpanFields};

/// Writes events as JSON lines.
///
/// The order of a line's keys: envelope, the event's fields, its spans' from the innermost out, the scopes' in the same
/// order, the context's ids and fields. The first writer of a name wins, so the nearest does.
#[derive(Debug)]
pub struct LineLayer {
    id: usize,
    plans: Plans,
    access: KnownLines,
    calls: KnownLines,
    lines: Arc<Lines>,
    alone: bool,
    /// Some events may be kept with their request.
    holds_back: bool,
    spans: Option<SpanLookup>,
    system: Option<SystemFields>,
    /// Lines of requests say the flags of their trace.
    flags: bool,
    collapse: Option<Arc<Collapse>>,
}

impl LineLayer {
    /// A layer that hands its lines to `lines`.
    pub fn new(lines: Arc<Lines>, policy: KeyPolicy) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let (access, calls) = (access_lines(&policy), call_lines(&policy));
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            plans: Plans::new(policy),
            access,
            calls,
            lines,
            alone: false,
            holds_back: false,
            spans: None,
            system: None,
            flags: false,
            collapse: None,
        }
    }

    /// Lines of no request show the innermost span.
    #[must_use]
    pub const fn spans(mut self, lookup: Option<SpanLookup>) -> Self {
        self.spans = lookup;
        self
    }

    /// Lines of requests say the flags of their trace, for whoever exports them.
    #[must_use]
    pub(crate) const fn flags(mut self, wanted: bool) -> Self {
        self.flags = wanted;
        self
    }

    /// Lines that say the same are one, and a count.
    #[must_use]
    pub(crate) fn collapse(mut self, collapse: Option<Arc<Collapse>>) -> Self {
        self.collapse = collapse;
        self
    }

    /// A layer that encodes as this one does, for lines that do not go out at once.
    pub(crate) fn twin(&self) -> Self {
        let policy = self.plans.policy();
        let (plans, access, calls) = (Plans::new(policy.clone()), access_lines(policy), call_lines(policy));
        // The same id, so that both share what a thread has learnt of names: they have the same policy.
        Self { plans, access, calls, lines: self.lines.clone(), system: self.system.clone(), collapse: None, ..*self }
    }

    /// Lines end with what is known of the system.
    #[must_use]
    pub fn system(mut self, fields: Option<SystemFields>) -> Self {
        self.system = fields;
        self
    }

    /// No other layer of its subscriber wants to see events.
    pub(crate) const fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    pub(crate) const fn is_alone(&self) -> bool {
        self.alone
    }

    /// The filter before it keeps events that it would not see.
    pub(crate) const fn holds_back(mut self, on: bool) -> Self {
        self.holds_back = on;
        self
    }

    /// Whether the line of a call is all that becomes of it.
    pub(crate) const fn takes_calls(&self) -> bool {
        self.alone && !self.holds_back && self.collapse.is_none()
    }

    /// Writes the access line of an exchange, outside all spans.
    pub(crate) fn write_exchange(&self, level: Level, exchange: &Exchange, ended: &Ended) {
        thread_state::with(self.id, |state| {
            if state.muted {
                return;
            }
            let ThreadState { buffer, scratch, time, keys, .. } = state;
            // The wall clock was read at the beginning, and the monotonic one since.
            let timestamp = time.system_time(exchange.started.checked_add(ended.total).unwrap_or(exchange.started));
            let record = (exchange, ended);
            let mut line = access_lines::begin(&self.access, (buffer, scratch), timestamp, level, record, self.flags);
            keys.write(&mut line, &exchange.context, self.plans.policy());
            keys.write_totals(&mut line, &exchange.context, self.plans.policy());
            self.write_system(&mut line);
            let written = line.end();
            self.hand_over(written, level, buffer);
        });
    }

    /// Writes the line of a call, outside all spans, where its request and its scope are ambient.
    pub(crate) fn write_call(&self, level: Level, call: &Call, ended: &CallEnded) {
        thread_state::with(self.id, |state| {
            if state.muted {
                return;
            }
            let ThreadState { buffer, scratch, time, keys, .. } = state;
            let timestamp = time.system_time(call.started.checked_add(ended.total).unwrap_or(call.started));
            let (what, context) = ((level, ended.outcome.message()), current());
            // Where no scope speaks before the request, its ids are known fields too.
            let known = context.as_ref().filter(|_| with_scope(|_| ()).is_none());
            let mut line = self.calls.begin((buffer, scratch), timestamp, what, |fields| {
                visit_call_fields(call, ended, fields);
                known.into_iter().for_each(|context| call_lines::write_ids(fields, context));
            });
            match known {
                Some(context) => {
                    self.write_notes(&mut line, keys, context);
                    self.write_system(&mut line);
                }
                None => self.write_surroundings(&mut line, keys, false),
            }
            let written = line.end();
            self.hand_over(written, level, buffer);
        });
    }

    fn hand_over(&self, written: Written, level: Level, line: &[u8]) {
        self.lines.note_cut(written.cut_values, written.dropped_fields);
        self.lines.offer(level, line);
    }

    fn write<S>(&self, state: &mut ThreadState, event: &Event<'_>, plan: &Plan, spans: &LayerContext<'_, S>)
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        if let Some(written) = self.encode_event::<S, false>(state, event, plan, spans) {
            self.hand_over(written, *event.metadata().level(), &state.buffer);
        }
    }

    /// Leaves the event's line, marked, with its request.
    pub(crate) fn hold<S>(&self, event: &Event<'_>, spans: &LayerContext<'_, S>, held: &Held)
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        self.plans.with(event.metadata(), |plan| {
            thread_state::with(self.id, |state| {
                if !state.muted {
                    // What was cut shows on the line; it is counted where lines are accepted, which few of these are.
                    let _ = self.encode_event::<S, true>(state, event, plan, spans);
                    held.push(&state.buffer);
                }
            });
        });
    }

    /// Writes the event's line into the thread's buffer, unless it is counted in another. `HELD` lines are marked.
    fn encode_event<S, const HELD: bool>(
        &self,
        state: &mut ThreadState,
        event: &Event<'_>,
        plan: &Plan,
        spans: &LayerContext<'_, S>,
    ) -> Option<Written>
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        let ThreadState { buffer, scratch, formatted, time, keys, .. } = state;
        let now = SystemTime::now();
        let timestamp = time.system_time(now);
        let mut line = match own_category(event, plan, self.texts(plan, formatted)) {
            None => LineWriter::begin_encoded(buffer, scratch, timestamp, &plan.envelope),
            Some(category) => {
                LineWriter::begin_encoded(buffer, scratch, timestamp, &plan.envelope_in(event.metadata(), &category))
            }
        };
        if HELD {
            // Before the event's fields: one of this name must not speak for it.
            line.bool(HELD_BACK, true);
        }
        event.record(&mut EventFields { line: &mut line, plan, texts: self.texts(plan, formatted) });
        if let Some(collapse) = self.collapse.as_deref().filter(|_| !HELD && plan.collapses)
            && !collapse.admits(event.metadata(), line.so_far(), now, &self.lines)
        {
            return None;
        }
        write_spans(&mut line, event, spans);
        self.write_surroundings(&mut line, keys, plan.access);
        Some(line.end())
    }

    #[inline]
    fn write_system(&self, line: &mut LineWriter<'_>) {
        if let Some(system) = &self.system {
            system.write(line);
        }
    }

    #[inline]
    fn write_flags(&self, line: &mut LineWriter<'_>, context: &Context) {
        if self.flags {
            write_flags(line, context);
        }
    }

    fn texts<'a>(&'a self, plan: &Plan, formatted: &'a mut Formatted) -> Texts<'a> {
        let policy = self.plans.policy();
        Texts::new((!plan.masked).then_some(policy), formatted)
    }

    /// Writes what is ambient: the scope, the request, and what is known of the system.
    fn write_surroundings(&self, line: &mut LineWriter<'_>, keys: &mut ContextKeys, is_access: bool) {
        if !is_access {
            // An access line tells of the request, whatever work its layer stands in.
            with_scope(|scope| keys.write_scope(line, scope, self.plans.policy()));
        }
        if let Some(context) = current() {
            self.write_context(line, keys, &context, is_access);
        } else if let Some(span) = self.spans.and_then(|spans| spans.find(None)) {
            write_span(line, span);
        }
        self.write_system(line);
    }

    fn write_notes(&self, line: &mut LineWriter<'_>, keys: &mut ContextKeys, context: &Context) {
        self.write_flags(line, context);
        keys.write(line, context, self.plans.policy());
    }

    fn write_context(&self, line: &mut LineWriter<'_>, keys: &mut ContextKeys, context: &Context, is_access: bool) {
        if !is_access {
            write_ids(line, context);
        }
        self.write_notes(line, keys, context);
        if is_access {
            keys.write_totals(line, context, self.plans.policy());
        }
    }
}

fn own_category(event: &Event<'_>, plan: &Plan, texts: Texts<'_>) -> Option<String> {
    let index = plan.category?;
    let mut category = CategoryOf { index, text: None, texts };
    event.record(&mut category);
    category.text
}

/// The event's own spans, by its explicit parent where it has one.
fn write_spans<S>(line: &mut LineWriter<'_>, event: &Event<'_>, spans: &LayerContext<'_, S>)
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    for span in spans.event_span(event).into_iter().flat_map(|innermost| innermost.scope()) {
        if let Some(fields) = span.extensions().get::<EncodedFields>() {
            line.fields(fields);
        }
    }
}

impl<S> Layer<S> for LineLayer
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, spans: LayerContext<'_, S>) {
        if let Some(span) = spans.span(id) {
            let mut fields = EncodedFields::new();
            self.encode(&span, &mut fields, |visit| attributes.record(visit));
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, spans: LayerContext<'_, S>) {
        if let Some(span) = spans.span(id) {
            self.record(&span, values);
        }
    }

    fn on_event(&self, event: &Event<'_>, spans: LayerContext<'_, S>) {
        self.plans.with(event.metadata(), |plan| {
            thread_state::with(self.id, |state| {
                if !state.muted {
                    self.write(state, event, plan, &spans);
                }
            });
        });
    }
}

impl LineLayer {
    /// What another thread, or a value's own formatter, records on the same span meanwhile stays.
    fn record<S>(&self, span: &SpanRef<'_, S>, values: &Record<'_>)
    where
        S: for<'s> LookupSpan<'s>,
    {
        // Encoded without the span's lock held: a value's formatter may log.
        let mut fields = EncodedFields::new();
        self.encode(span, &mut fields, |visit| values.record(visit));
        let mut extensions = span.extensions_mut();
        match extensions.get_mut::<EncodedFields>() {
            Some(before) => before.merge(&fields),
            None => extensions.insert(fields),
        }
    }

    fn encode<S>(&self, span: &SpanRef<'_, S>, fields: &mut EncodedFields, record: impl FnOnce(&mut SpanFields<'_>))
    where
        S: for<'s> LookupSpan<'s>,
    {
        self.plans.with(span.metadata(), |plan| {
            thread_state::with(self.id, |state| {
                let texts = self.texts(plan, &mut state.formatted);
                record(&mut SpanFields { fields, plan, texts });
            });
        });
    }
}
