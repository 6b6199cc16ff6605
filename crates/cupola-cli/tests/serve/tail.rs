//! Those who watch what comes in: each entry once, and nobody waits for them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::folder::Folder;
use crate::server::{PATIENCE, Server, logs};

/// One who watches.
struct Watcher(BufReader<TcpStream>);

/// What a watcher is told.
enum Event {
    /// Of an entry, its message.
    Entry(String),
    Dropped(usize),
}

impl Watcher {
    /// Begins to watch; of an older HTTP, so that there is nothing between the events.
    fn new(server: &Server) -> Self {
        let mut stream = TcpStream::connect(&server.http).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"GET /cupola/api/v1/logs/tail HTTP/1.0\r\n\r\n").unwrap();
        let mut watcher = Self(BufReader::new(stream));
        assert!(watcher.line().contains(" 200 "));
        while !watcher.line().is_empty() {}
        watcher
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "the server has ended it");
        line.truncate(line.trim_end().len());
        line
    }

    fn next(&mut self) -> Event {
        loop {
            let kind = self.line();
            let Some(kind) = kind.strip_prefix("event: ") else { continue };
            let line = self.line();
            let data = line.strip_prefix("data: ").unwrap();
            if kind == "dropped" {
                return Event::Dropped(data.parse().unwrap());
            }
            let entry: Value = serde_json::from_str(data).unwrap();
            return Event::Entry(entry["fields"]["message"].as_str().unwrap().to_owned());
        }
    }

    /// The messages up to this one.
    fn until(&mut self, last: &str) -> Vec<String> {
        let mut messages = Vec::new();
        while messages.last().is_none_or(|message| message != last) {
            match self.next() {
                Event::Entry(message) => messages.push(message),
                Event::Dropped(count) => panic!("{count} were dropped"),
            }
        }
        messages
    }
}

#[test]
fn who_watches_sees_each_entry_once_and_none_that_is_refused() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let mut watchers = [Watcher::new(&server), Watcher::new(&server)];
    assert_eq!(server.send(&[("INFO", "one"), ("ERROR", "two")], "").0, 200);
    let ancient = logs(&[("INFO", "of another year")]).replace("\"timeUnixNano\":\"17", "\"timeUnixNano\":\"10");
    let (status, said) = server.ask("POST /v1/logs HTTP/1.1\r\nContent-Type: application/json", &ancient);
    assert!(status == 200 && said.contains("rejectedLogRecords"), "{said}");
    assert_eq!(server.send(&[("INFO", "three")], "").0, 200);
    for watcher in &mut watchers {
        assert_eq!(watcher.until("three"), ["one", "two", "three"]);
    }
}

#[test]
fn who_does_not_read_holds_up_nobody_and_is_told_what_was_dropped() {
    const MESSAGES: usize = 25;
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let mut slow = Watcher::new(&server);
    // More than fits between the server and one who does not read.
    let large = "x".repeat(200_000);
    let entries = [("INFO", &*large); 10];
    for _ in 0..MESSAGES {
        assert_eq!(server.send(&entries, "").0, 200);
        assert_eq!(server.ask("GET /readyz HTTP/1.1", "").0, 200);
    }
    let (mut seen, mut dropped) = (0, 0);
    while seen + dropped < 10 * MESSAGES {
        match slow.next() {
            Event::Entry(message) => seen += usize::from(message == large),
            Event::Dropped(count) => dropped += count,
        }
    }
    assert!(seen + dropped == 10 * MESSAGES && dropped > 0 && seen > 0, "{seen} and {dropped}");
    assert_eq!(server.send(&[("INFO", "the last")], "").0, 200);
    assert_eq!(slow.until("the last"), ["the last"], "once it reads, it sees all");
}
