//! The house stands as its design says: floors, file lengths, headers.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};

/// The floors, bottom up. An edge only points down; crates of one floor do not know each other.
const FLOORS: [&[&str]; 7] = [
    &["cupola-context", "cupola-redact"],
    &["cupola-record", "cupola-line"],
    &["cupola-http", "cupola-metrics", "cupola-store"],
    &["cupola-client", "cupola-job", "cupola-alert", "cupola-telemetry"],
    &["cupola-dashboard"],
    &["cupola"],
    // It serves a store, and is observed like any other service.
    &["cupola-cli"],
];

/// A file over this length holds a second concept.
const MAX_LINES: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with("fuzz") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["crates", "examples", "benches", "tests"] {
        sources(&root().join(folder), &mut found);
    }
    assert!(found.len() > 50, "the tidy test looks at the wrong place");
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The lines before the tests that stand at a file's end.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| *line != "#[cfg(test)]")
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|crates| crates.contains(&name))
}

/// The crates of the house in `[dependencies]`, dev-dependencies left out.
fn house_dependencies(manifest: &str) -> Vec<String> {
    let mut section = "";
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let name = line.split([' ', '.', '=']).next().unwrap_or_default();
        if section == "[dependencies]" && name.starts_with("cupola") {
            found.push(name.to_owned());
        }
    }
    found
}

#[test]
fn edges_only_point_down() {
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let own = floor(&name).unwrap_or_else(|| panic!("{name} has no floor: add it to FLOORS"));
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}: folder and package differ");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} has no workspace lints");
        for dependency in house_dependencies(&manifest) {
            let below = floor(&dependency).unwrap_or_else(|| panic!("{dependency} has no floor"));
            assert!(below < own, "{name} (floor {own}) stands on {dependency} (floor {below})");
        }
    }
}

#[test]
fn every_crate_says_where_it_sits_and_opens_with_an_example() {
    for name in FLOORS.concat() {
        let text = fs::read_to_string(root().join("crates").join(name).join("src/lib.rs")).unwrap();
        assert!(text.starts_with("//! "), "{name} has no first sentence");
        assert!(text.contains("//! # Where this sits"), "{name} does not say where it sits");
        assert!(text.contains("//! ```"), "{name} opens without an example");
    }
}

#[test]
fn files_hold_one_concept_and_say_which() {
    for (path, text) in all_sources() {
        let length = code(&text).count();
        assert!(length <= MAX_LINES, "{} has {length} lines: what is the second concept?", path.display());
        let first = text.lines().find(|line| !line.is_empty() && !line.starts_with("#!["));
        let says = first.is_some_and(|line| line.starts_with("//!"));
        let empty = text.trim().is_empty();
        assert!(says || empty, "{} does not say what it is", path.display());
        assert!(path.file_name().is_none_or(|name| name != "mod.rs"), "{}", path.display());
    }
}

/// Clippy holds the standard library to `rust-version`, but not the language: let-chains came with 1.88. The store's own
/// dependencies need a newer one.
#[test]
fn the_lower_floors_speak_the_older_language() {
    for name in FLOORS[..3].concat().into_iter().filter(|name| *name != "cupola-store") {
        let mut found = Vec::new();
        sources(&root().join("crates").join(name).join("src"), &mut found);
        for path in found {
            let text = fs::read_to_string(&path).unwrap();
            assert!(!text.contains("&& let "), "{} has a let-chain", path.display());
        }
    }
}

#[test]
fn nothing_is_left_for_later() {
    for (path, text) in all_sources().into_iter().filter(|(path, _)| !path.ends_with("tidy.rs")) {
        for word in ["TODO", "FIXME", "XXX", "todo!(", "unimplemented!("] {
            assert!(!text.contains(word), "{} has a {word}", path.display());
        }
    }
}

/// What is raw on the wire, by the names that code gives it.
const RAW: [&str; 16] = [
    "uri",
    "url",
    "href",
    "query",
    "headers",
    "header_map",
    "header_value",
    "cookie",
    "cookies",
    "authorization",
    "body",
    "request",
    "req",
    "response",
    "parts",
    "user_agent",
];

/// The lowest line of defence for the first invariant: text goes to `tracing`, into records and into messages only where it
/// is masked. Whoever has a raw text at hand has to say in another name that it is none.
#[test]
fn no_crate_formats_raw_text() {
    // These two read raw text to mask it, and show what they were told to.
    let masks = ["cupola-redact", "cupola-cli"];
    for name in FLOORS.concat().into_iter().filter(|name| !masks.contains(name)) {
        let mut found = Vec::new();
        sources(&root().join("crates").join(name).join("src"), &mut found);
        for path in found {
            let text = fs::read_to_string(&path).unwrap();
            // Double braces are none of a format.
            let is_code = |line: &&str| !line.trim_start().starts_with("//");
            for line in code(&text).filter(is_code).map(|line| line.replace("{{", "").replace("}}", "")) {
                for raw in RAW {
                    let shown = [format!("%{raw},"), format!("%{raw})"), format!("?{raw},"), format!("?{raw})")];
                    let formatted = [format!("{{{raw}}}"), format!("{{{raw}:?}}"), format!("{{{raw}:#?}}")];
                    // Outside of macros it is the unit of a metric.
                    let is_unit = !line.contains("!(") && line.contains(&format!("\"{{{raw}}}\""));
                    let is_string = line.contains('"') && !is_unit;
                    let is_shown = shown.iter().any(|form| line.contains(form))
                        || is_string && formatted.iter().any(|form| line.contains(form));
                    assert!(!is_shown, "{} formats {raw}: {line}", path.display());
                }
            }
        }
    }
}

/// What a sink receives holds no type that has raw text in it and prints it.
#[test]
fn records_hold_no_raw_types() {
    let mut found = Vec::new();
    sources(&root().join("crates/cupola-record/src"), &mut found);
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        for line in code(&text).filter(|line| line.trim_start().starts_with("pub ") && line.trim_end().ends_with(',')) {
            for raw in ["HeaderMap", "HeaderValue", "Uri", "Request<", "Response<", "Parts", "Bytes"] {
                let is_raw = line.split([':', '<', '>', ' ', ',', '&', '(']).any(|word| word == raw);
                assert!(!is_raw, "{} keeps a {raw}: {line}", path.display());
            }
        }
    }
}
