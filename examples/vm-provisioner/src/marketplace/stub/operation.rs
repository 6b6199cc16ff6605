//! What can be asked of the marketplace.

use axum::http::Method;

use crate::named::named;

named! {
    /// What can be asked of the marketplace.
    Operation {
        /// `POST /api/v0/bundles`.
        Search = "search",
        /// `PUT /api/v0/asks/{id}`.
        Create = "create",
        /// `GET /api/v0/instances/{id}`.
        Show = "show",
        /// `GET /api/v1/instances`.
        List = "list",
        /// `GET /api/v0/instances`, which is gone.
        OldList = "old_list",
        /// `PUT /api/v0/instances/{id}`.
        Change = "change",
        /// `DELETE /api/v0/instances/{id}`.
        Destroy = "destroy",
        /// Anything else.
        Unknown = "unknown",
    }
}

impl Operation {
    /// What a request asks for.
    pub(super) fn of(method: &Method, path: &str) -> Self {
        let mut parts = path.trim_matches('/').split('/');
        let parts = [parts.next(), parts.next(), parts.next(), parts.next()].map(Option::unwrap_or_default);
        match (method.as_str(), parts) {
            ("POST", ["api", "v0", "bundles", ""]) => Self::Search,
            ("PUT", ["api", "v0", "asks", id]) if !id.is_empty() => Self::Create,
            ("GET", ["api", "v0", "instances", ""]) => Self::OldList,
            ("GET", ["api", "v1", "instances", ""]) => Self::List,
            ("GET", ["api", "v0", "instances", _]) => Self::Show,
            ("PUT", ["api", "v0", "instances", id]) if !id.is_empty() => Self::Change,
            ("DELETE", ["api", "v0", "instances", id]) if !id.is_empty() => Self::Destroy,
            _ => Self::Unknown,
        }
    }
}
