//! The layer around a client, and the service that it makes.

use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use cupola_context::Identify;
use cupola_record::{BodyRules, KnownMethods, OpenCall, Reason, Sink};
use cupola_redact::KeyPolicy;
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use crate::call_body::CallBody;
use crate::call_error::{BoxError, CallError};
use crate::call_future::CallFuture;
use crate::call_info::CallInfo;
use crate::propagation::Propagation;
use crate::reached::reaches;
use crate::request_body::CallRequestBody;
use crate::settings::Settings;

/// A layer around a client: every request through it is a call, and ends as one record.
///
/// Unless set, calls are lines ([`cupola_record::CallLog`]), and identity goes to private hosts only. `W` says whether the
/// bodies of requests are watched: see [`CallLayer::watch_requests`].
#[derive(Clone, Debug)]
pub struct CallLayer<W = Unwatched> {
    pub(crate) settings: Settings,
    requests: PhantomData<W>,
}

/// The client is given requests as they are.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched(());

/// The client is given requests whose body is a [`CallRequestBody`].
#[derive(Clone, Copy, Debug)]
pub struct Watched(());

impl CallLayer {
    /// A layer whose calls are lines.
    pub fn new() -> Self {
        Self { settings: Settings::default(), requests: PhantomData }
    }

    /// Counts the bodies of requests, and captures them where [bodies](CallLayer::bodies) are captured. The client inside
    /// is given a [`CallRequestBody`] around each: most clients take any body, and one that takes a type of its own only
    /// stays as it is without this, or turns each into its own (`ServiceBuilder::map_request`).
    ///
    /// ```
    /// use bytes::Bytes;
    /// use cupola_client::CallLayer;
    /// use cupola_record::BodyRules;
    /// use http_body_util::Full;
    /// use hyper_util::client::legacy::Client;
    /// use hyper_util::rt::TokioExecutor;
    /// use tower::Layer;
    ///
    /// let layer = CallLayer::new().bodies(BodyRules::default().cap(2048)).watch_requests();
    /// let client = layer.layer(Client::builder(TokioExecutor::new()).build_http());
    /// # fn takes<S: tower::Service<http::Request<Full<Bytes>>>>(_: S) {}
    /// # takes(client);
    /// ```
    #[must_use]
    pub fn watch_requests(self) -> CallLayer<Watched> {
        CallLayer { settings: self.settings, requests: PhantomData }
    }
}

impl Default for CallLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<W> CallLayer<W> {
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

    /// Captures bodies: masked while they pass, by media type and template, up to a cap. Those of responses, and where
    /// requests are [watched](CallLayer::watch_requests) theirs too. The template stands for what the rules call a route.
    #[must_use]
    pub fn bodies(mut self, rules: BodyRules) -> Self {
        self.settings.bodies = Some(rules);
        self
    }

    /// Shows headers, of requests as the caller has made them, and of responses: values on the policy's list, masked.
    #[must_use]
    pub const fn headers(mut self) -> Self {
        self.settings.headers = true;
        self
    }

    /// What the service behind the client is called: a label, so from a closed set.
    #[must_use]
    pub fn dependency(mut self, dependency: impl Into<Arc<str>>) -> Self {
        self.settings.dependency = Some(dependency.into());
        self
    }
}

impl<S, W> Layer<S> for CallLayer<W> {
    type Service = CallService<S, W>;

    fn layer(&self, inner: S) -> CallService<S, W> {
        CallService { inner, settings: Arc::new(self.settings.clone()), requests: PhantomData }
    }
}

/// A client whose calls are observed.
#[derive(Clone, Debug)]
pub struct CallService<S, W = Unwatched> {
    inner: S,
    settings: Arc<Settings>,
    requests: PhantomData<W>,
}

impl<S, W> CallService<S, W> {
    /// A client that fails before it is given a request ends a call that nobody could begin: without one, nothing is known
    /// of it but what it calls.
    fn poll<B>(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), CallError>>
    where
        S: Service<Request<B>>,
        S::Error: Into<BoxError>,
    {
        self.inner.poll_ready(cx).map_err(|error| {
            let error = CallError::before_head(error.into());
            self.settings.could_not_begin(error.kind());
            error
        })
    }

    /// The open call; the request is given the identity that it may have.
    fn begin<B>(&self, request: &mut Request<B>) -> OpenCall {
        let info = request.extensions().get::<CallInfo>();
        let mut open = self.settings.open(request.method().clone(), request.uri(), info);
        open.attempt(Reason::First, Duration::ZERO);
        self.settings.show_headers(&mut open, request.headers());
        if Settings::has_identity(&open) && reaches(&self.settings.propagation, request.uri()) {
            self.settings.identify(&open, request.headers_mut());
        }
        open
    }
}

impl<S, B, R> Service<Request<B>> for CallService<S, Unwatched>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    R: Body,
    R::Error: Into<BoxError>,
{
    type Response = Response<CallBody<R>>;
    type Error = CallError;
    type Future = CallFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), CallError>> {
        self.poll::<B>(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> CallFuture<S::Future> {
        let open = self.begin(&mut request);
        CallFuture::new(self.inner.call(request), open, &self.settings)
    }
}

impl<S, B, R> Service<Request<B>> for CallService<S, Watched>
where
    S: Service<Request<CallRequestBody<B>>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    B: Body,
    R: Body,
    R::Error: Into<BoxError>,
{
    type Response = Response<CallBody<R>>;
    type Error = CallError;
    type Future = CallFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), CallError>> {
        self.poll::<CallRequestBody<B>>(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> CallFuture<S::Future> {
        let mut open = self.begin(&mut request);
        // There is nothing to tell of a body that is empty.
        let has_body = !request.body().is_end_stream();
        let sent = has_body.then(|| self.settings.sends(&mut open, request.headers()));
        let request = request.map(|body| CallRequestBody::new(body, sent));
        CallFuture::new(self.inner.call(request), open, &self.settings)
    }
}
