//! The REST API: questions to the store, and JSON for answers.

mod alerting_health;
mod alerts;
mod answers;
mod call;
mod document;
mod live;
mod operation;
mod over_time;
mod parameter;
mod questions;
mod store;
mod time;
mod views;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use cupola_alert::Alerts;
use cupola_store::{Metadata, Query, Tails};

use crate::access::{Access, Role};
use crate::caretaker::Caretaker;
use crate::desk::Desk;
use crate::problem::Problem;
pub use alerting_health::alerting_health;
use document::Routes;
pub(crate) use live::{Entries, stream};

/// Answers questions about what is stored, below `/cupola/api/v1`, and lets people decide what is theirs to decide.
///
/// What there is, which parameters it has, who may ask for it and how it is answered stands in an OpenAPI document, which is made of the same as
/// the routes: `GET /cupola/api/v1/openapi.json`. What cannot be answered is `application/problem+json`, which names the parameter and what is
/// accepted.
#[derive(Clone, Debug)]
pub struct Api {
    desk: Desk,
    access: Option<Access>,
    tails: Option<Tails>,
    alerting: Option<Arc<Alerts>>,
    caretaker: Option<Caretaker>,
    metadata: Option<Arc<dyn Metadata>>,
}

impl Api {
    /// Asks here.
    pub fn new(query: Arc<dyn Query>) -> Self {
        Self { desk: Desk::new(query), access: None, tails: None, alerting: None, caretaker: None, metadata: None }
    }

    /// Answers only who has this token, or another one that it was given: `Authorization: Bearer …`. Without any, it answers everyone.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.access = Some(self.access.unwrap_or_default().token(token, Role::Viewer));
        self
    }

    /// Answers whom this lets in, and those of the tokens that are given after it.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    /// Lets people watch what comes in: those of the store that it goes into.
    #[must_use]
    pub fn tails(mut self, tails: Tails) -> Self {
        self.tails = Some(tails);
        self
    }

    /// Tells of the alerts and rules of whoever evaluates them, and lets people decide about them.
    #[must_use]
    pub fn alerting(mut self, alerting: Arc<Alerts>) -> Self {
        self.alerting = Some(alerting);
        self
    }

    /// What people have decided: saved views.
    #[must_use]
    pub fn metadata(mut self, metadata: Arc<dyn Metadata>) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Lets those who have the role admin take care of the store: verify, prune, compact, back up, export. Each call answers when it is done, and is
    /// noted; one is done at a time, and 409 says who has which. A store is restored while nothing has it open: `cupola store restore`.
    #[must_use]
    pub fn caretaker(mut self, caretaker: Caretaker) -> Self {
        self.caretaker = Some(caretaker);
        self
    }

    /// How long a question waits while others are answered, which is five seconds otherwise; then it is to be asked again: 503.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.desk.wait(wait);
        self
    }

    /// The routes.
    pub fn router(self) -> Router {
        let Self { desk, access, tails, alerting, caretaker, metadata } = self;
        let access = access.unwrap_or_else(|| Access::default().everyone_by_any_name(Role::Viewer));
        let mut routes = Routes::new(&access);
        questions::add(&mut routes, &desk);
        if let Some(tails) = &tails {
            live::add(&mut routes, tails);
        }
        if let Some(alerting) = &alerting {
            alerts::add(&mut routes, &desk, alerting);
        }
        if let Some(caretaker) = &caretaker {
            store::add(&mut routes, &desk, caretaker);
        }
        if let Some(metadata) = &metadata {
            views::add(&mut routes, &desk, metadata);
        }
        let routes = routes.finish().layer(from_fn(move |asked, next| admitted(access.clone(), asked, next)));
        Router::new().nest(document::BASE, routes).route("/cupola/api/v1/", any(document::missing))
    }
}

async fn admitted(access: Access, asked: Request, next: Next) -> Response {
    let (mut head, sent) = asked.into_parts();
    let Some(visitor) = access.visitor(&head).await else { return Problem::unauthenticated().into_response() };
    head.extensions.insert(visitor);
    next.run(Request::from_parts(head, sent)).await
}
