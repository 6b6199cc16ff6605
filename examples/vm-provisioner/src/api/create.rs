//! `POST /api/v1/vms`: asks for a machine.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use utoipa::ToSchema;

use super::Api;
use super::fields::Fields;
use super::json_body::JsonBody;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::store::{Asked, Caller};
use crate::vm::{NewVm, Size, Template, Vm, VmName};
use crate::worker::{Job, Work};

/// What is said of a machine that is to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the fields that the handler reads")]
pub(super) struct VmWanted {
    /// The owner's name for it: 1 to 40 of a-z, 0-9 and '-', beginning with a letter.
    #[schema(example = "web-1", pattern = "^[a-z][a-z0-9-]{0,39}$")]
    name: String,
    /// What to make it from.
    template: Template,
    /// How large to make it.
    size: Size,
    /// Its administrator's first password, which is kept until the machine is made.
    #[schema(example = "corr3ct-horse-battery-staple", min_length = 12, max_length = 128, nullable = false)]
    admin_password: Option<String>,
}

/// The machine is written as pending and queued for the worker: 202, and its events tell how it goes.
#[utoipa::path(post, path = "/api/v1/vms", operation_id = "create_vm", request_body = VmWanted,
    responses((status = 202, description = "The machine, which is being made.", body = Vm)))]
#[tracing::instrument(name = "api.vm.create", skip_all)]
pub(super) async fn create(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    JsonBody(fields): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let (new, admin_password) = read(fields)?;
    cupola::context::set("template_name", new.template.as_str());
    let asked = api.store.create(&caller.id, &new, admin_password.as_ref()).await?;
    cupola::context::set("vm_id", asked.vm().id.to_string());
    let vm = hand_over(&api, asked, Work::Provision).await?;
    let location = format!("/api/v1/vms/{}", vm.id);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(vm)))
}

/// Queues the work that was asked for, and keeps that it was: neither or both.
pub(super) async fn hand_over(api: &Api, asked: Asked, work: Work) -> Result<Vm, Problem> {
    api.queue.push(Job { vm_id: asked.vm().id.clone(), work }).await?;
    Ok(asked.keep().await?)
}

fn read(mut fields: Fields) -> Result<(NewVm, Option<Secret>), Problem> {
    let name = fields.required("name", VmName::ACCEPTED, VmName::parse);
    let template = fields.one_of("template", Template::NAMES, Template::named);
    let size = fields.one_of("size", Size::NAMES, Size::named);
    let admin_password = fields.text("admin_password", "12 to 128 bytes, or no such field", password);
    let new = name.zip(template).zip(size).map(|((name, template), size)| NewVm { name, template, size });
    Ok((fields.finish(new)?, admin_password))
}

/// What is wrong with a password is its length; the text itself is never shown back.
fn password(text: &str) -> Result<Secret, String> {
    if (12..=128).contains(&text.len()) {
        Ok(Secret::new(text.to_owned()))
    } else {
        Err("has another length".to_owned())
    }
}
