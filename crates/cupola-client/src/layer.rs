//! The layer around a client, and the service that it makes.

use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use cupola_context::Identify;
use cupola_record::{KnownMethods, Reason, Sink};
use cupola_redact::KeyPolicy;
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::call_body::CallBody;
use crate::call_error::{BoxError, CallError};
use crate::call_future::CallFuture;
use crate::call_info::CallInfo;
use crate::propagation::Propagation;
use crate::settings::Settings;

/// A layer around a client: every request through it is a call, and ends as one record.
///
/// Unless set, calls are lines ([`cupola_record::CallLog`]), and identity goes to private hosts only.
#[derive(Clone, Debug, Default)]
pub struct CallLayer {
    pub(crate) settings: Settings,
}

impl CallLayer {
    /// A layer whose calls are lines.
    pub fn new() -> Self {
        Self::default()
    }

    /// Who is told of calls, in place of the log.
    #[must_use]
    pub fn sink(mut self, sink: impl Sink) -> Self {
        self.settings.sink = Arc::new(sink);
        self
    }

    /// What is masked of URLs.
    #[must_use]
    pub fn policy(mut self, policy: KeyPolicy) -> Self {
        self.settings.policy = policy;
        self
    }

    /// Which methods are shown by name.
    #[must_use]
    pub fn known_methods(mut self, methods: KnownMethods) -> Self {
        self.settings.methods = methods;
        self
    }

    /// To whom trace, baggage and request id go.
    #[must_use]
    pub fn propagation(mut self, propagation: Propagation) -> Self {
        self.settings.propagation = propagation;
        self
    }

    /// How calls that are made on nobody's behalf are traced, where spans are made: by its sampler, in the formats of its
    /// propagators, below the span that its lookup finds. A call within a request is a part of that request's trace.
    #[must_use]
    pub fn identify(mut self, identify: Identify) -> Self {
        self.settings.identify = identify;
        self
    }

    /// What the service behind the client is called: a label, so from a closed set.
    #[must_use]
    pub fn dependency(mut self, dependency: impl Into<Arc<str>>) -> Self {
        self.settings.dependency = Some(dependency.into());
        self
    }
}

impl<S> Layer<S> for CallLayer {
    type Service = CallService<S>;

    fn layer(&self, inner: S) -> CallService<S> {
        CallService { inner, settings: Arc::new(self.settings.clone()) }
    }
}

/// A client whose calls are observed.
#[derive(Clone, Debug)]
pub struct CallService<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S, B, R> Service<Request<B>> for CallService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    R: http_body::Body,
    R::Error: Into<BoxError>,
{
    type Response = Response<CallBody<R>>;
    type Error = CallError;
    type Future = CallFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), CallError>> {
        self.inner.poll_ready(cx).map_err(|error| CallError::before_head(error.into()))
    }

    fn call(&mut self, request: Request<B>) -> CallFuture<S::Future> {
        let info = request.extensions().get::<CallInfo>();
        let mut open = self.settings.open(request.method().clone(), request.uri(), info);
        open.attempt(Reason::First, Duration::ZERO);
        let (mut parts, body) = request.into_parts();
        self.settings.identify(&open, &mut parts.headers, parts.uri.host());
        CallFuture::new(self.inner.call(Request::from_parts(parts, body)), open)
    }
}
