//! What the business counts: machines by state, addresses that are free, jobs that wait.

use std::time::Duration;

use cupola::metrics::{By, Gauge, Label, RegisterError, Registry, Values};
use cupola::record::Fallback;
use tokio::task::JoinHandle;

use crate::store::{Store, StoreError};
use crate::vm::VmState;

/// How often the store is asked: more often than anybody scrapes.
const PERIOD: Duration = Duration::from_secs(1);

impl Label for VmState {
    const NAME: &str = "vm.state";
    const VALUES: Values = Values::Only(Self::NAMES);

    fn value(&self) -> &str {
        (*self).as_str()
    }
}

/// The instruments.
#[derive(Clone, Debug)]
pub struct Business {
    machines: By<VmState, Gauge>,
    free_addresses: Gauge,
    waiting_jobs: Gauge,
}

impl Business {
    /// Registers them, beside what Cupola counts by itself.
    pub fn register(registry: &Registry) -> Result<Self, RegisterError> {
        Ok(Self {
            machines: registry.gauge_by("vm.machines", "Machines, by state.", "{vm}")?,
            free_addresses: registry.gauge("vm.addresses.free", "Addresses that nobody holds.", "{address}")?,
            waiting_jobs: registry.gauge("vm.jobs.waiting", "Jobs that no worker has begun.", "{job}")?,
        })
    }

    /// Asks the store now and then, until the task is aborted.
    pub fn watch(self, store: Store) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(PERIOD);
            loop {
                ticks.tick().await;
                if let Err(error) = self.look(&store).await {
                    Fallback::new("store", "gauges of before", &error.to_string()).operation("count_business").emit();
                }
            }
        })
    }

    /// Asks once. A state that no machine is in is zero, and not absent.
    pub async fn look(&self, store: &Store) -> Result<(), StoreError> {
        let counts = store.count_by_state().await?;
        for state in VmState::NAMES.iter().filter_map(|name| VmState::named(name)) {
            let count = counts.iter().find(|(name, _)| name == state.as_str()).map_or(0, |(_, count)| *count);
            self.machines.with(&state).set(count.into());
        }
        self.free_addresses.set(store.free_addresses().await?.into());
        self.waiting_jobs.set(store.waiting_jobs().await?.into());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporary::Folder;

    #[tokio::test]
    async fn states_addresses_and_jobs_are_on_the_registry() {
        let (folder, registry) = (Folder::new(), Registry::new());
        let store = Store::open(folder.path(), cupola::client::Queries::new()).await.unwrap();
        Business::register(&registry).unwrap().look(&store).await.unwrap();
        let text = registry.render();
        for line in ["vm_addresses_free 245\n", "vm_jobs_waiting 0\n", "vm_machines{vm_state=\"running\"} 0\n"] {
            assert!(text.contains(line), "no {line} in {text}");
        }
        assert_eq!(text.matches("vm_machines{").count(), VmState::NAMES.len());
    }
}
