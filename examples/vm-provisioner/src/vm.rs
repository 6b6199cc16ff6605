//! A virtual machine, as the API shows it and the store keeps it.

mod id;
mod kind;
mod name;
mod state;

pub use id::VmId;
pub use kind::{Size, Template};
pub use name::VmName;
pub use state::{Step, VmState};

use std::net::Ipv4Addr;

use serde::Serialize;
use utoipa::ToSchema;

/// A virtual machine.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Vm {
    /// Its id.
    pub id: VmId,
    /// The name its owner gave it.
    #[schema(example = "web-1")]
    pub name: String,
    /// What it was made from.
    pub template: Template,
    /// How large it is.
    pub size: Size,
    /// Where it is in its life.
    pub state: VmState,
    /// The last step that was done with it.
    pub step: Step,
    /// Its address, from the time when it was allocated until it is released.
    #[schema(value_type = Option<String>, format = Ipv4, example = "10.0.0.10")]
    pub address: Option<Ipv4Addr>,
    /// Why it failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When it was asked for: RFC 3339, UTC.
    #[schema(format = DateTime, example = "2026-11-26T21:51:03.944Z")]
    pub created_at: String,
}

/// What its owner says about a machine that is to be made.
#[derive(Clone, Debug)]
pub struct NewVm {
    /// The name its owner gives it.
    pub name: VmName,
    /// What to make it from.
    pub template: Template,
    /// How large to make it.
    pub size: Size,
}

/// What its owner changes.
#[derive(Clone, Debug, Default)]
pub struct VmPatch {
    /// Another name.
    pub name: Option<VmName>,
    /// Another size.
    pub size: Option<Size>,
}
