//! The lives of rented machines: each change of state is said once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cupola::record::StateChange;

use super::model::Instance;

/// How many machines are remembered.
const MOST: usize = 10_000;

/// The state in which each machine was seen last.
#[derive(Clone, Debug, Default)]
pub(super) struct Lives(Arc<Mutex<HashMap<u64, String>>>);

impl Lives {
    /// A machine was asked for.
    pub(super) fn begins(&self, id: u64) {
        self.moves(id, "provisioning", None);
    }

    /// A machine was looked at.
    pub(super) fn seen(&self, instance: &Instance) {
        self.moves(instance.id, instance.status(), instance.template_name.as_deref());
    }

    /// A machine is gone.
    pub(super) fn ends(&self, id: u64) {
        self.moves(id, "destroyed", None);
        self.known().remove(&id);
    }

    fn moves(&self, id: u64, to: &str, template: Option<&str>) {
        let from = {
            let mut known = self.known();
            // Those that nobody has seen end are forgotten all at once, rather than never.
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(id, to.to_owned())
        };
        let from = from.as_deref().unwrap_or("unknown");
        if from != to {
            let subject = id.to_string();
            let change = StateChange::new("gpu_instance", from, to).id(&subject).field("instance_id", id);
            template.into_iter().fold(change, |change, name| change.field("template_name", name.to_owned())).emit();
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<u64, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
