//! Errors that are alike.

use super::hostile::{hostile_lines, is_harmful};
use super::support::{Folder, entry};

/// Two kinds of errors in `api.log`, the same again in `errors.log`, and lines that are none.
fn service() -> Folder {
    let folder = Folder::new();
    let timeout = |second: u32| {
        let rest = format!(
            r#""message":"no answer from 10.0.0.{second}:5432 in {second}s","error_type":"Timeout","request_id":"r-{second}""#
        );
        entry(&format!("03:46:{second:02}"), "ERROR", &rest)
    };
    let errors = (10..15).map(timeout).collect::<String>() + &entry("03:47:00", "ERROR", r#""message":"no image""#);
    folder.write(
        "logs/api.log",
        entry("03:46:00", "INFO", r#""message":"up""#) + &errors + &entry("03:48:00", "WARN", r#""message":"slow""#),
    );
    folder.write("logs/errors.log", errors);
    folder
}

#[test]
fn errors_that_are_alike_are_one() {
    let said = service().run(&["errors"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    let lines: Vec<_> = said.stdout.lines().collect();
    assert_eq!(lines[0], "        5  Timeout: no answer from <n> in <n>s");
    assert!(lines[1].starts_with("           app  2026-11-21 03:46:10 to 2026-11-21 03:46:14  1-"), "{}", lines[1]);
    assert_eq!(
        lines[2],
        "           03:46:10.000 ERROR no answer from 10.0.0.10:5432 in 10s  error_type=Timeout request_id=r-10  (app)"
    );
    assert_eq!((lines[4], *lines.last().unwrap()), ("        1  no image", "6 errors in 2 groups"));
}

#[test]
fn groups_are_json_too() {
    let said = service().run(&["errors", "logs/api.log", "--json", "--level", "warn", "-n", "2"]);
    let groups: Vec<serde_json::Value> = said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(groups.len(), 2);
    let first = &groups[0];
    assert_eq!(
        (&first["count"], &first["error_type"], &first["request_id"]),
        (&5.into(), &"Timeout".into(), &"r-10".into())
    );
    assert_eq!(
        (&first["first"], &first["last"]),
        (&"2026-11-21T03:46:10.000000Z".into(), &"2026-11-21T03:46:14.000000Z".into())
    );
    assert_eq!((&groups[1]["template"], &groups[1]["level"]), (&"slow".into(), &"WARN".into()));
    let example: serde_json::Value = serde_json::from_str(first["example"].as_str().unwrap()).unwrap();
    assert_eq!(example["message"], "no answer from 10.0.0.10:5432 in 10s");
}

#[test]
fn filters_and_exit_codes() {
    let folder = service();
    let errors = |arguments: &[&str]| folder.run(&[&["errors", "logs"], arguments].concat());
    assert!(errors(&["-f", "error_type=Timeout"]).stdout.ends_with("5 errors in 1 group\n"));
    assert!(
        errors(&["--since", "2026-11-21T03:46:12Z", "--until", "2026-11-21T03:46:30Z"])
            .stdout
            .ends_with("3 errors in 1 group\n")
    );
    let none = errors(&["-f", "user_id=u-7"]);
    assert_eq!((none.code, none.stdout.as_str()), (1, ""));
    assert_eq!(errors(&["--level", "loud"]).code, 2);
    assert_eq!(errors(&["--filter", "(x"]).code, 2);
    assert_eq!(folder.run(&["errors", "missing.log"]).code, 2);
}

#[test]
fn hostile_lines_do_no_harm() {
    let folder = Folder::new();
    folder.write("a.log", hostile_lines());
    let said = folder.run(&["errors", "a.log"]);
    assert!(!is_harmful(&said.stdout) && said.code == 0);
    // What a line says of many lines stands behind our own margin.
    assert!(
        said.stdout.lines().all(|line| line.is_empty() || line.starts_with("   ") || line.starts_with("9 errors")),
        "{:.3000}",
        said.stdout
    );
    assert_eq!(said.stderr, "cupola: 12 lines, 2 not shown: 1 unparsable, 1 torn\n");
}
