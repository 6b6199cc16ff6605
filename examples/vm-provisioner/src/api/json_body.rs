//! A JSON object as a request's body.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde_json::Value;
use serde_json::error::Category;

use super::fields::Fields;
use crate::problem::Problem;

/// The fields of a JSON object.
pub(super) struct JsonBody(pub(super) Fields);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            return Err(Problem::media_type());
        }
        let bytes = Bytes::from_request(request, state).await?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Self(Fields::new(object))),
            Ok(_) => Err(Problem::unreadable("the body must be a JSON object")),
            Err(error) => Err(Problem::unreadable(place(&error))),
        }
    }
}

fn is_json(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Where the body stops being JSON; never what stands there, which may be a secret.
fn place(error: &serde_json::Error) -> String {
    let what = if error.classify() == Category::Eof { "the body ends too early" } else { "the body is not JSON" };
    format!("{what}: line {}, column {}", error.line(), error.column())
}
