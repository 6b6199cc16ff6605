//! What is stored is judged, and somebody is told.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::folder::Folder;
use crate::server::{PATIENCE, Server};

/// What a webhook was sent, the next message of all, and by which key it is known.
fn told(webhook: &TcpListener) -> (String, Value) {
    answered(webhook, "200 OK")
}

/// The same, with an answer.
fn answered(webhook: &TcpListener, status: &str) -> (String, Value) {
    let (send, came) = channel();
    let listener = webhook.try_clone().unwrap();
    std::thread::spawn(move || send.send(listener.accept().unwrap()));
    let (mut stream, _) = came.recv_timeout(PATIENCE).expect("somebody tells the webhook");
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
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
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
    let link = message["alerts"][0]["generatorURL"].as_str().unwrap().to_owned();
    let page = link.strip_prefix(&format!("http://{}", server.http)).unwrap();
    let (status, html) = server.ask(&format!("GET {page} HTTP/1.1"), "");
    assert!(status == 200 && html.contains("errors") && html.contains("1 entries"), "{status} {html}");
    let (_, listed) = server.ask("GET /cupola/api/v1/alerts HTTP/1.1", "");
    assert!(listed.contains("\"rule\":\"errors\""), "{listed}");
    people_see_and_say(&folder);
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

/// Beside the server, on the same store.
fn people_see_and_say(folder: &Folder) {
    let ask = |words: &[&str]| folder.run(&[words, &["--store", "store", "--by", "ann"]].concat());
    let list = || folder.run(&["alerts", "--store", "store", "--json"]);
    let listed = list();
    let alert: Value = serde_json::from_str(listed.stdout.lines().next().unwrap()).unwrap();
    assert_eq!((listed.code, alert["phase"].as_str(), alert["rule"].as_str()), (1, Some("firing"), Some("errors")));
    let id = alert["id"].as_str().unwrap();
    let acknowledged = ask(&["alerts", "ack", id, "--note", "the bank is down", "--for", "2h"]);
    assert_eq!(
        (acknowledged.code, acknowledged.stdout),
        (0, format!("{id} is acknowledged by ann\n")),
        "{}",
        acknowledged.stderr
    );
    assert!(list().stdout.contains("\"acknowledged_by\":\"ann\""));
    // The beginning of the fingerprint is enough.
    assert_eq!(ask(&["alerts", "assign", &alert["fingerprint"].as_str().unwrap()[..6], "--to", "ben"]).code, 0);
    let silenced = ask(&["alerts", "silence", "rule=err*", "--for", "1h", "--note", "moving"]);
    assert!(silenced.code == 0 && silenced.stdout.starts_with("silence "), "{silenced:?}");
    let silences = folder.run(&["alerts", "silences", "--store", "store"]).stdout;
    assert!(silences.contains("rule=err*") && silences.contains("moving"), "{silences}");
    assert_eq!(ask(&["alerts", "unsilence", silenced.stdout.split(' ').nth(1).unwrap()]).code, 0);
    let history = folder.run(&["alerts", "history", id, "--store", "store"]).stdout;
    assert!(history.contains("acknowledged") && history.contains("note=the bank is down"), "{history}");
    let shown = folder.run(&["alerts", "list", "--store", "store"]).stdout;
    assert!(shown.contains("acknowledged by ann, ben's"), "{shown}");
    let unknown = ask(&["alerts", "ack", "nothing/0"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("no alert is named \"nothing/0\""), "{unknown:?}");
    let rules = folder.run(&["rules", "list", "--store", "store", "--alerts", "alerts.toml"]).stdout;
    assert!(rules.contains("api errors") && rules.contains("errors"), "{rules}");
    let preview = folder.run(&["rules", "preview", "errors", "--store", "store", "--alerts", "alerts.toml"]);
    assert!(preview.code == 0 && preview.stdout.contains("\"errors\" would have fired "), "{preview:?}");
}

#[test]
fn what_was_given_up_is_seen_and_sent_again() {
    let folder = Folder::new();
    let webhook = TcpListener::bind("127.0.0.1:0").unwrap();
    let rules = format!(
        "[[rule]]\nname = 'errors'\nkind = 'logs'\nfilter = 'level>=error'\nthreshold = 0\nfor = '0'\ninterval = '1s'\n\
         delay = '0'\nwindow = '10m'\n[[receiver]]\nname = 'hook'\nkind = 'webhook'\nurl = 'http://{}/alerts'\n",
        webhook.local_addr().unwrap()
    );
    fs::write(folder.path().join("alerts.toml"), rules).unwrap();
    let mut server = Server::start(&folder, &["--alerts", "alerts.toml"]);
    assert_eq!(server.send(&[("ERROR", "no answer from the bank")], "").0, 200);
    let (key, _) = answered(&webhook, "410 Gone");
    let ask = |words: &[&str]| folder.run(&[&["alerts"], words, &["--store", "store"]].concat());
    let until = |is_so: &dyn Fn() -> bool| {
        let began = std::time::SystemTime::now();
        while !is_so() {
            assert!(began.elapsed().is_ok_and(|elapsed| elapsed < PATIENCE), "it is not so in time");
        }
    };
    until(&|| ask(&["failed"]).stdout.contains(&key));
    let health = ask(&["health"]);
    assert!(health.code == 1 && health.stdout.contains("given up") && health.stdout.contains("hook"), "{health:?}");
    let address = format!("http://{}", server.http);
    let remote = folder.run(&["alerts", "health", "--json", "--server", &address]);
    let told_by_server: Value = serde_json::from_str(&remote.stdout).unwrap();
    assert_eq!((remote.code, &told_by_server["healthy"]), (1, &Value::Bool(false)), "{remote:?}");
    let (_, metrics) = server.ask("GET /metrics HTTP/1.1", "");
    assert!(metrics.contains("cupola_alert_messages_given_up 1"), "{metrics}");

    let again = ask(&["send-again", &key, "--by", "ann"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(told(&webhook).0, key, "with the key that it had");
    let twice = ask(&["send-again", &key, "--by", "ann"]);
    assert!(twice.code == 2 && twice.stderr.contains("was given up, or it is on its way"), "{twice:?}");
    assert!(ask(&["history"]).stdout.contains("sent_again"));
    until(&|| ask(&["health"]).code == 0);
    assert_eq!(server.signal(Signal::TERM), Some(0));
}

#[test]
fn rules_are_checked_and_exported() {
    let folder = Folder::new();
    fs::write(folder.path().join("alerts.toml"), "[[rule]]\nname = 'disk'\nenabled = false\n").unwrap();
    let right = folder.run(&["rules", "check", "alerts.toml"]);
    assert_eq!(
        (right.code, right.stdout.as_str()),
        (0, "alerts.toml is right: 7 of 12 rules are on; told are log\n"),
        "{right:?}"
    );
    let exported = folder.run(&["rules", "export", "--prometheus"]);
    assert!(exported.code == 0 && exported.stdout.contains("  - alert: \"api errors\""), "{exported:?}");
    let tried = folder.run(&["alerts", "test", "log"]);
    assert_eq!((tried.code, tried.stdout.as_str()), (0, "log has taken the message\n"), "{tried:?}");
    let nobody = folder.run(&["alerts", "test", "pigeon"]);
    assert!(nobody.code == 2 && nobody.stderr.contains("there is no receiver \"pigeon\", only log"), "{nobody:?}");
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

/// The document tells of all that the server has, and a watcher of alerts holds up no end.
#[test]
fn what_happens_to_alerts_is_watched_until_the_server_ends() {
    let folder = Folder::new();
    let rules = "[[rule]]\nname = 'errors'\nkind = 'logs'\nfilter = 'level>=error'\nthreshold = 0\nfor = '0'\ninterval = '1s'\ndelay = '0'\n";
    fs::write(folder.path().join("alerts.toml"), rules).unwrap();
    let mut server = Server::start(&folder, &["--alerts", "alerts.toml"]);
    let (status, document) = server.ask("GET /cupola/api/v1/openapi.json HTTP/1.1", "");
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!((status, &document["openapi"]), (200, &Value::from("3.1.0")));
    for path in ["logs", "requests", "alerts/live", "rules/{name}", "store/prune", "views"] {
        assert!(document["paths"].get(format!("/cupola/api/v1/{path}")).is_some(), "{path}");
    }
    let mut watcher = TcpStream::connect(&server.http).unwrap();
    watcher.set_read_timeout(Some(PATIENCE)).unwrap();
    watcher.write_all(b"GET /cupola/api/v1/alerts/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut piece = [0; 4_096];
    let mut said = String::new();
    let mut read_until = |end: &str| {
        while !said.contains(end) {
            let read = watcher.read(&mut piece).unwrap();
            assert_ne!(read, 0, "it has ended: {said}");
            said.push_str(std::str::from_utf8(&piece[..read]).unwrap());
        }
    };
    // It watches from here on.
    read_until("id: ");
    assert_eq!(server.send(&[("ERROR", "no answer from the bank")], "").0, 200);
    read_until(r#""to":"firing""#);
    kill_process(Pid::from_child(&server.process), Signal::TERM).unwrap();
    // The last chunk: it was not cut off.
    read_until("\r\n0\r\n\r\n");
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}
