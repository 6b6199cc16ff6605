//! Who answers.

use std::fmt;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{Method, Request, Response, Uri};
use bytes::Bytes;
use cupola::Cupola;
use cupola::client::{CallError, Client};
use tower::ServiceExt;

use crate::config::Config;
use crate::embedded;

const PATH: &str = "/v1/chat/completions";

/// How long a model may think before it says anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// Who answers: the gateway's own model, or another service that speaks as OpenAI does.
pub struct Upstream {
    uri: Uri,
    /// `None` where the gateway's own model answers.
    client: Option<Client>,
    own: Router,
}

impl Upstream {
    /// As the configuration names it.
    pub fn new(config: &Config, cupola: &Cupola) -> anyhow::Result<Self> {
        let base = config.upstream.as_ref().map_or_else(|| "http://embedded".to_owned(), Uri::to_string);
        let uri: Uri = format!("{}{PATH}", base.trim_end_matches('/')).parse()?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        anyhow::ensure!(known, "the upstream is asked over http or https: --upstream https://api.example.com");
        let client = config.upstream.is_some().then(|| client(config, cupola)).transpose()?;
        Ok(Self { uri, client, own: embedded::routes(config.think) })
    }

    /// Where questions go.
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Whether the gateway's own model answers.
    pub const fn is_embedded(&self) -> bool {
        self.client.is_none()
    }

    /// Sends a question.
    pub async fn send(&self, question: Bytes) -> Result<Response<Body>, CallError> {
        let Some(client) = &self.client else { return Ok(self.ask_own(question).await) };
        let request = client.post(self.uri.to_string()).template(PATH).header(CONTENT_TYPE, "application/json");
        Ok(Response::from(request.body(question).send().await?).map(Body::new))
    }

    async fn ask_own(&self, question: Bytes) -> Response<Body> {
        let mut request = Request::new(Body::from(question));
        (*request.method_mut(), *request.uri_mut()) = (Method::POST, self.uri.clone());
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.own.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// Whoever has spent a prompt's tokens pays for them twice if it is sent again: only what was never sent, or never taken, is.
fn client(config: &Config, cupola: &Cupola) -> Result<Client, CallError> {
    let client = cupola.client().dependency("model").deadline(PATIENCE).attempt_timeout(PATIENCE);
    match &config.upstream_key {
        Some(key) => client.default_header("authorization", format!("Bearer {key}")).build(),
        None => client.build(),
    }
}

/// The key is nobody's business.
impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("is_embedded", &self.is_embedded()).finish_non_exhaustive()
    }
}
