//! The `{id}` of a path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::problem::Problem;
use crate::vm::VmId;

/// The machine that the path names; every line of the request shows it as `vm_id`.
pub(super) struct VmPath(pub(super) VmId);

impl<S: Send + Sync> FromRequestParts<S> for VmPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.map(|path| path.0).unwrap_or_default();
        let id = VmId::parse(&text).ok_or(Problem::not_found("the id in the path is not that of a VM"))?;
        cupola::context::set("vm_id", id.to_string());
        Ok(Self(id))
    }
}
