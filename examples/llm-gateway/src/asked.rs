//! A question, as OpenAI's clients write it.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::error::GatewayError;

/// A question: the request's body, of which the gateway knows a little and hands on everything.
#[derive(Clone, Debug)]
pub struct Asked(Map<String, Value>);

impl Asked {
    /// Reads a body; the model is `default` where it names none.
    pub fn read(body: &[u8], default: &str) -> Result<Self, GatewayError> {
        let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else {
            return Err(GatewayError::Invalid("the body is no JSON object"));
        };
        if !fields.get("messages").is_some_and(Value::is_array) {
            return Err(GatewayError::Invalid("there are no `messages`"));
        }
        fields.entry("model").or_insert_with(|| default.into());
        let asked = Self(fields);
        if asked.model().is_empty() {
            return Err(GatewayError::Invalid("`model` is no name"));
        }
        Ok(asked)
    }

    /// A question of one sentence.
    pub fn prompt(model: &str, prompt: &str, temperature: f64, max_tokens: Option<u64>) -> Self {
        let mut fields = Map::new();
        fields.insert("model".into(), model.into());
        fields.insert("messages".into(), json!([{ "role": "user", "content": prompt }]));
        fields.insert("temperature".into(), temperature.into());
        fields.extend(max_tokens.map(|most| ("max_tokens".to_owned(), most.into())));
        Self(fields)
    }

    /// The model that is asked for.
    pub fn model(&self) -> &str {
        self.0.get("model").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the answer is to come piece by piece.
    pub fn streams(&self) -> bool {
        self.0.get("stream") == Some(&Value::Bool(true))
    }

    /// Whether the same question may have the same answer: it asks for no chance.
    pub fn is_repeatable(&self) -> bool {
        !self.streams() && self.0.get("temperature").and_then(Value::as_f64) == Some(0.0)
    }

    /// What is sent to the model. Of a stream the usage is asked for, which OpenAI sends only then.
    pub fn to_bytes(&self) -> Bytes {
        let mut fields = self.0.clone();
        if self.streams() {
            fields.entry("stream_options").or_insert_with(|| json!({ "include_usage": true }));
        }
        Value::Object(fields).to_string().into()
    }
}
