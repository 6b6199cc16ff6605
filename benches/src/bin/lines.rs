//! The log pipeline: `lines [--quick] [--peers]`.
//!
//! A row is a figure: nanoseconds that a line costs the thread that says it, and millions of lines a second that reach files
//! from two threads, none unaccounted for. With `--peers` the same work is done by tracing-subscriber and tracing-appender, in a
//! package of their own (`benches/peers`).

use std::process::{Command, ExitCode};
use std::time::Duration;

use cupola::telemetry::{Config, FilesConfig, Telemetry};

#[path = "../pipeline.rs"]
#[allow(unreachable_pub, reason = "both packages compile it as they are")]
mod pipeline;

use pipeline::{Effort, Folder};

/// As many lines may wait: half of what the queue holds.
const MOST_WAITING: u64 = 25_000;

fn main() -> ExitCode {
    let effort = Effort::from_args();
    let telemetry = Telemetry::builder(Config::default()).output(std::io::sink()).build().expect("it is built");
    pipeline::costs("cupola", effort, telemetry.dispatch());
    let lost = telemetry.shutdown(Duration::from_secs(10)).dropped();
    assert_eq!(lost, 0, "a line that is dropped costs less");
    sink("cupola, one file", effort, &[("LOG_FILE", "all.log"), ("LOG_MAX_BYTES", "1000000000000")]);
    sink("cupola, one file, rotated", effort, &[("LOG_FILE", "all.log"), ("CUPOLA_LOG_PACK", "none")]);
    sink("cupola, as LOG_DIR alone", effort, &[("LOG_DIR", "logs")]);
    if std::env::args().any(|arg| arg == "--peers") { peers() } else { ExitCode::SUCCESS }
}

fn peers() -> ExitCode {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/Cargo.toml");
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--release", "--bin", "lines", "--manifest-path", manifest, "--"]);
    let status = cargo.args(std::env::args().skip(1).filter(|arg| arg != "--peers")).status();
    if status.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn sink(name: &str, effort: Effort, variables: &[(&str, &str)]) {
    pipeline::sink(name, effort, || {
        let folder = Folder::new("ours");
        let source = |asked: &str| {
            let value = variables.iter().find(|(name, _)| *name == asked).map(|(_, value)| *value);
            match asked {
                "LOG_DIR" | "LOG_FILE" => Some(folder.path().join(value?).to_string_lossy().into_owned()),
                "CUPOLA_LOG_OUTPUT" => Some("files".to_owned()),
                _ => value.map(str::to_owned),
            }
        };
        let files = FilesConfig::from_vars("lines", &source).expect("the variables are accepted");
        let config = Config::from_vars(&source).expect("the variables are accepted");
        let telemetry = Telemetry::builder(config).files(files.expect("one is named")).build().expect("it is built");
        let lines = telemetry.lines().clone();
        let wait = move || {
            let waiting = || {
                let counts = lines.counts();
                counts.accepted.saturating_sub(counts.written + counts.dropped())
            };
            while waiting() > MOST_WAITING {
                std::thread::yield_now();
            }
        };
        let dispatch = telemetry.dispatch().clone();
        let end = move || {
            let counts = telemetry.shutdown(Duration::from_secs(60));
            drop(folder);
            (counts.written, counts.dropped())
        };
        (dispatch, wait, end)
    });
}
