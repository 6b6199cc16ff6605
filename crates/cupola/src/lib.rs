//! Observability for Tower and Axum services: one layer and one init.
