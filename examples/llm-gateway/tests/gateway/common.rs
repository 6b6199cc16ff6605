//! The gateway as a process, a caller that says anything, and an upstream that fails in every way.

mod upstream;

pub(crate) use upstream::Upstream;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// The binary, serving.
pub(crate) struct Gateway {
    pub(crate) address: String,
    process: Child,
    said: Arc<Mutex<Said>>,
    reader: Option<JoinHandle<()>>,
}

/// What it has written.
#[derive(Clone, Default)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) lines: Vec<Value>,
}

/// What it has answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Gateway {
    /// Starts it on a free port.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_llm-gateway"));
        command.args(["--listen", "127.0.0.1:0"]).args(arguments).env_clear();
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let said = Arc::<Mutex<Said>>::default();
        let address = loop {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "it ended at its start");
            let line = keep(&said, line.trim_end());
            if line["target"] == "llm_gateway::server" {
                break line["address"].as_str().unwrap().to_owned();
            }
        };
        let reader = Some(read_on(output, Arc::clone(&said)));
        Self { address, process, said, reader }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.get_as(path, &[])
    }

    pub(crate) fn get_as(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        self.ask(&format!("GET {path} HTTP/1.0\r\nhost: {}\r\n{headers}\r\n", self.address))
    }

    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.ask(&self.request(path, headers, body))
    }

    /// Asks, reads until this is there, and leaves.
    pub(crate) fn leave(&self, path: &str, body: &str, until: &str) {
        let mut stream = self.send(&self.request(path, &[], body));
        let (mut read, mut piece) = (Vec::new(), [0; 512]);
        while !String::from_utf8_lossy(&read).contains(until) {
            let count = stream.read(&mut piece).unwrap();
            assert!(count > 0, "it ended before {until}");
            read.extend_from_slice(&piece[..count]);
        }
    }

    /// Ends it as whoever runs services does, and gives all that it has written.
    pub(crate) fn stop(self) -> Said {
        self.stop_after(|_| true)
    }

    /// The same, once this holds of what it has written.
    pub(crate) fn stop_after(mut self, holds: impl Fn(&Said) -> bool) -> Said {
        for _ in 0..1000 {
            if holds(&self.said.lock().unwrap()) {
                break;
            }
            // Another process has no clock to pause.
            std::thread::sleep(Duration::from_millis(10));
        }
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
        self.reader.take().unwrap().join().unwrap();
        self.said.lock().unwrap().clone()
    }

    /// In the older version, whose answers are not in chunks.
    fn request(&self, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        format!("POST {path} HTTP/1.0\r\nhost: {}\r\n{headers}content-length: {length}\r\n\r\n{body}", self.address)
    }

    fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    fn ask(&self, request: &str) -> Answer {
        let mut text = Vec::new();
        // A stream that breaks off is read as far as it goes.
        let _ = self.send(request).read_to_end(&mut text);
        let text = String::from_utf8(text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }
}

/// A test that fails leaves no process behind.
impl Drop for Gateway {
    fn drop(&mut self) {
        if self.reader.is_some() {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

impl Said {
    pub(crate) fn of(&self, target: &str) -> Vec<Value> {
        self.lines.iter().filter(|line| line["target"] == target).cloned().collect()
    }

    pub(crate) fn events<'s>(&'s self, event: &'s str) -> impl Iterator<Item = &'s Value> {
        self.lines.iter().filter(move |line| line["event"] == event)
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// The text of a stream's pieces, and what it has used.
pub(crate) fn stream_of(body: &str) -> (String, Option<Value>) {
    let (mut text, mut usage) = (String::new(), None);
    for data in body.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]") {
        let chunk: Value = serde_json::from_str(data).unwrap();
        text += chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default();
        usage = chunk.get("usage").filter(|usage| usage.is_object()).cloned().or(usage);
    }
    (text, usage)
}

/// Every line is one of the schema.
fn keep(said: &Mutex<Said>, line: &str) -> Value {
    assert_eq!(cupola_line::schema::check(line.as_bytes()), Ok(()), "{line}");
    let json: Value = serde_json::from_str(line).unwrap();
    let mut said = said.lock().unwrap();
    said.text += line;
    said.text.push('\n');
    said.lines.push(json.clone());
    json
}

fn read_on(output: BufReader<ChildStdout>, said: Arc<Mutex<Said>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        output.lines().map_while(Result::ok).for_each(|line| {
            keep(&said, &line);
        });
    })
}
