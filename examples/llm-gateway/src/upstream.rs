//! Who answers.

use std::fmt;

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use axum::http::{Request, Response, Uri};
use bytes::Bytes;
use cupola::client::{CallError, CallInfo, CallLayer, CallService};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{Layer, ServiceExt};

use crate::config::Config;
use crate::embedded;

const PATH: &str = "/v1/chat/completions";

/// Who answers: the gateway's own model, or another service that speaks as OpenAI does.
pub struct Upstream {
    uri: Uri,
    key: Option<HeaderValue>,
    /// `None` where the gateway's own model answers.
    client: Option<CallService<Client<HttpConnector, Full<Bytes>>>>,
    own: Router,
}

impl Upstream {
    /// As the configuration names it.
    pub fn new(config: &Config, layer: CallLayer) -> anyhow::Result<Self> {
        let base = config.upstream.as_ref().map_or_else(|| "http://embedded".to_owned(), Uri::to_string);
        let base = base.trim_end_matches('/');
        anyhow::ensure!(base.starts_with("http://"), "the upstream is asked over http only");
        let key = config.upstream_key.as_ref().map(|key| HeaderValue::try_from(format!("Bearer {key}")));
        let key = key.transpose()?.map(|mut key| {
            key.set_sensitive(true);
            key
        });
        let client = config.upstream.is_some().then(|| {
            let client = Client::builder(TokioExecutor::new()).build_http();
            layer.dependency("model").layer(client)
        });
        Ok(Self { uri: format!("{base}{PATH}").parse()?, key, client, own: embedded::routes(config.think) })
    }

    /// Where questions go.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Whether the gateway's own model answers.
    pub fn is_embedded(&self) -> bool {
        self.client.is_none()
    }

    /// Sends a question.
    pub async fn send(&self, question: Bytes) -> Result<Response<Body>, CallError> {
        let mut request = Request::new(Full::from(question));
        *request.method_mut() = axum::http::Method::POST;
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.headers_mut().extend(self.key.clone().map(|key| (AUTHORIZATION, key)));
        request.extensions_mut().insert(CallInfo::new().template(PATH));
        match &self.client {
            Some(client) => Ok(client.clone().oneshot(request).await?.map(Body::new)),
            None => match self.own.clone().oneshot(request.map(Body::new)).await {
                Ok(response) => Ok(response),
                Err(never) => match never {},
            },
        }
    }
}

/// The key is nobody's business.
impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("is_embedded", &self.is_embedded()).finish_non_exhaustive()
    }
}
