//! `GET /api/v1/openapi.json`: the description of the API, put together from what stands at each handler.

use axum::Json;
use axum::Router;
use axum::routing::get;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, OpenApi, PathItem, Ref, Response, ResponseBuilder, SecurityRequirement,
};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::{FieldProblem, Problem, Said};

/// Where it is served, to everybody: it says nothing that is secret.
pub const PATH: &str = "/api/v1/openapi.json";

/// The route of this description, once all that handlers have in common is added.
pub(super) fn route(mut document: OpenApi) -> Router {
    document.info.title = "VM provisioner".to_owned();
    document.info.description = Some("Makes virtual machines, runs them, and tells how that goes.".to_owned());
    document.info.license = None;
    let components = document.components.get_or_insert_default();
    components.schemas.insert(Said::name().into_owned(), Said::schema());
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    components.schemas.insert(FieldProblem::name().into_owned(), FieldProblem::schema());
    add_tokens(components);
    document.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
    let operations = document.paths.paths.values_mut().flat_map(operations);
    operations.for_each(|operation| {
        operation.responses.responses.insert("default".to_owned(), problem().into());
    });
    Router::new().route(PATH, get(async move || Json(document)))
}

fn add_tokens(components: &mut Components) {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
}

/// Whatever is refused, or fails, is said so.
fn problem() -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Said::name()))).build();
    ResponseBuilder::new().description("Why it was not done.").content("application/problem+json", content).build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete]
        .into_iter()
        .filter_map(Option::as_mut)
}

#[cfg(test)]
pub(crate) mod tests;
