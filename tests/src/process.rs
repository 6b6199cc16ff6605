//! The service of these tests as a process of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use crate::client::Client;
use crate::lines::{Line, lines};

/// A running process that serves, and whose lines are read as they come.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Lines that nobody has looked at.
    coming: Receiver<String>,
    seen: Vec<Line>,
    address: Option<SocketAddr>,
}

impl Process {
    /// Starts the binary with these variables and no others, and waits until it listens.
    pub fn start(binary: &str, vars: &[(&str, &str)]) -> Self {
        let mut command = Command::new(binary);
        command.env_clear().envs(vars.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (send, coming) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || stdout.lines().try_for_each(|line| send.send(line.unwrap())));
        let mut process = Self { child, coming, seen: Vec::new(), address: None };
        process.address = Some(process.wait_for("listening").text("address").parse().unwrap());
        process
    }

    /// Waits until a line has this message.
    ///
    /// # Panics
    /// Where none comes within half a minute, or the process ends before.
    pub fn wait_for(&mut self, message: &str) -> Line {
        self.next_such(message, |line| line["message"] == message)
    }

    /// Waits until a line is such, whether it came before or is still to come.
    ///
    /// # Panics
    /// As [`Self::wait_for`].
    pub fn until(&mut self, is_such: impl Fn(&Line) -> bool) -> Line {
        if let Some(line) = self.seen.iter().find(|line| is_such(line)) {
            return line.clone();
        }
        self.next_such("such a line", is_such)
    }

    fn next_such(&mut self, message: &str, is_such: impl Fn(&Line) -> bool) -> Line {
        loop {
            let text = self.coming.recv_timeout(Duration::from_secs(30));
            let text = text.unwrap_or_else(|error| panic!("no {message:?}: {error}: {:?}", self.seen));
            self.seen.extend(lines(&text));
            let last = &self.seen[self.seen.len() - 1];
            if is_such(last) {
                return last.clone();
            }
        }
    }

    /// A connection to it.
    pub fn client(&self) -> Client {
        Client::connect(self.address.unwrap())
    }

    /// What `/metrics` says.
    pub fn metrics(&self) -> String {
        self.client().get("/metrics", "").text()
    }

    /// How many bytes of memory it holds, and the most that it ever held.
    pub fn resident(&self) -> (usize, usize) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
        };
        (bytes("VmRSS:"), bytes("VmHWM:"))
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        let kill = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.child.id())).status();
        assert!(kill.unwrap().success());
    }

    /// Reads its lines to the end, and waits for it.
    pub fn end(mut self) -> (ExitStatus, Vec<Line>) {
        let status = self.child.wait().unwrap();
        while let Ok(text) = self.coming.recv() {
            self.seen.extend(lines(&text));
        }
        (status, std::mem::take(&mut self.seen))
    }
}

/// A test that fails leaves no process behind.
impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
