//! The API, where nothing goes wrong on purpose.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post, put};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Shared;
use super::answer::{found, refused, refused_ask, refused_search};
use super::instance::Intended;
use super::market::Refusal;

/// The key that opens it.
pub(super) const KEY: &str = "stub-key-4b7d0c9e52f1a836";

pub(super) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/api/v0/bundles", post(search))
        .route("/api/v0/bundles/", post(search))
        .route("/api/v0/asks/{id}", put(create))
        .route("/api/v0/asks/{id}/", put(create))
        .route("/api/v0/instances", get(old_list))
        .route("/api/v0/instances/", get(old_list))
        .route("/api/v0/instances/{id}", get(show).put(change).delete(destroy))
        .route("/api/v0/instances/{id}/", get(show).put(change).delete(destroy))
        .route("/api/v1/instances", get(list))
        .route("/api/v1/instances/", get(list))
        .layer(from_fn(knows_the_key))
        .with_state(shared)
}

async fn knows_the_key(request: Request, next: Next) -> Response {
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if sent.and_then(|sent| sent.strip_prefix("Bearer ")) == Some(KEY) {
        return next.run(request).await;
    }
    refused(StatusCode::UNAUTHORIZED, "auth_error", "Invalid user key")
}

async fn search(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Ok(asked) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return refused_search("the body is no JSON object");
    };
    match shared.market(|market| market.search(&asked)) {
        Ok(offers) => found(json!({ "offers": offers })),
        Err(wrong) => refused_search(&wrong),
    }
}

/// What a creation may say; `env`, `onstart` and `image_login` are taken and forgotten, for they may hold secrets.
#[derive(Deserialize)]
struct Wanted {
    image: Option<String>,
    label: Option<String>,
    price: Option<f64>,
}

async fn create(State(shared): State<Arc<Shared>>, Path(ask): Path<u64>, body: Bytes) -> Response {
    let wanted = serde_json::from_slice::<Wanted>(&body).ok();
    let Some(Wanted { image: Some(image), label, price }) = wanted else {
        return refused_ask(StatusCode::BAD_REQUEST, "invalid_args", "an image is required", ask);
    };
    if price.is_some_and(|price| price <= 0.0) {
        return refused_ask(StatusCode::BAD_REQUEST, "invalid_price", "a price is more than nothing", ask);
    }
    match shared.market(|market| market.rent(ask, &image, label)) {
        Ok(id) => found(json!({ "success": true, "new_contract": id })),
        Err(Refusal::Unknown) => refused_ask(StatusCode::NOT_FOUND, "invalid_ask", "there is no such offer", ask),
        Err(Refusal::Gone) => refused_ask(StatusCode::GONE, "no_such_ask", "the offer is no longer available", ask),
    }
}

async fn show(State(shared): State<Arc<Shared>>, Path(id): Path<u64>) -> Response {
    match shared.market(|market| market.look(id)) {
        Some(instance) => found(json!({ "instances": instance })),
        None => unknown(id),
    }
}

#[derive(Deserialize)]
struct Page {
    limit: Option<usize>,
    after_token: Option<u64>,
}

/// A page of the list; its token is the last id on it.
async fn list(State(shared): State<Arc<Shared>>, Query(page): Query<Page>) -> Response {
    let (all, shown) = shared.market(|market| {
        let all = market.list();
        let rest = all.iter().filter(|id| page.after_token.is_none_or(|after| **id > after));
        let ids: Vec<u64> = rest.take(page.limit.unwrap_or(25).clamp(1, 25)).copied().collect();
        (all, ids.into_iter().filter_map(|id| Some((id, market.look(id)?))).collect::<Vec<_>>())
    });
    let last = shown.last().map(|(id, _)| *id).filter(|last| all.last() != Some(last));
    let instances: Vec<Value> = shown.into_iter().map(|(_, instance)| instance).collect();
    found(json!({
        "success": true,
        "instances_found": instances.len(),
        "total_instances": all.len(),
        "next_token": last.map(|last| last.to_string()),
        "instances": instances,
    }))
}

async fn old_list() -> Response {
    refused(StatusCode::GONE, "endpoint_gone", "this list has moved to /api/v1/instances")
}

#[derive(Deserialize)]
struct Change {
    state: Option<String>,
    label: Option<String>,
}

async fn change(State(shared): State<Arc<Shared>>, Path(id): Path<u64>, body: Bytes) -> Response {
    let Ok(Change { state, label }) = serde_json::from_slice(&body) else {
        return refused(StatusCode::BAD_REQUEST, "invalid_args", "the body is no JSON object");
    };
    let intended = match state.as_deref() {
        Some("running") => Some(Intended::Running),
        Some("stopped") => Some(Intended::Stopped),
        None => None,
        Some(_) => return refused(StatusCode::BAD_REQUEST, "invalid_args", "a state is running or stopped"),
    };
    let known = shared.market(|market| market.change(id, intended, label));
    if known { found(json!({ "success": true })) } else { unknown(id) }
}

async fn destroy(State(shared): State<Arc<Shared>>, Path(id): Path<u64>) -> Response {
    let known = shared.market(|market| market.destroy(id));
    if known { found(json!({ "success": true, "msg": format!("destroying instance {id}") })) } else { unknown(id) }
}

fn unknown(id: u64) -> Response {
    refused(StatusCode::NOT_FOUND, "no_such_instance", &format!("there is no instance {id}"))
}
