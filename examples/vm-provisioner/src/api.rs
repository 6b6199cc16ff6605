//! The API: its routes, and what its handlers share.

mod create;
mod events;
mod fields;
mod json_body;
pub mod openapi;
mod page;
mod power;
mod report;
mod users;
mod vm_path;
mod vms;

use axum::Router;
use axum::middleware;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth;
use crate::problem::Problem;
use crate::store::Store;
use crate::worker::Queue;

/// What the handlers work with.
#[derive(Clone, Debug)]
pub struct Api {
    /// The machines and their owners.
    pub store: Store,
    /// The way to the worker.
    pub queue: Queue,
    /// Whether callers may ask for slowness and failure (`?delay_ms=`, `?fail=`): only for the traffic of the demo.
    pub demo: bool,
}

impl Api {
    /// The routes of the API and these, which others add to it, with the description of all of them. An unknown path or method is
    /// a problem like any other.
    pub fn routes(self, others: OpenApiRouter) -> Router {
        let own = OpenApiRouter::new()
            .routes(routes!(page::list, create::create))
            .routes(routes!(vms::show, vms::patch, power::delete))
            .routes(routes!(power::start))
            .routes(routes!(power::stop))
            .routes(routes!(events::events))
            .routes(routes!(report::usage))
            .routes(routes!(users::create))
            .routes(routes!(users::create_token))
            // On the routes only: an unknown path is a 404 for everybody, and asks nobody for a token.
            .route_layer(middleware::from_fn_with_state(self.store.clone(), auth::require_caller))
            .with_state(self);
        let (router, document) = own.merge(others).split_for_parts();
        router
            .merge(openapi::route(document))
            .fallback(async || Problem::not_found("nothing is served at this path"))
            .method_not_allowed_fallback(async || Problem::method())
    }
}

#[cfg(test)]
pub(crate) mod tests;
