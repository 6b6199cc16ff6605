//! Log files in a real file system, under what happens to them there: other processes, crashes, full and stalled disks.
//!
//! In each of them every line is accounted for: accepted = written + dropped by reason.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod child;
mod faults;
mod indexes;
mod processes;

use std::fs;
use std::path::Path;
use std::time::Duration;

use cupola_telemetry::{Config, Counts, FilesConfig, Layout, Telemetry};

fn vars(pairs: &[(&str, &str)]) -> (Config, Option<FilesConfig>) {
    let value = |asked: &str| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned());
    (Config::from_vars(&value).unwrap(), FilesConfig::from_vars("app", &value).unwrap())
}

/// A log with files alone.
fn telemetry(pairs: &[(&str, &str)]) -> Telemetry {
    let (mut config, files) = vars(pairs);
    config.console = cupola_telemetry::Console::None;
    Telemetry::builder(config).files(files.expect("files are named")).build().unwrap()
}

fn log(telemetry: &Telemetry, lines: usize) {
    tracing::dispatcher::with_default(telemetry.dispatch(), || {
        (0..lines).for_each(|number| tracing::info!(number, vm_id = "vm-7", "machine is up"));
    });
}

fn end(telemetry: &Telemetry) -> Counts {
    let counts = telemetry.shutdown(Duration::from_secs(30));
    assert_eq!(counts.accepted, counts.written + counts.dropped() + counts.collapsed, "{counts:?}");
    counts
}

/// Each line of the files of this name, whole or not.
fn lines(folder: &Path, stem: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with(stem) && !name.contains(".idx") {
            found.extend(fs::read_to_string(entry.path()).unwrap().lines().map(str::to_owned));
        }
    }
    found
}

fn is_whole(line: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(line).is_ok()
}

#[test]
fn every_output_has_an_account() {
    let folder = tempfile::tempdir().unwrap();
    let memory = cupola_telemetry::Memory::new();
    let mut files = FilesConfig::in_folder(folder.path());
    files.layout = Layout::Files;
    let telemetry = Telemetry::builder(Config::default()).output(memory.clone()).files(files).build().unwrap();
    log(&telemetry, 10);
    tracing::dispatcher::with_default(telemetry.dispatch(), || tracing::error!("machine is down"));
    assert_eq!(end(&telemetry).written, 11);
    let counts: Vec<_> =
        telemetry.lines().outputs().into_iter().map(|counts| (counts.output, counts.written)).collect();
    assert_eq!(
        counts,
        [("console", 11), ("api.log", 11), ("errors.log", 1)].map(|(name, lines)| (name.to_owned(), lines))
    );
    assert_eq!(lines(folder.path(), "api.log").join("\n") + "\n", memory.text());
}

#[test]
fn one_file_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/app.log");
    let telemetry = telemetry(&[("LOG_FILE", path.to_str().unwrap())]);
    log(&telemetry, 3);
    end(&telemetry);
    assert_eq!(lines(&folder.path().join("deep"), "app.log").len(), 3);
}

#[test]
fn whoever_drops_the_handle_early_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let telemetry = telemetry(&[("LOG_DIR", folder.path().to_str().unwrap())]);
    log(&telemetry, 5_000);
    drop(telemetry);
    assert_eq!(lines(folder.path(), "api.").len(), 5_000);
}

#[test]
fn a_folder_with_twenty_thousand_files_is_no_hindrance() {
    let folder = tempfile::tempdir().unwrap();
    (0..20_000).for_each(|number| drop(fs::File::create(folder.path().join(format!("other-{number}.log"))).unwrap()));
    let telemetry = telemetry(&[
        ("LOG_DIR", folder.path().to_str().unwrap()),
        ("LOG_MAX_BYTES", "65536"),
        ("LOG_BACKUP_COUNT", "3"),
    ]);
    log(&telemetry, 2_000);
    assert_eq!(end(&telemetry).written, 2_000);
    assert_eq!(
        fs::read_dir(folder.path())
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with("other-") })
            .count(),
        20_000
    );
}
