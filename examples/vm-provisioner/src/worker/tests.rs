//! What becomes of jobs when the worker ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use cupola::client::Queries;
use sqlx::{Connection as _, SqliteConnection};
use tokio::net::unix::pipe;

use super::{Job, Work};
use crate::ansible::Ansible;
use crate::hypervisor::Simulated;
use crate::store::Store;
use crate::temporary::{Folder, until};
use crate::vm::{NewVm, Size, Template, VmId, VmName, VmState};

const ADA: &str = "user-1";

#[tokio::test]
async fn a_playbook_does_not_outlive_the_worker() {
    let folder = Folder::new();
    let store = Store::open(folder.path(), Queries::new()).await.unwrap();
    // Whoever holds the named pipe open for reading lives.
    let (program, alive) = (folder.path().join("ansible-playbook"), folder.path().join("alive"));
    fs::write(&program, format!("#!/bin/sh\nmkfifo {0}\n(exec 3<>{0}; sleep 600) & wait\n", alive.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let ansible = Ansible::new(program, "site.yml".into(), folder.path()).unwrap();

    let (worker, queue) = folder.worker(&store, Simulated::instant(), Some(ansible)).await;
    let id = asked(&store, "web").await;
    queue.push(Job { vm_id: id.clone(), work: Work::Provision }).await.unwrap();
    until(async || pipe::OpenOptions::new().open_sender(&alive).is_ok()).await;

    worker.finish(Duration::from_millis(10)).await;
    until(async || pipe::OpenOptions::new().open_sender(&alive).is_err()).await;
    let left = store.show(ADA, &id).await.unwrap();
    assert_eq!((left.state, left.address.is_some()), (VmState::Provisioning, true), "it is left to the next worker");

    let (_worker, _) = folder.worker(&store, Simulated::instant(), None).await;
    until(async || store.show(ADA, &id).await.unwrap().state == VmState::Running).await;
}

#[tokio::test]
async fn who_ends_leaves_what_is_queued_to_the_next() {
    let folder = Folder::new();
    let store = Store::open(folder.path(), Queries::new()).await.unwrap();
    let (worker, queue) = folder.worker(&store, Simulated::instant(), None).await;
    worker.finish(Duration::from_secs(30)).await;
    let id = asked(&store, "web").await;
    queue.push(Job { vm_id: id.clone(), work: Work::Provision }).await.unwrap();
    assert_eq!(store.waiting_jobs().await.unwrap(), 1);

    let (_worker, _) = folder.worker(&store, Simulated::instant(), None).await;
    until(async || store.show(ADA, &id).await.unwrap().state == VmState::Running).await;
    assert_eq!(store.waiting_jobs().await.unwrap(), 0);
}

#[tokio::test]
async fn jobs_that_ended_long_ago_are_forgotten() {
    let folder = Folder::new();
    let store = Store::open(folder.path(), Queries::new()).await.unwrap();
    let (_worker, queue) = folder.worker(&store, Simulated::instant(), None).await;
    for name in ["old", "new"] {
        queue.push(Job { vm_id: asked(&store, name).await, work: Work::Provision }).await.unwrap();
    }
    let file = folder.path().join("jobs.sqlite");
    let mut jobs = SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
    let ended = "SELECT COUNT(*) FROM Jobs WHERE status = 'Done'";
    until(async || sqlx::query_scalar::<_, u32>(ended).fetch_one(&mut jobs).await.unwrap() == 2).await;
    sqlx::query("UPDATE Jobs SET done_at = 0 WHERE rowid = 1").execute(&mut jobs).await.unwrap();

    let (_worker, _) = folder.worker(&store, Simulated::instant(), None).await;
    assert_eq!(sqlx::query_scalar::<_, u32>(ended).fetch_one(&mut jobs).await.unwrap(), 1);
}

async fn asked(store: &Store, name: &str) -> VmId {
    let new = NewVm { name: VmName::parse(name).unwrap(), template: Template::Debian, size: Size::Small };
    store.create(ADA, &new, None).await.unwrap().keep().await.unwrap().id
}
