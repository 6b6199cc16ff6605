//! The context of one request: its ids, its place in a trace, and what is said about it.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::ambient;
use crate::baggage::Baggage;
use crate::carrier::OwnValues;
use crate::fields::{FieldValue, Fields};
use crate::identify::Fresh;
use crate::propagators::Propagators;
use crate::request_id::{RequestId, RequestIdFormat};
use crate::span_lookup::SpanLookup;
use crate::totals::{Amount, Totals};
use crate::trace_context::{TraceContext, Traceparent};
use crate::trace_flags::TraceFlags;
use crate::trace_id::SpanId;

/// A handle on what is known of one request, shared by all that works on it.
///
/// Cloning it is cheap, and clones see each other's fields: within a request the last write wins.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

struct Inner {
    request_id: RequestId,
    trace: TraceContext,
    traceparent: Traceparent,
    origin: Origin,
    baggage: Baggage,
    propagators: Propagators,
    spans: Option<SpanLookup>,
    client_ip: Option<IpAddr>,
    route: OnceLock<Arc<str>>,
    body_read: AtomicU64,
    claimed: AtomicU8,
    choices: AtomicU16,
    /// Somebody has said something: most requests end without, and need not ask for the lock.
    noted: AtomicBool,
    notes: Mutex<Notes>,
    kept: OnceLock<Box<Kept>>,
    own_values: OnceLock<OwnValues>,
}

/// Whatever it is, a context stays as safe to share as it was without.
type Kept = dyn Any + Send + Sync + UnwindSafe + RefUnwindSafe;

/// What the caller's trace is to ours.
#[derive(Clone, Debug, Default)]
pub(crate) enum Origin {
    /// No caller, or none with a valid `traceparent`.
    #[default]
    Root,
    /// A trusted caller: its span is our parent.
    Continued(SpanId),
    /// A caller that is not trusted, or whose trace this work is no part of: a new trace, linked with the caller's.
    Linked(TraceContext),
}

/// What a context is made of.
pub(crate) struct Identity {
    pub(crate) request_id: RequestId,
    pub(crate) trace: TraceContext,
    pub(crate) origin: Origin,
    pub(crate) baggage: Baggage,
    pub(crate) propagators: Propagators,
    pub(crate) spans: Option<SpanLookup>,
    pub(crate) client_ip: Option<IpAddr>,
}

#[derive(Debug, Default)]
struct Notes {
    fields: Fields,
    totals: Totals,
    on_span: Option<Box<Fields>>,
}

impl Context {
    /// A context that begins here: new ids, a new trace, sampled.
    pub fn root(format: RequestIdFormat, fresh: &Fresh) -> Self {
        let flags = TraceFlags::RANDOM.with_sampled(true);
        let trace = TraceContext::new(fresh.trace_id(), fresh.span_id(), flags);
        let request_id = fresh.request_id(format, trace.trace_id);
        let (baggage, propagators) = (Baggage::EMPTY, Propagators::W3C);
        let (origin, spans) = (Origin::Root, None);
        Self::of(Identity { request_id, trace, origin, baggage, propagators, spans, client_ip: None })
    }

    pub(crate) fn of(identity: Identity) -> Self {
        let Identity { request_id, trace, origin, baggage, propagators, spans, client_ip } = identity;
        Self(Arc::new(Inner {
            request_id,
            traceparent: trace.traceparent(),
            trace,
            origin,
            baggage,
            propagators,
            spans,
            client_ip,
            route: OnceLock::new(),
            body_read: AtomicU64::new(0),
            claimed: AtomicU8::new(0),
            choices: AtomicU16::new(0),
            noted: AtomicBool::new(false),
            notes: Mutex::default(),
            kept: OnceLock::new(),
            own_values: OnceLock::new(),
        }))
    }

    /// The request's id.
    pub fn request_id(&self) -> &RequestId {
        &self.0.request_id
    }

    /// The trace, with our own span as the parent of what comes next.
    pub fn trace(&self) -> &TraceContext {
        &self.0.trace
    }

    /// The trace as a header value: its text is made once, for every line and every call of this request.
    pub fn traceparent(&self) -> &Traceparent {
        &self.0.traceparent
    }

    /// Its id and its trace as every call that is made for it has them.
    pub(crate) fn own_values(&self) -> &OwnValues {
        self.0.own_values.get_or_init(|| OwnValues::new(&self.0.request_id, &self.0.traceparent))
    }

