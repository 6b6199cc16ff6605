//! What becomes of jobs when the worker ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::unix::pipe;

use super::{Job, Work, Worker};
use crate::ansible::Ansible;
use crate::hypervisor::Simulated;
use crate::progress::News;
use crate::store::Store;
use crate::temporary::Folder;
use crate::vm::{NewVm, Size, Template, VmName};

#[tokio::test]
async fn a_playbook_does_not_outlive_the_worker() {
    let folder = Folder::new();
    let store = Store::open(folder.path(), cupola::client::Queries::new()).await.unwrap();
    // Whoever holds the named pipe open for reading lives.
    let (program, alive) = (folder.path().join("ansible-playbook"), folder.path().join("alive"));
    fs::write(&program, format!("#!/bin/sh\nmkfifo {0}\n(exec 3<>{0}; sleep 600) & wait\n", alive.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let ansible = Ansible::new(program, "site.yml".into(), folder.path()).unwrap();

    let (worker, queue) = Worker::start(store.clone(), News::default(), Arc::new(Simulated::instant()), Some(ansible));
    let new = NewVm { name: VmName::parse("web").unwrap(), template: Template::Debian, size: Size::Small };
    let vm = store.create("user-1", &new).await.unwrap();
    queue.place().unwrap().send(Job::here(vm.id.clone(), Work::Provision { admin_password: None }));
    until(|| pipe::OpenOptions::new().open_sender(&alive).is_ok()).await;

    worker.finish(Duration::from_millis(10)).await;
    until(|| pipe::OpenOptions::new().open_sender(&alive).is_err()).await;
    assert_eq!(store.fail_interrupted().await.unwrap(), [vm.id], "the next start fails what was given up");
}

async fn until(is: impl Fn() -> bool) {
    for _ in 0..1000 {
        if is() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it has not come to pass");
}
