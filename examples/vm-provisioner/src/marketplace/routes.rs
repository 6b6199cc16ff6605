//! `/api/v1/gpus`: what the marketplace has, for the users of this service.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::Marketplace;
use super::model::{Instance, Offer, Search};
use crate::auth;
use crate::problem::Problem;
use crate::store::Store;

/// The routes, behind the same tokens as all others.
pub fn routes(store: Store, market: Marketplace) -> Router {
    Router::new()
        .route("/api/v1/gpus/offers", get(offers))
        .route("/api/v1/gpus", get(list).post(create))
        .route("/api/v1/gpus/running", get(running))
        .route("/api/v1/gpus/{id}", get(show).delete(destroy))
        .route_layer(middleware::from_fn_with_state(store, auth::require_caller))
        .with_state(market)
}

async fn offers(State(market): State<Marketplace>, Query(search): Query<Search>) -> Result<Json<Vec<Offer>>, Problem> {
    Ok(Json(market.query_offers(&search).await?))
}

/// Which offer, and what runs on it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    offer: u64,
    image: String,
}

async fn create(
    State(market): State<Marketplace>,
    Json(Wanted { offer, image }): Json<Wanted>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let label = format!("vm-{}", Uuid::now_v7().simple());
    let id = market.create_instance(offer, &image, &label).await?;
    cupola::context::set("instance_id", id);
    Ok((StatusCode::CREATED, Json(json!({ "id": id, "label": label }))))
}

async fn list(State(market): State<Marketplace>) -> Result<Json<Vec<Instance>>, Problem> {
    Ok(Json(market.list_instances().await?))
}

async fn running(State(market): State<Marketplace>) -> Result<Json<Instance>, Problem> {
    let found = market.running_instance().await?;
    found.map(Json).ok_or_else(|| Problem::not_found("no rented machine is running"))
}

async fn show(State(market): State<Marketplace>, Path(id): Path<u64>) -> Result<Json<Instance>, Problem> {
    cupola::context::set("instance_id", id);
    Ok(Json(market.show_instance(id).await?))
}

async fn destroy(State(market): State<Marketplace>, Path(id): Path<u64>) -> Result<StatusCode, Problem> {
    cupola::context::set("instance_id", id);
    market.destroy_instance(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
