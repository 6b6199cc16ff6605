//! What the marketplace says, as far as it matters here.

use std::collections::BTreeMap;

use cupola::context::FieldValue;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

/// What is offered for rent.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = GpuOffer)]
pub struct Offer {
    /// What it is rented by.
    pub id: u64,
    /// The GPU's model.
    pub gpu_name: String,
    /// How many of them.
    pub num_gpus: u64,
    /// Dollars an hour.
    pub dph_total: f64,
    /// From 0 to 1.
    pub reliability: f64,
}

/// What an offer has to have.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// The GPU's model.
    pub gpu_name: Option<String>,
    /// This many of them.
    pub num_gpus: Option<u64>,
    /// At most so many dollars an hour.
    pub max_price: Option<f64>,
    /// At most so many offers; 10 unless said.
    pub limit: Option<u64>,
}

impl Search {
    /// How many filters it has.
    pub fn filters(&self) -> usize {
        [self.gpu_name.is_some(), self.num_gpus.is_some(), self.max_price.is_some()].iter().filter(|set| **set).count()
    }

    /// As the marketplace reads it.
    pub(super) fn body(&self) -> Value {
        let gpu_name = self.gpu_name.as_ref().map(|name| ("gpu_name", json!({ "eq": name })));
        let num_gpus = self.num_gpus.map(|number| ("num_gpus", json!({ "eq": number })));
        let price = self.max_price.map(|dollars| ("dph_total", json!({ "lte": dollars })));
        let filters = gpu_name.into_iter().chain(num_gpus).chain(price);
        let mut body: Map<String, Value> = filters.map(|(name, filter)| (name.to_owned(), filter)).collect();
        body.insert("limit".to_owned(), json!(self.limit.unwrap_or(10)));
        body.insert("rentable".to_owned(), json!({ "eq": true }));
        Value::Object(body)
    }
}

/// A rented machine. Its `jupyter_token` is not read: nobody here needs it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Gpu)]
pub struct Instance {
    /// What it is known by.
    pub id: u64,
    /// Where it is; `None` while it is provisioned.
    pub actual_status: Option<String>,
    /// Where it is to be.
    pub intended_status: Option<String>,
    /// What its owner calls it.
    pub label: Option<String>,
    /// The template that it was made of.
    pub template_name: Option<String>,
    /// The GPU's model.
    pub gpu_name: Option<String>,
    /// Where it is reached.
    pub ssh_host: Option<String>,
    /// At this port.
    pub ssh_port: Option<u16>,
}

impl Instance {
    /// Where it is, in a word.
    pub fn status(&self) -> &str {
        self.actual_status.as_deref().unwrap_or("provisioning")
    }

    /// Whether it can be worked on.
    pub fn is_running(&self) -> bool {
        self.status() == "running"
    }
}

/// How many there are, in each state: one field for each.
pub(super) fn counted(instances: &[Instance]) -> Vec<(&'static str, FieldValue)> {
    let mut by_status = BTreeMap::<&'static str, usize>::new();
    for instance in instances {
        *by_status.entry(field(instance.status())).or_default() += 1;
    }
    let all = ("instances", instances.len().into());
    by_status.into_iter().map(|(name, number)| (name, number.into())).chain([all]).collect()
}

/// A closed set: who knows what the marketplace will say tomorrow.
fn field(status: &str) -> &'static str {
    match status {
        "provisioning" => "instances_provisioning",
        "created" => "instances_created",
        "loading" => "instances_loading",
        "running" => "instances_running",
        "stopped" => "instances_stopped",
        "exited" => "instances_exited",
        _ => "instances_other",
    }
}
