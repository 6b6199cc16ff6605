//! Workers that are killed at each step of a job, and what the next one makes of it.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "support/demo.rs"]
mod demo;
#[path = "support/servers.rs"]
mod servers;

use std::path::Path;
use std::thread;

use serde_json::Value;
use vm_provisioner::store::Store;

use demo::{Demo, lines_of};
use servers::{Kind, Server};

const VMS: &str = "/api/v1/vms";
const ALL_ADDRESSES: u32 = 245;

/// A folder, and what is said to each process beside its role.
#[derive(Clone, Copy)]
struct Place<'a>(&'a Path, &'a [&'a str]);

impl Place<'_> {
    fn api(self) -> Demo {
        Demo::start_as(self.0, "logs-api", &[&["--role", "api"], self.1].concat())
    }

    fn worker(self, logs: &str, more: &[&str]) -> Demo {
        let usual = ["--role", "worker", "--lost-after", "2", "--simulated-failures", "0"];
        Demo::start_as(self.0, logs, &[&usual, self.1, more].concat())
    }
}

/// What is asked of a machine, and how it is then.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ask {
    Make,
    Stop,
    Destroy,
}

impl Ask {
    /// Asks; the machine's path.
    fn of(self, api: &Demo, made: Option<&str>) -> String {
        let body = r#"{"name": "web", "template": "debian-13", "size": "small"}"#;
        let (method, path) = match self {
            Self::Make => ("POST", VMS.to_owned()),
            Self::Stop => ("POST", format!("{}/stop", made.unwrap())),
            Self::Destroy => ("DELETE", made.unwrap().to_owned()),
        };
        let (status, vm) = api.ask(method, &path, body);
        assert_eq!(status, 202, "{vm}");
        format!("{VMS}/{}", vm["id"].as_str().unwrap())
    }
}

/// The lines of a process that belong to a machine or its job.
fn of_the_job(folder: &Path, logs: &str, vm_id: &str) -> Vec<Value> {
    let mut lines = lines_of(folder, logs);
    let is_of = |line: &Value| line["vm_id"] == vm_id || line["subject_id"] == vm_id || line["job_id"].is_string();
    lines.retain(|line| is_of(line) && line["target"] != "cupola::http");
    lines
}

fn check(options: &[&str], ask: Ask, crash_at: &str) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let place = Place(folder, options);
    let api = place.api();
    let made = (ask != Ask::Make).then(|| {
        let first = place.worker("logs-first", &[]);
        let path = Ask::Make.of(&api, None);
        api.follow(&path);
        first.stop();
        path
    });

    let doomed = place.worker("logs-doomed", &["--crash-at", crash_at]);
    let path = ask.of(&api, made.as_deref());
    assert_eq!(doomed.died(), Some(9), "{ask:?} {crash_at}");
    let next = place.worker("logs-next", &[]);
    // None where the machine is gone already.
    let last = api.follow(&path).pop();
    // That it has ended is seen before its job is: it may be taken up once more, to find nothing to do.
    let done = || lines_of(folder, "logs-next").iter().any(|line| line["message"] == "job completed");
    while !done() {
        thread::yield_now();
    }
    next.stop();
    let (status, vm) = api.ask("GET", &path, "");
    api.stop();

    let (state, taken) = match ask {
        Ask::Make => ("running", 1),
        Ask::Stop => ("stopped", 1),
        Ask::Destroy => ("", 0),
    };
    assert_eq!(
        (status, vm["state"].as_str().unwrap_or_default()),
        (if taken == 0 { 404 } else { 200 }, state),
        "{last:?}"
    );
    assert_eq!(ALL_ADDRESSES - free_addresses(folder), taken, "{ask:?} {crash_at}");

    let vm_id = path.strip_prefix("/api/v1/vms/").unwrap();
    let counts = !options.iter().any(|option| option.starts_with("redis:"));
    the_next_one_says_so(&of_the_job(folder, "logs-next", vm_id), crash_at, counts);
    let asked = lines_of(folder, "logs-api");
    let asked = asked.iter().rfind(|line| line["status"] == 202 && line["vm_id"] == vm_id).unwrap();
    let mut lines = of_the_job(folder, "logs-doomed", vm_id);
    lines.extend(of_the_job(folder, "logs-next", vm_id));
    assert!(lines.len() >= 3, "{ask:?} {crash_at}: {lines:?}");
    for line in &lines {
        assert_eq!((&line["request_id"], &line["user_name"]), (&asked["request_id"], &asked["user_name"]), "{line}");
        assert!(line["trace_id"].as_str().is_some_and(|id| id.len() == 32), "{line}");
        if line["target"] == "cupola::job" {
            assert_eq!(line["origin_trace_id"], asked["trace_id"], "{line}");
        }
    }
}

