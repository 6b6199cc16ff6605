//! What can be asked for at one address: as the document tells of it, and as the router answers.

use axum::routing::MethodFilter;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, ResponseBuilder, Schema};

use super::document::{BEARER, COOKIE, TOKEN_OF_PAGES};
use super::parameter::Parameter;
use crate::access::Role;
use crate::problem::{PROBLEM, Problem};

/// What is sent, and what is accepted of it in words.
pub(super) trait Sent: DeserializeOwned + ToSchema {
    /// An object with these fields.
    const ACCEPTED: &'static str;
}

/// Schemas by name.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// One thing that can be asked for.
pub(super) struct Operation {
    pub(super) path: String,
    pub(super) method: HttpMethod,
    pub(super) role: Role,
    /// Those that stand in the query.
    pub(super) parameters: Vec<&'static str>,
    pub(super) is_sent: bool,
    pub(super) told: OperationBuilder,
    pub(super) schemas: Schemas,
}

impl Operation {
    /// `id` is what generated clients call it.
    fn new(method: HttpMethod, path: impl Into<String>, id: impl Into<String>, summary: impl Into<String>) -> Self {
        let path = path.into();
        let tag = path.split('/').nth(1).unwrap_or_default().to_owned();
        let told = OperationBuilder::new().operation_id(Some(id)).summary(Some(summary)).tag(tag);
        let told = steps(&path).fold(told, |told, step| told.parameter(step));
        let may = Self {
            path,
            method,
            role: Role::Viewer,
            parameters: Vec::new(),
            is_sent: false,
            told,
            schemas: Vec::new(),
        };
        let may = may
            .fails(400, "What is asked is at fault.")
            .fails(401, "Nobody is known by what is said, or nothing is said.");
        may.fails(503, "The store cannot be asked, or too many others ask: `Retry-After`.")
    }

    pub(super) fn get(path: impl Into<String>, id: impl Into<String>, summary: impl Into<String>) -> Self {
        Self::new(HttpMethod::Get, path, id, summary)
    }

    pub(super) fn post(path: impl Into<String>, id: impl Into<String>, summary: impl Into<String>) -> Self {
        Self::new(HttpMethod::Post, path, id, summary)
    }

    pub(super) fn put(path: &str, id: &str, summary: &str) -> Self {
        Self::new(HttpMethod::Put, path, id, summary)
    }

    pub(super) fn patch(path: &str, id: &str, summary: &str) -> Self {
        Self::new(HttpMethod::Patch, path, id, summary)
    }

    pub(super) fn delete(path: &str, id: &str, summary: &str) -> Self {
        Self::new(HttpMethod::Delete, path, id, summary)
    }

    /// More about it.
    pub(super) fn says(mut self, more: &str) -> Self {
        self.told = self.told.description(Some(more));
        self
    }

    /// Only those may who have this role.
    pub(super) fn needs(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// With these parameters.
    pub(super) fn asks<'a>(mut self, parameters: impl IntoIterator<Item = &'a Parameter>) -> Self {
        for parameter in parameters {
            self.parameters.push(parameter.name);
            self.told = self.told.parameter(parameter.tell());
        }
        self
    }

    /// With such a body.
    pub(super) fn sends<T: Sent>(mut self) -> Self {
        let schema = self.named::<T>();
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let body = RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True));
        self.told = self.told.request_body(Some(body.build()));
        self.is_sent = true;
        self
    }

    /// Answers with JSON.
    pub(super) fn answers<T: ToSchema>(mut self, says: &str) -> Self {
        let schema = self.named::<T>();
        self.answer(says, "application/json", schema)
    }

    /// Answers with something else.
    pub(super) fn gives(self, says: &str, kind: &str) -> Self {
        self.answer(says, kind, ObjectBuilder::new().schema_type(Type::String))
    }

    fn answer(mut self, says: &str, kind: &str, schema: impl Into<RefOr<Schema>>) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        self.told = self.told.response("200", ResponseBuilder::new().description(says).content(kind, content));
        self
    }

    /// May be refused with this status, too.
    pub(super) fn fails(mut self, status: u16, why: &str) -> Self {
        let schema = self.named::<Problem>();
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let answer = ResponseBuilder::new().description(why).content(PROBLEM, content);
        self.told = self.told.response(status.to_string(), answer);
        self
    }

    /// As it stands in the document: whoever is let in says so, and which role is needed.
    pub(super) fn tell(mut self) -> (OperationBuilder, Schemas) {
        if self.role > Role::Viewer || self.is_change() {
            self = self.fails(403, "Whoever asks may not, or a page of another site asks for them.");
        }
        let role = [self.role.as_str()];
        let by_cookie = SecurityRequirement::new(COOKIE, role);
        let by_cookie = if self.is_change() { by_cookie.add(TOKEN_OF_PAGES, role) } else { by_cookie };
        let told = self.told.security(SecurityRequirement::new(BEARER, role)).security(by_cookie);
        (told, self.schemas)
    }

    fn is_change(&self) -> bool {
        !matches!(self.method, HttpMethod::Get)
    }

    pub(super) fn filter(&self) -> MethodFilter {
        match self.method {
            HttpMethod::Post => MethodFilter::POST,
            HttpMethod::Put => MethodFilter::PUT,
            HttpMethod::Patch => MethodFilter::PATCH,
            HttpMethod::Delete => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        }
    }

    /// A schema by its name, with all that it needs.
    fn named<T: ToSchema>(&mut self) -> Ref {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        Ref::from_schema_name(T::name())
    }
}

/// What changes in a path: `{id}`.
fn steps(path: &str) -> impl Iterator<Item = ParameterBuilder> {
    let names = path.split('/').filter_map(|step| step.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
        let text = if name == "trace_id" { text.pattern(Some("^[0-9a-fA-F]{32}$")) } else { text };
        let step = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
        step.schema(Some(text))
    })
}
