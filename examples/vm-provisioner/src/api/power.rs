//! `POST /api/v1/vms/{id}/start` and `/stop`, `DELETE /api/v1/vms/{id}`: work for the worker.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;

use super::Api;
use super::create::hand_over;
use super::vm_path::VmPath;
use crate::problem::Problem;
use crate::store::Caller;
use crate::vm::{Vm, VmId, VmState};
use crate::worker::Work;

/// Starts a machine that is stopped.
#[utoipa::path(post, path = "/api/v1/vms/{id}/start", operation_id = "start_vm", params(("id" = VmId, Path, description = "The machine's id.")),
    responses((status = 202, description = "The machine, which is being started.", body = Vm)))]
#[tracing::instrument(name = "api.vm.start", skip_all)]
pub(super) async fn start(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    VmPath(id): VmPath,
) -> Result<(StatusCode, Json<Vm>), Problem> {
    request(&api, &caller, &id, (&[VmState::Stopped], VmState::Starting), Work::Start).await
}

/// Stops a machine that runs.
#[utoipa::path(post, path = "/api/v1/vms/{id}/stop", operation_id = "stop_vm", params(("id" = VmId, Path, description = "The machine's id.")),
    responses((status = 202, description = "The machine, which is being stopped.", body = Vm)))]
#[tracing::instrument(name = "api.vm.stop", skip_all)]
pub(super) async fn stop(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    VmPath(id): VmPath,
) -> Result<(StatusCode, Json<Vm>), Problem> {
    request(&api, &caller, &id, (&[VmState::Running], VmState::Stopping), Work::Stop).await
}

/// Takes a machine away that no worker has in its hands: 202, and it is gone once its events have ended.
#[utoipa::path(delete, path = "/api/v1/vms/{id}", operation_id = "delete_vm", params(("id" = VmId, Path, description = "The machine's id.")),
    responses((status = 202, description = "The machine, which is being taken away.", body = Vm)))]
#[tracing::instrument(name = "api.vm.delete", skip_all)]
pub(super) async fn delete(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    VmPath(id): VmPath,
) -> Result<(StatusCode, Json<Vm>), Problem> {
    request(&api, &caller, &id, (VmState::FINAL, VmState::Deleting), Work::Destroy).await
}

async fn request(
    api: &Api,
    caller: &Caller,
    id: &VmId,
    (from, to): (&[VmState], VmState),
    work: Work,
) -> Result<(StatusCode, Json<Vm>), Problem> {
    let asked = api.store.request(&caller.id, id, from, to).await?;
    cupola::context::set("template_name", asked.vm().template.as_str());
    Ok((StatusCode::ACCEPTED, Json(hand_over(api, asked, work).await?)))
}
