//! What a client is made of.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cupola_record::{BodyRules, KnownMethods, Sink};
use cupola_redact::KeyPolicy;
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::call_error::CallError;
use crate::config::Config;
use crate::layer::CallLayer;
use crate::propagation::{BadHost, Hosts, Propagation};
use crate::reqwest_0_13::authorities::Authorities;
use crate::reqwest_0_13::breaker::Breaker;
use crate::reqwest_0_13::client::{Client, Inner};
use crate::reqwest_0_13::connect::{ProbeLayer, ProbeResolver};
use crate::reqwest_0_13::host_policy::HostPolicy;
use crate::reqwest_0_13::limits::Limits;
use crate::reqwest_0_13::rate_limit::RateLimit;
use crate::reqwest_0_13::redirects::Redirects;
use crate::reqwest_0_13::tls::reqwest_builder;
use crate::retry::RetryPolicy;
use crate::settings::Settings;

/// What a client is made of.
///
/// ```
/// use std::time::Duration;
/// use cupola_client::{Breaker, Client, HostPolicy, RateLimit, RetryPolicy};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder()
///     .user_agent("vm-provisioner/1.2")
///     .deadline(Duration::from_secs(20))
///     .retry(RetryPolicy::new().attempts(4))
///     .breaker(Breaker::new(10, Duration::from_secs(5)))
///     .host(".marketplace.example.com", HostPolicy::new().dependency("gpu").rate_limit(RateLimit::per_second(5)))?
///     .build()?;
/// # let _ = client;
/// # Ok(()) }
/// ```
#[must_use = "nothing is made before `build`"]
pub struct ClientBuilder {
    base: Base,
    settings: Settings,
    redirects: Redirects,
    limits: Limits,
    others: HostPolicy,
    rules: Vec<(Hosts, HostPolicy)>,
    headers: HeaderMap,
    base_url: Option<String>,
    /// The first header that is none.
    bad_header: Option<CallError>,
    identifies: bool,
}

/// What it is built on.
enum Base {
    Ours,
    Theirs(Box<reqwest::ClientBuilder>),
    Client(reqwest::Client),
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientBuilder {
    /// With the defaults; see [`Client::new`].
    pub fn new() -> Self {
        Self::on(Base::Ours, Redirects::anywhere(), Limits::USUAL, true)
    }

    /// From reqwest's own builder: its proxies, its TLS, its pool. Redirects and retries are ours; since its default headers
    /// would go with every hop, redirects to another origin are refused, unless [`redirects`](Self::redirects) says otherwise.
    ///
    /// With feature `rustls` begin with [`reqwest_builder`](crate::reqwest_builder): reqwest's own panics where it is built without a
    /// provider of cryptography.
    pub fn from_reqwest(builder: reqwest::ClientBuilder) -> Self {
        Self::on(Base::Theirs(Box::new(builder)), Redirects::same_origin(), Limits::USUAL, true)
    }

    pub(crate) fn around(client: reqwest::Client) -> Self {
        Self::on(Base::Client(client), Redirects::none(), Limits::NONE, false).retry(RetryPolicy::never())
    }

    fn on(base: Base, redirects: Redirects, limits: Limits, identifies: bool) -> Self {
        let (others, rules, headers) = (HostPolicy::new(), Vec::new(), HeaderMap::new());
        let (settings, base_url, bad_header) = (Settings::default(), None, None);
        Self { base, settings, redirects, limits, others, rules, headers, base_url, bad_header, identifies }
    }

    /// What a layer was told: who is told of calls, what is masked, which methods are known, to whom identity goes.
    pub fn like(mut self, layer: &CallLayer) -> Self {
        self.settings = layer.settings.clone();
        self
    }

    /// What variables say, over what was said before; see [`Config`].
    pub fn config(mut self, config: &Config) -> Self {
        self.settings = config.over(self.settings);
        self
    }

    /// Who is told of calls, in place of the log.
    pub fn sink(mut self, sink: impl Sink) -> Self {
        self.settings.sink = Arc::new(sink);
        self
    }

    /// What is masked of URLs.
    pub fn policy(mut self, policy: KeyPolicy) -> Self {
        self.settings.policy = policy;
        self
    }

    /// Which methods are shown by name.
    pub fn known_methods(mut self, methods: KnownMethods) -> Self {
        self.settings.methods = methods;
        self
    }

    /// To whom trace, baggage and request id go.
    pub fn propagation(mut self, propagation: Propagation) -> Self {
        self.settings.propagation = propagation;
        self
    }

    /// Captures bodies of requests and responses: masked while they pass, by media type and template, up to a cap.
    pub fn bodies(mut self, rules: BodyRules) -> Self {
        self.settings.bodies = Some(rules);
        self
    }

    /// Shows headers, of requests as the caller has made them, and of responses: values on the policy's list, masked.
    pub const fn show_headers(mut self) -> Self {
        self.settings.headers = true;
        self
    }

    /// What the service behind it is called: a label, so from a closed set.
    pub fn dependency(mut self, dependency: impl Into<Arc<str>>) -> Self {
        self.settings.dependency = Some(dependency.into());
        self
    }

    /// Where URLs that begin with `/` are: `https://api.example.com/v2`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// `User-Agent`.
    pub fn user_agent(self, name: impl AsRef<str>) -> Self {
        self.default_header(USER_AGENT.as_str(), name)
    }

    /// A header of every request that does not say it itself. It is not sent to where a redirect leads, unless that is the same
    /// origin.
    pub fn default_header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let header = HeaderName::try_from(name).map_err(http::Error::from);
        let header = header.and_then(|name| Ok((name, HeaderValue::try_from(value.as_ref())?)));
        match header {
            Ok((name, value)) => _ = self.headers.insert(name, value),
            Err(error) => _ = self.bad_header.get_or_insert_with(|| CallError::request(error)),
        }
        self
    }

