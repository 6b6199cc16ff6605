//! Machines by Firecracker: a fake that accepts what Firecracker's own description of its API accepts, and nothing else.
//!
//! With `FIRECRACKER_BIN`, `FIRECRACKER_KERNEL` and `FIRECRACKER_INITRD` set, a real one is asked the same.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "support/fake_firecracker.rs"]
mod fake_firecracker;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cupola::client::CallLayer;
use cupola::record::Capture;
use vm_provisioner::hypervisor::{Firecracker, Hypervisor, HypervisorError, Image};
use vm_provisioner::vm::{Size, Step, Template, Vm, VmId, VmState};

use fake_firecracker::Fake;

fn vm(template: Template) -> Vm {
    Vm {
        id: VmId::new(),
        name: "web".to_owned(),
        template,
        size: Size::Small,
        state: VmState::Provisioning,
        step: Step::AddressAllocated,
        address: None,
        failure: None,
        created_at: String::new(),
    }
}

/// A Firecracker whose machines are in this folder, and what is told of its calls.
fn firecracker(binary: PathBuf, folder: &Path) -> (Firecracker, Capture) {
    let told = Capture::new();
    let file = |name: &str| {
        let path = folder.join(name);
        std::fs::write(&path, name).unwrap();
        path
    };
    let image = Image { kernel: file("vmlinux"), initrd: Some(file("initrd")), rootfs: Some(file("disk")) };
    (Firecracker::new(binary, image, folder.to_owned(), CallLayer::new().sink(told.clone())), told)
}

/// Each call: dependency, method, template, status.
fn calls(told: &Capture) -> Vec<String> {
    let told = told.calls();
    let calls = told.iter().map(|(call, ended)| {
        let (dependency, template) = (call.dependency.as_deref().unwrap(), call.template.as_deref().unwrap());
        format!("{dependency} {} {template} {}", call.method_label(), ended.status().unwrap().as_u16())
    });
    calls.collect()
}

#[tokio::test]
async fn a_machine_lives_and_every_request_is_what_the_api_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let (fake, vm) = (Fake::new(folder.path()), vm(Template::Debian));
    let (firecracker, told) = firecracker(fake.binary(), folder.path());

    firecracker.make(&vm).await.unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join(vm.id.as_str()).join("rootfs")).unwrap(), "disk");
    firecracker.start(&vm).await.unwrap();
    firecracker.start(&vm).await.unwrap();
    assert!(firecracker.runs(&vm.id));
    assert_eq!(
        calls(&told),
        [
            "firecracker PUT /machine-config 204",
            "firecracker PUT /boot-source 204",
            "firecracker PUT /drives/{drive_id} 204",
            "firecracker PUT /actions 204",
            "firecracker GET / 200",
        ],
        "started once"
    );

    firecracker.stop(&vm.id).await.unwrap();
    assert!(!firecracker.runs(&vm.id) && fake.shut_down_gently(&vm.id));
    firecracker.destroy(&vm.id).await.unwrap();
    firecracker.destroy(&vm.id).await.unwrap();
    assert!(!folder.path().join(vm.id.as_str()).exists());
}

fn reason(error: &HypervisorError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn what_firecracker_refuses_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new(folder.path()).refusing("/boot-source", "The kernel file cannot be opened");
    let (firecracker, vm) = (firecracker(fake.binary(), folder.path()).0, vm(Template::Debian));
    firecracker.make(&vm).await.unwrap();
    let error = firecracker.start(&vm).await.unwrap_err();
    assert_eq!(error.to_string(), "the hypervisor refuses");
    assert_eq!(reason(&error), "400 Bad Request: The kernel file cannot be opened");
    assert!(!firecracker.runs(&vm.id));
}

#[tokio::test]
async fn a_machine_that_does_not_boot_is_told_from_one_that_ends() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new(folder.path());
    let (firecracker, _) = firecracker(fake.binary(), folder.path());
    let firecracker = firecracker.deadline(Duration::from_millis(300));

    let silent = vm(Template::Alpine);
    firecracker.make(&silent).await.unwrap();
    fake.is_silent(&silent.id);
    let error = firecracker.start(&silent).await.unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), reason(&error).as_str()),
        ("the machine has not booted after 0.3 s", "[    0.1] Linux")
    );

    let broken = vm(Template::Broken);
    firecracker.make(&broken).await.unwrap();
    let error = firecracker.start(&broken).await.unwrap_err();
    assert_eq!(error.to_string(), "the machine ended before it had booted");
    assert_eq!(reason(&error), "exit status: 148: [    0.2] Kernel panic - not syncing: no init found");
}

#[tokio::test]
async fn a_process_that_does_not_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (firecracker, vm) = (firecracker(Fake::that_ends(folder.path()), folder.path()).0, vm(Template::Debian));
    firecracker.make(&vm).await.unwrap();
    let error = firecracker.start(&vm).await.unwrap_err();
    assert_eq!(error.to_string(), "the machine's process does not start");
    assert_eq!(reason(&error), "exit status: 1: Cannot open /dev/kvm");
}

#[tokio::test]
async fn a_real_one_is_asked_the_same() {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let (Some(binary), Some(kernel)) = (named("FIRECRACKER_BIN"), named("FIRECRACKER_KERNEL")) else {
        println!("skipped: FIRECRACKER_BIN and FIRECRACKER_KERNEL name no Firecracker");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let image = Image { kernel, initrd: named("FIRECRACKER_INITRD"), rootfs: named("FIRECRACKER_ROOTFS") };
    let firecracker = Firecracker::new(binary, image, folder.path().to_owned(), CallLayer::new());
    let vm = vm(Template::Debian);
    firecracker.make(&vm).await.unwrap();
    firecracker.start(&vm).await.unwrap();
    assert!(firecracker.runs(&vm.id));
    firecracker.stop(&vm.id).await.unwrap();
    firecracker.destroy(&vm.id).await.unwrap();
    assert!(!firecracker.runs(&vm.id));
}

#[test]
fn the_fake_refuses_what_the_description_does_not_know() {
    use serde_json::json;
    let check = |method: &str, path: &str, body: serde_json::Value, accepted: bool| {
        let judged = fake_firecracker::judge(method, path, &body);
        assert_eq!(judged.is_ok(), accepted, "{method} {path} {body}: {judged:?}");
    };
    check("PUT", "/machine-config", json!({"vcpu_count": 1, "mem_size_mib": 128}), true);
    check("PUT", "/machine-config", json!({"vcpu_count": 1}), false);
    check("PUT", "/machine-config", json!({"vcpu_count": 33, "mem_size_mib": 128}), false);
    check("PUT", "/machine-config", json!({"vcpu_count": 1, "mem_size_mib": 128, "ht_enabled": true}), false);
    check("PUT", "/actions", json!({"action_type": "InstanceStop"}), false);
    check("PUT", "/drives/rootfs", json!({"drive_id": "rootfs", "is_root_device": true}), true);
    check("POST", "/actions", json!({"action_type": "InstanceStart"}), false);
    check("PUT", "/machines", json!({}), false);
    check("GET", "/", serde_json::Value::Null, true);
}
