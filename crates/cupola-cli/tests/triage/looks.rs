//! Colours and times, of every command that has them.

use super::hostile::{hostile_lines, is_harmful};
use super::support::{Folder, entry};

const COMMANDS: [&[&str]; 4] =
    [&["errors", "a.log"], &["trace", "r-1", "a.log"], &["stats", "a.log"], &["view", "a.log", "--pager", "never"]];

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("a.log", entry("23:46:10", "ERROR", r#""message":"no answer","request_id":"r-1""#));
    folder
}

#[test]
fn colours_are_for_terminals_whose_owner_wants_them() {
    let folder = folder();
    for command in COMMANDS {
        let on_terminal = |more: &[&str], no_color: Option<&str>| {
            let mut command = folder.command(&[command, more].concat());
            if let Some(value) = no_color {
                command.env("NO_COLOR", value);
            }
            Folder::on_terminal(&mut command)
        };
        let has_color = |text: &str| text.contains("\x1b[");
        assert!(has_color(&on_terminal(&[], None)), "{command:?}");
        assert!(has_color(&on_terminal(&[], Some(""))), "{command:?}: an empty NO_COLOR is none");
        let plain = on_terminal(&[], Some("1"));
        assert!(!has_color(&plain) && plain.contains("\r\n"), "{command:?}: {plain}");
        assert!(!has_color(&on_terminal(&["--color", "never"], None)), "{command:?}");
        assert!(has_color(&on_terminal(&["--color", "always"], Some("1"))), "{command:?}");
        assert!(!has_color(&folder.run(command).stdout), "{command:?}");
        assert!(has_color(&folder.run(&[command, &["--color", "always"]].concat()).stdout), "{command:?}");
    }
}

#[test]
fn times_are_local_unless_somebody_wants_others() {
    let folder = folder();
    for command in COMMANDS {
        let shown = |more: &[&str]| {
            let mut command = folder.command(&[command, more].concat());
            Folder::shown(command.env("TZ", "NOWHERE-2"), b"").stdout
        };
        let local = shown(&[]);
        assert!(local.contains("01:46:10") && local.contains("11-22") && !local.contains("23:46:10"), "{local}");
        let utc = shown(&["--utc"]);
        assert!(utc.contains("23:46:10") && utc.contains("11-21") && !utc.contains("01:46:10"), "{utc}");
        assert_eq!(shown(&["--time-zone", "UTC"]), utc);
        assert_eq!(folder.run(&[command, &["--time-zone", "Nowhere/At-All"]].concat()).code, 2);
    }
}

/// JSON leaves C1 and bidirectional marks as they are; a terminal does not.
#[test]
fn json_holds_nothing_that_a_terminal_obeys() {
    let folder = Folder::new();
    folder.write("\u{9b}31m.log", hostile_lines());
    for command in [&["errors"][..], &["check"], &["stats", "--by", "message"], &["trace", "r-1"]] {
        let arguments = [command, &["\u{9b}31m.log", "--json"]].concat();
        let written = Folder::on_terminal(&mut folder.command(&arguments)).replace("\r\n", "\n");
        assert!(!is_harmful(&written), "{command:?}: {written:.2000}");
        let lines = written.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok());
        assert!(lines.count() > 0, "{command:?}: {written:.2000}");
    }
}
