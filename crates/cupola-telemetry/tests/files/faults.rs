//! Disks that are full, and disks that do not answer.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{end, is_whole, lines, log, telemetry};

fn run(program: &str, args: &[&str]) {
    assert!(Command::new(program).args(args).status().unwrap().success(), "{program} {args:?}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is about real time")]
fn a_disk_that_stalls_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("app.log");
    // A pipe that nobody reads takes 64 KiB, and then nothing for as long as one likes.
    run("mkfifo", &[pipe.to_str().unwrap()]);
    let telemetry = telemetry(&[("LOG_FILE", pipe.to_str().unwrap()), ("CUPOLA_LOG_QUEUE_BYTES", "524288")]);
    let start = Instant::now();
    log(&telemetry, 20_000);
    let (took, counts) = (start.elapsed(), telemetry.counts());
    assert!(counts.dropped_queue_full > 10_000, "{counts:?}");
    assert!(took < Duration::from_secs(20), "a line that found no room was waited for: {took:?}");
    // It answers again: what has waited comes out, and a line that tells of the rest.
    let reader = BufReader::new(File::open(&pipe).unwrap());
    let read = std::thread::spawn(move || {
        let mut found = Vec::new();
        for line in reader.lines().map_while(Result::ok) {
            found.push(line);
            if found.last().is_some_and(|line| line.contains("the last one")) {
                break;
            }
        }
        found
    });
    assert!(telemetry.flush(Duration::from_secs(30)));
    tracing::dispatcher::with_default(telemetry.dispatch(), || tracing::warn!("the last one"));
    let counts = end(&telemetry);
    let found = read.join().unwrap();
    assert!(found.iter().all(|line| is_whole(line)));
    let told = found.iter().filter(|line| line.contains("log lines were dropped")).count();
    assert!(told > 0);
    assert_eq!((found.len() - told) as u64, counts.written);
}

/// A file system in memory, for as long as this lives.
struct SmallDisk<'p>(&'p Path);

impl<'p> SmallDisk<'p> {
    fn mount(path: &'p Path) -> Self {
        run("mount", &["-t", "tmpfs", "-o", "size=512k", "tmpfs", path.to_str().unwrap()]);
        Self(path)
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        run("umount", &["-l", self.0.to_str().unwrap()]);
    }
}

#[test]
#[ignore = "needs root: it mounts a small disk"]
fn a_disk_that_is_full_and_has_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(folder.path());
    fs::write(folder.path().join("ballast"), vec![0; 256 * 1024]).unwrap();
    let telemetry = telemetry(&[("LOG_DIR", folder.path().to_str().unwrap()), ("CUPOLA_LOG_LAYOUT", "files")]);
    log(&telemetry, 5_000);
    assert!(telemetry.flush(Duration::from_secs(30)));
    let full = telemetry.counts();
    assert!(full.dropped_output > 1_000 && full.written > 100, "{full:?}");
    assert!(telemetry.lines().outputs().iter().any(|counts| counts.failing));
    fs::remove_file(folder.path().join("ballast")).unwrap();
    log(&telemetry, 100);
    let counts = end(&telemetry);
    assert_eq!(counts.written, full.written + 100, "{counts:?}");
    let found = lines(folder.path(), "api.");
    let told = found.iter().filter(|line| line.contains("log lines were dropped")).count();
    let torn = found.iter().filter(|line| !is_whole(line)).count();
    assert!(told > 0 && torn <= 1, "{told} {torn}");
    assert_eq!((found.len() - told - torn) as u64, counts.written);
    drop(disk);
}
