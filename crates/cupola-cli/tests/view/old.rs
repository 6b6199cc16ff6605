//! The options of older viewers, and what is shown without any.

use super::support::{Folder, entry};

/// A service's folder: 80 lines in api.log, each tenth of them in errors.log too.
fn service(folder: &Folder, name: &str) {
    let line = |number: usize| {
        let level = if number.is_multiple_of(10) { "ERROR" } else { "INFO" };
        entry(&format!("03:{:02}:{:02}", number / 60, number % 60), level, &format!(r#""message":"m{number}.""#))
    };
    folder.write(&format!("{name}/api.log"), (0..80).map(line).collect::<String>());
    folder.write(&format!("{name}/errors.log"), (0..80).step_by(10).map(line).collect::<String>());
}

fn numbers(shown: &str) -> Vec<usize> {
    let number = |line: &str| line.split(" m").nth(1).and_then(|rest| rest.split('.').next()?.parse().ok());
    shown.lines().map(|line| number(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

#[test]
fn alone_it_shows_the_last_fifty_of_both_files_once() {
    let folder = Folder::new();
    service(&folder, "logs");
    service(&folder, "elsewhere");
    let expected: Vec<_> = (30..80).collect();
    let shown = folder.view(&[]);
    assert_eq!((numbers(&shown.stdout), shown.code), (expected.clone(), 0), "{}", shown.stderr);
    let shown = Folder::shown(folder.command(&["view"]).env("LOG_DIR", folder.path().join("elsewhere")), b"");
    assert_eq!((numbers(&shown.stdout), shown.stderr.as_str()), (expected, ""));
}

#[test]
fn old_invocations() {
    let folder = Folder::new();
    service(&folder, "logs");
    service(&folder, "other");
    let errors: Vec<_> = (0..80).step_by(10).collect();
    let check = |arguments: &[&str], expected: Vec<usize>| {
        let shown = folder.view(arguments);
        assert_eq!(numbers(&shown.stdout), expected, "{arguments:?} {}", shown.stderr);
        assert_eq!(shown.code, i32::from(expected.is_empty()), "{arguments:?}");
    };
    check(&["--type", "api"], (30..80).collect());
    check(&["--type", "errors"], errors.clone());
    check(&["--lines", "5"], (75..80).collect());
    check(&["--type", "errors", "--lines", "2"], vec![60, 70]);
    check(&["--errors-only"], errors);
    check(&["--type", "api", "--errors-only", "--lines", "3"], vec![50, 60, 70]);
    check(&["--hours", "1"], vec![]);
    check(&["--hours", "10000000"], (0..80).collect());
    check(&["--log-dir", "other", "--lines", "1"], vec![79]);
    check(&["--log-dir", "other", "--type", "errors", "--lines", "1"], vec![70]);
}

#[test]
fn statistics_of_what_would_be_shown() {
    let folder = Folder::new();
    service(&folder, "logs");
    service(&folder, "other");
    let check = |arguments: &[&str], lines: &str, errors: &str| {
        let shown = folder.view(&[&["--stats"], arguments].concat());
        assert!(shown.code == 0 && shown.stdout.starts_with(lines), "{arguments:?} {}{}", shown.stdout, shown.stderr);
        let row = shown.stdout.lines().find_map(|line| line.trim().strip_prefix("ERROR")).unwrap();
        assert_eq!(row.split_whitespace().next(), Some(errors), "{arguments:?} {}", shown.stdout);
    };
    // All lines of both files, each once; with a number, the last so many.
    check(&[], "80 lines in 2 files", "8");
    check(&["--type", "api"], "80 lines in 1 file", "8");
    check(&["--type", "errors"], "8 lines", "8");
    check(&["--errors-only"], "8 lines", "8");
    check(&["--hours", "10000000"], "80 lines", "8");
    check(&["--log-dir", "other"], "80 lines", "8");
    check(&["--lines", "15"], "15 lines", "1");
    check(&["logs/api.log", "message~m7."], "11 lines", "1");
    let none = folder.view(&["--stats", "--hours", "1"]);
    assert_eq!((none.code, none.stdout.as_str()), (1, ""));
    let json = folder.view(&["--stats", "--json", "--errors-only"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json.stdout).unwrap()["by_level"]["ERROR"], 8);
    assert_eq!(folder.view(&["--stats", "--follow"]).code, 2);
}

/// It is the same as what `cupola stats` says of the same lines.
#[test]
fn both_commands_count_alike() {
    let folder = Folder::new();
    service(&folder, "logs");
    let stats = folder.run(&["stats", "logs/api.log", "--level", "error"]);
    assert_eq!(folder.view(&["--stats", "logs/api.log", "--level", "error"]).stdout, stats.stdout);
}

#[test]
fn a_folder_with_one_of_the_files_is_enough() {
    let folder = Folder::new();
    folder.write("logs/errors.log", entry("03:00:01", "ERROR", r#""message":"m1.""#));
    assert_eq!(numbers(&folder.view(&[]).stdout), [1]);
    let shown = folder.view(&["--type", "api"]);
    assert!(shown.code == 2 && shown.stderr.contains("no api.log in logs"), "{}", shown.stderr);
}

#[test]
fn the_end_of_a_large_file_is_there_at_once() {
    let folder = Folder::new();
    let line = entry("03:46:01", "INFO", r#""message":"m1.""#);
    let mut text = line.repeat(200_000);
    text.push_str(&entry("03:46:02", "INFO", r#""message":"m2.""#));
    folder.write("logs/api.log", text);
    // What is read is what is counted: a line that cannot be read at the beginning is not met.
    let shown = folder.view(&["--lines", "2"]);
    assert_eq!((numbers(&shown.stdout), shown.stderr.as_str()), (vec![1, 2], ""));
}

#[test]
fn what_was_rotated_a_moment_ago_is_not_missed() {
    let folder = Folder::new();
    let line = |number: usize| entry(&format!("03:00:{number:02}"), "INFO", &format!(r#""message":"m{number}.""#));
    let lines = |from: usize, to: usize| (from..to).map(line).collect::<String>();
    folder.write("logs/api.log", lines(50, 52));
    folder.write("logs/api.2026-11-21.002.log", lines(20, 50));
    folder.write("logs/api.2026-11-21.001.log.zst", zstd::encode_all(lines(1, 20).as_bytes(), 3).unwrap());
    folder.write("logs/errors.log", "");
    assert_eq!(numbers(&folder.view(&["--lines", "5"]).stdout), (47..52).collect::<Vec<_>>());
    assert_eq!(numbers(&folder.view(&[]).stdout), (2..52).collect::<Vec<_>>());
    assert_eq!(numbers(&folder.view(&["--since", "2026-11-21T03:00:00Z"]).stdout), (1..52).collect::<Vec<_>>());
}
