//! The OpenAPI document of all that can be asked for, and the router of the same: what is in one of them is in the other.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, on};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use utoipa::openapi::path::PathsBuilder;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, ComponentsBuilder, InfoBuilder, OpenApiBuilder, PathItem};

use super::call::Call;
use super::operation::Operation;
use crate::access::{Access, FORM_HEAD, SESSION};
use crate::problem::Problem;

/// Names of what lets somebody in.
pub(super) const BEARER: &str = "bearer";
pub(super) const COOKIE: &str = "session";
pub(super) const TOKEN_OF_PAGES: &str = "form";

/// Below what all of it is.
pub(super) const BASE: &str = "/cupola/api/v1";

const ABOUT: &str = "\
Questions about logs, spans and metrics that are stored, and what people decide about alerts, rules, silences and the store.

All times are RFC 3339 in UTC with nanoseconds; what is asked may be said as people say it (`1h`, `yesterday`). An answer that does not tell of all says \
why in `partial`. What is refused is `application/problem+json`, which names the parameter or field and what is accepted. Parameters and fields that are \
not known are refused.

| role | may |
|---|---|
| `viewer` | see everything |
| `operator` | look after alerts, too: acknowledge, silence, assign |
| `admin` | change rules, and take care of the store, too |

Which role an operation needs stands in its security requirements.";

/// The router and the document, while they are made.
pub(super) struct Routes {
    router: Router,
    access: Access,
    paths: PathsBuilder,
    components: ComponentsBuilder,
}

type Steps = Result<RawPathParams, RawPathParamsRejection>;

impl Routes {
    pub(super) fn new(access: &Access) -> Self {
        let (router, access) = (Router::new(), access.clone());
        Self { router, access, paths: PathsBuilder::new(), components: ComponentsBuilder::new() }
    }

    /// Answers what is asked for so.
    pub(super) fn add<F>(&mut self, operation: Operation, answer: impl Fn(Call) -> F + Clone + Send + Sync + 'static)
    where
        F: Future<Output = Result<Response, Problem>> + Send + 'static,
    {
        let (access, role, is_sent) = (self.access.clone(), operation.role, operation.is_sent);
        let known: Arc<[&'static str]> = operation.parameters.as_slice().into();
        let handler = async move |steps: Steps, asked: Request| {
            let call = Call::read(&access, role, (&known, is_sent), steps, asked);
            let answered = async { answer(call.await?).await };
            answered.await.unwrap_or_else(Problem::into_response)
        };
        let (path, method, filter) = (operation.path.clone(), operation.method.clone(), operation.filter());
        self.router = std::mem::take(&mut self.router).route(&path, on(filter, handler));
        let (told, schemas) = operation.tell();
        self.paths = std::mem::take(&mut self.paths).path(format!("{BASE}{path}"), PathItem::new(method, told));
        self.components = std::mem::take(&mut self.components).schemas_from_iter(schemas);
    }

    /// All of it, the document too, and a problem for whatever is not there.
    pub(super) fn finish(mut self) -> Router {
        let about =
            "Of what this server has: a part of it may be missing, as that of alerts where no rules are evaluated.";
        let itself = Operation::get("/openapi.json", "get_document", "This document").says(about);
        let document: Arc<OnceLock<Bytes>> = Arc::default();
        let made = Arc::clone(&document);
        self.add(itself.gives("OpenAPI 3.1.", "application/json"), move |_| {
            let json = made.get().cloned().unwrap_or_default();
            async move { Ok(([(CONTENT_TYPE, "application/json")], json).into_response()) }
        });
        let info = InfoBuilder::new().title("Cupola").version(env!("CARGO_PKG_VERSION")).description(Some(ABOUT));
        let whole =
            OpenApiBuilder::new().info(info).paths(self.paths).components(Some(let_in(self.components.build())));
        // It has no keys but texts, so that it is always JSON.
        let _ = document.set(whole.build().to_json().unwrap_or_default().into());
        let not_so = async |asked: Request| Problem::not_so(asked.method());
        let router = self.router.method_not_allowed_fallback(not_so);
        router.route("/", any(missing)).route("/{*else}", any(missing))
    }
}

/// For whatever is not there.
pub(super) async fn missing() -> Problem {
    Problem::not_here("there is nothing of this name; accepted: what /cupola/api/v1/openapi.json tells of")
}

/// Who is let in, and by what.
fn let_in(mut components: Components) -> Components {
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token: `Authorization: Bearer …`."));
    let cookie =
        ApiKeyValue::with_description(SESSION, "The session of somebody who has logged in at `/cupola/login`.");
    let form = "Of a session, for whatever changes something: what a page has in `<meta name=\"cupola-form\">`, which no other site can read.";
    let form = ApiKeyValue::with_description(FORM_HEAD, form);
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer.build()));
    components.add_security_scheme(COOKIE, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    components.add_security_scheme(TOKEN_OF_PAGES, SecurityScheme::ApiKey(ApiKey::Header(form)));
    components
}
