//! A folder for one test, and a worker in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cupola::client::Queries;
use cupola::job::Jobs;

use crate::ansible::Ansible;
use crate::hypervisor::Simulated;
use crate::store::Store;
use crate::worker::{CrashAt, Performer, Queue, Worker};

/// A folder of its own, gone with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(std::env::temp_dir().join(format!("vm-provisioner-{}", uuid::Uuid::now_v7().simple())))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A worker on the queue in this folder, and the queue.
    pub(crate) async fn worker(
        &self,
        store: &Store,
        hypervisor: Simulated,
        ansible: Option<Ansible>,
    ) -> (Worker, Queue) {
        let watched = (Jobs::new("vms"), Queries::new());
        let queue = Queue::open(None, &self.0, watched, Duration::from_secs(2)).await.unwrap();
        let (store, hypervisor) = (store.clone(), Arc::new(hypervisor));
        let performer = Performer { store, hypervisor, ansible, crash_at: CrashAt::default() };
        (Worker::start(performer, queue.clone()), queue)
    }
}

/// Waits until something is so.
pub(crate) async fn until(mut is: impl AsyncFnMut() -> bool) {
    for _ in 0..3000 {
        if is().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it has not come to pass");
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up: it is in its temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
