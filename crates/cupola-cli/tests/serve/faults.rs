//! What goes wrong: disks, clocks, and those who send.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::server::{PATIENCE, Server, logs};

const JSON: &str = "POST /v1/logs HTTP/1.1\r\nContent-Type: application/json";

/// Files of the server may be no longer than so many bytes, from now on.
fn limit_files(server: &Server, bytes: Option<u64>) {
    let limit = Rlimit { current: bytes, maximum: None };
    prlimit(Some(Pid::from_child(&server.process)), Resource::Fsize, limit).unwrap();
}

#[test]
fn a_disk_that_is_full_refuses_and_takes_again_when_there_is_room() {
    let folder = Folder::new();
    // Who writes too much is told so, as on a full disk, and not ended.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_cupola")]);
    command.args(["serve", "--store", "store", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]);
    command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped());
    let server = Server::spawn(&mut command);
    assert_eq!(server.send(&[("INFO", "before")], "").0, 200);
    assert_eq!(server.messages(1), ["before"]);
    limit_files(&server, Some(0));
    let (status, said) = server.send(&[("INFO", "lost")], "");
    assert!(status == 503 && said.contains("the store cannot write"), "{status}: {said}");
    assert_eq!(server.messages(1), ["before"], "what there is can be read");
    limit_files(&server, None);
    assert_eq!(server.send(&[("INFO", "after")], "").0, 200);
    assert_eq!(server.messages(2), ["after", "before"]);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    let folder = Folder::new();
    folder.write("file", "");
    // Nobody writes there, whoever it is.
    for store in ["/proc/cupola-store", "file/store"] {
        let said = folder.run(&["serve", "--store", store, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]);
        assert!(said.code == 1 && said.stderr.contains(store), "{said:?}");
    }
}

/// A message with one record for each of these times, in nanoseconds from now, with so many attributes that no other has.
fn records(times: &[i128], attributes: usize) -> String {
    let now = jiff::Timestamp::now().as_nanosecond();
    let record = |(number, ahead): (usize, &i128)| {
        let numbers = number * attributes..(number + 1) * attributes;
        let pairs =
            numbers.map(|number| json!({"key": format!("of_{number}"), "value": {"intValue": number.to_string()}}));
        let body = json!({"stringValue": format!("record {number}")});
        json!({"timeUnixNano": (now + ahead).to_string(), "body": body, "attributes": pairs.collect::<Value>()})
    };
    let records: Vec<_> = times.iter().enumerate().map(record).collect();
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).to_string()
}

#[test]
fn of_clocks_that_jump_it_is_told_how_many_entries_are_not_kept() {
    const DAY: i128 = 86_400_000_000_000;
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let times = [2 * DAY, 0, -DAY, -30 * DAY, 400 * DAY, -9_000 * DAY, 23 * DAY / 24];
    let (status, said) = server.ask(JSON, &records(&times, 0));
    let partial: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((status, &partial["partialSuccess"]["rejectedLogRecords"]), (200, &json!("4")));
    let why = partial["partialSuccess"]["errorMessage"].as_str().unwrap();
    assert!(
        why.contains("2: their time is more than a day ahead") && why.contains("2: their time is longer ago"),
        "{why}"
    );
    let mut found = server.messages_since("3d", 2);
    found.sort();
    assert_eq!(found, ["record 1", "record 2"], "of the last three days");
}

#[test]
fn large_messages_and_many_names_are_taken() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let large = "x".repeat(1 << 20);
    assert_eq!(server.send(&[("INFO", &large), ("INFO", "small")], "").0, 200);
    let messages = server.messages(2);
    assert_eq!(messages[0], "small");
    assert!(messages[1].starts_with("xxxx") && messages[1].ends_with("…[+786432 bytes]"), "it says how much is cut");
    // Ten thousand attributes that have different names.
    assert_eq!(server.ask(JSON, &records(&[0; 100], 100)), (200, "{}".to_owned()));
    for (number, record) in [(0, 0), (7_777, 77), (9_999, 99)] {
        let path = format!("GET /cupola/api/v1/logs?query=of_{number}%3D{number} HTTP/1.1");
        let found = loop {
            let found: Value = serde_json::from_str(&server.ask(&path, "").1).unwrap();
            if found["entries"][0].is_object() {
                break found;
            }
        };
        assert_eq!(found["entries"][0]["fields"]["message"], format!("record {record}"));
    }
}

#[test]
fn who_leaves_or_stops_in_the_middle_of_a_message_leaves_nothing() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let message = logs(&[("INFO", "never said to its end")]);
    let half =
        format!("{JSON}\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}", message.len(), &message[..message.len() - 1]);
    // More of them than there are threads: some stay and say no more, some leave.
    let begin = || {
        let mut stream = TcpStream::connect(&server.http).unwrap();
        stream.write_all(half.as_bytes()).unwrap();
        stream
    };
    let slow: Vec<_> = (0..64).map(|_| begin()).collect();
    (0..64).for_each(|_| drop(begin()));
    // One says half, and no more for good; it is told that the message ended before its end.
    let mut ended = begin();
    ended.shutdown(std::net::Shutdown::Write).unwrap();
    ended.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut said = String::new();
    let _ = ended.read_to_string(&mut said);
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 400"), "{said}");
    assert_eq!(server.send(&[("INFO", "whole")], "").0, 200);
    assert_eq!(server.messages(1), ["whole"]);
    drop(slow);
}
