//! The observer: what a layer knows, and how it opens an exchange.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cupola_context::{Context, Fresh, Identified, Identify, REQUEST_ID_HEADER, RequestId};
use cupola_record::{
    BodyRules, Choices, Duties, Empty, Exchange, HeaderList, KnownMethods, PreparedExchange, RawTexts, Sink,
    masked_headers,
};
use cupola_redact::KeyPolicy;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body::Body;

use crate::asked_uri;
use crate::choose::ByRoute;
use crate::fresh::{fresh, now};
use crate::peer;
use crate::routes::Routes;
use crate::skip::Skip;
use crate::tell::Tell;
use crate::told::Told;
use crate::upgrade::{Connection, UpgradeWatch};
use crate::watch::{Captures, SharedCapture, Watch};

/// What a layer knows; all its services share one.
#[derive(Clone, Debug)]
pub(crate) struct Observer {
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) identify: Identify,
    pub(crate) peer: fn(&Extensions) -> Option<IpAddr>,
    pub(crate) scheme: &'static str,
    pub(crate) policy: KeyPolicy,
    pub(crate) methods: KnownMethods,
    pub(crate) slow_after: Duration,
    pub(crate) timeout: Option<Duration>,
    pub(crate) catch_panics: bool,
    pub(crate) headers: bool,
    pub(crate) tell: Tell,
    pub(crate) bodies: Option<BodyRules>,
    pub(crate) skip: Skip,
    pub(crate) by_route: ByRoute,
    /// Whether the time spent polling is measured.
    pub(crate) busy: bool,
    pub(crate) nobody: Arc<dyn Sink>,
    pub(crate) routes: Arc<Routes>,
    pub(crate) told: Arc<Told>,
}

/// An exchange that was opened, with the request made ready for the inner service.
pub(crate) struct Opened {
    pub(crate) watch: Watch,
    pub(crate) context: Context,
    pub(crate) capture: Option<SharedCapture>,
    /// Whether this layer is the one that counts the request's body.
    pub(crate) counts: bool,
}

impl Observer {
    pub(crate) fn new(sink: Arc<dyn Sink>) -> Self {
        Self {
            sink,
            identify: Identify::default(),
            peer: |_| None,
            scheme: "http",
            policy: KeyPolicy::default(),
            methods: KnownMethods::default(),
            slow_after: Duration::from_secs(5),
            timeout: None,
            catch_panics: false,
            headers: false,
            tell: Tell::default(),
            bodies: None,
            skip: Skip::default(),
            by_route: ByRoute::default(),
            busy: false,
            nobody: Arc::new(Empty),
            routes: Arc::default(),
            told: Arc::default(),
        }
    }

    /// Opens an exchange, and leaves its context in the request's extensions.
    pub(crate) fn open<B: Body>(self: &Arc<Self>, request: &mut Request<B>) -> Opened {
        let skipped = self.skip.matches(asked_uri::of(request).path());
        let (exchange, asks_upgrade) = self.prepare(request, skipped);
        let context = exchange.context.clone();
        request.extensions_mut().insert(context.clone());
        keep_not_believed(&exchange, request);
        fill_tower_http(&context, request);
        let captures = self.captures(request, &exchange, skipped);
        let capture = captures.as_ref().map(|captures| captures.request.clone());
        let counts = !exchange.served.contains(Duties::BODY);
        // Once, by the outermost layer.
        let upgrade = (asks_upgrade && counts).then(|| self.expect_upgrade(&exchange, skipped, request));
        let (open, observer) = (exchange.begin(), self.clone());
        let watch = Watch { open, observer, captures, upgrade, grpc: false, grpc_ok: false, expected: None };
        Opened { watch, context, capture, counts }
    }

    /// The exchange that begins, and whether its request asks for another protocol.
    fn prepare<B>(&self, request: &Request<B>, skipped: bool) -> (PreparedExchange, bool) {
        let (started, fresh) = fresh();
        let (headers, extensions, uri) = (request.headers(), request.extensions(), asked_uri::of(request));
        let caller = self.caller(request, &fresh);
        let mut raw = RawTexts::new(uri.path());
        raw.query = uri.query();
        raw.client_request_id = caller.client_request_id.map(HeaderValue::as_bytes);
        raw.user_agent = caller.user_agent.map(HeaderValue::as_bytes);
        let authority = uri.authority().map(|authority| authority.as_str().as_bytes());
        raw.host = caller.forwarded_host.as_deref().or(authority).or(caller.host.map(HeaderValue::as_bytes));
        let route = self.routes.matched(extensions);
        let context = route.iter().cloned().fold(caller.context, Context::with_route);
        let choices = self.by_route.of(route.as_deref());
        let context = self.chosen(context, choices);
        let sink = if skipped || choices.is_muted() { &self.nobody } else { &self.sink };
        let served = Duties::from_bits(context.claim((self.sink.duties() | Duties::BODY).bits()));
        let exchange = Exchange::server(context, started, request.method().clone());
        let mut exchange = PreparedExchange::new(exchange, sink.clone(), now).slow_after(self.slow_after);
        exchange.mask(&self.policy, &self.methods, &raw);
        exchange.served = served;
        exchange.version = request.version();
        exchange.scheme = caller.forwarded_scheme.unwrap_or(self.scheme);
        exchange.route = route;
        exchange.headers = self.chosen_headers(headers).map(Box::new);
        (exchange, caller.upgrade || *request.method() == Method::CONNECT)
    }

