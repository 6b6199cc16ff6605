//! The API: its routes, and what its handlers share.

mod create;
mod events;
mod fields;
mod json_body;
mod page;
mod power;
mod report;
mod vm_path;
mod vms;

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};

use crate::auth;
use crate::problem::Problem;
use crate::progress::News;
use crate::store::Store;
use crate::worker::Queue;

/// What the handlers work with.
#[derive(Clone, Debug)]
pub struct Api {
    /// The machines and their owners.
    pub store: Store,
    /// The way to the worker.
    pub queue: Queue,
    /// What the worker tells.
    pub news: News,
    /// Whether callers may ask for slowness and failure (`?delay_ms=`, `?fail=`): only for the traffic of the demo.
    pub demo: bool,
}

impl Api {
    /// The routes of the API. An unknown path or method is a problem like any other.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/api/v1/vms", get(page::list).post(create::create))
            .route("/api/v1/vms/{id}", get(vms::show).patch(vms::patch).delete(power::delete))
            .route("/api/v1/vms/{id}/start", post(power::start))
            .route("/api/v1/vms/{id}/stop", post(power::stop))
            .route("/api/v1/vms/{id}/events", get(events::events))
            .route("/api/v1/reports/usage", get(report::usage))
            // On the routes only: an unknown path is a 404 for everybody, and asks nobody for a token.
            .route_layer(middleware::from_fn_with_state(self.store.clone(), auth::require_caller))
            .fallback(async || Problem::not_found("nothing is served at this path"))
            .method_not_allowed_fallback(async || Problem::method())
            .with_state(self)
    }
}

#[cfg(test)]
mod tests;
