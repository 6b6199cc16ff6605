//! `GET /api/v1/models`: which models can be asked by name.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::embedded;
use crate::gateway::SharedGateway;

/// In OpenAI's form. Of another upstream the gateway knows the model that it asks by itself; others may be named too.
pub(crate) async fn list(State(gateway): State<SharedGateway>) -> Json<Value> {
    let owner = if gateway.upstream.is_embedded() { "llm-gateway" } else { "upstream" };
    let name = if gateway.upstream.is_embedded() { embedded::MODEL } else { &gateway.model };
    Json(json!({ "object": "list", "data": [{ "id": name, "object": "model", "created": 0, "owned_by": owner }] }))
}
