//! Methods: a known list, so that no stranger names a metric label.

use std::sync::Arc;

use http::Method;

use crate::vars::{VarError, Vars};

/// Which request methods are shown by name; the others are `_OTHER`.
///
/// The default is RFC 9110's list with PATCH and QUERY. A list of one's own replaces it whole, as OpenTelemetry's
/// `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` wants it. Names are case-sensitive.
#[derive(Clone, Debug, Default)]
pub struct KnownMethods(Option<Arc<[Box<str>]>>);

impl KnownMethods {
    /// The name of every method that is not known.
    pub const OTHER: &'static str = "_OTHER";

    /// Only these.
    pub fn only<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(Some(names.into_iter().map(Into::into).collect()))
    }

    /// Those of `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`, separated by commas; `None` where it is unset.
    pub fn from_vars(vars: Vars<'_>) -> Result<Option<Self>, VarError> {
        const NAME: &str = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS";
        vars.read(NAME, "methods, separated by commas", |_| {
            let names = vars.list(NAME);
            let valid = !names.is_empty() && names.iter().all(|name| Method::from_bytes(name.as_bytes()).is_ok());
            valid.then(|| Self::only(names.iter().map(String::as_str)))
        })
    }

    /// Whether a method is shown by name.
    pub fn knows(&self, method: &Method) -> bool {
        match &self.0 {
            Some(names) => names.iter().any(|name| **name == *method.as_str()),
            None => is_default(method),
        }
    }
}

fn is_default(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET
            | Method::POST
            | Method::PUT
            | Method::DELETE
            | Method::HEAD
            | Method::OPTIONS
            | Method::CONNECT
            | Method::PATCH
            | Method::TRACE
    ) || method.as_str() == "QUERY"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_ones_own_replaces_the_default() {
        let method = |name: &str| Method::from_bytes(name.as_bytes()).unwrap();
        let default = KnownMethods::default();
        assert!(default.knows(&Method::GET) && default.knows(&method("QUERY")));
        assert!(!default.knows(&method("get")) && !default.knows(&method("PURGE")));
        let own = KnownMethods::only(["PURGE"]);
        assert!(own.knows(&method("PURGE")) && !own.knows(&Method::GET));
    }
}
