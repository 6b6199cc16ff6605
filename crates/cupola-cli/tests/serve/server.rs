//! The server at work in a folder, and what is sent to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::folder::Folder;

/// Longer than anything takes that a test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A server at work in a folder.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) http: String,
    pub(crate) grpc: String,
}

impl Server {
    pub(crate) fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let ports = ["serve", "--store", "store", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"];
        Self::spawn(&mut folder.command(&[&ports[..], arguments].concat()))
    }

    /// Of a command that becomes one.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut process = command.stderr(Stdio::inherit()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        let listening = lines.find(|line| line["message"] == "listening").unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        let address = |name: &str| listening[name].as_str().unwrap().to_owned();
        Self { process, http: address("http"), grpc: address("grpc") }
    }

    pub(crate) fn ask(&self, head: &str, content: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.http).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        exchange(&mut stream, head, content)
    }

    pub(crate) fn send(&self, entries: &[(&str, &str)], token: &str) -> (u16, String) {
        let head = format!("POST /v1/logs HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}");
        self.ask(&head, &logs(entries))
    }

    /// The messages of all entries, the newest first, once there are so many.
    pub(crate) fn messages(&self, count: usize) -> Vec<String> {
        self.messages_since("1h", count)
    }

    pub(crate) fn messages_since(&self, since: &str, count: usize) -> Vec<String> {
        loop {
            let (status, text) = self.ask(&format!("GET /cupola/api/v1/logs?since={since} HTTP/1.1"), "");
            assert_eq!(status, 200, "{text}");
            let answer: Value = serde_json::from_str(&text).unwrap();
            let entries = answer["entries"].as_array().unwrap();
            if entries.len() >= count {
                return entries.iter().map(|entry| entry["fields"]["message"].as_str().unwrap().to_owned()).collect();
            }
        }
    }

    pub(crate) fn signal(&mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
        self.process.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn exchange(stream: &mut (impl Read + Write), head: &str, content: &str) -> (u16, String) {
    let head = format!("{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", content.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(content.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A peer that closes without a word has said all the same.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    (answer[9..12].parse().unwrap(), answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

pub(crate) fn logs(entries: &[(&str, &str)]) -> String {
    let now = jiff::Timestamp::now().as_nanosecond();
    let record = |(place, (level, text)): (usize, &(&str, &str))| {
        let number = if *level == "ERROR" { 17 } else { 9 };
        json!({"timeUnixNano": (now + place as i128).to_string(), "severityNumber": number, "body": {"stringValue": text}})
    };
    let records: Vec<_> = entries.iter().enumerate().map(record).collect();
    let service = json!([{"key": "service.name", "value": {"stringValue": "billing"}}]);
    json!({"resourceLogs": [{"resource": {"attributes": service}, "scopeLogs": [{"logRecords": records}]}]}).to_string()
}
