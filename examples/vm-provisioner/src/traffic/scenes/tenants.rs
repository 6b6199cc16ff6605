//! Users who rent a GPU for a while.

use axum::http::Method;
use serde_json::json;

use super::super::call::{Call, User};
use super::super::client::Client;
use super::super::pace::Over;

/// Looks until a machine runs: more than any takes.
const LOOKS: usize = 20;

/// Searches, rents, looks until it runs, and gives it back.
pub(super) async fn play(client: &Client) -> Result<(), Over> {
    let user = User::any();
    let offers = client.send(Call::get(user, "/api/v1/gpus/offers?max_price=2.5&limit=5")).await?;
    let Some(offer) = offers[0]["id"].as_u64() else { return Ok(()) };
    let wanted = json!({ "offer": offer, "image": "nvidia/cuda:13" });
    let rented = client.send(Call::post(user, "/api/v1/gpus").json(&wanted)).await?;
    let Some(id) = rented["id"].as_u64() else { return Ok(()) };
    let path = format!("/api/v1/gpus/{id}");
    for _ in 0..LOOKS {
        if client.send(Call::get(user, path.clone())).await?["actual_status"] == "running" {
            break;
        }
    }
    client.send(Call::get(user, "/api/v1/gpus/running")).await?;
    client.send(Call::with(Method::DELETE, user, path)).await.map(drop)
}
