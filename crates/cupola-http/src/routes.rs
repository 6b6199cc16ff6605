//! Route templates, each held once.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::Extensions;
use rustc_hash::FxHashMap;

/// The most templates that are held; past it each request holds its own.
const MAX: usize = 4096;

/// The longest path of a gRPC method that is taken for one.
const MAX_GRPC_PATH: usize = 128;

/// Turns a template's text into a shared one, without a lock once it is known.
#[derive(Default)]
pub(crate) struct Routes(ArcSwap<FxHashMap<Arc<str>, ()>>);

impl Routes {
    /// The route that the framework has matched for a request.
    pub(crate) fn matched(&self, extensions: &Extensions) -> Option<Arc<str>> {
        matched_path(extensions).map(|path| self.shared(path))
    }

    /// The path of a gRPC method that has been served before, or is served now.
    pub(crate) fn grpc_method(&self, path: &str, served: bool) -> Option<Arc<str>> {
        let known = self.0.load().get_key_value(path).map(|(known, ())| known.clone());
        let is_method = path.len() <= MAX_GRPC_PATH && path.matches('/').count() == 2;
        known.or_else(|| (served && is_method).then(|| self.shared(path)))
    }

    fn shared(&self, route: &str) -> Arc<str> {
        if let Some((known, ())) = self.0.load().get_key_value(route) {
            return known.clone();
        }
        let new: Arc<str> = route.into();
        if self.0.load().len() < MAX {
            self.0.rcu(|routes| {
                let mut routes = FxHashMap::clone(routes);
                routes.entry(new.clone()).or_default();
                routes
            });
        }
        new
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Routes").field(&self.0.load().len()).finish()
    }
}

#[cfg(feature = "axum")]
fn matched_path(extensions: &Extensions) -> Option<&str> {
    extensions.get::<axum::extract::MatchedPath>().map(axum::extract::MatchedPath::as_str)
}

#[cfg(not(feature = "axum"))]
fn matched_path(_: &Extensions) -> Option<&str> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_held_once_and_their_number_is_bounded() {
        let routes = Routes::default();
        assert!(Arc::ptr_eq(&routes.shared("/a/{id}"), &routes.shared("/a/{id}")));
        for n in 0..MAX + 10 {
            routes.shared(&format!("/{n}"));
        }
        assert_eq!(routes.0.load().len(), MAX);
    }
}