    /// The innermost span that is current here and descends from ours; `None` where that is our own, or nobody knows.
    ///
    /// Lines show it, and [`crate::inject`] makes it the parent of what comes next.
    pub fn innermost_span(&self) -> Option<SpanId> {
        self.0.spans?.find(Some(self)).map(|(_, span)| span)
    }

    /// The span of a trusted caller, or of what asked for a job, in the same trace.
    pub fn parent_span(&self) -> Option<SpanId> {
        if let Origin::Continued(span) = self.0.origin { Some(span) } else { None }
    }

    /// The trace of a caller that is not trusted, or of what asked for a job: ours is another one, linked with it.
    pub fn linked(&self) -> Option<&TraceContext> {
        if let Origin::Linked(trace) = &self.0.origin { Some(trace) } else { None }
    }

    /// What a trusted caller sent along.
    pub fn baggage(&self) -> &Baggage {
        &self.0.baggage
    }

    /// In which formats the trace and the baggage go out.
    pub fn propagators(&self) -> Propagators {
        self.0.propagators
    }

    /// The address of whoever sent the request, where it is known: the peer's, or the one that trusted proxies name.
    pub fn client_ip(&self) -> Option<IpAddr> {
        self.0.client_ip
    }

    /// The route template, once something inside the request has told it.
    pub fn route(&self) -> Option<&Arc<str>> {
        self.0.route.get()
    }

    /// Tells the route template; the first word counts. Never a raw path: it becomes a metric label.
    pub fn set_route(&self, route: impl Into<Arc<str>>) {
        if self.0.route.get().is_none() {
            let route = route.into();
            self.0.route.get_or_init(|| route);
        }
    }

    /// The same for a context that nobody else holds yet, at no cost; for one that is shared, [`set_route`](Self::set_route).
    #[must_use]
    pub fn with_route(mut self, route: Arc<str>) -> Self {
        match Arc::get_mut(&mut self.0).filter(|inner| inner.route.get().is_none()) {
            Some(inner) => inner.route = OnceLock::from(route),
            None => self.set_route(route),
        }
        self
    }

