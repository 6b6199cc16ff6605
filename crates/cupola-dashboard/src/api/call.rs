//! What somebody asks for: who it is, whether they may, and what they say.

use axum::body::to_bytes;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::operation::Sent;
use crate::access::{Access, FORM_HEAD, Role, Visitor, now};
use crate::asked::Asked;
use crate::problem::Problem;

/// So many bytes a body has at most.
const MOST: usize = 64 << 10;

/// What somebody asks for who may.
pub(super) struct Call {
    pub(super) visitor: Visitor,
    pub(super) heads: HeaderMap,
    pub(super) asked: Asked,
    /// Null where nothing was sent.
    pub(super) body: Value,
    /// In nanoseconds since 1970.
    pub(super) now: i64,
    steps: Vec<(String, String)>,
}

impl Call {
    /// Of somebody with this role, with these parameters and no others, and a body where one is wanted.
    pub(super) async fn read(
        access: &Access,
        role: Role,
        (known, is_sent): (&[&'static str], bool),
        steps: Result<RawPathParams, RawPathParamsRejection>,
        asked: Request,
    ) -> Result<Self, Problem> {
        let (head, sent) = asked.into_parts();
        let visitor = head.extensions.get::<Visitor>().ok_or_else(Problem::unauthenticated)?;
        if visitor.user.role < role {
            return Err(Problem::forbidden(format!("this needs the role {role}; yours is {}", visitor.user.role)));
        }
        let is_question = matches!(head.method, Method::GET | Method::HEAD);
        // A page of another site has a visitor's cookie with it, and not what our own pages say.
        let form = head.headers.get(FORM_HEAD).and_then(|form| form.to_str().ok());
        if !is_question && !access.is_wanted(&head, visitor, form) {
            return Err(Problem::forbidden(format!("a session needs the head {FORM_HEAD}; a token needs none")));
        }
        let steps = steps.map_err(|_| Problem::bad("path", "is no text", "what is percent-encoded is UTF-8"))?;
        let steps = steps.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let asked = Asked::read(head.uri.query(), known)?;
        let body = if is_question { Value::Null } else { read(sent, is_sent).await? };
        Ok(Self { visitor: visitor.clone(), heads: head.headers, asked, body, now: now(), steps })
    }

    /// Who it is, as it is noted.
    pub(super) fn by(&self) -> &str {
        let name = self.visitor.user.name.as_str();
        if name.is_empty() { "somebody" } else { name }
    }

    /// What stands in the path.
    pub(super) fn step(&self, name: &str) -> &str {
        self.steps.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// What was sent, each field of it as it is accepted and no other.
    pub(super) fn said<T: Sent>(&self) -> Result<T, Problem> {
        if !self.body.is_object() {
            return Err(Problem::bad("body", "is no object", T::ACCEPTED));
        }
        serde_path_to_error::deserialize(&self.body).map_err(|error| {
            let (place, is) = (error.path().to_string(), error.inner().to_string());
            let field = missing(&is).unwrap_or(if place == "." { "body" } else { &place });
            Problem::bad(field, &format!("is refused: {is}"), T::ACCEPTED)
        })
    }
}

async fn read(sent: axum::body::Body, is_wanted: bool) -> Result<Value, Problem> {
    let bytes = to_bytes(sent, MOST).await.map_err(|_| Problem::bad("body", "is too large", "64 KiB"))?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let body: Value = serde_json::from_slice(&bytes).map_err(|_| Problem::bad("body", "is no JSON", "an object"))?;
    let is_nothing = body.as_object().map_or(body.is_null(), serde_json::Map::is_empty);
    if is_wanted || is_nothing {
        Ok(body)
    } else {
        Err(Problem::bad("body", "says what is not asked for here", "no body, or {}"))
    }
}

/// The field that is missing; serde says it only so.
fn missing(is: &str) -> Option<&str> {
    is.strip_prefix("missing field `")?.strip_suffix('`')
}

/// Nothing but that it was done.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {}

/// An answer that nobody keeps.
pub(super) fn told(told: &impl Serialize) -> Response {
    // What is told has no keys but texts, so that it is always JSON.
    let json = serde_json::to_string(told).unwrap_or_default();
    let mut answer = (StatusCode::OK, json).into_response();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
