//! Which lines hold.

use super::hostile::{hostile_lines, is_harmful};
use super::support::{Folder, entry};

const IDS: &str = r#","request_id":"r-1","trace_id":"0193f2a4071979caa8d80ff831a7272b","span_id":"00f067aa0ba902b7""#;

#[test]
fn lines_that_hold() {
    let folder = Folder::new();
    let with_ids = entry("03:46:01", "WARN", &format!(r#""message":"slow"{IDS}"#));
    folder.write("a.log", format!("{}\n{with_ids}", entry("03:46:00", "INFO", r#""message":"up""#)));
    let said = folder.run(&["check", "a.log"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{}", said.stdout);
    let expected = "     Entries       WARN       INFO  Target
           2          1          1  app
           2          1          1  (all)

     Entries  Share with
           1  request_id 50.0 %
           1  trace_id 50.0 %
           1  span_id 50.0 %

3 lines in 1 file: all hold
";
    assert_eq!(said.stdout, expected);
}

#[test]
fn lines_that_fail_are_told_with_their_numbers_and_reasons() {
    let folder = Folder::new();
    let good = entry("03:46:00", "INFO", r#""message":"up""#);
    let twice = entry("03:46:00", "INFO", r#""message":"up","a":1,"a":2"#);
    folder.write(
        "a.log",
        good.repeat(4_000) + &twice + &good + "plain\n" + &twice + good.trim_end().trim_end_matches('}'),
    );
    let said = folder.run(&["check", "a.log", "-n", "2"]);
    assert_eq!(said.code, 1);
    let start = "a.log:4001: `a` stands there twice
a.log:4003: no JSON object: expected `{` at byte 0
... and 2 more lines

Why lines fail
           2  `a` stands there twice
           1  no JSON object: expected `{`
           1  torn: the file ends within it
";
    assert!(said.stdout.starts_with(start), "{}", said.stdout);
    assert!(said.stdout.ends_with("4005 lines in 1 file: 4 fail\n"), "{}", said.stdout);
}

#[test]
fn what_is_told_is_json_too() {
    let folder = Folder::new();
    folder.write("a.log", entry("03:46:00", "INFO", r#""message":"up""#));
    let said = folder.run_on(&["check", "a.log", "-", "--json"], b"plain\n");
    let told: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        (said.code, &told["lines"], &told["failed"], &told["by_level"]["INFO"]),
        (1, &2.into(), &1.into(), &1.into())
    );
    assert_eq!((&told["failures"][0]["file"], &told["failures"][0]["line"]), (&"standard input".into(), &1.into()));
}

#[test]
fn hostile_lines_do_no_harm() {
    let folder = Folder::new();
    folder.write("\u{1b}[31m.log", hostile_lines());
    let said = folder.run(&["check", "."]);
    assert!(!is_harmful(&said.stdout) && said.code == 1, "{}", said.stdout);
    assert!(said.stdout.contains("12 lines in 1 file"), "{}", said.stdout);
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let folder = Folder::new();
    let said = folder.run(&["check", "missing.log"]);
    assert!(said.code == 2 && said.stderr.starts_with("cupola: missing.log: "), "{}", said.stderr);
    assert_eq!(folder.run(&["check"]).code, 2);
}