    /// The context of a request whose route has choices of its own.
    #[inline]
    fn chosen(&self, context: Context, choices: Choices) -> Context {
        if choices == Choices::new() {
            return context;
        }
        let context = choices.is_sampled().into_iter().fold(context, Context::with_sampled);
        choices.apply(&context);
        context
    }

    /// Whoever serves the connection after an upgrade finds its watch in the request's extensions.
    #[cold]
    fn expect_upgrade<B>(&self, exchange: &Exchange, skipped: bool, request: &mut Request<B>) -> UpgradeWatch {
        let sink = if skipped { &self.nobody } else { &self.sink };
        let watch = UpgradeWatch::new(exchange, sink.clone());
        if let Some(connection) = request.extensions().get::<Connection>() {
            connection.hold(watch.clone());
        }
        request.extensions_mut().insert(watch.clone());
        watch
    }

    /// Whose request it is: what a layer further out has found, or what its headers say.
    fn caller<'r, B>(&self, request: &'r Request<B>, fresh: &Fresh) -> Identified<'r> {
        let (headers, extensions) = (request.headers(), request.extensions());
        // A context whose request has ended is nobody's any more: a handler has kept the extensions for one of its own.
        if let Some(outer) = extensions.get::<Context>().filter(|outer| !has_ended(outer)) {
            let mut caller = Identified::new(outer.clone());
            caller.client_request_id = extensions.get::<NotBelieved>().map(|id| &id.0);
            caller.user_agent = headers.get(header::USER_AGENT);
            caller.host = headers.get(header::HOST);
            (caller.forwarded_scheme, caller.forwarded_host) =
                self.identify.forwarded(headers, self.peer_of(extensions));
            return caller;
        }
        let peer = self.peer_of(extensions);
        self.told.of_peer(peer, &self.identify.trust);
        let caller = self.identify.open_as(from_tower_http(request), headers, peer, fresh);
        self.told.of_request(&caller, &self.identify.trust);
        caller
    }

    pub(crate) fn peer_of(&self, extensions: &Extensions) -> Option<IpAddr> {
        peer::of(extensions).or_else(|| (self.peer)(extensions))
    }

    pub(crate) fn chosen_headers(&self, headers: &HeaderMap) -> Option<HeaderList> {
        self.headers.then(|| masked_headers(&self.policy, headers))
    }

    fn captures<B: Body>(&self, request: &Request<B>, exchange: &Exchange, skipped: bool) -> Option<Box<Captures>> {
        let rules = self.bodies.as_ref().filter(|_| !skipped && !exchange.served.contains(Duties::LOG))?;
        let body = rules.watch(&self.policy, request.headers(), request.body().is_end_stream());
        Some(Box::new(Captures { request: Arc::new(Mutex::new(Some(body))), response: None }))
    }

    /// Whether the bodies of an exchange may be shown, now that its route is known.
    pub(crate) fn wants_bodies(&self, exchange: Option<&Exchange>) -> bool {
        let route = exchange.and_then(|exchange| exchange.route.as_ref().or_else(|| exchange.context.route()));
        let chosen = exchange.and_then(|exchange| Choices::of(&exchange.context).shows_bodies());
        let by_rule = |rules: &BodyRules| chosen.unwrap_or_else(|| rules.wants_route(route.map(|route| &**route)));
        self.bodies.as_ref().is_some_and(by_rule)
    }
}

fn has_ended(context: &Context) -> bool {
    Duties::from_bits(context.claim(0)).contains(Duties::ENDED)
}

/// An `x-request-id` that was not adopted, for layers further in that write the line.
#[derive(Clone)]
struct NotBelieved(HeaderValue);

fn keep_not_believed<B>(exchange: &Exchange, request: &mut Request<B>) {
    if exchange.client_request_id().is_none() || request.extensions().get::<NotBelieved>().is_some() {
        return;
    }
    if let Some(id) = request.headers().get(REQUEST_ID_HEADER).cloned() {
        request.extensions_mut().insert(NotBelieved(id));
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static(REQUEST_ID_HEADER);

/// The request's id, on every response.
pub(crate) fn echo(context: &Context, headers: &mut HeaderMap) {
    if let Some(value) = request_id_value(context) {
        headers.insert(REQUEST_ID, value);
    }
}

fn request_id_value(context: &Context) -> Option<HeaderValue> {
    HeaderValue::from_bytes(context.request_id().as_bytes()).ok()
}

#[cfg(feature = "tower-http")]
fn from_tower_http<B>(request: &Request<B>) -> Option<RequestId> {
    let known = request.extensions().get::<tower_http::request_id::RequestId>()?;
    RequestId::parse(known.header_value().as_bytes()).ok()
}

#[cfg(not(feature = "tower-http"))]
fn from_tower_http<B>(_: &Request<B>) -> Option<RequestId> {
    None
}

/// What tower-http's layers further in will find is our id, in its extension and in the header that they read.
#[cfg(feature = "tower-http")]
fn fill_tower_http<B>(context: &Context, request: &mut Request<B>) {
    if let Some(value) = request_id_value(context) {
        request.extensions_mut().insert(tower_http::request_id::RequestId::new(value.clone()));
        request.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
}

#[cfg(not(feature = "tower-http"))]
fn fill_tower_http<B>(_: &Context, _: &mut Request<B>) {}
