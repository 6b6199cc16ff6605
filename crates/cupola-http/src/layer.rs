//! The layer, and what can be chosen of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use cupola_context::Identify;
use cupola_record::{BodyRules, Choices, KnownMethods, Sink};
use cupola_redact::KeyPolicy;
use http::{Extensions, HeaderMap};
use tower_layer::Layer;

use crate::observer::Observer;
use crate::service::Observe;

/// A layer that tells `sink` of every exchange.
///
/// ```
/// use std::time::Duration;
/// use cupola_record::{AccessLog, Empty};
///
/// let ids_only = cupola_http::layer(Empty);
/// let logging = cupola_http::layer(AccessLog::new()).timeout(Duration::from_secs(30)).catch_panics().skip("/healthz");
/// # let _ = (ids_only, logging);
/// ```
pub fn layer(sink: impl Sink) -> ObserveLayer {
    ObserveLayer(Arc::new(Observer::new(Arc::new(sink))))
}

/// See [`layer`].
#[derive(Clone, Debug)]
pub struct ObserveLayer(Arc<Observer>);

impl ObserveLayer {
    /// How requests are identified: id format, trust, sampling.
    #[must_use]
    pub fn identify(self, identify: Identify) -> Self {
        self.with(|observer| observer.identify = identify)
    }

    /// Where else the peer's address may stand in a request's extensions: another server's connect info.
    #[must_use]
    pub fn peer(self, peer: fn(&Extensions) -> Option<IpAddr>) -> Self {
        self.with(|observer| observer.peer = peer)
    }

    /// These requests come over TLS, which only whoever terminates it knows: `http` unless set, or unless a trusted
    /// proxy says otherwise.
    #[must_use]
    pub fn https(self) -> Self {
        self.with(|observer| observer.scheme = "https")
    }

    /// What may be shown of paths, queries, headers and bodies.
    #[must_use]
    pub fn policy(self, policy: KeyPolicy) -> Self {
        self.with(|observer| observer.policy = policy)
    }

    /// Which methods are shown by name.
    #[must_use]
    pub fn known_methods(self, methods: KnownMethods) -> Self {
        self.with(|observer| observer.methods = methods)
    }

    /// Answers 504 where the inner service has no response after this time. Off unless set; needs tokio's timer.
    #[must_use]
    pub fn timeout(self, limit: Duration) -> Self {
        self.with(|observer| observer.timeout = Some(limit))
    }

    /// Answers 500 where the inner service panics before it has a response.
    #[must_use]
    pub fn catch_panics(self) -> Self {
        self.with(|observer| observer.catch_panics = true)
    }

    /// Marks what takes longer as slow. 5 seconds unless set.
    #[must_use]
    pub fn slow_after(self, limit: Duration) -> Self {
        self.with(|observer| observer.slow_after = limit)
    }

    /// Records nothing of requests for this path, or for all that begin like it where it ends in `*`. They are
    /// identified all the same.
    #[must_use]
    pub fn skip(self, path: &str) -> Self {
        self.with(|observer| observer.skip.add(path))
    }

    /// Shows headers: those on the policy's list with their values, the others by name.
    #[must_use]
    pub fn headers(self) -> Self {
        self.with(|observer| observer.headers = true)
    }

    /// Tells each caller the trace of its request, in a `traceresponse` header as W3C drafts it. Strangers are told too.
    #[must_use]
    pub fn traceresponse(self) -> Self {
        self.with(|observer| observer.tell.traceresponse = true)
    }

    /// Tells each caller how long the head of its response took, and the trace, in a `Server-Timing` header: browsers
    /// show the one, and their instrumentation joins up with the other.
    #[must_use]
    pub fn server_timing(self) -> Self {
        self.with(|observer| observer.tell.server_timing = true)
    }

    /// Records requests of this route as chosen: quieter, with or without bodies, sampled or not, or not at all. The
    /// route is a template as the framework names it, `/vms/{id}`, and known only where the layer stands inside the
    /// router; elsewhere take [`choose`](crate::choose()).
    #[must_use]
    pub fn on_route(self, route: &str, choices: Choices) -> Self {
        self.with(|observer| observer.by_route.add(route, choices))
    }

    /// Measures the time that is spent polling the service and its response's body. Off unless set: each poll reads the
    /// clock twice.
    #[must_use]
    pub fn busy_time(self) -> Self {
        self.with(|observer| observer.busy = true)
    }

    /// Captures bodies, masked.
    #[must_use]
    pub fn bodies(self, rules: BodyRules) -> Self {
        self.with(|observer| observer.bodies = Some(rules))
    }

    /// Whether the client behind a request with these headers and extensions is trusted: see
    /// [`Identify::trusts_client`].
    pub fn trusts_client(&self, headers: &HeaderMap, extensions: &Extensions) -> bool {
        self.0.identify.trusts_client(headers, self.0.peer_of(extensions))
    }

    /// What variables say of the two headers above: nothing, or a word that is stronger than the code's.
    pub(crate) fn tell(self, traceresponse: Option<bool>, server_timing: Option<bool>) -> Self {
        self.with(|observer| {
            let tell = &mut observer.tell;
            tell.traceresponse = traceresponse.unwrap_or(tell.traceresponse);
            tell.server_timing = server_timing.unwrap_or(tell.server_timing);
        })
    }

    fn with(mut self, change: impl FnOnce(&mut Observer)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl<S> Layer<S> for ObserveLayer {
    type Service = Observe<S>;

    fn layer(&self, inner: S) -> Observe<S> {
        Observe::new(inner, self.0.clone())
    }
}
