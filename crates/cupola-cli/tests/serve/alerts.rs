//! What is stored is judged, and somebody is told.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::Value;

use crate::folder::Folder;
use crate::server::{PATIENCE, Server};

/// What a webhook was sent, the next message of all, and by which key it is known.
fn told(webhook: &TcpListener) -> (String, Value) {
    let (mut stream, _) = webhook.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut said = Vec::new();
    let mut piece = [0; 4_096];
    loop {
        let read = stream.read(&mut piece).unwrap();
        said.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&said);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let of = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        if body.len() >= of("content-length: ").parse().unwrap() {
            let key = of("idempotency-key: ");
            let body = serde_json::from_str(body).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            return (key, body);
        }
    }
}

#[test]
fn a_webhook_is_told_of_errors_and_the_next_server_says_that_they_are_over() {
    let folder = Folder::new();
    let webhook = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = webhook.local_addr().unwrap();
    let rules = format!(
        "[[rule]]\nname = 'errors'\nkind = 'logs'\nfilter = 'level>=error'\nthreshold = 0\nfor = '0'\nkeep_firing_for = '0'\n\
         interval = '1s'\ndelay = '0'\nwindow = '10m'\nenabled = true\n\
         [[receiver]]\nname = 'hook'\nkind = 'webhook'\nurl = 'http://{address}/alerts'\n"
    );
    fs::write(folder.path().join("alerts.toml"), &rules).unwrap();
    let mut server = Server::start(&folder, &["--alerts", "alerts.toml"]);
    assert_eq!(server.send(&[("ERROR", "no answer from the bank")], "").0, 200);
    let (key, message) = told(&webhook);
    assert_eq!((message["version"].as_str(), message["status"].as_str()), (Some("4"), Some("firing")), "{message}");
    assert_eq!(message["alerts"][0]["labels"]["alertname"], "errors", "{message}");
    server.signal(Signal::KILL);

    fs::write(folder.path().join("alerts.toml"), rules.replace("enabled = true", "enabled = false")).unwrap();
    let mut server = Server::start(&folder, &["--alerts", "alerts.toml"]);
    let mut next = told(&webhook);
    if next.0 == key {
        // It was killed before it had noted that the message has arrived.
        next = told(&webhook);
    }
    assert_eq!(next.1["status"].as_str(), Some("resolved"), "{next:?}");
    assert_eq!(server.signal(Signal::TERM), Some(0));
}

#[test]
fn what_is_wrong_with_rules_is_said_before_anything_is_opened() {
    let folder = Folder::new();
    let check = |file: &str, expected: &str| {
        fs::write(folder.path().join("alerts.toml"), file).unwrap();
        let refused = folder.run(&["serve", "--store", "store", "--alerts", "alerts.toml"]);
        assert!(
            refused.code == 2 && refused.stderr.starts_with(&format!("cupola: --alerts alerts.toml: {expected}")),
            "{refused:?}"
        );
        assert!(!folder.path().join("store").exists());
    };
    check(
        "[[rule]]\nname = 'x'\nkind = 'logs'\nfilter = 'a'\nthresold = 1\n",
        "rule \"x\": thresold = 1: there is no such field; is threshold meant?",
    );
    check("[[receiver]]\nname = 'x'\nkind = 'pigeon'\n", "receiver \"x\"");
    check("[[rules]]\n", "\"rules\": only [[rule]], [[receiver]] and [[route]] tables are accepted");
}
