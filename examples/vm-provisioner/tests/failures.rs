//! What fails, as its caller sees it and as its lines tell it.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "support/demo.rs"]
mod demo;

use std::path::Path;

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use demo::{Demo, all_lines};

const VMS: &str = "/api/v1/vms";

fn new(name: &str, template: &str) -> String {
    json!({"name": name, "template": template, "size": "small"}).to_string()
}

/// A writer that does not let anybody else write into this file, while `work` runs.
fn while_locked(file: &Path, work: impl FnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut connection = runtime.block_on(SqliteConnection::connect(file.to_str().unwrap())).unwrap();
    runtime.block_on(sqlx::query("BEGIN IMMEDIATE").execute(&mut connection)).unwrap();
    work();
    runtime.block_on(connection.close()).unwrap();
}

#[test]
fn a_pool_without_addresses_is_a_clear_answer_and_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), &["--role", "api"]);
    let file = folder.path().join("data/vm-provisioner.sqlite");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
        sqlx::query("DELETE FROM ip_addresses").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
    let (status, problem) = demo.ask("POST", VMS, &new("web", "debian-13"));
    assert_eq!((status, &problem["type"]), (503, &json!("/problems/pool-empty")), "{problem}");
    demo.stop();
    let lines = all_lines(folder.path());
    let of = lines_of_request(&lines, &problem);
    let line = of.iter().find(|line| line["target"] == "cupola::http").unwrap();
    assert_eq!((&line["status"], &line["template_name"]), (&json!(503), &json!("debian-13")), "{line}");
}

/// The lines of the request with this problem: all have the same id and user.
fn lines_of_request<'a>(lines: &'a [Value], problem: &Value) -> Vec<&'a Value> {
    let of: Vec<_> = lines.iter().filter(|line| line["request_id"] == problem["request_id"]).collect();
    assert!(of.iter().all(|line| line["user_name"] == "ada"), "{of:?}");
    of
}

#[test]
fn a_queue_or_store_that_is_down_is_a_clear_answer_and_a_line_and_nothing_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), &["--role", "api"]);
    let mut problems = Vec::new();
    for (file, kind) in [("jobs.sqlite", "/problems/queue-down"), ("vm-provisioner.sqlite", "/problems/store-down")] {
        while_locked(&folder.path().join("data").join(file), || {
            let (status, problem) = demo.ask("POST", VMS, &new("web", "debian-13"));
            assert_eq!((status, &problem["type"]), (503, &json!(kind)), "{problem}");
            problems.push(problem);
        });
    }
    assert_eq!(demo.ask("GET", VMS, "").1["items"], json!([]));
    assert_eq!(demo.ask("POST", VMS, &new("web", "debian-13")).0, 202, "and then it goes on");
    demo.stop();
    let lines = all_lines(folder.path());
    for problem in &problems {
        let lines = lines_of_request(&lines, problem);
        let said = lines.iter().find(|line| line["message"] == "not now").unwrap();
        assert!(said["level"] == "ERROR" && said["cause"].as_str().unwrap().contains("locked"), "{said}");
        assert!(lines.iter().any(|line| line["target"] == "cupola::http" && line["status"] == 503), "{lines:?}");
    }
}

#[test]
fn a_machine_that_does_not_boot_is_tried_again_and_then_fails_with_its_address_released() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), &["--simulated-failures", "0"]);
    let id = demo.ask("POST", VMS, &new("web", "broken")).1["id"].as_str().unwrap().to_owned();
    let last = demo.follow(&format!("{VMS}/{id}")).pop().unwrap();
    assert_eq!((&last["state"], &last["failure"]), (&json!("failed"), &json!("the image does not boot")));
    demo.stop();

    let lines = all_lines(folder.path());
    let asked = lines.iter().find(|line| line["status"] == 202).unwrap();
    let of: Vec<_> = lines_of_request(&lines, asked);
    let attempts = |message: &str| {
        let said = of.iter().filter(|line| line["message"] == message);
        said.map(|line| line["attempt"].as_u64().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(attempts("job started"), [1, 2, 3]);
    assert_eq!(attempts("job will be tried again"), [1, 2]);
    assert_eq!(attempts("job failed"), [3]);
    let failed = of.iter().find(|line| line["message"] == "machine failed").unwrap();
    assert_eq!(
        (&failed["step"], &failed["ip_released"], &failed["error"]),
        (&json!("machine_started"), &json!(true), &json!("the image does not boot"))
    );
    assert!(
        of.iter().any(|line| line["to"] == "failed" && line["why"] == "the image does not boot"),
        "its change of state says why"
    );
    let ended = of.iter().find(|line| line["message"] == "job failed").unwrap();
    assert_eq!((&ended["error_type"], &ended["max_attempts"]), (&json!("hypervisor"), &json!(3)), "{ended}");
}
