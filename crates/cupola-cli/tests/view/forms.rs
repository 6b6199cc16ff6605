//! The forms in which lines are shown.

use super::support::{Folder, entry};

fn one(folder: &Folder) -> String {
    let rest = r#""message":"<b>up</b>","route":"/vms","vm_id":"vm-7","password":"hunter2","note":"see https://bob:hunter2@h/""#;
    folder.write("a.log", entry("03:46:01", "WARN", rest))
}

#[test]
fn colors() {
    let folder = Folder::new();
    let file = one(&folder);
    let check = |arguments: &[&str], colored| {
        let shown = folder.view(&[&[file.as_str()], arguments].concat());
        assert_eq!(shown.stdout.contains('\u{1b}'), colored, "{arguments:?}");
    };
    check(&[], false);
    check(&["--color", "always"], true);
    check(&["--color", "never"], false);
    let dark = folder.view(&[&file, "--color", "always"]).stdout;
    for theme in ["light", "vivid", "mono"] {
        let other = folder.view(&[&file, "--color", "always", "--theme", theme]).stdout;
        assert!(other != dark && other.contains("<b>up</b>"), "{theme}");
    }
    // Asked for, they are there whatever is set.
    let shown = Folder::shown(folder.command(&["view", &file, "--color", "always"]).env("NO_COLOR", "1"), b"");
    assert!(shown.stdout.contains('\u{1b}'));
}

#[test]
fn fields() {
    let folder = Folder::new();
    let file = one(&folder);
    let check = |arguments: &[&str], expected: &str| {
        let shown = folder.view(&[&[file.as_str(), "--color", "never"], arguments].concat()).stdout;
        assert_eq!(shown.split_once("WARN ").unwrap().1.trim(), expected, "{arguments:?}");
    };
    check(&["--fields", "vm_id"], "<b>up</b>  vm_id=vm-7  (app)");
    check(&["--fields", "route,vm_id"], "<b>up</b>  route=/vms vm_id=vm-7  (app)");
    check(&["--hide", "password,note"], "<b>up</b>  route=/vms vm_id=vm-7  (app)");
}

#[test]
fn zones() {
    let folder = Folder::new();
    let file = one(&folder);
    let check = |arguments: &[&str], zone: &str, expected: &str| {
        let shown = Folder::shown(folder.command(&[&["view", file.as_str()], arguments].concat()).env("TZ", zone), b"");
        assert!(shown.stdout.contains(expected), "{arguments:?} {zone} {}", shown.stdout);
    };
    check(&[], "UTC", "11-21 03:46:01.000 ");
    check(&[], "JST-9", "11-21 12:46:01.000 ");
    check(&["--utc"], "JST-9", "11-21 03:46:01.000 ");
    check(&["--time-zone", "UTC"], "JST-9", "11-21 03:46:01.000 ");
}

#[test]
fn an_array() {
    let folder = Folder::new();
    let lines = [entry("03:46:02", "INFO", r#""message":"two""#), entry("03:46:01", "INFO", r#""message":"one""#)];
    let file = folder.write("a.log", lines.concat() + "plain\n{\"torn\n");
    let shown = folder.view(&[&file, "--json-array"]);
    let array: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    let messages: Vec<_> = array.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["one", "two"]);
    assert_eq!(shown.stderr, "cupola: 4 lines, 2 not shown: 1 unparsable, 1 torn\n");
    let shown = folder.view(&[&file, "--json-array", "level=error"]);
    assert_eq!((shown.stdout.as_str(), shown.code), ("[]\n", 1));
}

#[test]
fn a_page() {
    let folder = Folder::new();
    let file = one(&folder);
    let shown = folder.view(&[&file, "--html", "out.html", "level=warn"]);
    assert_eq!((shown.stdout.as_str(), shown.code), ("", 0), "{}", shown.stderr);
    let page = std::fs::read_to_string(folder.path().join("out.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("&lt;b&gt;up&lt;/b&gt;") && !page.contains("<b>up"));
    assert_eq!(page.matches("<div class=\"warn\">").count(), 1);
    assert!(page.contains("Content-Security-Policy"));
    assert_eq!(folder.view(&[&file, "--html", "missing/out.html"]).code, 2);
}

#[test]
fn secrets_are_masked_in_every_form() {
    let folder = Folder::new();
    let file = one(&folder);
    for arguments in
        [&["--json"][..], &["--json-array"], &[], &["--color", "always"], &["-n", "5"], &["--html", "out.html"]]
    {
        let mut shown = folder.view(&[&[file.as_str(), "--redact"], arguments].concat()).stdout;
        if arguments.contains(&"--html") {
            shown = std::fs::read_to_string(folder.path().join("out.html")).unwrap();
        }
        assert!(
            !shown.contains("hunter2") && shown.contains("REDACTED") && shown.contains("vm-7"),
            "{arguments:?} {shown}"
        );
    }
    let plain = folder.write("plain.log", "login password=hunter2 failed\n");
    assert_eq!(folder.view(&[&plain, "--redact"]).stdout, "login password=[REDACTED] failed\n");
}

#[test]
fn a_pager_is_used_where_it_is_asked_for() {
    let folder = Folder::new();
    let file = one(&folder);
    let shown =
        Folder::shown(folder.command(&["view", &file, "--pager", "always"]).env("PAGER", "sed s/^/paged:/"), b"");
    assert!(shown.stdout.starts_with("paged:"), "{shown:?}");
    let shown = Folder::shown(folder.command(&["view", &file, "--pager", "always"]).env("PAGER", "no-such-pager"), b"");
    assert!(shown.stdout.contains("up"), "{shown:?}");
}