    /// When requests are sent again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.others.retry = Some(policy);
        self
    }

    /// When a host is not asked any more; each authority (host and port) has a breaker of its own.
    pub fn breaker(mut self, breaker: Breaker) -> Self {
        self.others.breaker = Some(breaker);
        self
    }

    /// How often each authority is asked at most.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.others.rate_limit = Some(limit);
        self
    }

    /// How some hosts are treated: `example.com`, `.example.com` (and those below), `private`, `all`. The first that holds
    /// a host decides.
    ///
    /// # Errors
    /// It is no host.
    pub fn host(mut self, hosts: &str, policy: HostPolicy) -> Result<Self, BadHost> {
        self.rules.push((hosts.parse()?, policy));
        Ok(self)
    }

    /// Which redirects are followed.
    pub const fn redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = redirects;
        self
    }

    /// Of [`Client::around`]: the client follows no redirects, so that the identity of the request that is being served
    /// goes to no other host than it is meant for.
    pub const fn redirects_are_off(mut self) -> Self {
        self.identifies = true;
        self
    }

    /// How long a call may take to the head of its response, attempts and waits included, in place of 30 s.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = Some(deadline);
        self
    }

    /// How long a call may take to the end of its response's body, attempts and waits included; unless set, for ever.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.total = Some(timeout);
        self
    }

    /// How long one attempt may take to its head, in place of 10 s.
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.limits.attempt = Some(timeout);
        self
    }

    /// How long a response's body may be silent, in place of 30 s.
    pub const fn read_timeout(mut self, timeout: Duration) -> Self {
        self.limits.silence = Some(timeout);
        self
    }

    /// The most bytes of a response's body that are accepted; unless set, all. A body that brings more fails as `too_large`.
    pub const fn response_limit(mut self, bytes: u64) -> Self {
        self.limits.bytes = Some(bytes);
        self
    }

    /// A variable wins over code; a client that is only observed has no limits of ours.
    fn heed_variables(&mut self) {
        if let Base::Client(_) = self.base {
            return;
        }
        self.limits.deadline = self.settings.call_deadline.or(self.limits.deadline);
        if let Some(attempts) = self.settings.call_attempts {
            self.others.retry = Some(self.others.retry.take().unwrap_or_default().attempts(attempts.get()));
        }
    }

    /// Makes it. What variables say of the deadline and the attempts ([`Config`]) wins.
    ///
    /// # Errors
    /// The base URL or a default header is none, or reqwest cannot be built.
    pub fn build(mut self) -> Result<Client, CallError> {
        self.heed_variables();
        if let Some(error) = self.bad_header {
            return Err(error);
        }
        let base = self.base_url.map(|url| url.parse()).transpose().map_err(CallError::request)?;
        let (http, ours) = match self.base {
            // The name is resolved by what is watched, unless the caller has chosen another way.
            Base::Ours => (built(reqwest_builder()?.dns_resolver(ProbeResolver))?, true),
            Base::Theirs(builder) => (built(*builder)?, true),
            Base::Client(client) => (client, false),
        };
        Ok(Client::of(Inner {
            http,
            ours,
            settings: self.settings,
            authorities: Authorities::new(self.rules, self.others),
            redirects: self.redirects,
            limits: self.limits,
            headers: self.headers,
            base,
            identifies: self.identifies,
        }))
    }
}

/// Redirects and retries are ours.
fn built(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, CallError> {
    let builder = builder.redirect(reqwest::redirect::Policy::none()).referer(false).retry(reqwest::retry::never());
    builder.connector_layer(ProbeLayer).build().map_err(|error| CallError::request(error.without_url()))
}

/// Default headers may be secrets, and are not shown.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ClientBuilder");
        shown.field("settings", &self.settings).field("limits", &self.limits).finish_non_exhaustive()
    }
}
