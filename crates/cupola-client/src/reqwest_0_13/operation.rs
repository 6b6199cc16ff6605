//! Operations: what a client's calls are made in the course of.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use cupola_context::{FieldValue, Scope};
use cupola_record::OperationIds;
use http::HeaderValue;
use http::header::USER_AGENT;
use reqwest::Request;

/// One run of an operation: its name, and the fields that the lines of its calls have.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    name: Arc<str>,
    scope: Scope,
}

impl Operation {
    /// A run that begins now, in the session that there is, or in one of its own.
    pub(crate) fn new(name: &str) -> Self {
        let ids = OperationIds::new(name, SystemTime::now(), rand::random()).in_session();
        Self { name: name.into(), scope: ids.scope(name) }
    }

    pub(crate) fn with(self, key: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) -> Self {
        Self { scope: self.scope.with(key, value), ..self }
    }

    pub(crate) const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Says who asks, and for what: `vm-provisioner/1.2 (query_offers)`. A name that no header may hold is left out.
    pub(crate) fn sign(&self, request: &mut Request) {
        let own = concat!("cupola-client/", env!("CARGO_PKG_VERSION"));
        let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or(own);
        if let Ok(signed) = HeaderValue::try_from(format!("{agent} ({})", self.name)) {
            request.headers_mut().insert(USER_AGENT, signed);
        }
    }
}
