//! Indexes of closed files, where processes end as they like.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use cupola_line::index::{Identity, Index};

use super::{child, end, log, telemetry};

/// The closed files of a folder with an index that is one of them, and those without.
fn indexed(folder: &Path) -> (usize, usize) {
    let (mut with, mut without) = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == "api.log" || name.starts_with("errors") || name.contains(".idx") || name.ends_with(".tmp") {
            continue;
        }
        match fs::read(path.with_file_name(format!("{name}.idx"))) {
            // What bears an index' name is one, whole, and of this file.
            Ok(bytes) => {
                let identity = Index::read(&bytes).unwrap().identity();
                assert_eq!(identity, Identity::read(&mut File::open(&path).unwrap()).unwrap(), "{name}");
                with += 1;
            }
            Err(_) => without += 1,
        }
    }
    (with, without)
}

#[expect(clippy::disallowed_methods, reason = "another process is waited for, whose time nobody can pause")]
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn after_kills_what_is_there_fits_and_the_next_process_makes_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=3 {
        let mut children = [(); 2].map(|()| child::start("forever", folder.path()));
        eventually("files are indexed", || {
            fs::read_dir(folder.path())
                .unwrap()
                .filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().ends_with(".idx"))
                .count()
                >= 3 * round
        });
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let (with, _) = indexed(folder.path());
        assert!(with >= 3 * round - 1, "{with}");
    }
    let telemetry = telemetry(&[
        ("LOG_DIR", folder.path().to_str().unwrap()),
        ("CUPOLA_LOG_LAYOUT", "files"),
        ("CUPOLA_LOG_PACK", "none"),
        ("LOG_BACKUP_COUNT", "100000"),
    ]);
    log(&telemetry, 10);
    eventually("every closed file has its index", || indexed(folder.path()).1 == 0);
    end(&telemetry);
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.into_iter().any(|name| name.to_str().unwrap().ends_with(".tmp")));
}
