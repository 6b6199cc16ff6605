//! What all calls through one layer have in common.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cupola_context::{Context, Identify, SpanId, TraceId, inject, inject_span, inject_trace};
use cupola_record::{
    BodyRules, Call, CallLog, CallOutcome, CallTrace, Duties, ErrorKind, KnownMethods, OpenCall, Sink,
};
use cupola_redact::KeyPolicy;
use http::{HeaderMap, Method, Uri};
use rand::Rng;

use crate::call_info::CallInfo;
use crate::propagation::Propagation;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) policy: KeyPolicy,
    pub(crate) methods: KnownMethods,
    pub(crate) propagation: Propagation,
    pub(crate) dependency: Option<Arc<str>>,
    /// Which bodies are captured.
    pub(crate) bodies: Option<BodyRules>,
    /// Whether headers are shown.
    pub(crate) headers: bool,
    /// How calls that are made on nobody's behalf are traced.
    pub(crate) identify: Identify,
    /// What variables say of a client that sends again by itself, over what its builder says.
    pub(crate) call_deadline: Option<Duration>,
    pub(crate) call_attempts: Option<NonZeroU32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sink: Arc::new(CallLog::new()),
            policy: KeyPolicy::default(),
            methods: KnownMethods::default(),
            propagation: Propagation::default(),
            dependency: None,
            bodies: None,
            headers: false,
            identify: Identify::default(),
            call_deadline: None,
            call_attempts: None,
        }
    }
}

impl Settings {
    /// Begins the call that a request is.
    pub(crate) fn open(&self, method: Method, uri: &Uri, info: Option<&CallInfo>) -> OpenCall {
        let mut open = OpenCall::new(Call::new(SystemTime::now(), method), Arc::clone(&self.sink), now);
        // Where it lies already: its texts are not moved.
        open.describe(|call| self.describe(call, uri, info));
        open.span_ids(span_id)
    }

    fn describe(&self, call: &mut Call, uri: &Uri, info: Option<&CallInfo>) {
        call.mask(&self.policy, &self.methods, uri);
        call.dependency = info.and_then(|info| info.dependency.clone()).or_else(|| self.dependency.clone());
        if let Some(info) = info {
            call.template.clone_from(&info.template);
            call.expected.clone_from(&info.expected);
        }
        call.trace = self.trace(call.context.as_ref());
    }

    /// A call without a method, a URL or an attempt.
    #[cold]
    pub(crate) fn could_not_begin(&self, kind: ErrorKind) {
        let mut call = Call::new(SystemTime::now(), Method::default());
        call.dependency.clone_from(&self.dependency);
        OpenCall::new(call, Arc::clone(&self.sink), now).end(CallOutcome::Failed(kind));
    }

    /// The trace in which attempts are spans. Where nobody makes spans, nothing is paid for it.
    fn trace(&self, context: Option<&Context>) -> Option<CallTrace> {
        if !self.sink.duties().contains(Duties::SPAN) {
            return None;
        }
        match context {
            Some(context) => CallTrace::recorded(context),
            None => Some(CallTrace::outside(&self.identify, || TraceId::from_random(random()))),
        }
    }

    /// Whether a call has an identity to give.
    pub(crate) fn has_identity(open: &OpenCall) -> bool {
        open.call().is_some_and(|call| call.context.is_some() || call.trace.is_some())
    }

    /// Whether it has one, and it may go to this host.
    #[cfg(feature = "reqwest")]
    pub(crate) fn identifies(&self, open: &OpenCall, host: Option<&str>) -> bool {
        Self::has_identity(open) && host.is_some_and(|host| self.propagation.reaches(host))
    }

    /// Gives the request of one attempt the identity of the one that is being served, where it has one and that may go there. The
    /// attempt's own span, where it is one, is the parent of what it reaches.
    ///
    /// `headers` are those that the caller has made: what an attempt before was given is not among them, since this one may
    /// go to another host.
    pub(crate) fn identify(&self, open: &OpenCall, headers: &mut HeaderMap) {
        let Some(call) = open.call() else { return };
        match (&call.context, call.trace.zip(open.span())) {
            (Some(context), Some((_, span))) => inject_span(context, span, headers),
            (Some(context), None) => inject(context, headers),
            (None, Some((trace, span))) => inject_trace(&trace.context(span), self.identify.propagators, headers),
            (None, None) => {}
        }
    }
}

/// Tokio's clock, so that tests can pause it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

pub(crate) fn span_id() -> SpanId {
    SpanId::from_random(random())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}
