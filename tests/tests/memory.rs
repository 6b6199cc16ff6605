//! What strangers send costs bounded memory and a bounded number of series.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use cupola_tests::{Client, JSON_HEAD, JSON_TAIL, Line, Pattern, Process, metric};

const BINARY: &str = env!("CARGO_BIN_EXE_service");
const MIB: usize = 1024 * 1024;
const GIANT: usize = 100_000_000;

/// One request of a stranger who never says the same thing twice.
fn strange_request(client: &mut Client, number: usize) {
    let method = if number.is_multiple_of(2) { "GET".to_owned() } else { format!("M{number}") };
    let path = if number.is_multiple_of(4) { format!("/hello/n{number}") } else { format!("/unknown/p{number}") };
    client.send(format!(
        "{method} {path}?q{number}={number} HTTP/1.1\r\nHost: host-{number}.test\r\nX-Request-Id: id-{number}\r\n\
         User-Agent: agent/{number}\r\nTraceparent: 00-{number:032x}-{number:016x}-01\r\nX-{number}: {number}\r\n\
         Tracestate: state{number}={number}\r\nBaggage: bag{number}={number}\r\nX-Forwarded-For: 2001:db8::{number:x}\r\n\
         X-Forwarded-Host: forwarded-{number}.test\r\n\r\n"
    ));
    let answer = client.answer();
    assert!([200, 404, 405].contains(&answer.status), "{answer:?}");
    assert_eq!(answer.header("x-request-id"), format!("id-{number}"));
}

#[test]
fn ten_thousand_distinct_requests_leave_few_series_and_no_memory_behind() {
    // Everybody is believed, so that all of it is kept for as long as its request lasts.
    let process = Process::start(BINARY, &[("CUPOLA_TRUST", "always;hops=1")]);
    let mut client = process.client();
    (1..2_000).for_each(|number| strange_request(&mut client, number));
    let (before, _) = process.resident();
    (2_000..12_000).for_each(|number| strange_request(&mut client, number));
    let (after, _) = process.resident();
    eprintln!("RSS {before} {after}");
    assert!(after < before + 4 * MIB, "{} KiB more", (after - before) / 1024);

    let metrics = process.metrics();
    for raw in ["unknown", "/p", "/n", "host-", "id-", "agent", "M1", "bag", "state1", "forwarded", "2001:db8"] {
        assert!(!metrics.contains(raw), "{raw} is seen:\n{metrics}");
    }
    let series: Vec<&str> = metrics.lines().filter(|line| line.contains("duration_seconds_count")).collect();
    assert!(series.len() <= 6, "{series:#?}");
    let counted: f64 = series.iter().map(|line| metric(line, "")).sum();
    assert_eq!(counted, 11_999.0);
    assert!(metrics.contains(r#"http_request_method="_OTHER""#), "{metrics}");
    assert!(metrics.contains(r#"http_route="/hello/{name}""#), "{metrics}");

    process.terminate();
    let (status, lines) = process.end();
    assert!(status.success());
    let access = lines.iter().filter(|line| line.is_access()).count();
    assert_eq!(access, 11_999, "one line each");
}

/// The line of the one exchange with this route.
fn access<'a>(lines: &'a [Line], route: &str) -> &'a Line {
    lines.iter().find(|line| line.is_access() && line["route"] == route).unwrap()
}

#[test]
fn giant_bodies_pass_unchanged_and_only_their_beginning_is_kept_and_masked() {
    let process = Process::start(BINARY, &[("CUPOLA_BODIES", "true")]);
    let (before, _) = process.resident();
    let mut client = process.client();
    upload(&mut client);
    download(&mut client);
    let (_, peak) = process.resident();
    eprintln!("RSS {before} {peak}");
    assert!(peak < before + 8 * MIB, "{} KiB more", (peak - before) / 1024);

    process.terminate();
    let (_, lines) = process.end();
    let (up, down) = (access(&lines, "/upload"), access(&lines, "/download/{bytes}"));
    let whole = (JSON_HEAD.len() + GIANT + JSON_TAIL.len()) as f64;
    assert_eq!((up.number("request_bytes"), down.number("response_bytes")), (whole, whole));
    for (line, body, state) in
        [(up, "request_body", "request_body_state"), (down, "response_body", "response_body_state")]
    {
        assert_eq!((line.text(state), line.text("outcome")), ("truncated", "complete"), "{line}");
        let text = line.text(body);
        assert!(text.starts_with(r#"{"password":"[REDACTED]","data":"a"#), "{text}");
        assert!((7_000..=8_192).contains(&text.len()), "{} bytes", text.len());
    }
    assert!(lines.iter().all(|line| !line.to_string().contains("hunter2")));
}

fn upload(client: &mut Client) {
    let length = JSON_HEAD.len() + GIANT + JSON_TAIL.len();
    client.send(format!(
        "POST /upload HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{JSON_HEAD}"
    ));
    let (mut pattern, mut left) = (Pattern::default(), GIANT);
    while left > 0 {
        let piece = pattern.next(left);
        left -= piece.len();
        client.send(piece);
    }
    client.send(JSON_TAIL);
    let answer = client.answer();
    assert_eq!((answer.status, answer.text()), (200, format!("{length}\n")));
}

fn download(client: &mut Client) {
    client.send(format!("GET /download/{GIANT} HTTP/1.1\r\nHost: test\r\n\r\n"));
    let head = client.head();
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-length"), (JSON_HEAD.len() + GIANT + JSON_TAIL.len()).to_string());
    let mut pattern = Pattern::default();
    client.drain(JSON_HEAD.len(), |_| {});
    client.drain(GIANT, |piece| assert!(pattern.continues_with(piece), "another body"));
    client.drain(JSON_TAIL.len(), |_| {});
}
