//! `POST /v1/chat/completions`: as OpenAI's clients ask, whole or piece by piece.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use cupola::record::LlmErrorKind;

use crate::asked::Asked;
use crate::error::{GatewayError, ModelError};
use crate::gateway::{SharedGateway, parsed, read};
use crate::generation::Generation;
use crate::stream::GenerationBody;
use crate::user::User;

const CACHE: HeaderName = HeaderName::from_static("x-cache");

pub(crate) async fn complete(
    State(gateway): State<SharedGateway>,
    User(user): User,
    body: Bytes,
) -> Result<Response, GatewayError> {
    gateway.limits.admit(&user)?;
    let asked = Asked::read(&body, &gateway.model)?;
    cupola::context::set("model_name", asked.model().to_owned());
    if asked.streams() {
        return stream(&gateway, &asked).await.map_err(GatewayError::from);
    }
    let answer = gateway.whole(&user, &asked).await?;
    let cache = if answer.cached { "hit" } else { "miss" };
    Ok(([(CONTENT_TYPE, "application/json")], [(CACHE, cache)], answer.body).into_response())
}

/// The answer goes on to the caller as it comes. If the caller leaves, the model's answer is dropped with it.
async fn stream(gateway: &SharedGateway, asked: &Asked) -> Result<Response, ModelError> {
    let generation = Generation::new(asked.model());
    let response = gateway.ask(asked, asked.to_bytes()).await.map_err(|error| generation.fail(error))?;
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("text/event-stream") {
        // Whatever it is, it is no stream: there is still time to say so.
        let body = read(response).await.map_err(|error| generation.fail(error))?;
        let kind = parsed(&body).error(axum::http::StatusCode::OK).unwrap_or(LlmErrorKind::Malformed);
        return Err(generation.fail(ModelError { kind, retry_after: None }));
    }
    let body = Body::new(GenerationBody::new(response.into_body(), generation));
    Ok(([(CONTENT_TYPE, "text/event-stream")], body).into_response())
}
