//! Lines that would do harm, or that are none.

use super::support::{Folder, entry};

/// Duplicate keys, escapes in all forms, a forged line, invalid UTF-8, a torn line, plain text, an escaped key, a long message, and no
/// newline at the end.
fn lines() -> Vec<u8> {
    let mut lines = Vec::new();
    let mut push = |line: &[u8]| {
        lines.extend_from_slice(line);
        lines.push(b'\n');
    };
    push(br#"{"timestamp":"2026-11-21T03:46:00.000000Z","level":"INFO","level":"ERROR","target":"a","message":"dup"}"#);
    push(br#"{"timestamp":"2026-11-21T03:46:01.000000Z","level":"INFO","target":"a","message":"esc \u001b[31mred \u001b]0;title\u0007"}"#);
    push("{\"timestamp\":\"2026-11-21T03:46:02.000000Z\",\"level\":\"INFO\",\"target\":\"a\",\"message\":\"c1 \u{9b}31m \u{202e}bidi \u{2028}\"}".as_bytes());
    push(b"{\"timestamp\":\"2026-11-21T03:46:03.000000Z\",\"level\":\"INFO\",\"target\":\"a\",\"message\":\"raw \x1b[2J\"}");
    push(br#"{"timestamp":"2026-11-21T03:46:04.000000Z","level":"INFO","target":"a","message":"one\n2026-11-21 03:46:05 ERROR forged"}"#);
    push(b"{\"timestamp\":\"2026-11-21T03:46:05.000000Z\",\"level\":\"INFO\",\"target\":\"a\",\"message\":\"bad \xff utf8 \x00\"}");
    push(br#"{"timestamp":"2026-11-21T03:46:06.000000Z","level":"INFO","target":"a","message":"torn"#);
    push(b"plain text \x1b[31m");
    push(br#"{"timestamp":"2026-11-21T03:46:07.000000Z","lev\u0065l":"ERROR","target":"a","message":"escaped key"}"#);
    push(
        format!(
            r#"{{"timestamp":"2026-11-21T03:46:08.000000Z","level":"INFO","target":"a","message":"{}"}}"#,
            "x".repeat(3 << 20)
        )
        .as_bytes(),
    );
    push(b"");
    lines.extend_from_slice(
        br#"{"timestamp":"2026-11-21T03:46:09.000000Z","level":"INFO","target":"a","message":"last"}"#,
    );
    lines
}

#[test]
fn nothing_reaches_the_terminal_and_every_line_is_there() {
    let folder = Folder::new();
    let file = folder.write("a.log", lines());
    let shown = folder.view(&[&file, "--color", "never"]);
    let harmful = |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{2028}');
    assert!(!shown.stdout.contains(harmful));
    let expected = [
        "11-21 03:46:00.000 ERROR",
        "11-21 03:46:01.000 INFO ",
        "11-21 03:46:02.000 INFO ",
        "11-21 03:46:03.000 INFO ",
        "11-21 03:46:04.000 INFO ",
        "    │ 2026-11-21 03:46:05 ERROR forged",
        "11-21 03:46:05.000 INFO ",
        "{\"timestamp\":\"2026-11-21",
        "plain text \\u001b[31m",
        "11-21 03:46:07.000 ERROR",
        "11-21 03:46:08.000 INFO ",
        "11-21 03:46:09.000 INFO ",
    ];
    assert_eq!(shown.stdout.lines().count(), expected.len());
    for (line, expected) in shown.stdout.lines().zip(expected) {
        // In another year than this one the year is shown.
        assert!(line.strip_prefix("2026-").unwrap_or(line).starts_with(expected), "{expected:?} {line:.80}");
    }
    assert_eq!(shown.stderr, "");
}

#[test]
fn what_is_not_shown_is_accounted_for() {
    let folder = Folder::new();
    let file = folder.write("a.log", lines());
    let shown = folder.view(&[&file, "--level", "error"]);
    assert_eq!(shown.stdout.lines().count(), 2, "{}", shown.stdout);
    assert_eq!(shown.stderr, "cupola: 12 lines, 9 not shown: 7 not matching, 1 unparsable, 1 torn\n");
    let shown = folder.view(&[&file, "--level", "error", "--unparsed"]);
    assert_eq!(shown.stdout.lines().count(), 4, "{}", shown.stdout);
    assert!(shown.stderr.contains("7 not shown: 7 not matching"), "{}", shown.stderr);
    assert_eq!(folder.view(&[&file, "--level", "error", "--quiet"]).stderr, "");
    // Of the last ones only what was met on the way.
    let shown = folder.view(&[&file, "--level", "error", "-n", "1"]);
    assert_eq!(shown.stderr, "cupola: 3 lines, 2 not shown: 1 unparsable, 1 torn\n");
}

#[test]
fn lines_as_they_stand() {
    let folder = Folder::new();
    let text: Vec<u8> = lines().into_iter().filter(|byte| byte.is_ascii()).collect();
    let file = folder.write("a.log", &text);
    let shown = folder.view(&[&file, "--json"]);
    let expected: String = String::from_utf8(text)
        .unwrap()
        .lines()
        .filter(|line| !line.is_empty())
        .fold(String::new(), |all, line| all + line + "\n");
    assert_eq!(shown.stdout, expected);
}

#[test]
fn line_ends_marks_and_lengths() {
    let folder = Folder::new();
    let one = entry("03:46:01", "INFO", r#""message":"one""#);
    let text = format!("\u{feff}{}\r\n\r\n{}", one.trim_end(), one.replace("one", "two").trim_end());
    let file = folder.write("a.log", text);
    let shown = folder.view(&[&file, "level=info"]);
    assert_eq!((shown.stdout.lines().count(), shown.stderr.as_str()), (2, ""), "{}", shown.stdout);

    let long = entry("03:46:01", "INFO", &format!(r#""message":"{}""#, "x".repeat(9 << 20)));
    let file = folder.write("b.log", format!("{one}{long}{one}"));
    let shown = folder.view(&[&file, "--color", "never"]);
    assert_eq!(shown.stdout.lines().count(), 2);
    assert_eq!(shown.stderr, "cupola: 3 lines, 1 not shown: 1 too long\n");
}

#[test]
fn empty_inputs_show_nothing() {
    let folder = Folder::new();
    let file = folder.write("a.log", "");
    assert_eq!(folder.view(&[&file]).code, 1);
    assert_eq!(folder.view(&[&file, "-n", "5"]).code, 1);
    assert_eq!(folder.view_of(&["-"], b"").code, 1);
}
