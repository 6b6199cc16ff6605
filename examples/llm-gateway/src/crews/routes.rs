//! `GET /api/v1/crews`, `POST /api/v1/crews/{name}/runs`, `GET /api/v1/crews/{name}/runs/{id}`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use cupola::record::Execution;
use serde::{Deserialize, Serialize};

use super::crew::{CREWS, Crew};
use super::overrides::Overrides;
use super::report::Report;
use super::run::Run;
use super::runs::{Entry, Known};
use crate::error::GatewayError;
use crate::gateway::SharedGateway;
use crate::user::User;

/// The longest topic, in characters.
const MAX_TOPIC: usize = 2_000;

/// The longest that an answer waits for a run, in seconds.
const MAX_WAIT: f64 = 60.0;

/// How often the writer may be asked again for a report that is none.
const RETRIES: u32 = 2;

/// The routes of crews.
pub fn routes() -> Router<SharedGateway> {
    Router::new()
        .route("/api/v1/crews", get(list))
        .route("/api/v1/crews/{name}/runs", post(begin))
        .route("/api/v1/crews/{name}/runs/{id}", get(show))
}

#[derive(Debug, Deserialize)]
struct Wanted {
    topic: String,
    #[serde(default)]
    overrides: Overrides,
}

/// `?wait=5`: for so many seconds the answer waits for the end.
#[derive(Debug, Default, Deserialize)]
struct Wait {
    wait: Option<f64>,
}

/// A run, as callers see it.
#[derive(Debug, Serialize)]
struct Shown {
    crew: &'static str,
    #[serde(rename = "self")]
    link: String,
    report: Option<Report>,
    execution: Execution,
}

async fn list(User(_): User) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "crews": CREWS }))
}

async fn begin(
    State(gateway): State<SharedGateway>,
    User(user): User,
    Path(name): Path<String>,
    Query(wait): Query<Wait>,
    body: Bytes,
) -> Result<Response, GatewayError> {
    let crew = Crew::named(&name).ok_or(GatewayError::Missing("there is no such crew"))?;
    cupola::context::set("crew_name", crew.name);
    gateway.limits.admit(&user)?;
    let wanted: Wanted = serde_json::from_slice(&body).map_err(|_| {
        GatewayError::Invalid(
            "the body is no JSON object with a `topic`, and `overrides` of `model`, `temperature` and `max_tokens`",
        )
    })?;
    if wanted.topic.trim().is_empty() || wanted.topic.chars().count() > MAX_TOPIC {
        return Err(GatewayError::Invalid("the `topic` is empty or longer than 2000 characters"));
    }
    Ok(answer(start(gateway, crew, &user, wanted), wait).await)
}

async fn show(
    State(gateway): State<SharedGateway>,
    User(user): User,
    Path((name, id)): Path<(String, String)>,
    Query(wait): Query<Wait>,
) -> Result<Response, GatewayError> {
    let entry = gateway.runs.find(&name, &user, &id).ok_or(GatewayError::Missing("there is no such run of yours"))?;
    Ok(answer(entry, wait).await)
}

/// Begins a run that outlives the request, in its context.
fn start(gateway: SharedGateway, crew: &'static Crew, user: &Arc<str>, wanted: Wanted) -> Entry {
    let input = serde_json::json!({ "topic": wanted.topic }).to_string();
    let plan = gateway.executions.plan(crew.name).mode("crew").max_retries(RETRIES).input(input.as_bytes());
    let mut execution = plan.create();
    if let Some(change) = wanted.overrides.change(&gateway.model) {
        execution.overridden(&change);
    }
    cupola::context::set("execution_id", execution.id().to_owned());
    let first = Known { facts: execution.facts().clone(), report: None };
    let (tell, entry) = gateway.runs.add(crew.name, user, first);
    let settings = wanted.overrides.apply(&gateway.model);
    let runs = Arc::clone(&gateway);
    let run = Run { gateway, crew, topic: wanted.topic.into(), settings, execution, tell };
    runs.runs.spawn(run.run());
    entry
}

/// 200 with what came of it, or 202 with where to look.
async fn answer(entry: Entry, wait: Wait) -> Response {
    let Entry { crew, mut known, .. } = entry;
    let seconds = wait.wait.filter(|seconds| seconds.is_finite()).unwrap_or(0.0).clamp(0.0, MAX_WAIT);
    let ended = known.wait_for(|known| known.facts.state.is_end());
    // Without an end in time it is shown as it is.
    let _ = tokio::time::timeout(Duration::from_secs_f64(seconds), ended).await;
    let Known { facts, report } = known.borrow().clone();
    let status = if facts.state.is_end() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let link = format!("/api/v1/crews/{crew}/runs/{}", facts.id);
    let shown = Shown { crew, link: link.clone(), report, execution: facts };
    (status, [(header::LOCATION, link)], Json(shown)).into_response()
}
