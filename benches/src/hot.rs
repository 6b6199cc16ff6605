//! Measures what is called so often that nanoseconds count, and prints a row for each figure.
//!
//! Two packages compile this file, each against its own lock file: ours, and that of the peers.

use std::hint::black_box;
use std::io::Write;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Calls a round.
    pub calls: u64,
    /// Rounds, of which the best counts: whatever else the machine does only makes them worse.
    pub rounds: u32,
    /// Series that are scraped.
    pub series: usize,
}

impl Effort {
    /// As the command line asks: `--quick` is for a test that the benchmark runs at all.
    pub fn from_args() -> Self {
        if std::env::args().any(|arg| arg == "--quick") {
            Self { calls: 1_000, rounds: 1, series: 100 }
        } else {
            Self { calls: 200_000, rounds: 200, series: 10_000 }
        }
    }
}

/// Whether a row is wanted: all are, unless the command line has `--only` and a part of a name.
fn is_wanted(name: &str) -> bool {
    let mut args = std::env::args().skip_while(|arg| arg != "--only").skip(1);
    args.next().is_none_or(|part| name.contains(&part))
}

/// Durations as requests have them, in an order that no branch predictor learns.
pub fn durations() -> Vec<Duration> {
    let mut seed = 7_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..4096).map(|_| Duration::from_secs_f64(0.002 - 0.02 * (1.0 - next()).ln())).collect()
}

#[expect(clippy::disallowed_methods, reason = "the wall clock is what is measured here, and no test pauses it")]
fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn best(rounds: u32, round: impl FnMut() -> f64) -> f64 {
    std::iter::repeat_with(round).take(rounds as usize).fold(f64::INFINITY, f64::min)
}

/// Prints one figure.
pub fn row(name: &str, figure: f64, unit: &str) {
    writeln!(std::io::stdout(), "{name}\t{figure:.2}\t{unit}").expect("standard output takes a line");
}

/// Nanoseconds a call in one thread, and how many times as many calls two threads make in the same time.
pub fn record(name: &str, effort: Effort, work: impl Fn(u64) + Sync) {
    if !is_wanted(name) {
        return;
    }
    let calls = |thread: u64| (0..effort.calls).for_each(|call| work(black_box(call + thread * 1_000)));
    // Each thread times itself, from when both are there.
    let two = || {
        let both = Barrier::new(2);
        let timed = |thread| {
            both.wait();
            time(|| calls(thread))
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(|| timed(1));
            let own = timed(2);
            own.max(other.join().expect("no call panics"))
        })
    };
    calls(0);
    two();
    let alone = best(effort.rounds, || time(|| calls(0)).as_secs_f64());
    let together = best(effort.rounds, || two().as_secs_f64());
    row(name, alone * 1e9 / effort.calls as f64, "ns");
    row(&format!("{name}, two threads"), 2.0 * alone / together, "x");
}

/// Milliseconds a scrape.
pub fn scrape(name: &str, effort: Effort, work: impl Fn() -> usize) {
    if !is_wanted(name) {
        return;
    }
    black_box(work());
    let best = best(effort.rounds.min(20), || time(|| _ = black_box(work())).as_secs_f64());
    row(name, best * 1e3, "ms");
}

/// The median time of a call while somebody scrapes all the time, and while nobody does.
pub fn pause(name: &str, effort: Effort, work: impl Fn(u64) + Sync, scrape: impl Fn() -> usize + Sync) {
    if !is_wanted(name) {
        return;
    }
    let ends = AtomicBool::new(false);
    let thousands = (effort.calls / 100).max(1);
    let median = || {
        let mut times: Vec<f64> =
            (0..thousands).map(|_| time(|| (0..1_000).for_each(&work)).as_secs_f64() * 1e9 / 1e3).collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let quiet = median();
    let scraped = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                black_box(scrape());
            }
        });
        let scraped = median();
        ends.store(true, Ordering::Relaxed);
        scraped
    });
    row(name, scraped, "ns");
    row(&format!("{name}, and while nobody does"), quiet, "ns");
}
