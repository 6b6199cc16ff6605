//! Answers in the marketplace's shapes, which differ from call to call.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refusal as most calls say it.
pub(super) fn refused(status: StatusCode, error: &str, msg: &str) -> Response {
    (status, Json(json!({ "success": false, "error": error, "msg": msg }))).into_response()
}

/// A refusal as a search says it: without `success`.
pub(super) fn refused_search(msg: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_args", "msg": msg }))).into_response()
}

/// A refusal of a creation, which names what was asked for.
pub(super) fn refused_ask(status: StatusCode, error: &str, msg: &str, ask: u64) -> Response {
    (status, Json(json!({ "success": false, "error": error, "msg": msg, "ask_id": ask }))).into_response()
}

pub(super) fn found(value: Value) -> Response {
    Json(value).into_response()
}
