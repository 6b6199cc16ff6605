//! Machines that are configured by a real Ansible: what is seen of it, what ends a job, and what is never seen.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "support/demo.rs"]
mod demo;

use std::fs;
use std::net::Ipv4Addr;

use serde_json::{Value, json};
use vm_provisioner::ansible::{Ansible, AnsibleError, Guest};
use vm_provisioner::hypervisor::Reach;
use vm_provisioner::process;
use vm_provisioner::vm::{Size, Step, Template, Vm, VmId, VmState};

use demo::{Demo, all_lines};

const SECRET: &str = "corr3ct-horse-battery";

const PLAYBOOK: &str = r#"
- hosts: all
  gather_facts: false
  vars:
    secret: "{{ lookup('ansible.builtin.env', 'VM_ADMIN_PASSWORD') }}"
  tasks:
    - name: Changes something
      ansible.builtin.command: "true"
    - name: Is left out
      ansible.builtin.command: "true"
      when: false
    - name: Has items
      ansible.builtin.debug:
        msg: "{{ item }}"
      loop: [one, two]
    - name: Has a secret
      ansible.builtin.debug:
        msg: "{{ item }} {{ secret }}"
      loop: ["{{ secret }}"]
      no_log: true
    - name: Fails on the secret, and may
      ansible.builtin.fail:
        msg: "{{ secret }}"
      no_log: true
      ignore_errors: true
    - name: Fails for the doomed
      ansible.builtin.fail:
        msg: told to fail
      when: vm_name == 'doomed'
"#;

fn make(demo: &Demo, name: &str) -> (String, Vec<Value>) {
    let body = json!({"name": name, "template": "debian-13", "size": "small", "admin_password": SECRET});
    let (status, vm) = demo.ask("POST", "/api/v1/vms", &body.to_string());
    assert_eq!(status, 202, "{vm}");
    let id = vm["id"].as_str().unwrap().to_owned();
    let events = demo.follow(&format!("/api/v1/vms/{id}"));
    (id, events)
}

#[test]
#[ignore = "needs ansible-playbook"]
fn tasks_are_seen_as_they_end_and_secrets_never() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.yml"), PLAYBOOK).unwrap();
    let demo = Demo::start(folder.path(), &["--ansible", "site.yml", "--simulated-failures", "0"]);
    let (id, events) = make(&demo, "web");
    let (doomed, doomed_events) = make(&demo, "doomed");
    demo.stop();

    let last = events.last().unwrap();
    assert_eq!((&last["state"], &last["percent"]), (&json!("running"), &json!(100)), "{last}");
    let told = |name: &str, status: &str| {
        let task = json!({ "name": name, "status": status });
        events.iter().any(|event| event["task"] == task && event["state"] == "provisioning")
    };
    assert!(
        told("Changes something", "changed") && told("Is left out", "skipped") && told("Has items", "ok"),
        "{events:?}"
    );
    let last = doomed_events.last().unwrap();
    assert_eq!((&last["state"], &last["step"]), (&json!("failed"), &json!("machine_configured")), "{last}");
    assert_eq!(last["failure"], "the task \"Fails for the doomed\" failed");

    let lines = all_lines(folder.path());
    each_task_is_a_line(&lines, &id);
    failure_is_told_in_full(&lines, &doomed);
    let seen = lines.iter().find(|line| line.to_string().contains(SECRET));
    assert!(seen.is_none(), "{seen:?}");
    assert!(events.iter().chain(&doomed_events).all(|event| !event.to_string().contains(SECRET)));
}

fn each_task_is_a_line(lines: &[Value], vm_id: &str) {
    let of_this = |line: &&Value| line["host"] == vm_id && line["task"].is_string();
    let tasks: Vec<&Value> = lines.iter().filter(of_this).collect();
    let expected = [
        ("Changes something", "changed", None),
        ("Is left out", "skipped", None),
        ("Has items", "ok", Some("one")),
        ("Has items", "ok", Some("two")),
        ("Has items", "ok", None),
        ("Has a secret", "ok", Some("(censored due to no_log)")),
        ("Has a secret", "ok", None),
        ("Fails on the secret, and may", "failed", None),
        ("Fails for the doomed", "skipped", None),
    ];
    let seen: Vec<_> = tasks
        .iter()
        .map(|line| (line["task"].as_str().unwrap(), line["status"].as_str().unwrap(), line["item"].as_str()))
        .collect();
    assert_eq!(seen, expected);
    assert!(tasks.iter().all(|line| line["duration_ms"].is_number() && line["request_id"].is_string()), "{tasks:?}");

    let ended = lines.iter().find(|line| line["message"] == "playbook ended" && line["vm_id"] == vm_id).unwrap();
    let counts =
        ["ok", "changed", "skipped", "failed", "unreachable", "ignored"].map(|name| ended[name].as_u64().unwrap());
    assert_eq!(counts, [4, 1, 2, 0, 0, 1], "{ended}");
}

fn failure_is_told_in_full(lines: &[Value], vm_id: &str) {
    let failed = lines.iter().find(|line| line["message"] == "machine failed").unwrap();
    let field = |name: &str| failed[name].as_str().unwrap_or_else(|| panic!("no {name}: {failed}"));
    assert_eq!((field("vm_id"), field("step"), field("user_name")), (vm_id, "machine_configured", "ada"));
    assert_eq!((field("reason"), field("action")), ("told to fail", "background.task"));
    let asked = lines.iter().find(|line| line["target"] == "cupola::http" && line["vm_id"] == vm_id).unwrap();
    assert_eq!(failed["request_id"], asked["request_id"]);
    let task = lines.iter().find(|line| line["host"] == vm_id && line["level"] == "WARN").unwrap();
    assert_eq!((&task["task"], &task["message"]), (&json!("Fails for the doomed"), &json!("task failed")));
}

#[tokio::test]
#[ignore = "needs ansible-playbook"]
async fn a_machine_that_is_not_reached_is_told_by_our_own_playbook() {
    let folder = tempfile::tempdir().unwrap();
    let program = process::find("ansible-playbook").unwrap();
    let ansible = Ansible::with_own_playbook(program, folder.path()).unwrap();
    let vm = Vm {
        id: VmId::new(),
        name: "web".to_owned(),
        template: Template::Debian,
        size: Size::Small,
        state: VmState::Provisioning,
        step: Step::MachineStarted,
        address: None,
        failure: None,
        created_at: String::new(),
    };
    let reached = Guest { vm: &vm, reach: Reach::Here, admin_password: None };
    let totals = ansible.configure(&reached, |_| {}).await.unwrap();
    assert_eq!((totals.ok, totals.skipped, totals.changed), (2, 2, 0));

    // Nobody listens on this port.
    let lost = Guest { reach: Reach::Ssh(Ipv4Addr::LOCALHOST.into(), 1), ..reached };
    match ansible.configure(&lost, |_| {}).await.unwrap_err() {
        AnsibleError::Unreachable { task, .. } => assert_eq!(task, "Ask whether it answers"),
        other => panic!("{other:?}"),
    }
}
