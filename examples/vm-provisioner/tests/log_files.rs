//! The demo's log files, read back line by line.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn read(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn every_line_is_in_its_files_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Command::new(env!("CARGO_BIN_EXE_vm-provisioner"))
        .current_dir(folder.path())
        .args(["--listen", "127.0.0.1:0", "--traffic", "--traffic-scenes", "40", "--traffic-rate", "50"])
        .env_remove("LOG_DIR")
        .env("CUPOLA_LOG_PACK", "none")
        .output()
        .unwrap();
    assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));
    let shown: Vec<_> = String::from_utf8(demo.stdout).unwrap().lines().map(str::to_owned).collect();
    let all = read(&folder.path().join("logs/api.log"));
    assert!(all.len() > 50 && all == shown, "{} lines in the file, {} shown", all.len(), shown.len());

    let mut by_category = BTreeMap::<String, Vec<String>>::new();
    let mut errors = Vec::new();
    for line in &all {
        let entry: Value = serde_json::from_str(line).unwrap();
        by_category.entry(entry["category"].as_str().unwrap().to_owned()).or_default().push(line.clone());
        errors.extend((entry["level"] == "ERROR").then(|| line.clone()));
    }
    assert_eq!(read(&folder.path().join("logs/errors.log")), errors);
    for (category, lines) in by_category {
        let mut found = Vec::new();
        let mut files: Vec<_> = fs::read_dir(folder.path().join("logs").join(&category))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        // Two, where the test runs over midnight.
        files.sort();
        files.iter().for_each(|path| found.extend(read(path)));
        assert_eq!(found, lines, "{category}");
        if category == "instances" {
            lives(&found);
        }
    }
}

/// Of each rented machine the lines of one folder tell its whole life, each state where the last one ended.
fn lives(lines: &[String]) -> BTreeMap<u64, Vec<(String, String)>> {
    let mut lives = BTreeMap::<u64, Vec<(String, String)>>::new();
    for line in lines {
        let change: Value = serde_json::from_str(line).unwrap();
        let Some(id) = change["instance_id"].as_u64().filter(|_| change["event"] == "state_change") else { continue };
        let state = |field: &str| change[field].as_str().unwrap().to_owned();
        lives.entry(id).or_default().push((state("from"), state("to")));
    }
    for life in lives.values() {
        assert_eq!(life[0], ("unknown".to_owned(), "provisioning".to_owned()), "{life:?}");
        life.windows(2).for_each(|pair| assert_eq!(pair[0].1, pair[1].0, "{life:?}"));
    }
    lives
}
