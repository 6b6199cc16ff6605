//! Lines through a whole pipeline: what one costs whoever says it, and how many a second reach a file.
//!
//! Two packages compile this file, each against its own lock file: ours, and that of the peers.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tracing::Dispatch;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Lines that one thread says in a row.
    lines: u64,
    /// Rounds, of which the best counts: whatever else the machine does only makes them worse.
    rounds: u32,
}

impl Effort {
    /// As the command line asks: `--quick` is for a test that the benchmark runs at all.
    pub fn from_args() -> Self {
        let is_quick = std::env::args().any(|arg| arg == "--quick");
        if is_quick { Self { lines: 1_000, rounds: 1 } } else { Self { lines: 1_000_000, rounds: 5 } }
    }
}

#[expect(clippy::disallowed_methods, reason = "the wall clock is what is measured here, and no test pauses it")]
fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn row(name: &str, figure: f64, unit: &str) {
    writeln!(std::io::stdout(), "{name}\t{figure:.2}\t{unit}").expect("standard output takes a line");
}

/// A line with seven fields.
fn say() {
    tracing::info!(
        method = "GET",
        path = "/api/v1/vms/7",
        route = "/api/v1/vms/{id}",
        status = 200_u64,
        duration_ms = 1.234,
        user_id = "u-42",
        "request completed"
    );
}

/// Two spans with three fields each.
fn in_two_spans(work: impl FnOnce()) {
    let request = tracing::info_span!("request", request_id = "01JD3ZQ4", peer = "10.0.0.7", version = "1.1");
    let _request = request.entered();
    let query = tracing::info_span!("query", table = "vms", rows = 17_u64, cached = false);
    let _query = query.entered();
    work();
}

/// Nanoseconds a line in the thread that says it, where nothing is done with the lines. The machine's other processes are in
/// it too: see [`Effort`].
pub fn costs(name: &str, effort: Effort, dispatch: &Dispatch) {
    let say_all = || (0..effort.lines / 10).for_each(|_| say());
    let best = || {
        let round = || time(say_all).as_secs_f64() * 1e9 / (effort.lines / 10) as f64;
        std::iter::repeat_with(round).take(effort.rounds as usize * 10).fold(f64::INFINITY, f64::min)
    };
    tracing::dispatcher::with_default(dispatch, || {
        row(&format!("{name}: line"), best(), "ns");
        in_two_spans(|| row(&format!("{name}: line in two spans"), best(), "ns"));
    });
}

/// A folder that goes with the process.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// An empty one, for files of this name.
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cupola-lines-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("the folder can be made");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It is in the folder for temporary files: what stays goes with the others.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Millions of lines a second that two threads bring into files, from the first to the last on the disk's side.
///
/// `start` gives the pipeline, what is called now and then so that its queue does not overflow, and what ends it and says how
/// many lines are in the files and how many are dropped and counted. Both together have to be all.
pub fn sink<W, E>(name: &str, effort: Effort, start: impl Fn() -> (Dispatch, W, E))
where
    W: Fn() + Sync,
    E: FnOnce() -> (u64, u64),
{
    let (mut best, mut worst_dropped) = (0.0_f64, 0);
    for _ in 0..effort.rounds {
        let (dispatch, wait, end) = start();
        let (mut written, mut dropped) = (0, 0);
        let taken = time(|| {
            std::thread::scope(|scope| {
                let thread = || tracing::dispatcher::with_default(&dispatch, || say_and_wait(effort.lines, &wait));
                scope.spawn(thread);
                scope.spawn(thread);
            });
            (written, dropped) = end();
        });
        assert_eq!(written + dropped, 2 * effort.lines, "{name}: lines are unaccounted for");
        best = best.max(written as f64 / taken.as_secs_f64() / 1e6);
        worst_dropped = worst_dropped.max(dropped);
    }
    row(&format!("{name}: files"), best, "million lines/s");
    row(&format!("{name}: files, dropped and counted"), worst_dropped as f64, "lines");
}

fn say_and_wait(lines: u64, wait: impl Fn()) {
    for line in 0..lines {
        say();
        if line % 1_000 == 0 {
            wait();
        }
    }
}
