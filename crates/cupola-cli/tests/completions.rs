//! `cupola completions` and `cupola man`.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::fs;
use std::process::Command;

fn cupola(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cupola")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn each_shell_knows_the_options() {
    for shell in ["bash", "zsh", "fish"] {
        let script = cupola(&["completions", shell]);
        for word in ["view", "redact", "json-array", "stats", "by", "index"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    let output = Command::new(env!("CARGO_BIN_EXE_cupola")).args(["completions", "abacus"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn each_subcommand_has_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("man1");
    cupola(&["man", "--dir", dir.to_str().unwrap()]);
    for page in ["cupola.1", "cupola-view.1", "cupola-stats.1", "cupola-redact.1", "cupola-index.1"] {
        let text = fs::read_to_string(dir.join(page)).unwrap();
        assert!(text.contains(".TH") && text.contains("Examples") == (page != "cupola.1"), "{page}");
    }
    assert!(cupola(&["man"]).contains(".TH cupola"));
}
