//! Route templates, each held once.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock};

use http::Extensions;
use rustc_hash::FxBuildHasher;

/// A power of two, and far more than services have routes.
const SLOTS: usize = 1024;

/// A template whose first slots are taken is not held: each of its requests holds its own.
const PROBES: usize = 8;

/// The longest path of a gRPC method that is taken for one.
const MAX_GRPC_PATH: usize = 128;

/// Turns a template's text into a shared one, without a lock once it is known. Templates come and stay: a slot is filled
/// once.
pub(crate) struct Routes(Box<[OnceLock<Arc<str>>]>);

impl Default for Routes {
    fn default() -> Self {
        Self((0..SLOTS).map(|_| OnceLock::new()).collect())
    }
}

impl Routes {
    /// The route that the framework has matched for a request.
    #[inline]
    pub(crate) fn matched(&self, extensions: &Extensions) -> Option<Arc<str>> {
        matched_path(extensions).map(|path| self.shared(path))
    }

    /// The path of a gRPC method that has been served before, or is served now.
    pub(crate) fn grpc_method(&self, path: &str, served: bool) -> Option<Arc<str>> {
        let known = self.slots(path).find_map(|slot| slot.get().filter(|known| ***known == *path).cloned());
        let is_method = path.len() <= MAX_GRPC_PATH && path.matches('/').count() == 2;
        known.or_else(|| (served && is_method).then(|| self.shared(path)))
    }

    fn shared(&self, route: &str) -> Arc<str> {
        for slot in self.slots(route) {
            let held = slot.get_or_init(|| route.into());
            if **held == *route {
                return held.clone();
            }
        }
        route.into()
    }

    /// Where a template may be, the likeliest place first.
    fn slots(&self, route: &str) -> impl Iterator<Item = &OnceLock<Arc<str>>> {
        let hash = FxBuildHasher.hash_one(route) as usize;
        (0..PROBES).map(move |step| &self.0[(hash + step) % SLOTS])
    }

    fn len(&self) -> usize {
        self.0.iter().filter(|slot| slot.get().is_some()).count()
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Routes").field(&self.len()).finish()
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
        for n in 0..3 * SLOTS {
            let route = format!("/{n}");
            assert_eq!(*routes.shared(&route), *route);
        }
        assert!(Arc::ptr_eq(&routes.shared("/a/{id}"), &routes.shared("/a/{id}")));
        assert_eq!(routes.len(), SLOTS, "so many templates that each slot is some template's");
    }
}
