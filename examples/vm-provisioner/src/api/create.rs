//! `POST /api/v1/vms`: asks for a machine.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use super::Api;
use super::fields::Fields;
use super::json_body::JsonBody;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::store::Caller;
use crate::vm::{NewVm, Size, Template, VmName};
use crate::worker::{Job, Place, Queue, Work};

/// The machine is written as pending and queued for the worker: 202, and its events tell how it goes.
pub(super) async fn create(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    JsonBody(fields): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let (new, admin_password) = read(fields)?;
    cupola::context::set("template_name", new.template.as_str());
    let place = place(&api.queue)?;
    let vm = api.store.create(&caller.id, &new).await?;
    cupola::context::set("vm_id", vm.id.to_string());
    place.send(Job::here(vm.id.clone(), Work::Provision { admin_password }));
    let location = format!("/api/v1/vms/{}", vm.id);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(vm)))
}

/// A place in the worker's queue, or the answer that there is none.
pub(super) fn place(queue: &Queue) -> Result<Place, Problem> {
    queue.place().ok_or_else(|| Problem::unavailable("/problems/busy", "too many jobs are waiting: try again later"))
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
