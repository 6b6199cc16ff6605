//! `POST /api/v1/generate`: a sentence in, a text out.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::asked::Asked;
use crate::error::GatewayError;
use crate::gateway::{SharedGateway, parsed};
use crate::user::User;

#[derive(Debug, Deserialize)]
struct Question {
    prompt: String,
    model: Option<String>,
    /// No chance, unless asked for: the same question has the same answer, and may come from the cache.
    #[serde(default)]
    temperature: f64,
    max_tokens: Option<u64>,
}

/// What is generated.
#[derive(Debug, Serialize)]
pub(crate) struct Generated {
    model: String,
    text: String,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cached: bool,
}

pub(crate) async fn generate(
    State(gateway): State<SharedGateway>,
    User(user): User,
    body: Bytes,
) -> Result<Json<Generated>, GatewayError> {
    gateway.limits.admit(&user)?;
    let question: Question = serde_json::from_slice(&body)
        .map_err(|_| GatewayError::Invalid("the body is no JSON object with a `prompt`"))?;
    let model = question.model.as_ref().unwrap_or(&gateway.model);
    cupola::context::set("model_name", model.clone());
    let asked = Asked::prompt(model, &question.prompt, question.temperature, question.max_tokens);
    let answer = gateway.whole(&user, &asked).await?;
    let said = parsed(&answer.body);
    let usage = said.usage();
    Ok(Json(Generated {
        model: said.model().unwrap_or(model).to_owned(),
        text: said.text().map(|(text, _)| text).unwrap_or_default(),
        input_tokens: usage.input,
        output_tokens: usage.output,
        cached: answer.cached,
    }))
}
