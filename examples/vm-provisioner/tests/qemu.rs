//! Machines by a real QEMU: one that boots, one that does not, and none that is left behind.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "support/demo.rs"]
mod demo;

use std::fs;
use std::time::Duration;

use serde_json::Value;

use demo::{Demo, all_lines};

const VMS: &str = "/api/v1/vms";

/// The ids of the processes whose command line has this text.
fn processes(text: &str) -> Vec<String> {
    let has = |id: &String| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(text)
    };
    let entries = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.filter(|name| name.parse::<u32>().is_ok()).filter(has).collect()
}

fn gone(text: &str) {
    for _ in 0..500 {
        if processes(text).is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{text} is left behind");
}

fn make(demo: &Demo, name: &str, template: &str) -> (String, Value) {
    let body = format!(r#"{{"name": "{name}", "template": "{template}", "size": "small"}}"#);
    let (status, vm) = demo.ask("POST", VMS, &body);
    assert_eq!(status, 202, "{vm}");
    let id = vm["id"].as_str().unwrap().to_owned();
    let last = demo.follow(&format!("{VMS}/{id}")).pop().unwrap();
    (id, last)
}

#[test]
#[ignore = "needs qemu"]
fn machines_boot_or_say_why_not_and_none_outlives_the_service() {
    let folder = tempfile::tempdir().unwrap();
    // Where Ansible is installed, nobody is asked at an address that the guest does not have.
    let demo = Demo::start(folder.path(), &["--hypervisor", "qemu", "--ansible", "auto"]);
    let (id, last) = make(&demo, "web", "debian-13");
    assert_eq!((&last["state"], &last["percent"]), (&"running".into(), &100.into()), "{last}");
    assert_eq!(processes(&id).len(), 1, "a machine is a process");

    let (broken, last) = make(&demo, "broken", "broken");
    assert_eq!((&last["state"], &last["step"]), (&"failed".into(), &"machine_started".into()), "{last}");
    assert_eq!(last["failure"], "the machine ended before it had booted");
    gone(&broken);

    demo.kill();
    gone(&id);

    let demo = Demo::start(folder.path(), &["--hypervisor", "qemu"]);
    let path = format!("{VMS}/{id}");
    assert_eq!(demo.ask("GET", &path, "").1["state"], "stopped", "it ended with the service");
    assert!(folder.path().join("data/machines").join(&id).is_dir());
    assert_eq!(demo.ask("DELETE", &path, "").0, 202);
    demo.follow(&path);
    assert_eq!(demo.ask("GET", &path, "").0, 404);
    assert!(!folder.path().join("data/machines").join(&id).exists());
    demo.stop();

    failure_is_told_in_full(&all_lines(folder.path()), &broken);
}

fn failure_is_told_in_full(lines: &[Value], vm_id: &str) {
    let failed = lines.iter().find(|line| line["message"] == "machine failed").unwrap();
    let field = |name: &str| failed[name].as_str().unwrap_or_else(|| panic!("no {name}: {failed}"));
    assert_eq!((field("vm_id"), field("step"), field("user_name")), (vm_id, "machine_started", "ada"));
    assert!(field("reason").contains("Kernel panic"), "{failed}");
    let asked = lines.iter().find(|line| line["target"] == "cupola::http" && line["vm_id"] == vm_id).unwrap();
    assert_eq!(failed["request_id"], asked["request_id"]);
}
