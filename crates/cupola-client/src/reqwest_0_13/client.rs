//! The client: reqwest's, with the calls in our hands.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::sync::Arc;

use cupola_context::FieldValue;
use cupola_record::{OpenCall, Target};
use http::{HeaderMap, Method};
use reqwest::{Request, Response, Url};

use crate::call_error::CallError;
use crate::call_info::CallInfo;
use crate::reqwest_0_13::authorities::{Authorities, Authority};
use crate::reqwest_0_13::builder::ClientBuilder;
use crate::reqwest_0_13::limits::Limits;
use crate::reqwest_0_13::operation::Operation;
use crate::reqwest_0_13::outgoing::Outgoing;
use crate::reqwest_0_13::redirects::Redirects;
use crate::reqwest_0_13::request::RequestBuilder;
use crate::reqwest_0_13::send::{Plan, send};
use crate::reqwest_0_13::tap::tap;
use crate::reqwest_0_13::template::fill;
use crate::settings::Settings;

/// A reqwest client whose calls are recorded, tried again where that helps, and bounded in time. Responses are reqwest's own.
///
/// ```no_run
/// use cupola_client::Client;
///
/// # #[derive(serde::Deserialize)] struct User;
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let users = Client::builder().base_url("http://users.internal").dependency("users").build()?;
/// let user: User = users.get_template("/users/{id}", &[("id", &17)]).send().await?.error_for_status()?.json().await?;
/// # let _ = user;
/// # Ok(()) }
/// ```
///
/// Cloning it is cheap, and clones share connections, budgets, breakers and limits.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    operation: Option<Operation>,
}

pub(crate) struct Inner {
    pub(crate) http: reqwest::Client,
    /// Redirects and retries are ours, and connections are watched.
    pub(crate) ours: bool,
    pub(crate) settings: Settings,
    pub(crate) authorities: Authorities,
    pub(crate) redirects: Redirects,
    pub(crate) limits: Limits,
    pub(crate) headers: HeaderMap,
    pub(crate) base: Option<Url>,
    /// The identity of the request that is being served may go out: nobody but us follows redirects with it.
    pub(crate) identifies: bool,
}

impl Inner {
    /// Begins the call that a request is.
    pub(crate) fn open(&self, request: &Request, info: &CallInfo, authority: &Authority) -> OpenCall {
        let uri = request.url().as_str().parse().unwrap_or_default();
        let info = match (&info.dependency, &authority.dependency) {
            (None, Some(name)) => &info.clone().dependency(Arc::clone(name)),
            _ => info,
        };
        let mut open = self.settings.open(request.method().clone(), &uri, Some(info));
        if !self.ours {
            open.attempts_unknown();
        }
        open
    }

    /// Where a redirect has led.
    pub(crate) fn target(&self, request: &Request) -> Target {
        let uri = request.url().as_str().parse().unwrap_or_default();
        Target::new(&self.settings.policy, &self.settings.methods, request.method(), &uri)
    }

    /// Gives an attempt the identity of the request that is being served, if it goes to where that may go.
    pub(crate) fn identify(&self, open: &OpenCall, request: &mut Request) {
        if self.identifies && self.settings.identifies(open, request.url().host_str()) {
            self.settings.identify(open, request.headers_mut());
        }
    }

    fn url(&self, url: &str) -> Result<Url, CallError> {
        let joined = match &self.base {
            // What `join` would do drops the base's path.
            Some(base) if url.starts_with('/') => Url::parse(&(base.as_str().trim_end_matches('/').to_owned() + url)),
            Some(base) => base.join(url),
            None => Url::parse(url),
        };
        joined.map_err(CallError::request)
    }
}

impl Client {
    /// A client with its defaults: three attempts at most, 10 s each, 30 s together to the response's head, and
    /// 30 s of silence in its body.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`].
    pub fn new() -> Result<Self, CallError> {
        Self::builder().build()
    }

    /// A client to be told more.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Around a client that somebody else built. It is only observed: nothing is sent again, and what it does by itself
    /// (redirects, retries, timeouts) is not seen, so that a call's number of attempts is not known. Identity goes nowhere
    /// unless [`ClientBuilder::redirects_are_off`] says that the client does not carry it on.
    pub fn around(client: reqwest::Client) -> ClientBuilder {
        ClientBuilder::around(client)
    }

