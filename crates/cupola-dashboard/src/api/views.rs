//! Saved views over HTTP, as the pages have them.

use std::sync::Arc;

use axum::response::Response;
use cupola_store::Metadata;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::call::{Call, Done, told};
use super::document::Routes;
use super::operation::{Operation, Sent};
use crate::desk::Desk;
use crate::problem::Problem;
use crate::views::{View, Views};

type Answer = fn(&Views<'_>, &Call) -> Result<Response, Problem>;

/// Adds them.
pub(super) fn add(routes: &mut Routes, desk: &Desk, metadata: &Arc<dyn Metadata>) {
    for (operation, answer) in operations() {
        let (desk, metadata) = (desk.clone(), Arc::clone(metadata));
        routes.add(operation, move |call| {
            let (desk, metadata) = (desk.clone(), Arc::clone(&metadata));
            async move { desk.ask(move |_| answer(&Views::new(&metadata, &call.visitor.user, call.now), &call)).await? }
        });
    }
}

fn operations() -> [(Operation, Answer); 4] {
    let (missing, told_as) = ("There is no such view, or whoever asks does not see it.", "The view as it is then.");
    let save = Operation::post("/views", "save_view", "Keeps the address of a page under a name");
    let save = save
        .says("Whoever saves it owns it, so that they have to be known. What everyone sees needs the role operator.");
    let change = Operation::patch("/views/{id}", "change_view", "Gives a view another name, or shows it to others");
    let remove = Operation::delete("/views/{id}", "remove_view", "Takes a view away");
    [
        (Operation::get("/views", "list_views", "The views that one sees").answers::<Seen<'_>>("By name."), list),
        (save.sends::<Wanted>().answers::<Shown<'_>>(told_as), self::save),
        (change.sends::<Changed>().answers::<Shown<'_>>(told_as).fails(404, missing), self::change),
        (remove.answers::<Done>("It is gone.").fails(404, missing), self::remove),
    ]
}

/// Views.
#[derive(Serialize, ToSchema)]
#[schema(as = Views)]
struct Seen<'a> {
    /// By name.
    views: Vec<Shown<'a>>,
}

/// The address of a page under a name.
#[derive(Serialize, ToSchema)]
#[schema(as = View)]
struct Shown<'a> {
    /// By what it is known.
    id: &'a str,
    /// Its name.
    name: &'a str,
    /// Whose it is.
    owner: &'a str,
    /// Whether everyone sees it.
    shared: bool,
    /// `/cupola/logs?query=level%3E%3Dwarn`
    address: &'a str,
    /// Whether whoever asks may change it.
    changeable: bool,
}

/// A view that is to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ViewWanted)]
struct Wanted {
    /// 1 to 80 characters.
    #[schema(max_length = 80, pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$")]
    name: String,
    /// One of the pages: `/cupola/logs?query=level%3E%3Dwarn`.
    #[schema(
        max_length = 8192,
        pattern = r"^/cupola(?:\?[!-\[\]-~]*|(?:/(?!(?:\.|%2[eE]){1,2}(?:[/?#]|$))[!\x22$-.0->@-\[\]-~]*)+(?:[?#][!-\[\]-~]*)?)?$"
    )]
    address: String,
    /// Whether everyone sees it.
    #[serde(default)]
    shared: bool,
}

impl Sent for Wanted {
    const ACCEPTED: &'static str = "an object with name, address (/cupola/logs?query=…), and shared (true or false)";
}

/// What is to be changed of a view.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ViewChange)]
struct Changed {
    /// 1 to 80 characters.
    #[schema(max_length = 80, pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$")]
    name: Option<String>,
    /// Whether everyone sees it.
    shared: Option<bool>,
}

impl Sent for Changed {
    const ACCEPTED: &'static str = "an object with name, shared (true or false), or both";
}

fn list(views: &Views<'_>, call: &Call) -> Result<Response, Problem> {
    let all = views.list()?;
    Ok(told(&Seen { views: all.iter().map(|view| shown(view, call)).collect() }))
}

fn save(views: &Views<'_>, call: &Call) -> Result<Response, Problem> {
    let Wanted { name, address, shared } = call.said()?;
    Ok(told(&shown(&views.save(&name, &address, shared)?, call)))
}

fn change(views: &Views<'_>, call: &Call) -> Result<Response, Problem> {
    let Changed { name, shared } = call.said()?;
    Ok(told(&shown(&views.change(call.step("id"), name.as_deref(), shared)?, call)))
}

fn remove(views: &Views<'_>, call: &Call) -> Result<Response, Problem> {
    views.remove(call.step("id"))?;
    Ok(told(&Done {}))
}

fn shown<'a>(view: &'a View, call: &Call) -> Shown<'a> {
    let (is, changeable) = (&view.is, view.is_changed_by(&call.visitor.user));
    Shown { id: &view.id, name: &is.name, owner: &is.owner, shared: is.shared, address: &is.address, changeable }
}
