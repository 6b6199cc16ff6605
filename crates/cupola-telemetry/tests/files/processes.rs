//! Several processes, and the ends that processes come to.

use std::fs;
use std::time::{Duration, Instant};

use super::{child, end, is_whole, lines, log, telemetry};

#[test]
fn four_processes_on_one_folder_lose_and_tear_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..4).map(|_| child::start("write", folder.path())).collect();
    // Each child holds that what it has written is what it has accepted.
    children.into_iter().for_each(|mut child| assert!(child.wait().unwrap().success()));
    let found = lines(folder.path(), "api.");
    assert_eq!((found.len(), found.iter().filter(|line| !is_whole(line)).count()), (80_000, 0));
    assert!(fs::read_dir(folder.path()).unwrap().count() > 20, "the file was closed again and again");
}

#[test]
fn what_was_flushed_is_there_however_the_process_ends() {
    for work in ["flush-exit", "flush-abort"] {
        let folder = tempfile::tempdir().unwrap();
        child::start(work, folder.path()).wait().unwrap();
        assert_eq!(lines(folder.path(), "api.").len(), 2_000, "{work}");
    }
}

#[test]
fn what_was_not_is_whole_lines_all_the_same() {
    for work in ["exit", "abort"] {
        let folder = tempfile::tempdir().unwrap();
        child::start(work, folder.path()).wait().unwrap();
        let found = lines(folder.path(), "api.");
        assert!(found.len() <= 2_000 && found.iter().all(|line| is_whole(line)), "{work}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "another process is waited for, whose time nobody can pause")]
fn after_a_kill_the_next_process_goes_on_with_whole_lines() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = child::start("forever", folder.path());
    let start = Instant::now();
    while lines(folder.path(), "api.").len() < 1_000 {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // As if it had been killed in the middle of a line.
    let active = folder.path().join("api.log");
    let mut torn = fs::read(&active).unwrap_or_default();
    torn.extend_from_slice(br#"{"timestamp":"2026-11"#);
    fs::write(&active, torn).unwrap();
    let before = lines(folder.path(), "api.").len();
    let telemetry = telemetry(&[
        ("LOG_DIR", folder.path().to_str().unwrap()),
        ("CUPOLA_LOG_PACK", "none"),
        ("LOG_BACKUP_COUNT", "100000"),
    ]);
    log(&telemetry, 10);
    end(&telemetry);
    let found = lines(folder.path(), "api.");
    assert_eq!((found.len(), found.iter().filter(|line| !is_whole(line)).count()), (before + 10, 1));
}
