//! `/api/v1/gpus`: what the marketplace has, for the users of this service.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::middleware;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::client::Marketplace;
use super::model::{Instance, Offer, Search};
use crate::auth;
use crate::problem::Problem;
use crate::store::Store;

/// The routes, behind the same tokens as all others.
pub fn routes(store: Store, market: Marketplace) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(offers))
        .routes(routes!(list, create))
        .routes(routes!(running))
        .routes(routes!(show, destroy))
        .route_layer(middleware::from_fn_with_state(store, auth::require_caller))
        .with_state(market)
}

/// What can be rented.
#[utoipa::path(get, path = "/api/v1/gpus/offers", operation_id = "list_gpu_offers", params(Search),
    responses((status = 200, description = "What is offered.", body = Vec<Offer>)))]
async fn offers(
    State(market): State<Marketplace>,
    search: Result<Query<Search>, QueryRejection>,
) -> Result<Json<Vec<Offer>>, Problem> {
    let Query(search) = search?;
    Ok(Json(market.query_offers(&search).await?))
}

/// Which offer, and what runs on it.
#[derive(Deserialize, ToSchema)]
#[schema(as = GpuWanted)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The offer's id.
    offer: u64,
    /// The image that it boots.
    #[schema(example = "nvidia/cuda:13")]
    image: String,
}

/// What was rented.
#[derive(Serialize, ToSchema)]
#[schema(as = GpuRented)]
struct Rented {
    id: u64,
    label: String,
}

/// Rents a machine.
#[utoipa::path(post, path = "/api/v1/gpus", operation_id = "rent_gpu", request_body = Wanted,
    responses((status = 201, description = "What was rented.", body = Rented)))]
async fn create(State(market): State<Marketplace>, body: Bytes) -> Result<(StatusCode, Json<Rented>), Problem> {
    // What is wrong with it is not shown back.
    let wanted = serde_json::from_slice(&body);
    let Wanted { offer, image } =
        wanted.map_err(|_| Problem::unreadable("the body must be JSON: an offer and an image"))?;
    let label = format!("vm-{}", Uuid::now_v7().simple());
    let id = market.create_instance(offer, &image, &label).await?;
    cupola::context::set("instance_id", id);
    Ok((StatusCode::CREATED, Json(Rented { id, label })))
}

/// All that is rented.
#[utoipa::path(get, path = "/api/v1/gpus", operation_id = "list_gpus",
    responses((status = 200, description = "What is rented.", body = Vec<Instance>)))]
async fn list(State(market): State<Marketplace>) -> Result<Json<Vec<Instance>>, Problem> {
    Ok(Json(market.list_instances().await?))
}

/// One that can be worked on.
#[utoipa::path(get, path = "/api/v1/gpus/running", operation_id = "get_running_gpu",
    responses((status = 200, description = "A machine that runs.", body = Instance)))]
async fn running(State(market): State<Marketplace>) -> Result<Json<Instance>, Problem> {
    let found = market.running_instance().await?;
    found.map(Json).ok_or_else(|| Problem::not_found("no rented machine is running"))
}

/// One machine.
#[utoipa::path(get, path = "/api/v1/gpus/{id}", operation_id = "get_gpu", params(("id" = u64, Path, description = "What the marketplace knows it by.")),
    responses((status = 200, description = "The machine.", body = Instance)))]
async fn show(
    State(market): State<Marketplace>,
    id: Result<Path<u64>, PathRejection>,
) -> Result<Json<Instance>, Problem> {
    let Path(id) = id?;
    cupola::context::set("instance_id", id);
    Ok(Json(market.show_instance(id).await?))
}

/// Gives a machine back.
#[utoipa::path(delete, path = "/api/v1/gpus/{id}", operation_id = "return_gpu", params(("id" = u64, Path, description = "What the marketplace knows it by.")),
    responses((status = 204, description = "It is given back.")))]
async fn destroy(
    State(market): State<Marketplace>,
    id: Result<Path<u64>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path(id) = id?;
    cupola::context::set("instance_id", id);
    market.destroy_instance(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