    pub(crate) fn of(inner: Inner) -> Self {
        Self { inner: Arc::new(inner), operation: None }
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// This client in the course of one run of an operation: the line of each of its calls has `operation`, `operation_id` and
    /// `session_id`, and its `User-Agent` says the operation behind the client's name. A typed client of an API is one short
    /// function for each operation:
    ///
    /// ```no_run
    /// use cupola_client::{CallError, Client};
    ///
    /// # #[derive(serde::Deserialize)] struct Offer;
    /// # #[derive(serde::Deserialize)] struct Instance;
    /// struct Market(Client);
    ///
    /// impl Market {
    ///     async fn query_offers(&self, gpu: &str) -> Result<Vec<Offer>, CallError> {
    ///         let call = self.0.operation("query_offers").get("/offers").query(&[("gpu_name", gpu)]);
    ///         call.receive_counted(|offers: &Vec<Offer>| vec![("offers", offers.len().into())]).await
    ///     }
    ///
    ///     async fn show_instance(&self, id: u64) -> Result<Instance, CallError> {
    ///         let call = self.0.operation("show_instance").with("instance_id", id);
    ///         call.get_template("/instances/{id}", &[("id", &id)]).receive().await
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn operation(&self, name: &str) -> Self {
        Self { inner: Arc::clone(&self.inner), operation: Some(Operation::new(name)) }
    }

    /// With a field more on the lines of its calls: `instance_id`, `template_name`. Outside of an operation nothing is kept.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) -> Self {
        self.operation = self.operation.map(|operation| operation.with(key, value));
        self
    }

    pub(crate) fn plan(&self) -> Plan {
        let (limits, operation) = (self.inner.limits, self.operation.clone());
        Plan { info: CallInfo::new(), limits, retry: None, operation, idempotent: None }
    }

    /// A GET.
    pub fn get(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// A POST. It is not sent again unless it has an idempotency key, or nothing was sent.
    pub fn post(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// A PUT.
    pub fn put(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// A PATCH. It is not sent again unless it has an idempotency key, or nothing was sent.
    pub fn patch(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// A DELETE.
    pub fn delete(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// A HEAD.
    pub fn head(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// A GET of a template: `get_template("/users/{id}", &[("id", &17)])`. The template is what the call is known by in
    /// logs, metrics and spans.
    pub fn get_template(&self, template: &str, params: &[(&str, &dyn Display)]) -> RequestBuilder {
        self.request_template(Method::GET, template, params)
    }

    /// A POST of a template.
    pub fn post_template(&self, template: &str, params: &[(&str, &dyn Display)]) -> RequestBuilder {
        self.request_template(Method::POST, template, params)
    }

    /// A PUT of a template.
    pub fn put_template(&self, template: &str, params: &[(&str, &dyn Display)]) -> RequestBuilder {
        self.request_template(Method::PUT, template, params)
    }

    /// A DELETE of a template.
    pub fn delete_template(&self, template: &str, params: &[(&str, &dyn Display)]) -> RequestBuilder {
        self.request_template(Method::DELETE, template, params)
    }

    /// A request; a URL that begins with `/` is below [`ClientBuilder::base_url`].
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self, method, self.inner.url(url.as_ref()))
    }

    /// A request of a template, whose places are filled with values; a value cannot leave its place, whatever it holds.
    pub fn request_template(&self, method: Method, template: &str, params: &[(&str, &dyn Display)]) -> RequestBuilder {
        let url = fill(template, params).map_err(CallError::request).and_then(|path| self.inner.url(&path));
        let path =
            template.split_once("://").map_or(template, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
        RequestBuilder::new(self, method, url).template(path)
    }

    /// Sends a request that was made elsewhere.
    ///
    /// # Errors
    /// No response came; see [`CallError::kind`].
    pub async fn execute(&self, request: Request) -> Result<Response, CallError> {
        send(&self.inner, Outgoing::new(request, None), self.plan()).await.map(tap)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("ours", &self.inner.ours)
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}
