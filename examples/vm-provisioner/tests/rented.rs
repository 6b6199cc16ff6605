//! A machine is rented, used and given back; afterwards the log files tell its life.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

struct Demo {
    process: Child,
    address: String,
    folder: tempfile::TempDir,
}

impl Demo {
    /// The real binary, with a marketplace that fails now and then.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_vm-provisioner"))
            .current_dir(folder.path())
            .args(["--listen", "127.0.0.1:0", "--marketplace-faults", "busy-polite"])
            .env("CUPOLA_LOG_PACK", "none")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        let listening = lines.find(|line| line["message"] == "listening").unwrap();
        // Whoever reads no more would hold up the console's lines, not the files'.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address: listening["address"].as_str().unwrap().to_owned(), folder }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "{method} /api/v1/gpus{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Authorization: Bearer demo-ada-6f1c2b7e\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer[9..12].parse().unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    /// Ends it, and gives the lines of a category.
    fn stop(mut self, category: &str) -> Vec<Value> {
        let pid = rustix::process::Pid::from_raw(self.process.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.process.wait().unwrap().success());
        let files = fs::read_dir(self.folder.path().join("logs").join(category)).unwrap();
        let mut files: Vec<_> = files
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
            .collect();
        files.sort();
        let text: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn the_life_of_a_machine_is_told_by_the_files() {
    let demo = Demo::start();
    let (_, offers) = demo.ask("GET", "/offers?limit=3", "");
    let wanted = serde_json::json!({ "offer": offers[0]["id"], "image": "nvidia/cuda:13" }).to_string();
    let (status, rented) = demo.ask("POST", "", &wanted);
    assert_eq!(status, 201, "{rented}");
    let path = format!("/{}", rented["id"]);
    while demo.ask("GET", &path, "").1["actual_status"] != "running" {}
    assert_eq!(demo.ask("GET", "/running", "").1["id"], rented["id"]);
    assert_eq!(demo.ask("DELETE", &path, "").0, 204);
    assert_eq!(demo.ask("GET", &path, "").0, 404);

    let lines = demo.stop("instances");
    let life: Vec<&Value> = lines.iter().filter(|line| line["instance_id"] == rented["id"]).collect();
    life.windows(2).for_each(|pair| assert_eq!(pair[0]["to"], pair[1]["from"], "{life:?}"));
    let states: Vec<&str> = life.iter().map(|line| line["to"].as_str().unwrap()).collect();
    assert_eq!((life[0]["from"].as_str(), states[0]), (Some("unknown"), "provisioning"));
    assert_eq!(states[states.len() - 2..], ["running", "destroyed"], "{states:?}");
    assert!(life.iter().all(|line| line["request_id"].is_string() && line["user_name"] == "ada"), "{life:?}");
}
