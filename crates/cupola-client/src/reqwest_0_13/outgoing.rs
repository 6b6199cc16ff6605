//! A request on its way out, and how it is sent again.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use reqwest::{Body, Request};

/// Makes a request's body anew.
pub(crate) type BodyFactory = Arc<dyn Fn() -> Body + Send + Sync>;

/// A request on its way out.
pub(crate) struct Outgoing {
    /// What is sent. A body that can be had once only is taken out by the first sending.
    pub(crate) request: Request,
    factory: Option<BodyFactory>,
    gone: bool,
}

impl Outgoing {
    pub(crate) const fn new(request: Request, factory: Option<BodyFactory>) -> Self {
        Self { request, factory, gone: false }
    }

    /// Headers that all requests of a client have, where this one says nothing else.
    pub(crate) fn default_headers(&mut self, defaults: &HeaderMap) {
        let headers = self.request.headers_mut();
        for name in defaults.keys().filter(|name| !headers.contains_key(*name)).cloned().collect::<Vec<_>>() {
            headers.extend(defaults.get_all(&name).iter().map(|value| (name.clone(), value.clone())));
        }
    }

    /// Whether it can be sent once more.
    pub(crate) fn is_replayable(&self) -> bool {
        !self.gone && (self.factory.is_some() || self.request.body().is_none_or(|body| body.as_bytes().is_some()))
    }

    /// The next sending; `None` where its body has gone out already and cannot be had again.
    pub(crate) fn next(&mut self) -> Option<Request> {
        if self.gone {
            return None;
        }
        if let Some(request) = self.request.try_clone() {
            return Some(self.with_body(request));
        }
        self.gone = self.factory.is_none();
        let body = self.request.body_mut().take();
        // Without its body it can be copied.
        let mut request = self.request.try_clone()?;
        *request.body_mut() = body;
        Some(self.with_body(request))
    }

    fn with_body(&self, mut request: Request) -> Request {
        if let Some(factory) = &self.factory {
            *request.body_mut() = Some(factory());
        }
        request
    }

    /// A request without a body: what a redirect makes of others.
    pub(crate) fn drop_body(&mut self) {
        (self.factory, self.gone) = (None, false);
        *self.request.body_mut() = None;
    }
}

/// Neither headers nor the URL are shown.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", self.request.method())
            .field("gone", &self.gone)
            .finish_non_exhaustive()
    }
}
