//! `cupola view`, as people call it.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod follow;
mod forms;
mod hostile;
mod old;
mod order;
#[path = "../support/folder.rs"]
mod support;

use support::{Folder, entry};

#[test]
fn filters_select() {
    let folder = Folder::new();
    let lines = [
        entry(
            "03:46:01",
            "INFO",
            r#""message":"one","route":"/vms/{id}","status":200,"duration_ms":12,"request_id":"r-1""#,
        ),
        entry(
            "03:46:02",
            "WARN",
            r#""message":"two","route":"/vms","status":503,"duration_ms":812,"request_id":"r-2""#,
        ),
        entry("03:46:03", "ERROR", r#""message":"three","trace_id":"t-1","error":"timed out""#),
    ];
    let file = folder.write("a.log", lines.concat());
    let check = |arguments: &[&str], expected: &[&str]| {
        let shown = folder.view(&[&[file.as_str(), "--json", "--quiet"], arguments].concat());
        let messages: Vec<_> = ["one", "two", "three"].into_iter().filter(|text| shown.stdout.contains(text)).collect();
        assert_eq!(messages, expected, "{arguments:?}");
        assert_eq!(shown.code, if expected.is_empty() { 1 } else { 0 }, "{arguments:?}");
    };
    check(&[], &["one", "two", "three"]);
    check(&["--level", "warn"], &["two", "three"]);
    check(&["-l", "error"], &["three"]);
    check(&["--since", "2026-11-21T03:46:02Z"], &["two", "three"]);
    check(&["--until", "2026-11-21T03:46:01.999999Z"], &["one"]);
    check(&["--since", "2026-11-21", "--until", "2026-11-21"], &["one", "two", "three"]);
    check(&["--since", "now"], &[]);
    check(&["--request", "r-1"], &["one"]);
    check(&["--trace", "t-1"], &["three"]);
    check(&["--route", "/vms"], &["two"]);
    check(&["--route", "/vms*"], &["one", "two"]);
    check(&["--status", "5xx"], &["two"]);
    check(&["--status", "200,5xx"], &["one", "two"]);
    check(&["status>=500"], &["two"]);
    check(&["duration_ms>500", "level>=warn"], &["two"]);
    check(&["-f", "status=200 or message~thr"], &["one", "three"]);
    check(&["--text", "timed out"], &["three"]);
    check(&["--text", "TIMED", "-i"], &["three"]);
    check(&["/tim.d/"], &["three"]);
    check(&["not status=200"], &["two", "three"]);
    check(&["status!="], &["one", "two"]);
    check(&["--hours", "1"], &[]);
    check(&["-n", "1"], &["three"]);
    check(&["status!=", "-n", "1"], &["two"]);
    check(&["-n", "0"], &[]);
}

#[test]
fn mistakes_are_told_and_exit_with_two() {
    let folder = Folder::new();
    folder.write("a.log", entry("03:46:01", "INFO", r#""message":"one""#));
    for (arguments, part) in [
        (&["missing.log"][..], "missing.log"),
        (&["a.log", "missing.log"], "missing.log"),
        (&["a.log", "--level", "loud"], "trace, debug, info, warn or error"),
        (&["a.log", "--since", "soon"], "10m ago"),
        (&["a.log", "status>="], "expected a value"),
        (&["a.log", "-f", "(status=1"], "`(` without its `)`"),
        (&["a.log", "--time-zone", "Mars"], "Mars"),
        (&["a.log", "--json", "--json-array"], "cannot be used with"),
        (&["--log-dir", "nowhere"], "nowhere"),
        (&["a.log", "--hours", "1e300"], "--hours"),
    ] {
        let shown = folder.view(arguments);
        assert_eq!(shown.code, 2, "{arguments:?} {}", shown.stderr);
        assert!(shown.stderr.contains(part), "{arguments:?} {}", shown.stderr);
    }
}

#[test]
fn one_file_that_cannot_be_read_does_not_hide_the_others() {
    let folder = Folder::new();
    let file = folder.write("a.log", entry("03:46:01", "INFO", r#""message":"one""#));
    let packed = folder.path().join("broken.log.gz");
    std::fs::write(&packed, b"\x1f\x8b\x08\x00 not gzip").unwrap();
    let shown = folder.view(&[&file, packed.to_str().unwrap()]);
    assert_eq!(shown.code, 2);
    assert!(shown.stdout.contains("one") && shown.stderr.contains("broken.log.gz"), "{shown:?}");
}

#[test]
fn lines_around_those_that_match() {
    let folder = Folder::new();
    let lines: String = (0..60)
        .map(|second| entry(&format!("03:46:{second:02}"), "INFO", &format!(r#""message":"m","n":{second}"#)))
        .collect();
    let file = folder.write("a.log", &lines);
    let shown = folder.view(&[&file, "n=30 or n=33 or n=50", "--context", "1", "--color", "never"]);
    let numbers: Vec<_> = shown
        .stdout
        .lines()
        .map(|line| line.split_once("n=").map_or(line, |(_, n)| n.split(' ').next().unwrap()))
        .collect();
    assert_eq!(numbers, ["29", "30", "31", "32", "33", "34", "--", "49", "50", "51"]);
    assert_eq!(shown.stderr, "cupola: 60 lines, 51 not shown: 51 not matching\n");
}
