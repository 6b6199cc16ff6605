//! One request, as its call site makes it.

use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use cupola_context::FieldValue;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::{Body, Response, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call_error::CallError;
use crate::call_info::CallInfo;
use crate::reqwest_0_13::client::Client;
use crate::reqwest_0_13::outgoing::{BodyFactory, Outgoing};
use crate::reqwest_0_13::receive::receive;
use crate::reqwest_0_13::send::{Plan, send, send_whole};
use crate::reqwest_0_13::tap::tap;
use crate::retry::RetryPolicy;

/// One request, as its call site makes it: reqwest's builder, and what the call is known by.
#[must_use = "nothing is sent before `send`"]
pub struct RequestBuilder {
    client: Client,
    request: Result<reqwest::RequestBuilder, CallError>,
    factory: Option<BodyFactory>,
    plan: Plan,
}

impl RequestBuilder {
    pub(crate) fn new(client: &Client, method: Method, url: Result<Url, CallError>) -> Self {
        let inner = client.inner();
        let request = url.map(|url| inner.http.request(method, url));
        Self { client: client.clone(), request, factory: None, plan: client.plan() }
    }

    /// Whatever reqwest's own builder can do.
    ///
    /// ```no_run
    /// # async fn run(client: cupola_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let response = client.get("https://example.com/").with(|request| request.version(http::Version::HTTP_11)).send().await?;
    /// # let _ = response;
    /// # Ok(()) }
    /// ```
    pub fn with(mut self, change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder) -> Self {
        self.request = self.request.map(change);
        self
    }

    fn about(mut self, change: impl FnOnce(CallInfo) -> CallInfo) -> Self {
        self.plan.info = change(self.plan.info);
        self
    }

    /// The template of the URL's path, where the request was not made of one.
    pub fn template(self, template: impl Into<Arc<str>>) -> Self {
        self.about(|info| info.template(template))
    }

    /// What the caller calls the other service: a label, so from a closed set.
    pub fn dependency(self, dependency: impl Into<Arc<str>>) -> Self {
        self.about(|info| info.dependency(dependency))
    }

    /// A status that is no failure here, and is not tried again.
    pub fn expect_status(self, status: u16) -> Self {
        self.about(|info| info.expect_status(status))
    }

    /// A new `Idempotency-Key`, the same in each attempt: the other side can tell that they are one request, and it may be
    /// sent again.
    pub fn idempotency_key(self) -> Self {
        let key = format!("{:032x}", rand::random::<u128>());
        self.idempotency_key_of(key)
    }

    /// The same with the caller's own key, one that outlives the process for example.
    pub fn idempotency_key_of(self, key: impl Display) -> Self {
        self.header("idempotency-key", key.to_string())
    }

    /// A header.
    pub fn header<K, V>(self, name: K, value: V) -> Self
    where
        HeaderName: TryFrom<K>,
        <HeaderName as TryFrom<K>>::Error: Into<http::Error>,
        HeaderValue: TryFrom<V>,
        <HeaderValue as TryFrom<V>>::Error: Into<http::Error>,
    {
        self.with(|request| request.header(name, value))
    }

    /// Headers, in place of those of the same names.
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.with(|request| request.headers(headers))
    }

    /// `Authorization: Bearer …`, which is shown nowhere.
    pub fn bearer_auth(self, token: impl Display) -> Self {
        self.with(|request| request.bearer_auth(token))
    }

    /// `Authorization: Basic …`, which is shown nowhere.
    pub fn basic_auth(self, user: impl Display, password: Option<impl Display>) -> Self {
        self.with(|request| request.basic_auth(user, password))
    }

    /// Pairs of the query, after those that the URL has.
    pub fn query(self, query: &(impl Serialize + ?Sized)) -> Self {
        self.with(|request| request.query(query))
    }

    /// A body in JSON.
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Self {
        self.with(|request| request.json(body))
    }

    /// A body as forms send it.
    pub fn form(self, body: &(impl Serialize + ?Sized)) -> Self {
        self.with(|request| request.form(body))
    }

    /// A body. One that streams goes out once: the request is not sent again; see [`body_factory`](Self::body_factory).
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.with(|request| request.body(body))
    }

    /// A body that is made anew for each attempt, so that what streams can be sent again.
    pub fn body_factory(mut self, make: impl Fn() -> Body + Send + Sync + 'static) -> Self {
        self.factory = Some(Arc::new(make));
        self
    }

    /// How long the call may take to the head of its response, attempts and waits included.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.plan.limits.deadline = Some(deadline);
        self
    }

    /// How long the call may take to the end of its response's body, attempts and waits included.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.plan.limits.total = Some(timeout);
        self
    }

    /// How long one attempt may take to its head; the host's own limit wins.
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.plan.limits.attempt = Some(timeout);
        self
    }

    /// How long the response's body may be silent.
    pub const fn read_timeout(mut self, timeout: Duration) -> Self {
        self.plan.limits.silence = Some(timeout);
        self
    }

    /// The most bytes of the response's body that are accepted.
    pub const fn response_limit(mut self, bytes: u64) -> Self {
        self.plan.limits.bytes = Some(bytes);
        self
    }

    /// Whether doing it twice is as doing it once, where its method says otherwise: a POST that only searches, a PUT that makes
    /// something new each time.
    pub const fn idempotent(mut self, idempotent: bool) -> Self {
        self.plan.idempotent = Some(idempotent);
        self
    }

    /// When this request is sent again. Around somebody else's client it never is.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.plan.retry = Some(policy).filter(|_| self.client.inner().ours);
        self
    }

    /// Sends it. A response is `Ok` whatever its status, as reqwest has it. Dropped, the call ends as dropped by its
    /// caller; so does a response whose body is dropped before its end.
    ///
    /// # Errors
    /// The request cannot be made ([`ErrorKind::Request`](cupola_record::ErrorKind::Request)), or no response came; see [`CallError::kind`].
    pub async fn send(self) -> Result<Response, CallError> {
        let (client, outgoing, plan) = self.made()?;
        send(client.inner(), outgoing, plan).await.map(tap)
    }

    /// Sends it, and reads the response's JSON; a body without a byte is `null`. A response that breaks off is a failed attempt
    /// like any other, and may be followed by another. Without a [limit](Self::response_limit) 32 MiB are read at most.
    ///
    /// # Errors
    /// As [`send`](Self::send); a status that is no success ([`ErrorKind::Status`](cupola_record::ErrorKind::Status), with
    /// [`CallError::status`] and [`CallError::said`]); a body that breaks off or is too large; one that is not what was
    /// expected ([`ErrorKind::Decode`](cupola_record::ErrorKind::Decode)), of which nothing is shown but where.
    pub async fn receive<T: DeserializeOwned>(self) -> Result<T, CallError> {
        self.receive_counted(|_| Vec::new()).await
    }

    /// The same, with numbers of what was found for the call's line: `|offers: &Offers| vec![("offers", offers.len().into())]`.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub async fn receive_counted<T: DeserializeOwned>(
        self,
        count: impl FnOnce(&T) -> Vec<(&'static str, FieldValue)>,
    ) -> Result<T, CallError> {
        let (client, outgoing, plan) = self.made()?;
        let whole = send_whole(client.inner(), outgoing, plan).await?;
        receive(whole, &client.inner().settings.policy, count)
    }

    fn made(self) -> Result<(Client, Outgoing, Plan), CallError> {
        let Self { client, request, factory, plan } = self;
        let request = request?.build().map_err(|error| CallError::request(error.without_url()))?;
        Ok((client, Outgoing::new(request, factory), plan))
    }
}

/// Neither headers nor the URL are shown.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder").field("plan", &self.plan).finish_non_exhaustive()
    }
}
