//! `/api/v1/vms/{id}`: one machine.

use axum::Json;
use axum::extract::{Extension, State};
use utoipa::ToSchema;

use super::Api;
use super::fields::{Fields, unknown};
use super::json_body::JsonBody;
use super::vm_path::VmPath;
use crate::problem::Problem;
use crate::store::Caller;
use crate::vm::{Size, Vm, VmId, VmName, VmPatch};

/// One machine.
#[utoipa::path(get, path = "/api/v1/vms/{id}", operation_id = "get_vm", params(("id" = VmId, Path, description = "The machine's id.")),
    responses((status = 200, description = "The machine.", body = Vm)))]
#[tracing::instrument(name = "api.vm.get", skip_all)]
pub(super) async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    VmPath(id): VmPath,
) -> Result<Json<Vm>, Problem> {
    let vm = api.store.show(&caller.id, &id).await?;
    cupola::context::set("template_name", vm.template.as_str());
    Ok(Json(vm))
}

/// What is to be changed of a machine.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the fields that the handler reads")]
pub(super) struct VmChange {
    /// Another name.
    #[schema(example = "web-2", pattern = "^[a-z][a-z0-9-]{0,39}$", nullable = false)]
    name: Option<String>,
    /// Another size, of a machine that is stopped.
    #[schema(nullable = false)]
    size: Option<Size>,
}

/// Gives a machine another name, or another size.
#[utoipa::path(patch, path = "/api/v1/vms/{id}", operation_id = "update_vm", params(("id" = VmId, Path, description = "The machine's id.")), request_body = VmChange,
    responses((status = 200, description = "The machine as it is now.", body = Vm)))]
#[tracing::instrument(name = "api.vm.update", skip_all)]
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
