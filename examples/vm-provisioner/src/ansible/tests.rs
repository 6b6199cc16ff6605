//! What is made of what Ansible says and does; a shell script stands in for it.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::temporary::Folder;
use crate::vm::{Size, Step, Template, VmId, VmState};

const START: &str = r#"{"event": "start", "task": "a", "host": "vm"}"#;
const OK: &str =
    r#"{"event": "result", "task": "a", "host": "vm", "status": "ok", "duration_ms": 1.5, "message": "m"}"#;
const ITEM: &str = r#"{"event": "item", "task": "b", "host": "vm", "status": "failed", "duration_ms": 1, "item": "i", "message": "no"}"#;
const IGNORED: &str = r#"{"event": "result", "task": "b", "host": "vm", "status": "failed", "duration_ms": 1, "ignored": true, "message": "no"}"#;
const FAILED: &str = r#"{"event": "result", "task": "c", "host": "vm", "status": "failed", "duration_ms": 1, "ignored": null, "message": "why"}"#;
const UNREACHABLE: &str = r#"{"event": "result", "task": "d", "host": "vm", "status": "unreachable", "duration_ms": 1, "ignored": false, "message": "gone"}"#;
const STATS: &str = r#"{"event": "stats", "ok": 2, "changed": 1, "failed": 0, "unreachable": 0, "skipped": 0, "ignored": 1, "rescued": 0}"#;

fn vm() -> Vm {
    Vm {
        id: VmId::new(),
        name: "web".to_owned(),
        template: Template::Debian,
        size: Size::Small,
        state: VmState::Provisioning,
        step: Step::MachineStarted,
        address: None,
        failure: None,
        created_at: String::new(),
    }
}

fn ansible(folder: &Folder, script: &str) -> Ansible {
    fs::create_dir_all(folder.path()).unwrap();
    let program = folder.path().join("ansible-playbook");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    Ansible::new(program, "site.yml".into(), folder.path()).unwrap()
}

fn says(lines: &[&str], code: u8) -> String {
    let said: String = lines.iter().map(|line| format!("echo '{line}'\n")).collect();
    format!("{said}exit {code}")
}

/// What comes of it: the totals or the error with its reason, and each task with its status.
async fn configured(ansible: &Ansible) -> (Result<Totals, (String, Option<String>)>, Vec<String>) {
    let (vm, mut told) = (vm(), Vec::new());
    let secret = Secret::new("s3cret".to_owned());
    let guest = Guest { vm: &vm, reach: Reach::Here, admin_password: Some(&secret) };
    let result = ansible.configure(&guest, |end| told.push(format!("{} {}", end.task, end.status))).await;
    let said = |error: AnsibleError| (error.to_string(), std::error::Error::source(&error).map(ToString::to_string));
    (result.map_err(said), told)
}

#[tokio::test]
async fn tasks_are_told_and_counted() {
    let folder = Folder::new();
    let lines = [START, OK, "[WARNING]: not an event", ITEM, IGNORED, STATS];
    let (result, told) = configured(&ansible(&folder, &says(&lines, 0))).await;
    assert_eq!(result, Ok(Totals { ok: 2, changed: 1, ignored: 1, ..Totals::default() }));
    assert_eq!(told, ["a ok", "b failed", "b failed"]);
}

#[tokio::test]
async fn what_ends_a_playbook_is_named() {
    let check = async |script: &str, said: &str, reason: Option<&str>| {
        let folder = Folder::new();
        let (result, _) = configured(&ansible(&folder, script)).await;
        assert_eq!(result, Err((said.to_owned(), reason.map(str::to_owned))));
    };
    check(&says(&[OK, FAILED, STATS], 2), "the task \"c\" failed", Some("why")).await;
    check(&says(&[UNREACHABLE, STATS], 4), "the machine cannot be reached for the task \"d\"", Some("gone")).await;
    let early = Some("exit status: 1: ERROR! no playbook");
    check("echo 'ERROR! no playbook' >&2; exit 1", "what configures it ended early", early).await;
    check(&says(&[OK], 0), "what configures it ended early", Some("exit status: 0: ")).await;
}

#[tokio::test]
async fn after_the_deadline_all_of_it_is_killed() {
    let folder = Folder::new();
    let mark = folder.path().join("alive");
    // Whoever holds the named pipe open for writing lives.
    let script = format!("mkfifo {0}; (exec 3<>{0}; echo up >&3; sleep 600) & wait", mark.display());
    let ansible = ansible(&folder, &script).deadline(Duration::from_millis(500));
    let (result, _) = configured(&ansible).await;
    assert_eq!(result, Err(("it is not configured after 0.5 s".to_owned(), None)));
    // A non-blocking writer finds a reader only as long as somebody has the pipe.
    let reader = async {
        while tokio::net::unix::pipe::OpenOptions::new().open_sender(&mark).is_ok() {
            tokio::task::yield_now().await
        }
    };
    timeout(Duration::from_secs(10), reader).await.expect("it goes on after its deadline");
}

#[tokio::test]
async fn the_password_is_in_the_environment_and_not_in_the_arguments() {
    let folder = Folder::new();
    let script =
        format!("echo \"$*\" >{0}/arguments; echo \"$VM_ADMIN_PASSWORD\" >{0}/secret", folder.path().display());
    configured(&ansible(&folder, &script)).await.0.unwrap_err();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("secret"), "s3cret\n");
    let arguments = read("arguments");
    assert!(arguments.contains("\"vm_name\":\"web\"") && !arguments.contains("s3cret"), "{arguments}");
}
