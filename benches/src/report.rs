//! One line for each run of a bench: bytes, rounds and nanoseconds.

use std::fs;
use std::time::Instant;

/// Runs `work` so many times, after a few to warm up, and prints what it took.
#[allow(clippy::print_stdout, reason = "a bench prints")]
pub fn report(bytes: usize, rounds: u32, mut work: impl FnMut()) {
    for _ in 0..rounds.min(3) {
        work();
    }
    let start = clock();
    for _ in 0..rounds {
        work();
    }
    println!("{bytes} {rounds} {}", clock() - start);
}

/// Nanoseconds on the processor, where the system tells; on a busy machine those on the wall say nothing.
#[allow(clippy::disallowed_methods, reason = "a bench reads a clock")]
fn clock() -> u64 {
    thread_local!(static START: Instant = Instant::now());
    let on_processor = fs::read_to_string("/proc/self/schedstat").ok();
    let first = on_processor.and_then(|text| text.split_whitespace().next()?.parse().ok());
    first.unwrap_or_else(|| START.with(|start| u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)))
}
