//! `/api/v1/vms/{id}`: one machine.

use axum::Json;
use axum::extract::{Extension, State};

use super::Api;
use super::fields::{Fields, unknown};
use super::json_body::JsonBody;
use super::vm_path::VmPath;
use crate::problem::Problem;
use crate::store::Caller;
use crate::vm::{Size, Vm, VmName, VmPatch};

/// `GET`
pub(super) async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    VmPath(id): VmPath,
) -> Result<Json<Vm>, Problem> {
    let vm = api.store.show(&caller.id, &id).await?;
    cupola::context::set("template_name", vm.template.as_str());
    Ok(Json(vm))
}

/// `PATCH`: another name, another size.
pub(super) async fn patch(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    VmPath(id): VmPath,
    JsonBody(fields): JsonBody,
) -> Result<Json<Vm>, Problem> {
    let patch = read(fields)?;
    let vm = api.store.patch(&caller.id, &id, &patch).await?;
    tracing::info!(name = vm.name, size = vm.size.as_str(), "machine changed");
    Ok(Json(vm))
}

fn read(mut fields: Fields) -> Result<VmPatch, Problem> {
    let name = fields.text("name", VmName::ACCEPTED, VmName::parse);
    let sizes = format!("one of: {}", Size::NAMES.join(", "));
    let size = fields.text("size", &sizes, |text| Size::named(text).ok_or_else(|| unknown(text)));
    fields.finish(Some(VmPatch { name, size }))
}
