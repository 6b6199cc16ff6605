//! Addresses: none is leaked, whatever fails.

use std::sync::Arc;

use super::{Store, StoreError};
use crate::hypervisor::Simulated;
use crate::progress::News;
use crate::temporary::Folder;
use crate::vm::{NewVm, Size, Step, Template, Vm, VmId, VmName, VmState};
use crate::worker::{Job, Queue, Work, Worker};

const ADA: &str = "user-1";
const ALL: u32 = 245;

impl Store {
    /// Leaves only so many addresses free, as if other machines held the rest.
    pub(crate) async fn take_all_addresses_but(&self, free: u32) {
        let query = "DELETE FROM ip_addresses WHERE address NOT IN (SELECT address FROM ip_addresses LIMIT ?)";
        sqlx::query(query).bind(free).execute(&self.pool).await.unwrap();
    }
}

async fn store() -> (Store, Folder) {
    let folder = Folder::new();
    (Store::open(folder.path(), cupola::client::Queries::new()).await.unwrap(), folder)
}

fn new_vm(name: &str) -> NewVm {
    NewVm { name: VmName::parse(name).unwrap(), template: Template::Debian, size: Size::Small }
}

/// Does the work on a machine, and gives the machine as it is when the work has ended.
async fn worked(store: &Store, hypervisor: Simulated, id: &VmId, work: Work) -> Vm {
    let (worker, queue): (Worker, Queue) = Worker::start(store.clone(), News::default(), Arc::new(hypervisor), None);
    queue.place().unwrap().send(Job::here(id.clone(), work));
    worker.finish(std::time::Duration::from_secs(30)).await;
    store.show(ADA, id).await.unwrap()
}

#[tokio::test]
async fn no_address_is_leaked_whichever_step_fails() {
    let (store, _folder) = store().await;
    for step in [
        Step::RecordLoaded,
        Step::AddressAllocated,
        Step::MachineProvisioned,
        Step::MachineStarted,
        Step::StatusUpdated,
    ] {
        let id = store.create(ADA, &new_vm(&step.as_str().replace('_', "-"))).await.unwrap().id;
        let work = Work::Provision { admin_password: None };
        let vm = worked(&store, Simulated::instant().failing_at(step), &id, work).await;
        assert_eq!((vm.state, vm.step, vm.address), (VmState::Failed, step, None));
        assert_eq!(store.free_addresses().await.unwrap(), ALL, "{step}");
    }
}

#[tokio::test]
async fn no_address_is_leaked_when_a_machine_does_not_stop_start_or_go() {
    for (work, asked, fails_at) in [
        (Work::Stop, (VmState::Running, VmState::Stopping), Step::MachineStopped),
        (Work::Start, (VmState::Stopped, VmState::Starting), Step::MachineStarted),
        (Work::Destroy, (VmState::Running, VmState::Deleting), Step::MachineDestroyed),
    ] {
        let (store, _folder) = store().await;
        let id = store.create(ADA, &new_vm("web")).await.unwrap().id;
        store.allocate(&id).await.unwrap();
        store.advance(&id, asked.0, Step::Done).await.unwrap();
        store.request(ADA, &id, &[asked.0], asked.1).await.unwrap();
        let vm = worked(&store, Simulated::instant().failing_at(fails_at), &id, work).await;
        assert_eq!((vm.state, vm.address), (VmState::Failed, None));
        assert_eq!(store.free_addresses().await.unwrap(), ALL);
    }
}

#[tokio::test]
async fn jobs_lost_in_a_restart_give_their_addresses_back() {
    let (store, folder) = store().await;
    let id = store.create(ADA, &new_vm("web")).await.unwrap().id;
    store.allocate(&id).await.unwrap();
    store.close().await;

    let reopened = Store::open(folder.path(), cupola::client::Queries::new()).await.unwrap();
    assert_eq!(reopened.free_addresses().await.unwrap(), ALL - 1);
    assert_eq!(reopened.fail_interrupted().await.unwrap(), [id]);
    assert_eq!(reopened.free_addresses().await.unwrap(), ALL);
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_without_the_name() {
    let (folder, told) = (Folder::new(), cupola::record::Capture::new());
    let store = Store::open(folder.path(), cupola::client::Queries::new().sink(told.clone())).await.unwrap();
    store.create(ADA, &new_vm("hunter2")).await.unwrap();
    assert!(matches!(store.create(ADA, &new_vm("hunter2")).await, Err(StoreError::NameTaken)));
    let queries = told.queries();
    let (query, ended) = queries.last().unwrap();
    let code = ended.error().and_then(|error| error.database_code());
    assert_eq!((query.operation(), query.target(), code), (Some("INSERT"), Some("vms"), Some("2067")));
    assert!(!format!("{queries:?}").contains("hunter2"));
}

#[tokio::test]
async fn many_at_once_get_each_an_address_of_its_own() {
    let (store, _folder) = store().await;
    store.take_all_addresses_but(8).await;
    let mut asking = tokio::task::JoinSet::new();
    for n in 0..12 {
        let store = store.clone();
        asking.spawn(async move {
            let vm = store.create(ADA, &new_vm(&format!("vm{n}"))).await?;
            store.allocate(&vm.id).await.map(|(_, address)| address)
        });
    }
    let results = asking.join_all().await;
    let mut addresses: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), 8);
    assert_eq!(results.iter().filter(|result| matches!(result, Err(StoreError::PoolEmpty))).count(), 4);
}
