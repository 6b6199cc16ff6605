//! What fails, as its caller sees it and as its lines tell it.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "support/demo.rs"]
mod demo;
#[path = "support/servers.rs"]
mod servers;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use demo::{Demo, all_lines};
use servers::{Kind, Server};

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

/// Goes down and comes back under one process that answers and works.
fn a_queue_server_goes_down_and_comes_back(kind: Kind, system: &str) {
    let mut server = Server::start(kind);
    let queue = server.queue(0);
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), &["--queue", &queue, "--simulated-failures", "0"]);
    let make = |name| demo.ask("POST", VMS, &new(name, "debian-13"));
    let runs = |made: &Value| {
        let last = demo.follow(&format!("{VMS}/{}", made["id"].as_str().unwrap())).pop().unwrap();
        assert_eq!(last["state"], "running", "{last}");
    };
    let (status, before) = make("before");
    assert_eq!(status, 202, "{before}");
    runs(&before);

    server.kill();
    let (status, problem) = make("between");
    assert_eq!((status, &problem["type"]), (503, &json!("/problems/queue-down")), "{problem}");
    assert_eq!(
        demo.ask("GET", VMS, "").1["items"].as_array().unwrap().len(),
        1,
        "what reads goes on, and nothing is kept"
    );

    server.come_back();
    let (status, after) = (0..200).map(|_| make("after")).find(|(status, _)| *status != 503).unwrap();
    assert_eq!(status, 202, "{after}");
    runs(&after);
    demo.stop();

    let lines = all_lines(folder.path());
    let of = lines_of_request(&lines, &problem);
    let said = of.iter().find(|line| line["message"] == "not now").unwrap();
    assert!(said["level"] == "ERROR" && said["cause"].is_string() && said["template_name"] == "debian-13", "{said}");
    assert!(of.iter().any(|line| line["target"] == "cupola::http" && line["status"] == 503), "{of:?}");
    let failed = |line: &&Value| line["message"] == "query failed";
    let queries: Vec<_> = lines.iter().filter(failed).map(|line| (&line["db_system"], &line["dependency"])).collect();
    let watched = kind == Kind::Redis;
    assert_eq!(!queries.is_empty(), watched, "{queries:?}");
    assert!(queries.iter().all(|query| *query == (&json!("redis"), &json!("queue"))), "{queries:?}");
    let queued = lines.iter().find(|line| line["message"] == "job queued").unwrap();
    assert_eq!((&queued["queue_system"], &queued["vm_id"]), (&json!(system), &before["id"]), "{queued}");
}

#[test]
#[ignore = "needs postgresql"]
fn a_postgresql_that_is_down_is_a_clear_answer_and_a_line_and_what_was_queued_is_done_later() {
    a_queue_server_goes_down_and_comes_back(Kind::Postgres, "postgresql");
}

#[test]
#[ignore = "needs redis-server"]
fn a_redis_that_is_down_is_a_clear_answer_and_a_line_and_what_was_queued_is_done_later() {
    a_queue_server_goes_down_and_comes_back(Kind::Redis, "redis");
}

#[test]
fn a_queue_that_cannot_be_opened_ends_the_start_without_showing_its_password() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let named = format!("postgres://ada:hunter2@{nobody}/jobs");
    let shown = format!("cannot open the queue postgresql://{nobody}/jobs");
    for (url, expected) in [(named.as_str(), shown.as_str()), ("mysql://ada:hunter2@db", "accepted: postgres://")] {
        let folder = tempfile::tempdir().unwrap();
        let mut demo = Command::new(env!("CARGO_BIN_EXE_vm-provisioner"));
        demo.current_dir(folder.path()).args(["--listen", "127.0.0.1:0"]).env("QUEUE_URL", url);
        let output = demo.output().unwrap();
        let (out, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!output.status.success() && said.contains(expected), "{said}");
        assert!(!said.contains("hunter2") && !out.contains("hunter2"), "{said}{out}");
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
