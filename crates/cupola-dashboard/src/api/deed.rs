//! What somebody asks for who may do more than look: who it is, whether they may, and what they have sent.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::access::{Access, Role, Visitor};
use crate::asked::Asked;
use crate::problem::Problem;

/// So many bytes a body has at most.
const MOST: usize = 64 << 10;

/// What somebody asks for who may.
pub(super) struct Deed {
    /// Who it is.
    pub(super) by: String,
    pub(super) asked: Asked,
    /// Null where nothing was sent.
    pub(super) body: Value,
}

impl Deed {
    /// Of somebody with this role.
    pub(super) async fn read(access: &Access, role: Role, asked: Request) -> Result<Self, Problem> {
        let (head, sent) = asked.into_parts();
        let visitor = head.extensions.get::<Visitor>().ok_or_else(Problem::unauthenticated)?;
        let by = if visitor.user.name.is_empty() { "somebody".to_owned() } else { visitor.user.name.clone() };
        if visitor.user.role < role {
            return Err(Problem::forbidden(format!("this needs the role {role}; yours is {}", visitor.user.role)));
        }
        // A page of another site has a visitor's cookie with it, and not what our own pages say.
        let form = head.headers.get("x-cupola-form").and_then(|form| form.to_str().ok());
        if head.method != http::Method::GET && !access.is_wanted(&head, visitor, form) {
            return Err(Problem::forbidden("a session needs the head x-cupola-form; a token needs none".to_owned()));
        }
        let bytes = to_bytes(sent, MOST).await.map_err(|_| Problem::bad("body", "is too large", "64 KiB"))?;
        let body = match bytes.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&bytes).map_err(|_| Problem::bad("body", "is no JSON", "an object"))?,
        };
        Ok(Self { by, asked: Asked::read(head.uri.query())?, body })
    }
}

impl Deed {
    /// What was sent, each field of it as it is accepted and no other.
    pub(super) fn said<T: DeserializeOwned>(&self, accepted: &str) -> Result<T, Problem> {
        serde_path_to_error::deserialize(&self.body).map_err(|error| {
            let (place, is) = (error.path().to_string(), error.inner().to_string());
            let field = missing(&is).unwrap_or(if place == "." { "body" } else { &place });
            Problem::bad(field, &format!("is refused: {is}"), accepted)
        })
    }
}

/// The field that is missing; serde says it only so.
fn missing(is: &str) -> Option<&str> {
    is.strip_prefix("missing field `")?.strip_suffix('`')
}

/// An answer that nobody keeps.
pub(super) fn told(told: &Value) -> Response {
    let mut answer = (StatusCode::OK, told.to_string()).into_response();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
