//! The routes.

use axum::Router;
use axum::routing::{get, post};

use crate::gateway::SharedGateway;
use crate::{chat, crews, generate, models};

/// All routes but Cupola's own.
pub fn routes(gateway: SharedGateway) -> Router {
    Router::new()
        .route("/api/v1/generate", post(generate::generate))
        .route("/api/v1/models", get(models::list))
        // As OpenAI's clients ask, so that they need only another address.
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/models", get(models::list))
        .merge(crews::routes())
        .with_state(gateway)
}
