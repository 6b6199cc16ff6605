//! A machine is rented, used and given back; afterwards the log files tell its life.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "support/demo.rs"]
mod demo;

use serde_json::Value;

use demo::{Demo, lines};

const GPUS: &str = "/api/v1/gpus";

#[test]
fn the_life_of_a_machine_is_told_by_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), &["--marketplace-faults", "busy-polite"]);
    let (_, offers) = demo.ask("GET", &format!("{GPUS}/offers?limit=3"), "");
    let wanted = serde_json::json!({ "offer": offers[0]["id"], "image": "nvidia/cuda:13" }).to_string();
    let (status, rented) = demo.ask("POST", GPUS, &wanted);
    assert_eq!(status, 201, "{rented}");
    let path = format!("{GPUS}/{}", rented["id"]);
    while demo.ask("GET", &path, "").1["actual_status"] != "running" {}
    assert_eq!(demo.ask("GET", &format!("{GPUS}/running"), "").1["id"], rented["id"]);
    assert_eq!(demo.ask("DELETE", &path, "").0, 204);
    assert_eq!(demo.ask("GET", &path, "").0, 404);

    demo.stop();
    let lines = lines(folder.path(), "instances");
    let life: Vec<&Value> = lines.iter().filter(|line| line["instance_id"] == rented["id"]).collect();
    life.windows(2).for_each(|pair| assert_eq!(pair[0]["to"], pair[1]["from"], "{life:?}"));
    let states: Vec<&str> = life.iter().map(|line| line["to"].as_str().unwrap()).collect();
    assert_eq!((life[0]["from"].as_str(), states[0]), (Some("unknown"), "provisioning"));
    assert_eq!(states[states.len() - 2..], ["running", "destroyed"], "{states:?}");
    assert!(life.iter().all(|line| line["request_id"].is_string() && line["user_name"] == "ada"), "{life:?}");
}
