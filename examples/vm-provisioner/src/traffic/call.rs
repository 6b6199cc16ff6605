//! One request, put together in a line.

use axum::http::{Method, Request, header};
use bytes::Bytes;
use http_body_util::Full;
use rand::seq::IndexedRandom;
use serde_json::Value;

use crate::store::DEMO_TOKENS;

const ADA: &str = DEMO_TOKENS[0].0;
const GRACE: &str = DEMO_TOKENS[1].0;
/// A token that may only read.
pub(super) const READ_ONLY: &str = DEMO_TOKENS[2].0;

const AGENTS: &[&str] =
    &["curl/8.15.0", "vmctl/2.4.1", "terraform-provider-vm/0.9.3", "Mozilla/5.0 (X11; Linux x86_64)"];

/// A request that is not sent yet.
#[derive(Debug)]
pub(super) struct Call {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Call {
    /// A request from somebody with no token.
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        let agent = (*AGENTS.choose(&mut rand::rng()).expect("there are some")).to_owned();
        Self { method, path: path.into(), headers: vec![("user-agent", agent)], body: Bytes::new() }
    }

    /// A request by this user.
    pub(super) fn with(method: Method, user: User, path: impl Into<String>) -> Self {
        Self::new(method, path).token(user.token())
    }

    pub(super) fn get(user: User, path: impl Into<String>) -> Self {
        Self::with(Method::GET, user, path)
    }

    pub(super) fn post(user: User, path: impl Into<String>) -> Self {
        Self::with(Method::POST, user, path)
    }

    pub(super) fn token(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    pub(super) fn body(self, kind: &str, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self.header(header::CONTENT_TYPE.as_str(), kind) }
    }

    /// The request as the client sends it to this host.
    pub(super) fn request(self, host: impl std::fmt::Display) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(self.method).uri(format!("http://{host}{}", self.path));
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(self.body)).expect("the scenes write valid paths and headers")
    }
}

/// A user of the demo.
#[derive(Clone, Copy, Debug)]
pub(super) enum User {
    Ada,
    Grace,
}

impl User {
    pub(super) fn any() -> Self {
        if rand::random_bool(0.6) { Self::Ada } else { Self::Grace }
    }

    pub(super) const fn other(self) -> Self {
        if matches!(self, Self::Ada) { Self::Grace } else { Self::Ada }
    }

    const fn token(self) -> &'static str {
        if matches!(self, Self::Ada) { ADA } else { GRACE }
    }
}
