//! Addresses: none is leaked, whatever fails.

use super::{Store, StoreError};
use crate::hypervisor::Simulated;
use crate::temporary::{Folder, until};
use crate::vm::{NewVm, Size, Step, Template, Vm, VmId, VmName, VmState};
use crate::worker::{Job, Work};

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
async fn worked(store: &Store, folder: &Folder, hypervisor: Simulated, id: &VmId, work: Work) -> Vm {
    let (worker, queue) = folder.worker(store, hypervisor, None).await;
    queue.push(Job { vm_id: id.clone(), work }).await.unwrap();
    until(async || store.show(ADA, id).await.unwrap().state.is_final()).await;
    worker.finish(std::time::Duration::from_secs(30)).await;
    store.show(ADA, id).await.unwrap()
}

/// A machine of this name that is asked for.
async fn asked(store: &Store, name: &str) -> Result<VmId, StoreError> {
    Ok(store.create(ADA, &new_vm(name), None).await?.keep().await?.id)
}

#[tokio::test]
async fn no_address_is_leaked_whichever_step_fails() {
    let (store, folder) = store().await;
    for step in [
        Step::RecordLoaded,
        Step::AddressAllocated,
        Step::MachineProvisioned,
        Step::MachineStarted,
        Step::StatusUpdated,
    ] {
        let id = asked(&store, &step.as_str().replace('_', "-")).await.unwrap();
        let vm = worked(&store, &folder, Simulated::instant().failing_at(step), &id, Work::Provision).await;
        assert_eq!((vm.state, vm.step, vm.address), (VmState::Failed, step, None));
        assert_eq!(store.free_addresses().await.unwrap(), ALL, "{step}");
    }
}

#[tokio::test]
async fn no_address_is_leaked_when_a_machine_does_not_stop_start_or_go() {
    for (work, (before, after), fails_at) in [
        (Work::Stop, (VmState::Running, VmState::Stopping), Step::MachineStopped),
        (Work::Start, (VmState::Stopped, VmState::Starting), Step::MachineStarted),
        (Work::Destroy, (VmState::Running, VmState::Deleting), Step::MachineDestroyed),
    ] {
        let (store, folder) = store().await;
        let id = asked(&store, "web").await.unwrap();
        store.allocate(&id).await.unwrap();
        store.advance(&id, before, Step::Done).await.unwrap();
        store.request(ADA, &id, &[before], after).await.unwrap().keep().await.unwrap();
        let vm = worked(&store, &folder, Simulated::instant().failing_at(fails_at), &id, work).await;
        assert_eq!((vm.state, vm.address), (VmState::Failed, None));
        assert_eq!(store.free_addresses().await.unwrap(), ALL);
    }
}

#[tokio::test]
async fn what_is_not_kept_never_was() {
    let (store, folder) = store().await;
    let dropped = store.create(ADA, &new_vm("web"), None).await.unwrap();
    let id = dropped.vm().id.clone();
    drop(dropped);
    assert!(matches!(store.show(ADA, &id).await, Err(StoreError::NotFound)));

    // Its job was queued: a worker finds nothing to do, and goes on with the next.
    let (_worker, queue) = folder.worker(&store, Simulated::instant(), None).await;
    queue.push(Job { vm_id: id, work: Work::Provision }).await.unwrap();
    let next = asked(&store, "web").await.unwrap();
    queue.push(Job { vm_id: next.clone(), work: Work::Provision }).await.unwrap();
    until(async || store.show(ADA, &next).await.unwrap().state == VmState::Running).await;
    assert_eq!(store.free_addresses().await.unwrap(), ALL - 1);
}

#[tokio::test]
async fn a_first_password_is_kept_until_the_machine_is_made_or_is_not_to_be() {
    let (store, folder) = store().await;
    let secret = crate::secret::Secret::new("corr3ct-horse-battery".to_owned());
    for (name, hypervisor) in
        [("web", Simulated::instant()), ("db", Simulated::instant().failing_at(Step::MachineStarted))]
    {
        let id = store.create(ADA, &new_vm(name), Some(&secret)).await.unwrap().keep().await.unwrap().id;
        assert_eq!(store.admin_password(&id).await.unwrap().unwrap().reveal(), secret.reveal());
        worked(&store, &folder, hypervisor, &id, Work::Provision).await;
        assert!(store.admin_password(&id).await.unwrap().is_none(), "{name}");
    }
    let queue = std::fs::read(folder.path().join("jobs.sqlite")).unwrap();
    let log = std::fs::read(folder.path().join("jobs.sqlite-wal")).unwrap_or_default();
    let holds = |bytes: &[u8]| bytes.windows(secret.reveal().len()).any(|part| part == secret.reveal().as_bytes());
    assert!(!holds(&queue) && !holds(&log));
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_without_the_name() {
    let (folder, told) = (Folder::new(), cupola::record::Capture::new());
    let store = Store::open(folder.path(), cupola::client::Queries::new().sink(told.clone())).await.unwrap();
    asked(&store, "hunter2").await.unwrap();
    assert!(matches!(asked(&store, "hunter2").await, Err(StoreError::NameTaken)));
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
            let id = asked(&store, &format!("vm{n}")).await?;
            store.allocate(&id).await.map(|(_, address)| address)
        });
    }
    let results = asking.join_all().await;
    let mut addresses: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), 8);
    assert_eq!(results.iter().filter(|result| matches!(result, Err(StoreError::PoolEmpty))).count(), 4);
}