    /// Decides whether the trace is sampled, for a context that nobody else holds yet; one that is shared stays as it is.
    #[must_use]
    pub fn with_sampled(mut self, sampled: bool) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.trace.flags = inner.trace.flags.with_sampled(sampled);
            inner.traceparent = inner.trace.traceparent();
            inner.own_values = OnceLock::new();
        }
        self
    }

    /// With these fields in place of its own, for a context that nobody else holds yet.
    pub(crate) fn with_fields(mut self, fields: &Fields) -> Self {
        let anything = !fields.list().is_empty() || fields.dropped() > 0;
        if let Some(inner) = Arc::get_mut(&mut self.0).filter(|_| anything) {
            inner.noted = AtomicBool::new(true);
            inner.notes = Mutex::new(Notes { fields: fields.clone(), ..Notes::default() });
        }
        self
    }

    /// Sets a field that every later line of this request shows; the last write wins.
    ///
    /// `false` where 32 keys or 8 KiB are used up: the field is dropped and counted.
    pub fn set(&self, key: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) -> bool {
        // Before the lock is held: a conversion is the caller's code, and may log or set fields itself.
        let (key, value) = (key.into(), value.into());
        self.write_notes().fields.set(key, value)
    }

    /// The value of a field.
    pub fn field(&self, key: &str) -> Option<FieldValue> {
        self.notes().fields.get(key).cloned()
    }

    /// Sets an attribute of the server span, which no line shows. The bounds are those of fields, counted apart.
    pub fn set_on_span(&self, key: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) -> bool {
        let (key, value) = (key.into(), value.into());
        self.notes().on_span.get_or_insert_default().set(key, value)
    }

    /// Shows each attribute that was set on the server span. `visit` must not touch this context.
    pub fn each_span_field(&self, mut visit: impl FnMut(&Cow<'static, str>, &FieldValue)) {
        let notes = self.notes();
        let fields = notes.on_span.iter().flat_map(|fields| fields.list());
        fields.for_each(|(key, value)| visit(key, value));
    }

    /// Adds to a total that the access line shows when the request ends.
    pub fn add(&self, name: impl Into<Cow<'static, str>>, amount: impl Into<Amount>) -> bool {
        let (name, amount) = (name.into(), amount.into());
        let mut notes = self.write_notes();
        let added = notes.totals.add(name, amount);
        if !added {
            notes.fields.refuse();
        }
        added
    }

    /// Whether a field or a total was ever set, or refused.
    pub fn has_notes(&self) -> bool {
        self.0.noted.load(Ordering::Acquire)
    }

    /// Shows each field, in the order in which they were first set. `visit` must not touch this context.
    pub fn each_field(&self, mut visit: impl FnMut(&Cow<'static, str>, &FieldValue)) {
        self.notes().fields.list().iter().for_each(|(key, value)| visit(key, value));
    }

    /// Shows each total. `visit` must not touch this context.
    pub fn each_total(&self, mut visit: impl FnMut(&Cow<'static, str>, Amount)) {
        self.notes().totals.list().iter().for_each(|(name, sum)| visit(name, *sum));
    }

    /// How many fields and totals the bounds have refused.
    pub fn dropped_fields(&self) -> u64 {
        self.notes().fields.dropped()
    }

    /// Adds to the bytes of the request's body that were read so far, and gives their sum.
    ///
    /// It stands here because the body leaves the layer for the handler, and this is what both still hold.
    #[doc(hidden)]
    pub fn count_body_read(&self, bytes: u64) -> u64 {
        self.0.body_read.fetch_add(bytes, Ordering::Relaxed) + bytes
    }

    /// Claims duties, one bit each, and gives those that were claimed before.
    ///
    /// Two observing layers around one request find out here what the outer one already does.
    #[doc(hidden)]
    pub fn claim(&self, duties: u8) -> u8 {
        self.0.claimed.fetch_or(duties, Ordering::Relaxed)
    }

    /// What was chosen for this request, in bits that whoever records it understands.
    #[doc(hidden)]
    #[inline]
    pub fn chosen(&self) -> u16 {
        self.0.choices.load(Ordering::Relaxed)
    }

    /// Chooses something else, made of what was chosen before.
    #[doc(hidden)]
    pub fn choose(&self, change: impl Fn(u16) -> u16) {
        let changed = |before| Some(change(before));
        let _ = self.0.choices.fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed);
    }

    /// Hangs something of an observer's own on this context; the first stays, and `false` says that this is not it.
    #[doc(hidden)]
    pub fn keep<T: Any + Send + Sync + UnwindSafe + RefUnwindSafe>(&self, kept: T) -> bool {
        self.0.kept.set(Box::new(kept)).is_ok()
    }

    /// What an observer has hung on this context, if it is of this type.
    #[doc(hidden)]
    pub fn kept<T: Any>(&self) -> Option<&T> {
        let kept: &dyn Any = &**self.0.kept.get()?;
        kept.downcast_ref()
    }

    /// Runs `work` with this context ambient.
    pub fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        let mut slot = Some(self.clone());
        let _entered = ambient::enter_slot(&mut slot);
        work()
    }

    /// Whether both are handles on the same request.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn write_notes(&self) -> MutexGuard<'_, Notes> {
        self.0.noted.store(true, Ordering::Release);
        self.notes()
    }

    /// A panic elsewhere while the lock was held leaves whole fields behind, so the poison says nothing.
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trace = self.trace();
        f.debug_struct("Context")
            .field("request_id", &self.request_id().as_str())
            .field("trace_id", &trace.trace_id)
            .field("span_id", &trace.span_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value of the application's that does something of its own when it is converted.
    struct Busy<'c>(&'c Context);

    impl From<Busy<'_>> for FieldValue {
        fn from(busy: Busy<'_>) -> Self {
            busy.0.set("seen", true);
            1.into()
        }
    }

    impl From<Busy<'_>> for Arc<str> {
        fn from(busy: Busy<'_>) -> Self {
            busy.0.set_route("/inner");
            "/outer".into()
        }
    }

    #[test]
    fn conversions_of_the_application_may_use_the_context() {
        let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
        assert!(context.set("busy", Busy(&context)) && context.set_on_span("busy", Busy(&context)));
        assert_eq!(context.field("seen"), Some(true.into()));
        context.set_route(Busy(&context));
        assert_eq!(context.route().map(|route| &**route), Some("/inner"));
    }

    #[test]
    fn what_hangs_on_a_context_first_stays() {
        let context = Context::root(RequestIdFormat::Ulid, &Fresh::new(0, [1; 40]));
        assert_eq!(context.kept::<u8>(), None);
        assert!(context.keep(7u8) && !context.keep("too late"));
        assert_eq!((context.kept::<u8>(), context.kept::<&str>()), (Some(&7), None));
    }
}
