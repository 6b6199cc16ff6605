//! The test program once more, as a process of its own.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{end, log, telemetry};

/// What the child does is in this variable, and where in the next.
const WORK: &str = "CUPOLA_TEST_WORK";
const FOLDER: &str = "CUPOLA_TEST_FOLDER";

/// Starts a process that logs: `write`, `flush-exit`, `flush-abort`, `exit`, `abort`, `forever`.
pub(crate) fn start(work: &str, folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child::process", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(WORK, work).env(FOLDER, folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
#[ignore = "needs a parent: it is what other tests start"]
#[expect(clippy::disallowed_methods, reason = "a process is told by its environment what to do")]
fn process() {
    let (Ok(work), Ok(folder)) = (std::env::var(WORK), std::env::var(FOLDER)) else { return };
    let telemetry = telemetry(&[
        ("LOG_DIR", &folder),
        ("CUPOLA_LOG_LAYOUT", "files"),
        ("CUPOLA_LOG_PACK", "none"),
        ("LOG_MAX_BYTES", "262144"),
        ("LOG_BACKUP_COUNT", "100000"),
    ]);
    if work == "write" {
        log(&telemetry, 20_000);
        assert_eq!(end(&telemetry).written, 20_000);
        return;
    }
    if work == "forever" {
        loop {
            log(&telemetry, 100);
        }
    }
    log(&telemetry, 2_000);
    if work.starts_with("flush") {
        assert!(telemetry.flush(Duration::from_secs(30)));
    }
    let _ = std::io::stdout().flush();
    if work.ends_with("exit") { std::process::exit(0) } else { std::process::abort() }
}
