//! `cupola top`, in a terminal, on a server with data.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "../support/folder.rs"]
mod folder;
#[allow(dead_code, reason = "it is that of the tests of serve, which need more of it")]
#[path = "../serve/server.rs"]
mod server;
mod terminal;

use std::fs;

use folder::Folder;
use rustix::process::Signal;
use serde_json::{Value, json};
use server::Server;
use terminal::Terminal;

/// Sends requests of a route, with a status, each of which took so long; their messages are numbered.
fn requests(server: &Server, route: &str, status: u16, count: usize) {
    let now = jiff::Timestamp::now().as_nanosecond();
    let text = |text: &str| json!({ "stringValue": text });
    let record = |number: usize| {
        json!({ "timeUnixNano": (now + number as i128).to_string(), "severityNumber": if status < 500 { 9 } else { 17 },
            "body": text(&format!("{route} number {number}")), "attributes": [
                { "key": "route", "value": text(route) }, { "key": "status", "value": { "intValue": status.to_string() } },
                { "key": "duration_ms", "value": { "doubleValue": 40.0 } } ] })
    };
    let records: Vec<Value> = (0..count).map(record).collect();
    let service = json!([{ "key": "service.name", "value": text("shop") }]);
    let sent = json!({ "resourceLogs": [{ "resource": { "attributes": service }, "scopeLogs": [{ "logRecords": records }] }] });
    let head = "POST /v1/logs HTTP/1.1\r\nContent-Type: application/json";
    assert_eq!(server.ask(head, &sent.to_string()).0, 200);
}

/// Waits until what was sent is counted.
fn counted(server: &Server, routes: usize) {
    loop {
        let (_, text) = server.ask("GET /cupola/api/v1/requests HTTP/1.1", "");
        let told: Value = serde_json::from_str(&text).unwrap();
        if told["rows"].as_array().is_some_and(|rows| rows.len() >= routes) {
            return;
        }
    }
}

fn top(folder: &Folder, server: &Server, more: &[&str], size: (u16, u16)) -> Terminal {
    let at = format!("http://{}", server.http);
    Terminal::start(&folder.command(&[&["top", "--server", &at], more].concat()), size)
}

#[test]
fn a_server_is_watched_and_keys_change_what_is_seen() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    requests(&server, "/pay", 500, 4);
    requests(&server, "/vms/{id}", 200, 30);
    counted(&server, 2);
    let mut top = top(&folder, &server, &[], (100, 30));
    let shown = top.until("routes and log", |shown| shown.contains("live") && shown.contains("/vms/{id} number 29"));
    assert!(top.is_raw() && top.has_colors());
    let pay = shown.lines().find(|line| line.starts_with(" /pay ")).unwrap();
    assert!(pay.contains(" 100.0 ") && pay.contains("40"), "{shown}");
    let place = |route: &str| shown.lines().position(|line| line.starts_with(route)).unwrap();
    assert!(place(" /pay ") < place(" /vms/{id} "), "what fails comes first: {shown}");

    // What comes in is seen without a question.
    requests(&server, "/new", 200, 1);
    top.until_has("/new number 0");

    // The log of the first route, then of what is typed.
    top.press("\r");
    top.until("the route's log", |shown| shown.contains("Log  /pay") && !shown.contains("/vms/{id} number"));
    requests(&server, "/vms/{id}", 200, 1);
    requests(&server, "/pay", 503, 1);
    let shown = top.until("only its own", |shown| shown.contains("503"));
    assert!(!shown.contains("/vms/{id} number"), "{shown}");
    top.press("\x1b");
    top.until_has("/vms/{id} number");
    top.press("/status=503\r");
    top.until("what was typed", |shown| shown.contains("Log  status=503") && !shown.contains("/vms/{id} number"));
    top.press("?");
    top.until_has("any key goes back");
    top.press("xq");
    assert_eq!(top.ended(), Some(0));
}

#[test]
fn a_paused_log_stands_still_and_counts() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    requests(&server, "/a", 200, 1);
    counted(&server, 1);
    let mut top = top(&folder, &server, &[], (80, 24));
    top.until("the log", |shown| shown.contains("live") && shown.contains("/a number 0"));
    top.press("p");
    top.until_has("paused, 0 waiting");
    requests(&server, "/b", 200, 7);
    let shown = top.until_has("paused, 7 waiting");
    assert!(!shown.contains("/b number"), "{shown}");
    requests(&server, "/c", 200, 2_100);
    // Whoever drops some, the server or the screen, all are accounted for.
    top.until("all of them", |shown| {
        let before = |word: &str| shown.split_once(word)?.0.rsplit(' ').next()?.replace(',', "").parse::<u64>().ok();
        before(" waiting").zip(before(" dropped")).is_some_and(|(waiting, dropped)| waiting + dropped == 2_107)
    });
    top.press(" ");
    top.until("what has waited", |shown| shown.contains("live") && shown.contains("/c number"));
    requests(&server, "/d", 200, 1);
    top.until_has("/d number 0");
    // A smaller terminal is drawn on anew.
    top.resize(60, 16);
    top.until("sixty columns", |shown| shown.lines().count() <= 16 && shown.contains("q quit") && shown.contains('…'));
    top.press("\x03");
    assert_eq!(top.ended(), Some(0));
}

