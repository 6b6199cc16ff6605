//! The real binary, served for one test: asked over a socket, and its lines read back afterwards.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Longer than anything takes that a test waits for, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Demo {
    process: Child,
    address: String,
}

impl Demo {
    /// Serves with these arguments; data and logs are in the folder.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_as(folder, "logs", arguments)
    }

    /// The same, with its lines in this folder of the folder.
    pub(crate) fn start_as(folder: &Path, logs: &str, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_vm-provisioner"))
            .current_dir(folder)
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .env("LOG_DIR", logs)
            .env("CUPOLA_LOG_PACK", "none")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        let listening = lines.find(|line| line["message"] == "listening").unwrap();
        // Whoever reads no more would hold up the console's lines, not the files'.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address: listening["address"].as_str().unwrap().to_owned() }
    }

    /// Asks as Ada; the answer's status and its body.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let (status, body) = self.text(method, path, body);
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    /// Follows the events of the machine at this path to their end: the data of each.
    pub(crate) fn follow(&self, path: &str) -> Vec<Value> {
        let (_, text) = self.text("GET", &format!("{path}/events"), "");
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.map(|data| serde_json::from_str(data).unwrap()).collect()
    }

    fn text(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // HTTP/1.0: no answer comes in chunks.
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer demo-ada-6f1c2b7e\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer[9..12].parse().unwrap(), answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) {
        self.signal(Signal::TERM);
        assert!(self.process.wait().unwrap().success());
    }

    /// Waits until it has ended by itself; the signal that ended it.
    pub(crate) fn died(mut self) -> Option<i32> {
        self.process.wait().unwrap().signal()
    }

    /// Ends it without a word.
    pub(crate) fn kill(mut self) {
        self.signal(Signal::KILL);
        self.process.wait().unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.process.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Where a test has failed in between.
        let _ = self.process.kill();
    }
}

/// All lines of a category that were left in the folder.
pub(crate) fn lines(folder: &Path, category: &str) -> Vec<Value> {
    let mut files: Vec<_> = fs::read_dir(folder.join("logs").join(category))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    let text: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every line that was left in the folder, in order.
pub(crate) fn all_lines(folder: &Path) -> Vec<Value> {
    lines_of(folder, "logs")
}

/// Every line that a process left in this folder of the folder.
pub(crate) fn lines_of(folder: &Path, logs: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(logs).join("api.log")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