/// A job that had ended but for the word of it finds nothing to do. A queue that does not count the lost tells of none that had not
/// begun.
fn the_next_one_says_so(lines: &[Value], crash_at: &str, counts: bool) {
    let started = lines.iter().find(|line| line["message"] == "job started").unwrap();
    assert_eq!(started["attempt"], if counts { 2 } else { 1 }, "{started}");
    let said = |message: &str| lines.iter().any(|line| line["message"] == message);
    let had_ended = ["status_updated", "done"].contains(&crash_at);
    let again = !had_ended && (counts || crash_at != "queued");
    assert_eq!((said("taken up again"), said("nothing is left to do")), (again, had_ended), "{lines:?}");
}

#[tokio::main(flavor = "current_thread")]
async fn free_addresses(folder: &Path) -> u32 {
    let store = Store::open(&folder.join("data"), cupola::client::Queries::new()).await.unwrap();
    store.free_addresses().await.unwrap()
}

/// Each step in a queue of its own.
fn a_worker_is_killed_at_each_step(queue: impl Fn(usize) -> Vec<String>) {
    let making =
        ["queued", "record_loaded", "ip_allocated", "machine_provisioned", "machine_started", "status_updated", "done"];
    let making = making.map(|step| (Ask::Make, step));
    let others =
        [(Ask::Stop, "machine_stopped"), (Ask::Destroy, "machine_destroyed"), (Ask::Destroy, "status_updated")];
    thread::scope(|scope| {
        for (number, (ask, step)) in making.into_iter().chain(others).enumerate() {
            let queue = queue(number);
            scope.spawn(move || check(&queue.iter().map(String::as_str).collect::<Vec<_>>(), ask, step));
        }
    });
}

fn a_worker_is_killed_at_each_step_with(kind: Kind) {
    let server = Server::start(kind);
    a_worker_is_killed_at_each_step(|number| vec!["--queue".to_owned(), server.queue(number)]);
}

#[test]
fn a_worker_that_is_killed_at_any_step_loses_nothing() {
    a_worker_is_killed_at_each_step(|_| Vec::new());
}

#[test]
#[ignore = "needs postgresql"]
fn a_worker_that_is_killed_at_any_step_loses_nothing_with_jobs_in_postgresql() {
    a_worker_is_killed_at_each_step_with(Kind::Postgres);
}

#[test]
#[ignore = "needs redis-server"]
fn a_worker_that_is_killed_at_any_step_loses_nothing_with_jobs_in_redis() {
    a_worker_is_killed_at_each_step_with(Kind::Redis);
}

#[test]
#[ignore = "needs ansible-playbook"]
fn a_worker_that_is_killed_once_a_machine_is_configured_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let playbook = folder.path().join("site.yml");
    let tasks = "- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.debug: {msg: configured}\n";
    std::fs::write(&playbook, tasks).unwrap();
    check(&["--ansible", playbook.to_str().unwrap()], Ask::Make, "machine_configured");
}

#[test]
fn a_worker_that_is_asked_to_end_ends_what_it_has_begun_and_leaves_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let place = Place(folder, &[]);
    let api = place.api();
    let first = place.worker("logs-first", &[]);
    let make = |number: usize| {
        let body = format!(r#"{{"name": "vm{number}", "template": "debian-13", "size": "small"}}"#);
        format!("{VMS}/{}", api.ask("POST", VMS, &body).1["id"].as_str().unwrap())
    };
    let paths: Vec<_> = (0..12).map(make).collect();
    api.follow(&paths[0]);
    first.stop();
    let states: Vec<_> = paths.iter().map(|path| api.ask("GET", path, "").1["state"].clone()).collect();
    assert!(states.iter().all(|state| state == "running" || state == "pending"), "{states:?}");

    let next = place.worker("logs-next", &[]);
    for path in &paths {
        assert_eq!(api.follow(path).pop().unwrap()["state"], "running");
    }
    next.stop();
    api.stop();
    let again = |logs: &str| lines_of(folder, logs).iter().any(|line| line["attempt"].as_u64().is_some_and(|n| n > 1));
    assert!(!again("logs-first") && !again("logs-next"), "no job was begun twice");
}
