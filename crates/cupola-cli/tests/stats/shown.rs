//! What is shown, and how a run ends.

use super::hostile::{hostile_lines, is_harmful};
use super::support::{Folder, entry};

fn request(second: u32, route: &str, status: u32, duration: f64) -> String {
    let level = if status >= 500 { "ERROR" } else { "INFO" };
    let rest = format!(
        r#""message":"request completed","method":"GET","route":"{route}","status":{status},"duration_ms":{duration},"client_ip":"10.0.0.{}","request_id":"r-{second}""#,
        second % 2
    );
    entry(&format!("03:46:{second:02}"), level, &rest)
}

/// A folder of a service: what is in errors.log is in api.log too.
fn service() -> Folder {
    let folder = Folder::new();
    let failed = request(12, "/vms", 503, 2_500.0);
    let lines = [
        entry("03:46:10", "INFO", r#""message":"up","error_type":"none""#),
        request(11, "/vms/{id}", 200, 1.5),
        failed.clone(),
        request(13, "/vms/{id}", 200, 2.5),
        entry("03:46:14", "WARN", r#""message":"slow","error_type":"Timeout""#),
        entry("03:46:15", "WARN", r#""message":"slow","error_type":"Timeout""#),
    ];
    folder.write("logs/api.log", lines.concat() + "no entry\n\n");
    folder.write("logs/errors.log", failed);
    folder
}

#[test]
fn a_small_log_from_head_to_foot() {
    let shown = service().run(&["stats"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""));
    let expected = "\
6 lines in 1 file  2026-11-21 03:46:10 to 03:46:15 UTC (5s), 1.2 a second

Level
  ERROR  1  16.7%  █████▍
  WARN   2  33.3%  ██████████▋
  INFO   3  50.0%  ████████████████

Status  of requests
  2xx  2  66.7%  █████████████████████▍  200: 2
  5xx  1  33.3%  ██████████▋             503: 1

Error type
  Timeout  2  33.3%  ████████████████████████████████
  none     1  16.7%  ████████████████

Lines per second  at most 1 at 03:46:10
      1 │ █████ █████ █████ █████ █████ █████
        │ █████ █████ █████ █████ █████ █████
        │ █████ █████ █████ █████ █████ █████
        │ █████ █████ █████ █████ █████ █████
        │ █████ █████ █████ █████ █████ █████
      0 └─────────────────────────────────────
    1 err             █████
          03:46:10          03:46:13

Route
  route      requests   share  errors     p50     p90     p95     p99     max
  /vms/{id}         2   66.7%    0.0%   1.5ms   2.5ms   2.5ms   2.5ms   2.5ms
  /vms              1   33.3%  100.0%  2.500s  2.500s  2.500s  2.500s  2.500s
  all               3  100.0%   33.3%   2.5ms  2.500s  2.500s  2.500s  2.500s

Slowest  requests
          time  duration       request        request id
  03:46:12.000    2.500s  503  GET /vms       r-12
  03:46:13.000     2.5ms  200  GET /vms/{id}  r-13
  03:46:11.000     1.5ms  200  GET /vms/{id}  r-11

Client
  10.0.0.1  2  66.7%  ████████████████████████████████
  10.0.0.0  1  33.3%  ████████████████

8 lines, 1 not counted: 1 unparsable
";
    assert_eq!(shown.stdout, expected);
}

#[test]
fn a_line_of_two_files_counts_once() {
    let shown = service().run(&["stats", "logs"]);
    assert!(shown.stdout.starts_with("6 lines in 2 files"), "{}", shown.stdout);
    assert!(
        shown.stdout.ends_with("9 lines, 2 not counted: 1 counted once already, 1 unparsable\n"),
        "{}",
        shown.stdout
    );
}

#[test]
fn what_was_closed_of_a_log_belongs_to_it() {
    let folder = service();
    folder.write(
        "logs/api.2026-11-20.001.log.zst",
        zstd::encode_all(request(1, "/old", 200, 1.0).as_bytes(), 3).unwrap(),
    );
    let shown = folder.run(&["stats"]);
    assert!(shown.stdout.starts_with("7 lines in 2 files") && shown.stdout.contains("/old"), "{}", shown.stdout);
    assert_eq!(Folder::shown(folder.command(&["stats"]).env("LOG_DIR", "nowhere"), b"").code, 2);
}

#[test]
fn filters_and_exit_codes() {
    let folder = service();
    let stats = |arguments: &[&str]| folder.run(&[&["stats", "logs/api.log"], arguments].concat());
    let check = |arguments: &[&str], head: &str| {
        let shown = stats(arguments);
        assert!(shown.code == 0 && shown.stdout.starts_with(head), "{arguments:?}: {}{}", shown.stdout, shown.stderr);
    };
    check(&["status=5xx"], "1 line in 1 file");
    check(&["--route", "/vms/*"], "2 lines");
    check(&["--level", "warn"], "3 lines");
    check(&["--since", "2026-11-21T03:46:13Z"], "3 lines");
    check(&["--hours", "10000000"], "6 lines");
    check(&["-f", "duration_ms>2"], "2 lines");
    let none = stats(&["route=/nowhere"]);
    assert_eq!((none.code, none.stdout.as_str()), (1, ""));
    assert_eq!(none.stderr, "cupola: 8 lines, 7 not counted: 6 not matching, 1 unparsable\n");
    for arguments in [["--level", "loud"], ["-f", "(x"], ["--color", "mauve"]] {
        assert_eq!(stats(&arguments).code, 2, "{arguments:?}");
    }
    assert_eq!(folder.run(&["stats", "missing.log"]).code, 2);
}

#[test]
fn standard_input_is_counted_too() {
    let shown = Folder::new().run_on(&["stats", "-", "--by", "route"], request(1, "/vms", 200, 3.0).as_bytes());
    assert!(shown.stdout.contains("\nGroup\n  route  lines"), "{}", shown.stdout);
}

#[test]
fn hostile_lines_do_no_harm() {
    let folder = Folder::new();
    let forged = r#""message":"m","method":"\u001b[2J","route":"/a\u001b]0;t\u0007\nroute","status":200,"duration_ms":1,"user_id":"\u202eu\u009b","client_ip":"\u001b[1m","request_id":"r\r\n0","error_type":"\u001b[31m""#;
    let text = [&hostile_lines()[..], b"\n", entry("03:46:10", "INFO", forged).as_bytes()].concat();
    folder.write("a.log", text);
    for arguments in [&["stats", "a.log"][..], &["stats", "a.log", "--by", "message,route,missing"]] {
        let shown = folder.run(arguments);
        assert!(shown.code == 0 && !is_harmful(&shown.stdout), "{:.2000}", shown.stdout);
        assert!(shown.stdout.contains("13 lines, 2 not counted: 1 unparsable, 1 torn"), "{:.3000}", shown.stdout);
    }
    let shown = folder.run(&["stats", "a.log", "--json"]);
    assert!(serde_json::from_str::<serde_json::Value>(&shown.stdout).is_ok() && !is_harmful(&shown.stdout));
}

#[test]
fn secrets_are_masked_where_that_is_wanted() {
    let folder = Folder::new();
    let secret = r#""message":"m","method":"GET","path":"/?token=hunter2hunter2","status":200,"duration_ms":9,"password":"hunter2""#;
    folder.write("a.log", entry("03:46:10", "INFO", secret));
    let shown = folder.run(&["stats", "a.log", "--by", "password"]);
    assert!(shown.stdout.contains("hunter2\n") || shown.stdout.contains("hunter2 "), "{}", shown.stdout);
    let shown = folder.run(&["stats", "a.log", "--by", "password", "--redact"]);
    assert!(!shown.stdout.contains("hunter2") && shown.stdout.contains("[REDACTED]"), "{}", shown.stdout);
}

/// Routes give way, ids do not: they are there to be copied. Where nobody looks at it nothing is cut.
#[test]
fn it_fits_into_the_terminal() {
    let (folder, id) = (Folder::new(), "0193f2a4-0719-79ca-a8d8-0ff831a7272b");
    let route = format!("/{}", "very/long/".repeat(30));
    let long = request(20, &route, 404, 1.0).replace("r-20", id);
    folder.write("logs/api.log", request(1, "/東京/{id}", 200, 1.0) + &long);
    for columns in ["80", "120"] {
        let shown = Folder::shown(folder.command(&["stats"]).env("COLUMNS", columns), b"");
        let longest = shown.stdout.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= columns.parse().unwrap() && shown.stdout.contains(id), "{}", shown.stdout);
    }
    assert!(folder.run(&["stats"]).stdout.matches(&route).count() == 2);
}
