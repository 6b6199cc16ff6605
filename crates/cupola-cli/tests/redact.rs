//! `cupola redact`, as people call it.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::thread;

fn cupola(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cupola"));
    command.arg("redact").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = cupola(arguments).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may have stopped reading, which its exit code tells.
    let writer = thread::spawn(move || _ = stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn check(arguments: &[&str], input: &str, expected: &str) {
    for chunk in ["1", "7", "65536"] {
        let output = run(&[arguments, &["--chunk", chunk]].concat(), input.as_bytes());
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{arguments:?} in pieces of {chunk}");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn every_type_is_read_as_what_it_is() {
    for (surface, input, expected) in [
        ("application/json", r#"{"a":1,"password":"x"}"#, r#"{"a":1,"password":"[REDACTED]"}"#),
        ("application/problem+json; charset=utf-8", r#"{"pin":17}"#, r#"{"pin":"[REDACTED]"}"#),
        ("application/x-www-form-urlencoded", "a=1&password=x", "a=1&password=[REDACTED]"),
        ("application/x-ndjson", "{\"pw\":\"x\"}\n{\"a\":1}\n", "{\"pw\":\"[REDACTED]\"}\n{\"a\":1}\n"),
        ("text/event-stream", "data: {\"token\":\"x\"}\n\n", "data: {\"token\":\"[REDACTED]\"}\n\n"),
        ("text/plain", "login password=x failed\n", "login password=[REDACTED] failed\n"),
        (
            "multipart/form-data; boundary=B",
            "--B\r\nContent-Disposition: form-data; name=pin\r\n\r\n12\r\n--B--\r\n",
            "--B\r\nContent-Disposition: form-data; name=pin\r\n\r\n[REDACTED]\r\n--B--\r\n",
        ),
        ("image/png", "not a picture", "[image/png 13 bytes]"),
        (
            "header",
            "Host: h\nAuthorization: Bearer x\nX-Odd: y\n",
            "Host: h\nAuthorization: Bearer [REDACTED]\nX-Odd: [REDACTED]\n",
        ),
        ("url", "https://bob:pw@h/a?token=x&b=1\n", "https://[REDACTED]@h/a?token=[REDACTED]&b=1\n"),
        ("query", "token=x&b=1", "token=[REDACTED]&b=1"),
        ("cookie", "a=b; c=d", "a=[REDACTED]; c=[REDACTED]"),
        ("set-cookie", "a=b; Path=/", "a=[REDACTED]; Path=/"),
    ] {
        check(&["--as", surface], input, expected);
    }
}

#[test]
fn without_a_type_the_input_tells() {
    check(&[], r#"{"password":"x"}"#, r#"{"password":"[REDACTED]"}"#);
    check(&[], "{\"pw\":1}\n{\"pw\":2}\n", "{\"pw\":\"[REDACTED]\"}\n{\"pw\":\"[REDACTED]\"}\n");
    check(&[], "password=x y\n", "password=[REDACTED] y\n");
    let folder = tempfile::tempdir().unwrap();
    let (log, har) = (folder.path().join("a.log"), folder.path().join("b.har"));
    fs::write(&log, "{\"token\":\"x\"}\n").unwrap();
    fs::write(&har, r#"{"headers":[{"name":"Cookie","value":"a=b"}]}"#).unwrap();
    let files = [log.to_str().unwrap(), har.to_str().unwrap()];
    check(&files, "", "{\"token\":\"[REDACTED]\"}\n{\"headers\":[{\"name\":\"Cookie\",\"value\":\"[REDACTED]\"}]}");
}

#[test]
fn a_cut_input_gives_no_beginning_of_a_token_away() {
    check(&["--as", "text/plain"], "got ghp_ab", "got ghp_ab");
    check(&["--as", "text/plain", "--truncated"], "got ghp_ab", "got [REDACTED]");
    check(&["--as", "url", "--truncated"], "https://bob:hunt", "https://[REDACTED]");
}

#[test]
fn the_report_counts_by_rule_and_shows_no_value() {
    let input = br#"{"password":"hunter2","a":"https://bob:hunter2@h/","pin":1,"b":x"#;
    let output = run(&["--as", "application/json", "--report"], input);
    let report = String::from_utf8(output.stderr).unwrap();
    assert_eq!(report, "name 2\nuserinfo 1\nlost-sync 1\nredactions 3\n");
    assert!(!String::from_utf8(output.stdout).unwrap().contains("hunter2"));
}

#[test]
fn a_policy_file_extends_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("policy.toml");
    fs::write(&good, "deny = [\"customer_ref\"]\ndeny_paths = [\"$.user.note\"]\nform = \"typed\"\n").unwrap();
    let arguments = ["--as", "application/json", "--policy", good.to_str().unwrap()];
    let input = r#"{"customerRef":1,"user":{"note":"x"},"note":"y","password":"z"}"#;
    let expected = r#"{"customerRef":"[REDACTED:name]","user":{"note":"[REDACTED:selector]"},"note":"y","password":"[REDACTED:name]"}"#;
    check(&arguments, input, expected);

    let bad = folder.path().join("bad.toml");
    fs::write(&bad, "deny = [\"a_b\"]\nkeep = [\"password\"]\n").unwrap();
    let output = run(&["--policy", bad.to_str().unwrap()], b"");
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("line 2") && message.contains("\"password\""), "{message}");
}

#[test]
fn bad_usage_is_told_and_exits_with_two() {
    for (arguments, part) in [
        (&["--as", "jpeg"][..], "media type"),
        (&["--chunk", "0"], "--chunk"),
        (&["--nope"], "--nope"),
        (&["/no/such/file"], "/no/such/file"),
        (&["--policy", "/no/such/file"], "/no/such/file"),
    ] {
        let output = run(arguments, b"password=x");
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert!(message.contains(part), "{message}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_tells_types_options_and_examples() {
    let output = run(&["--help"], b"");
    let help = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    for part in
        ["--as", "--truncated", "--chunk", "--report", "--policy", "set-cookie", "multipart/form-data", "Examples"]
    {
        assert!(help.contains(part), "{part} is not in:\n{help}");
    }
}

/// Bytes that are no UTF-8, numbers, blanks and duplicates pass as they are.
#[test]
fn what_is_not_masked_passes_byte_for_byte() {
    let mut input = b"{\"n\":1e400, \"n\" :\t0.10,\"b\":\"\xFF\xC3\",\"pin\":1,\"c\":\"\\u00e9\"}\r\n\x07".to_vec();
    let mut expected = input.clone();
    let at = input.windows(7).position(|part| part == b"\"pin\":1").unwrap();
    expected.splice(at + 6..at + 7, *b"\"[REDACTED]\"");
    let output = run(&["--as", "application/json"], &input);
    assert_eq!(output.stdout, expected);
    input.clear();
    assert!(run(&["--as", "application/json"], &input).stdout.is_empty());
}

/// A line comes out as soon as it is whole: a log can be followed.
#[test]
fn lines_leave_while_the_input_is_still_open() {
    let mut child = cupola(&["--as", "application/x-ndjson"]).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let line = b"{\"token\":\"x\",\"a\":1}\n";
    stdin.write_all(line).unwrap();
    stdin.flush().unwrap();
    let mut shown = vec![0; "{\"token\":\"[REDACTED]\",\"a\":1}\n".len()];
    stdout.read_exact(&mut shown).unwrap();
    assert_eq!(shown, b"{\"token\":\"[REDACTED]\",\"a\":1}\n");
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The peak of resident memory does not grow with the input.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_constant() {
    let peak = |mebibytes: usize, surface: &str, piece: &str| {
        let mut child = cupola(&["--as", surface]).stdout(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let block = piece.repeat(1 << 12).into_bytes();
        for _ in 0..(mebibytes << 20) / block.len() {
            stdin.write_all(&block).unwrap();
        }
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        drop(stdin);
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap()
    };
    for (surface, piece) in [
        ("application/json", "{\"a\":[1,\"b\"]} "),
        // One string, one name, one number and one pair that never end.
        ("application/json", "\"aaaaaaaaaaaaaaaa"),
        ("text/plain", "words without any end "),
        ("application/x-www-form-urlencoded", "aaaaaaaaaaaaaaaa"),
        ("application/x-ndjson", "{\"a\":1}\n"),
        ("url", "https://h/aaaaaaa"),
    ] {
        let (small, large) = (peak(1, surface, piece), peak(16, surface, piece));
        assert!(large < small + 4096, "{surface} of {piece:?}: {small} KiB for 1 MiB, {large} KiB for 16 MiB");
    }
}
