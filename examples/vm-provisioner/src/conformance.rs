//! `POST /test`, for suites that check how traces are passed on: it calls whom it is told to call.
//!
//! The W3C's trace-context suite works like this: it sends a request with trace headers of its choice and a list of
//! calls, and looks at the headers that those calls bring. Only with `--conformance`, since a service that calls any
//! address for anybody is not to be left open.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, Request, StatusCode, header};
use axum::routing::post;
use cupola::Context;
use cupola::context::{SpanId, inject_span};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::Value;

type Http = Client<HttpConnector, Full<Bytes>>;

/// One call to make.
#[derive(Debug, Deserialize)]
struct Call {
    url: String,
    /// What to send there, as it is.
    arguments: Value,
}

/// The route.
pub fn routes() -> Router {
    let http: Http = Client::builder(TokioExecutor::new()).build_http();
    Router::new().route("/test", post(call_all)).with_state(http)
}

/// Calls one after the other, in order: each with a span id of its own, all in the trace of the request.
async fn call_all(State(http): State<Http>, context: Context, body: Bytes) -> Result<StatusCode, (StatusCode, String)> {
    let calls: Vec<Call> = serde_json::from_slice(&body)
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("no list of calls: {error}")))?;
    for call in calls {
        send(&http, &context, call).await.map_err(|error| (StatusCode::BAD_GATEWAY, format!("{error:#}")))?;
    }
    Ok(StatusCode::OK)
}

async fn send(http: &Http, context: &Context, call: Call) -> anyhow::Result<()> {
    let body = Full::new(Bytes::from(call.arguments.to_string()));
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(call.url)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)?;
    inject_span(context, SpanId::from_random(rand::random()), request.headers_mut());
    http.request(request).await?.into_body().collect().await?;
    Ok(())
}