#[test]
fn a_server_that_is_gone_is_told_of_and_found_again() {
    let folder = Folder::new();
    let mut first = Server::start(&folder, &[]);
    requests(&first, "/a", 200, 3);
    counted(&first, 1);
    let mut top = top(&folder, &first, &[], (110, 24));
    top.until("the log", |shown| shown.contains("live") && shown.contains("/a number 2"));
    first.signal(Signal::TERM);
    let shown = top.until("what is wrong", |shown| shown.contains("no answer: ") && shown.contains("stale for"));
    assert!(shown.contains("/a number 2") && shown.contains(" /a "), "what was known is kept: {shown}");
    assert!(shown.contains(&first.http), "{shown}");
    let ports = ["serve", "--store", "store", "--http", &first.http, "--grpc", "127.0.0.1:0"];
    let second = Server::spawn(&mut folder.command(&ports));
    let shown = top.until("that all is well", |shown| !shown.contains("no answer") && shown.contains("live"));
    assert_eq!(shown.matches("/a number 2").count(), 1, "what is known is not told of twice: {shown}");
    requests(&second, "/back", 200, 1);
    top.until_has("/back number 0");
    top.signal(Signal::TERM);
    assert_eq!(top.ended(), Some(0));
}

#[test]
fn an_alert_is_acknowledged_by_whom_may_and_others_are_told_why_not() {
    let folder = Folder::new();
    let rule = "[[rule]]\nname = 'errors'\nkind = 'logs'\nfilter = 'level>=error'\nthreshold = 0\nfor = '0'\n\
                interval = '1s'\ndelay = '0'\nwindow = '10m'\nenabled = true\n";
    fs::write(folder.path().join("alerts.toml"), rule).unwrap();
    let server =
        Server::start(&folder, &["--alerts", "alerts.toml", "--read-token", "ann's", "--admin-token", "ada's"]);
    let sent = server::logs(&[("ERROR", "no answer from the bank")]);
    assert_eq!(server.ask("POST /v1/logs HTTP/1.1\r\nContent-Type: application/json", &sent).0, 200);
    for (token, expected) in [("ann's", "this needs the role operator; yours is viewer"), ("ada's", "a takes it back")]
    {
        let mut top = top(&folder, &server, &["--read-token", token], (120, 24));
        top.until("the alert", |shown| {
            shown.contains("1 firing") && shown.contains("firing     ") && shown.contains("errors")
        });
        top.press("a");
        top.until_has(expected);
        top.press("q");
        assert_eq!(top.ended(), Some(0));
    }
    let mut top = top(&folder, &server, &["--read-token", "ada's"], (120, 24));
    top.until_has("  ack ");
    top.press("a");
    top.until("that it is taken back", |shown| shown.contains("by nobody") && !shown.contains("  ack "));
}

#[test]
fn hostile_entries_reach_the_terminal_as_text() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    requests(&server, "/\u{1b}[2J\u{1b}]0;owned\u{7}", 200, 1);
    counted(&server, 1);
    let mut top = top(&folder, &server, &[], (140, 24));
    let shown = top.until_has("\\u001b[2J\\u001b]0;owned\\u0007 number 0");
    assert!(shown.contains("cupola top"), "nothing was cleared: {shown}");
    top.press("q");
    assert_eq!(top.ended(), Some(0));
}

#[test]
fn while_nothing_happens_next_to_nothing_is_done() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    requests(&server, "/a", 200, 3);
    counted(&server, 1);
    let top = top(&folder, &server, &["--every", "3600"], (80, 24));
    let second = |shown: &str| shown.lines().next().unwrap_or_default().to_owned();
    let from = second(&top.until_has("live"));
    let before = top.ticks();
    // Five seconds by its own clock: a loop without a pause would have used up one or two of them.
    let seconds = std::sync::Mutex::new(std::collections::BTreeSet::from([from]));
    top.until("five seconds more", |shown| {
        let mut seconds = seconds.lock().unwrap();
        seconds.insert(second(shown));
        seconds.len() > 5
    });
    let used = top.ticks() - before;
    assert!(used < 50, "{used} hundredths of a second");
}

#[test]
fn without_a_terminal_it_says_what_to_use_and_one_frame_is_text() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    requests(&server, "/pay", 500, 4);
    counted(&server, 1);
    let at = format!("http://{}", server.http);
    let refused = folder.run(&["top", "--server", &at]);
    let expected = "cupola: top needs a terminal; cupola top --once shows one frame as text\n";
    assert_eq!((refused.code, refused.stderr.as_str()), (2, expected));
    let once = folder.run(&["top", "--server", &at, "--once"]);
    assert!(once.code == 0 && once.stdout.contains("\n /pay ") && once.stdout.contains("/pay number 3"), "{once:?}");
    assert!(!once.stdout.contains('\u{1b}'), "{once:?}");
    let stored = folder.run(&["top", "--store", "store", "--once", "--filter", "status<500"]);
    assert!(stored.code == 0 && stored.stdout.contains("\n /pay "), "{stored:?}");
    assert!(stored.stdout.contains("nothing in the last hour matches"), "{stored:?}");
    let check = |arguments: &[&str], expected: &str| {
        let refused = folder.run(&[&["top", "--once"], arguments].concat());
        assert!(refused.code == 2 && refused.stderr.contains(expected), "{refused:?}");
    };
    check(&[], "name a server with --server URL, or a store with --store DIR");
    check(&["--server", &at, "--filter", "(a"], "--filter: ");
    check(&["--server", &at, "--range", "2h"], "accepted are 5m, 15m, 1h, 6h, 24h, 7d");
    check(&["--server", "http://127.0.0.1:9"], "http://127.0.0.1:9: ");
    check(&["--store", "nowhere"], "no store in nowhere");
}
